import { infiniteQueryOptions, notifyManager, queryOptions, type QueryClient } from '@tanstack/react-query'
import { notFound } from '@tanstack/react-router'

import type { TypedDocumentString } from './__generated__/graphql'
import { request } from './client'

/** What a cached answer is about: live changes refetch by these names. */
export type About = 'overview' | 'findings' | 'cases' | 'nodes' | 'rules' | 'changes' | 'tokens' | 'activity' | 'deadLetters' | 'freshness'

/** Variables that follow the clock, such as "the last hour": `key` names them in the cache, `now` is asked at each fetch. */
export interface Moving<V> {
  key: unknown
  now: () => V
}

function moving<V extends object>(variables: V | Moving<V>): Moving<V> {
  return 'now' in variables && typeof variables.now === 'function' ? (variables as Moving<V>) : { key: variables, now: () => variables as V }
}

/** One answer of a tenant; the picked part may be null, which pages treat as "not found". */
export function tenantQuery<T, V extends object, P>(tenant: string, about: About, document: TypedDocumentString<T, V>, variables: V | Moving<V>, pick: (data: T) => P) {
  const { key, now } = moving(variables)
  return queryOptions({
    queryKey: ['t', tenant, about, document.toString(), key],
    queryFn: async () => pick(await request(document, now())),
  })
}

export interface Connection<N> {
  nodes: N[]
  pageInfo: { hasNextPage: boolean; endCursor?: string | null; damaged: number }
}

/** A Relay connection as pages that are fetched one after another. */
export function connectionQuery<T, V extends { after?: string | null }, N>(
  tenant: string,
  about: About,
  document: TypedDocumentString<T, V>,
  variables: V | Moving<V>,
  pick: (data: T) => Connection<N> | null | undefined,
) {
  const { key, now } = moving(variables)
  return infiniteQueryOptions({
    queryKey: ['t', tenant, about, document.toString(), key],
    queryFn: async ({ pageParam }) => orNotFound(pick(await request(document, { ...now(), after: pageParam }))),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.pageInfo.hasNextPage ? (last.pageInfo.endCursor ?? null) : null),
  })
}

/** Null for "not there" and for "not yours": the API does not tell which, and neither does the page. */
export function orNotFound<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw notFound()
  return value
}

export function refetch(client: QueryClient, tenant: string, about: readonly About[]): void {
  notifyManager.batch(() => {
    for (const name of about) void client.invalidateQueries({ queryKey: ['t', tenant, name] })
  })
}
