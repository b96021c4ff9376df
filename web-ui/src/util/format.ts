const number = new Intl.NumberFormat('en')
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

export const count = (n: number): string => number.format(n)
/** Short form from ten thousand on: 12.3K. */
export const short = (n: number): string => (Math.abs(n) < 10_000 ? number.format(n) : compact.format(n))
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`

export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = n
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? String(Math.round(value)) : value.toFixed(1)} ${units[unit] ?? ''}`
}

/** A share that never rounds a loss away: 0 is only said of none. */
export function share(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0%'
  const percent = (100 * part) / whole
  return percent < 0.01 ? '<0.01%' : `${percent < 1 ? percent.toFixed(2) : percent.toFixed(1)}%`
}

/** IN_PROGRESS → In progress. */
export function words(constant: string): string {
  const text = constant.toLowerCase().replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A length of time in its largest fitting unit. */
export function duration(millis: number): string {
  const ms = Math.abs(millis)
  if (ms < 1000) return `${String(Math.round(ms))} ms`
  const steps: [number, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
  ]
  for (const [size, unit] of steps) if (ms >= size) return `${String(Math.floor(ms / size))} ${unit}`
  return `${String(Math.floor(ms / 1000))} s`
}
