import { useSyncExternalStore } from 'react'

const EVERY = 15_000
let now = Date.now()
const watchers = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function watch(listener: () => void): () => void {
  watchers.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const w of watchers) w()
  }, EVERY)
  return () => {
    watchers.delete(listener)
    if (watchers.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

/** The time, moving in coarse steps: enough for "3 min ago" without a render per second. */
export function useNow(): number {
  return useSyncExternalStore(watch, () => (timer ? now : (now = Math.floor(Date.now() / EVERY) * EVERY)))
}
