// The state that lives in the URL, read back from text that anybody may have typed.
import type { Search } from './paths'

/** `high.critical` → `['HIGH', 'CRITICAL']`, in the order of `all`; unknown words are left out. */
export function listIn<T extends string>(text: string | undefined, all: readonly T[]): T[] {
  const words = new Set((text ?? '').toUpperCase().split('.'))
  return all.filter((item) => words.has(item))
}

/** For the API: no choice means all, and all is said by saying nothing. */
export function chosen<T extends string>(text: string | undefined, all: readonly T[]): T[] | undefined {
  const items = listIn(text, all)
  return items.length > 0 ? items : undefined
}

export function listOut(items: readonly string[]): string | undefined {
  return items.length > 0 ? items.join('.').toLowerCase() : undefined
}

/** Keeps the named parameters and drops the rest. */
export function only<K extends string>(...names: K[]) {
  return (search: Record<string, unknown>): Partial<Record<K, string>> => {
    const out: Partial<Record<K, string>> = {}
    for (const name of names) {
      const value = search[name]
      if (typeof value === 'string' && value !== '') out[name] = value
    }
    return out
  }
}

export const RANGES = { '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000 } as const
export type RangeName = keyof typeof RANGES

export function isRange(text: string | undefined): text is RangeName {
  return text !== undefined && text in RANGES
}

/** The time filter of a list: a named range up to now, or fixed ends. Rounded to a minute, so that equal links share one cached answer. */
export function timeSpan(search: Search, now: number): { from?: string; until?: string } {
  if (isRange(search.range)) return { from: new Date(Math.floor((now - RANGES[search.range]) / 60_000) * 60_000).toISOString() }
  const valid = (text: string | undefined) => (text && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : undefined)
  return { from: valid(search.from), until: valid(search.until) }
}
