import { createClient, type Client } from 'graphql-ws'

import type { TypedDocumentString } from './__generated__/graphql'

export type LiveState = 'idle' | 'connecting' | 'connected' | 'lost' | 'refused'

let client: Client | undefined
let state: LiveState = 'idle'
const watchers = new Set<() => void>()
const reconnected = new Set<() => void>()
/** Subscriptions that the server does not serve at the moment, though the socket is open. */
const refused = new Set<symbol>()

const RETRY = 5000

function tell(): void {
  for (const watch of watchers) watch()
}

function become(next: LiveState): void {
  if (next === state) return
  const again = state === 'lost' && next === 'connected'
  state = next
  tell()
  if (again) for (const refetch of reconnected) refetch()
}

function connection(): Client {
  client ??= createClient({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql/ws`,
    lazyCloseTimeout: 3000,
    keepAlive: 15_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    on: {
      connecting: () => { become(state === 'lost' ? 'lost' : 'connecting') },
      connected: () => { become('connected') },
      closed: (event) => { become((event as CloseEvent).wasClean && (event as CloseEvent).code === 1000 ? 'idle' : 'lost') },
    },
  })
  return client
}

/** Follows a subscription until the returned function is called. It survives lost connections and refusals. */
export function follow<T, V extends Record<string, unknown>>(document: TypedDocumentString<T, V>, variables: V, next: (data: T) => void): () => void {
  const self = Symbol('subscription')
  let ended = false
  let stop: (() => void) | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const again = () => {
    if (ended) return
    clearTimeout(timer)
    timer = setTimeout(start, RETRY)
  }
  const start = () => {
    refused.delete(self)
    tell()
    stop = connection().subscribe<T>(
      { query: document.toString(), variables },
      {
        next: ({ data }) => { if (data) next(data) },
        error: (error) => {
          if (Array.isArray(error)) {
            refused.add(self)
            tell()
          } else become('lost')
          again()
        },
        complete: again,
      },
    )
  }
  start()
  return () => {
    ended = true
    clearTimeout(timer)
    refused.delete(self)
    stop?.()
  }
}

/** For `useSyncExternalStore`: how the socket fares. */
export const liveState = {
  get: (): LiveState => (state === 'connected' && refused.size > 0 ? 'refused' : state),
  watch: (listener: () => void): (() => void) => {
    watchers.add(listener)
    return () => watchers.delete(listener)
  },
}

/** Called when the socket is back after a loss: what happened in between has to be fetched. */
export function onReconnect(refetch: () => void): () => void {
  reconnected.add(refetch)
  return () => reconnected.delete(refetch)
}

/** Ends the socket, for instance when the person signs out. */
export function disconnect(): void {
  void client?.dispose()
  client = undefined
  become('idle')
}
