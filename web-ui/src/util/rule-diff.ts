export interface InForce {
  name: string
  version: string
  enabled: boolean
  severity: string
  exceptions: string[]
}

export interface Compared<T extends InForce> {
  name: string
  /** As it was; undefined for a rule that came later. */
  then: T | undefined
  now: T | undefined
  /** What differs, in words; empty when nothing does. */
  changes: string[]
}

/** Two rule sets side by side, by name. */
export function compare<T extends InForce>(then: T[], now: T[]): Compared<T>[] {
  const before = new Map(then.map((r) => [r.name, r]))
  const after = new Map(now.map((r) => [r.name, r]))
  return [...new Set([...before.keys(), ...after.keys()])].sort((a, b) => a.localeCompare(b)).map((name) => {
    const a = before.get(name)
    const b = after.get(name)
    return { name, then: a, now: b, changes: differences(a, b) }
  })
}

function differences(then: InForce | undefined, now: InForce | undefined): string[] {
  if (!then) return ['added since']
  if (!now) return ['removed since']
  const changes: string[] = []
  if (then.enabled !== now.enabled) changes.push(now.enabled ? 'turned on since' : 'turned off since')
  if (then.severity !== now.severity) changes.push(`severity is now ${now.severity.toLowerCase()}`)
  const added = now.exceptions.filter((e) => !then.exceptions.includes(e))
  const removed = then.exceptions.filter((e) => !now.exceptions.includes(e))
  if (added.length > 0) changes.push(`exception ${added.join(', ')} added since`)
  if (removed.length > 0) changes.push(`exception ${removed.join(', ')} removed since`)
  if (changes.length === 0 && then.version !== now.version) changes.push('text changed since')
  return changes
}
