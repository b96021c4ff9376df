/** A small seeded generator (mulberry32): the same world on every start. */
export function random(seed: number): () => number {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export function hex(next: () => number, digits = 32): string {
  let out = ''
  while (out.length < digits) out += Math.floor(next() * 16).toString(16)
  return out
}

export function ago(now: number, millis: number): string {
  return new Date(now - millis).toISOString()
}

export function pick<T>(next: () => number, from: readonly T[]): T {
  const item = from[Math.floor(next() * from.length)]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}
