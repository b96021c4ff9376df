import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'

import type { Connect, Plugin } from 'vite'

import { mockServer } from './server.ts'

/** The headers that `services/query` sends with the console. */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/** Serves the mock beside the console: in `vite` for developing, in `vite preview` for e2e on the built app. */
export function mockApi(): Plugin {
  const attach = (middlewares: Connect.Server, server: unknown, headers: Record<string, string>) => {
    const mock = mockServer(fileURLToPath(new URL('schema.graphql', `file://${process.cwd()}/`)))
    if (server) mock.listenOn(server as Server)
    middlewares.use((request, response, next) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      if (!mock.handle(request, response)) next()
    })
  }
  return {
    name: 'vedetta-mock-api',
    configureServer: ({ middlewares, httpServer }) => attach(middlewares, httpServer, {}),
    configurePreviewServer: ({ middlewares, httpServer }) => attach(middlewares, httpServer, SECURITY_HEADERS),
  }
}
