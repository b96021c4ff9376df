// Events, as far as the mock has some: those of its findings. Conditions are understood as far as the tests need them.
import { GraphQLError } from 'graphql'

import type { TenantResolvers } from '../__generated__/schema.ts'
import type { EventRow, FindingRow, TenantRow } from '../world.ts'

const PAGE = 50

export function eventOf(row: FindingRow): EventRow {
  if (!row.event) throw new Error('a finding without an event is no activity')
  return row.event
}

function valueOf(row: FindingRow, field: string): string {
  const actor = row.lineage[0]
  switch (field) {
    case 'proc.name': return actor?.name ?? ''
    case 'proc.pid': return String(actor?.pid ?? '')
    case 'user.name': return actor?.user ?? ''
    case 'container.id': return actor?.containerId?.slice(0, 12) ?? 'host'
    case 'evt.type': return row.event?.kind ?? ''
    case 'fd.name': return row.event?.summary.split(' ')[0] ?? ''
    default: return ''
  }
}

function matches(query: string | null | undefined): (row: FindingRow) => boolean {
  const text = (query ?? '').trim()
  if (/=\s*$/.test(text)) throw new GraphQLError(`expected a value at line 1, column ${String(text.length + 1)}`, { extensions: { code: 'INVALID' } })
  if (!text.includes(' = ')) return (row) => [row.event?.summary, row.lineage[0]?.commandLine].some((t) => t?.includes(text))
  const clauses = text.split(' and ').map((clause) => clause.split(' = '))
  return (row) => clauses.every(([field = '', value = '']) => valueOf(row, field) === value.replaceAll('"', ''))
}

function found(tenant: TenantRow, { query, since, until }: { query?: string | null; since?: string | null; until?: string | null }): FindingRow[] {
  const inTime = (row: FindingRow) => (!since || row.time >= new Date(since).toISOString()) && (!until || row.time < new Date(until).toISOString())
  return tenant.findings.filter((row) => row.event && inTime(row)).filter(matches(query)).sort((a, b) => b.time.localeCompare(a.time))
}

const searched = (tenant: TenantRow) => ({ blocks: 12, skipped: 9, bytes: 48_000, events: tenant.findings.length, tried: tenant.findings.length, unreadable: 0 })

export const activityOf: Pick<TenantResolvers, 'activity' | 'activityCounts' | 'activityEvent'> = {
  activity: (tenant, { after, first, ...args }) => {
    const rows = found(tenant, args)
    // The text "sliced" stands for a search that found nothing in its first piece.
    if (args.query === 'sliced' && !after) return { events: [], next: '0', reached: new Date(Date.now() - 60_000).toISOString(), searched: searched(tenant), lost: { reports: 1, events: 7 } }
    const all = args.query === 'sliced' ? [...tenant.findings].filter((row) => row.event).slice(0, 3) : rows
    const from = args.query === 'sliced' ? 0 : Number(after ?? 0)
    const events = all.slice(from, from + (first ?? PAGE))
    const next = from + events.length < all.length ? String(from + events.length) : null
    return { events, next, reached: events.at(-1)?.time ?? new Date().toISOString(), searched: searched(tenant), lost: { reports: 0, events: 0 } }
  },
  activityCounts: (tenant, { by, first, ...args }) => {
    const rows = found(tenant, args)
    const counts = new Map<string, number>()
    for (const row of rows) counts.set(valueOf(row, by[0] ?? ''), (counts.get(valueOf(row, by[0] ?? '')) ?? 0) + 1)
    const groups = [...counts].map(([value, count]) => ({ values: [value], count })).sort((a, b) => b.count - a.count).slice(0, first ?? PAGE)
    return { groups, total: rows.length, complete: true, reached: new Date(0).toISOString(), searched: searched(tenant), lost: { reports: 0, events: 0 } }
  },
  activityEvent: (tenant, { id }) => tenant.findings.find((row) => row.event?.id === id) ?? null,
}
