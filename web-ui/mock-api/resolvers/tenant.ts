import type { CaseFilter, FindingFilter, NodeHealth, RuleFilter, Severity, TenantResolvers } from '../__generated__/schema.ts'
import { techniquesIn } from '../seed/rules.ts'
import { ruleSetAt, ruleStateNow, type CaseRow, type DeadLetterRow, type FindingRow, type RuleRow, type TenantRow } from '../world.ts'

import { activityOf } from './activity.ts'
import { connection } from './paging.ts'

export const SEVERITIES: Severity[] = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL']
const HEALTHS: NodeHealth[] = ['HEALTHY', 'LOSING', 'SILENT', 'STOPPED', 'REMOVED', 'NEVER_SEEN']
const DAY = 86_400_000

const has = (text: string, part: string) => text.toLowerCase().includes(part.toLowerCase())
const newestFirst = (a: { time: string }, b: { time: string }) => b.time.localeCompare(a.time)

export function findingMatches(filter: FindingFilter | null | undefined): (f: FindingRow) => boolean {
  return (f) => {
    if (!filter) return true
    if (filter.text === 'boom') throw new Error('the mock was asked to fail')
    return (
      (!filter.severities?.length || filter.severities.includes(f.severity)) &&
      (!filter.rule || f.rule.name === filter.rule) &&
      (!filter.nodeId || f.nodeId === filter.nodeId) &&
      (!filter.caseId || f.caseId === filter.caseId) &&
      (!filter.technique || f.techniques.some((t) => t === filter.technique || t.startsWith(`${String(filter.technique)}.`))) &&
      (!filter.text || [f.message, f.lineage[0]?.name, f.lineage[0]?.commandLine].some((t) => has(t ?? '', filter.text ?? ''))) &&
      (!filter.from || f.time >= new Date(filter.from).toISOString()) &&
      (!filter.until || f.time < new Date(filter.until).toISOString())
    )
  }
}

export const findingsOf = (tenant: TenantRow, kase: CaseRow): FindingRow[] =>
  tenant.findings.filter((f) => f.caseId === kase.id).sort(newestFirst)

export function highest(findings: FindingRow[]): Severity {
  return SEVERITIES.find((s) => findings.some((f) => f.severity === s)) ?? 'INFORMATIONAL'
}

function caseMatches(tenant: TenantRow, filter: CaseFilter | null | undefined): (c: CaseRow) => boolean {
  return (c) =>
    (!filter?.states?.length || filter.states.includes(c.state)) &&
    (!filter?.severities?.length || filter.severities.includes(highest(findingsOf(tenant, c)))) &&
    (!filter?.assigneeId || c.assigneeId === filter.assigneeId) &&
    (!filter?.nodeId || c.nodeId === filter.nodeId) &&
    (!filter?.text || has(c.title, filter.text))
}

function ruleMatches(tenant: TenantRow, filter: RuleFilter | null | undefined): (r: RuleRow) => boolean {
  return (r) =>
    (typeof filter?.enabled !== 'boolean' || ruleStateNow(tenant, r.name).enabled === filter.enabled) &&
    (!filter?.severities?.length || filter.severities.includes(r.severity)) &&
    (!filter?.technique || techniquesIn(r.tags).includes(filter.technique)) &&
    (!filter?.text || has(`${r.name} ${r.description}`, filter.text))
}

/** How many findings each rule has, most first. */
export function perRule(findings: FindingRow[]) {
  const counts = new Map<string, { rule: string; severity: Severity; count: number }>()
  for (const f of findings) {
    const row = counts.get(f.rule.name) ?? { rule: f.rule.name, severity: f.severity, count: 0 }
    row.count += 1
    counts.set(f.rule.name, row)
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)
}

