import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

import type { Search } from '~/util/paths'

/** The page's URL parameters and a way to change some of them; an empty value removes one. */
export function useFilters(): [Search, (change: Search) => void] {
  const search: Search = useSearch({ strict: false })
  const navigate = useNavigate()
  const change = useCallback(
    (some: Search) => {
      void navigate({ to: '.', search: ((old: Search) => ({ ...old, ...some })) as never, replace: true })
    },
    [navigate],
  )
  return [search, change]
}
