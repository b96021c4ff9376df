import { duration } from './format'

const pad = (n: number, width = 2) => String(n).padStart(width, '0')

const clock = (d: Date) => `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`
const day = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' })

/** Local time, as short as it stays clear: today's without the date. */
export function shortTime(iso: string, now: number): string {
  const d = new Date(iso)
  const today = new Date(now)
  if (d.toDateString() === today.toDateString()) return clock(d)
  return d.getFullYear() === today.getFullYear() ? `${day.format(d)}, ${clock(d)}` : `${day.format(d)} ${String(d.getFullYear())}, ${clock(d)}`
}

/** Local time in full, with milliseconds and the offset. */
export function fullTime(iso: string): string {
  const d = new Date(iso)
  const offset = -d.getTimezoneOffset()
  const zone = offset === 0 ? 'UTC' : `UTC${offset > 0 ? '+' : '−'}${pad(Math.floor(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`
  return `${String(d.getFullYear())}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${clock(d)}.${pad(d.getMilliseconds(), 3)} ${zone}`
}

export function relativeTime(iso: string, now: number): string {
  const away = now - Date.parse(iso)
  // `now` moves in steps of 15 s: what has happened since the last one is not in the future.
  if (away < 5000 && away > -15_000) return 'just now'
  return away > 0 ? `${duration(away)} ago` : `in ${duration(away)}`
}

/** The value of a `datetime-local` input for a time, and back. */
export function toLocalInput(iso: string): string {
  const d = new Date(iso)
  return `${String(d.getFullYear())}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}T${clock(d)}`
}

export function fromLocalInput(value: string): string | undefined {
  const time = Date.parse(value)
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}