function overview(tenant: TenantRow, sinceText: string | null | undefined) {
  const now = Date.now()
  const since = sinceText ? Date.parse(sinceText) : now - DAY
  const inside = tenant.findings.filter((f) => Date.parse(f.time) >= since)
  const steps = 48
  const step = Math.max(1, (now - since) / steps)
  return {
    since: new Date(since).toISOString(),
    findings: inside.length,
    findingsBySeverity: SEVERITIES.map((severity) => ({ severity, count: inside.filter((f) => f.severity === severity).length })),
    findingsOverTime: Array.from({ length: steps }, (_, i) => ({
      time: new Date(since + i * step).toISOString(),
      count: inside.filter((f) => Math.min(steps - 1, Math.floor((Date.parse(f.time) - since) / step)) === i).length,
    })),
    topRules: perRule(inside).slice(0, 8),
    openCases: tenant.cases.filter((c) => c.state !== 'CLOSED').length,
    nodesByHealth: HEALTHS.map((health) => ({ health, count: tenant.nodes.filter((n) => n.health === health).length })),
    eventsRead: tenant.nodes.reduce((sum, n) => sum + n.eventsRead, 0),
    eventsLost: tenant.nodes.reduce((sum, n) => sum + n.eventsLost, 0),
  }
}

function sliced(tenant: TenantRow, after: string | null | undefined) {
  if (after) return connection([...tenant.findings].sort(newestFirst).slice(-3), {}, (f) => f.id)
  return { edges: [], nodes: [], pageInfo: { hasNextPage: true, hasPreviousPage: false, startCursor: null, endCursor: 'slice', damaged: 0 } }
}

export const Tenant: TenantResolvers = {
  ...activityOf,
  freshness: () => ({ asOf: new Date(Date.now() - 2000).toISOString(), ageSeconds: 2, stale: null }),
  overview: (tenant, { since }) => overview(tenant, since),
  // The text "sliced" stands for a search that found nothing in its first slice.
  findings: (tenant, args) => args.filter?.text === 'sliced' ? sliced(tenant, args.after) : connection([...tenant.findings].sort(newestFirst).filter(findingMatches(args.filter)), args, (f) => f.id),
  cases: (tenant, args) => {
    const newest = (c: CaseRow) => findingsOf(tenant, c)[0]?.time ?? ''
    const rows = tenant.cases.filter(caseMatches(tenant, args.filter)).sort((a, b) => newest(b).localeCompare(newest(a)))
    return connection(rows, args, (c) => c.id)
  },
  nodes: (tenant, args) => connection([...tenant.nodes].sort((a, b) => a.hostname.localeCompare(b.hostname)), args, (n) => n.id),
  rules: (tenant, args) => connection([...tenant.rules].sort((a, b) => a.name.localeCompare(b.name)).filter(ruleMatches(tenant, args.filter)), args, (r) => r.id),
  rule: (tenant, { name }) => tenant.rules.find((r) => r.name === name) ?? null,
  ruleSet: (tenant, { asOf }) => {
    const at = asOf ? new Date(asOf).toISOString() : new Date().toISOString()
    const { version, last, rules } = ruleSetAt(tenant, at)
    return {
      version,
      asOf: at,
      lastChange: last,
      rules: tenant.rules.flatMap((r) => {
        const state = rules.get(r.name)
        return state ? [{ name: r.name, version: r.version, enabled: state.enabled, severity: r.severity, exceptions: state.exceptions.map((e) => e.name) }] : []
      }),
    }
  },
  changes: (tenant, args) => {
    const { aggregate, stream, from, until } = args.filter ?? {}
    const rows = [...tenant.changes]
      .sort(newestFirst)
      .filter((c) => (!aggregate || c.aggregate === aggregate) && (!stream || c.stream === stream) && (!from || c.time >= from) && (!until || c.time < until))
    return connection(rows, args, (c) => c.id)
  },
  deadLetters: (tenant, { open, ...args }) => {
    const isOpen = (l: DeadLetterRow) => !l.resubmitted && !l.dismissed
    const rows = [...tenant.deadLetters].filter((l) => typeof open !== 'boolean' || isOpen(l) === open).sort((a, b) => b.offset - a.offset)
    return connection(rows, args, (l) => l.id)
  },
  enrollmentTokens: (tenant, args) => connection([...tenant.tokens].sort((a, b) => b.created.localeCompare(a.created)), args, (t) => t.id),
}
