import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

import { ApiError } from './api/errors'
import { disconnect } from './api/live'
import { makeRouter } from './routes'
import { loginPath } from './util/paths'

import './styles/tokens.css'
import './styles/base.css'

/** A session that has ended leads to the sign-in page, and back to where the person was. */
function onError(error: unknown): void {
  if (!(error instanceof ApiError) || error.code !== 'UNAUTHENTICATED') return
  if (location.pathname === '/login') return
  disconnect()
  queryClient.removeQueries({ queryKey: ['me'] })
  void router.navigate({ href: loginPath(location.pathname + location.search), replace: true })
}

const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 3000,
      retry: (failures, error) => error instanceof ApiError && error.code === 'UNREACHABLE' && failures < 2,
    },
  },
})
const router = makeRouter(queryClient)

const element = document.getElementById('root')
if (!element) throw new Error('index.html has no #root')
createRoot(element).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
