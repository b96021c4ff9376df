// Fields that lead from one row to another.
import type { Resolvers } from '../__generated__/schema.ts'
import { ownerOf } from '../context.ts'
import { techniquesIn } from '../seed/rules.ts'
import { ruleStateNow } from '../world.ts'

import { eventOf } from './activity.ts'
import { connection } from './paging.ts'
import { findingsOf, highest, perRule } from './tenant.ts'

const NODE_KINDS = { fnd: 'Finding', cas: 'Case', nod: 'WatchedNode', rul: 'Rule', tok: 'EnrollmentToken', ltr: 'DeadLetter', ten: 'Tenant' } as const

export const types: Pick<Resolvers, 'ActivityEvent' | 'Case' | 'DeadLetter' | 'DeadLetterHeader' | 'EnrollmentToken' | 'Finding' | 'Node' | 'Rule' | 'TimelineEntry' | 'Viewer' | 'WatchedNode'> = {
  Node: { __resolveType: (row) => NODE_KINDS[row.id.slice(0, 3) as keyof typeof NODE_KINDS] },
  TimelineEntry: {
    __resolveType: (row) => ('kind' in row ? 'Comment' : 'aggregate' in row ? 'Change' : 'Finding'),
  },
  Viewer: {
    tenants: (user, _, { session }) => session?.world.tenants.filter((t) => user.memberOf.includes(t.slug)) ?? [],
  },
  // The mock's machines do nothing but what its findings are about.
  ActivityEvent: {
    event: (row) => eventOf(row),
    process: (row) => row.lineage[0] ?? null,
    watchedNode: (row, _, context) => ownerOf(context, (t) => t.findings.includes(row)).nodes.find((n) => n.id === row.nodeId) ?? null,
  },
  Finding: {
    watchedNode: (row, _, context) => ownerOf(context, (t) => t.findings.includes(row)).nodes.find((n) => n.id === row.nodeId) ?? null,
    case: (row, _, context) => ownerOf(context, (t) => t.findings.includes(row)).cases.find((c) => c.id === row.caseId) ?? null,
  },
  Case: {
    severity: (row, _, context) => highest(findingsOf(ownerOf(context, (t) => t.cases.includes(row)), row)),
    firstSeen: (row, _, context) => findingsOf(ownerOf(context, (t) => t.cases.includes(row)), row).at(-1)?.time ?? '',
    lastSeen: (row, _, context) => findingsOf(ownerOf(context, (t) => t.cases.includes(row)), row)[0]?.time ?? '',
    findingCount: (row, _, context) => findingsOf(ownerOf(context, (t) => t.cases.includes(row)), row).length,
    rules: (row, _, context) => perRule(findingsOf(ownerOf(context, (t) => t.cases.includes(row)), row)),
    techniques: (row, _, context) => [...new Set(findingsOf(ownerOf(context, (t) => t.cases.includes(row)), row).flatMap((f) => f.techniques))].sort(),
    watchedNode: (row, _, context) => ownerOf(context, (t) => t.cases.includes(row)).nodes.find((n) => n.id === row.nodeId) ?? null,
    findings: (row, args, context) => connection(findingsOf(ownerOf(context, (t) => t.cases.includes(row)), row), args, (f) => f.id),
    timeline: (row, _, context) => {
      const tenant = ownerOf(context, (t) => t.cases.includes(row))
      const decisions = tenant.changes.filter((c) => c.stream === row.id)
      return [...findingsOf(tenant, row), ...row.comments, ...decisions].sort((a, b) => a.time.localeCompare(b.time))
    },
  },
  WatchedNode: {
    ledger: (row, { from, until, first }) =>
      row.losses.filter((l) => (!from || l.until > from) && (!until || l.since < until)).sort((a, b) => b.since.localeCompare(a.since)).slice(0, first),
    coverage: (row, { from, until }) => row.spans.filter((s) => (!from || s.until > from) && (!until || s.from < until)),
  },
  Rule: {
    techniques: (row) => techniquesIn(row.tags),
    enabled: (row, _, context) => ruleStateNow(ownerOf(context, (t) => t.rules.includes(row)), row.name).enabled,
    exceptions: (row, _, context) => ruleStateNow(ownerOf(context, (t) => t.rules.includes(row)), row.name).exceptions,
    findingCount: (row, { since }, context) =>
      ownerOf(context, (t) => t.rules.includes(row)).findings.filter((f) => f.rule.name === row.name && (!since || f.time >= since)).length,
    changes: (row, args, context) => {
      const about = ownerOf(context, (t) => t.rules.includes(row)).changes.filter((c) => c.effect && (c.effect.type === 'imported' ? c.effect.rules.includes(row.name) : c.effect.rule === row.name))
      return connection(about.sort((a, b) => b.time.localeCompare(a.time)), args, (c) => c.id)
    },
  },
  DeadLetter: {
    place: (row) => `${row.topic}/${String(row.partition)}/${String(row.offset)}`,
    state: (row) => (row.resubmitted ? 'RESUBMITTED' : row.dismissed ? 'DISMISSED' : 'OPEN'),
    resubmissionOf: (row, _, context) => ownerOf(context, (t) => t.deadLetters.includes(row)).deadLetters.find((l) => l.id === row.againOf) ?? null,
    failedAgain: (row, _, context) => ownerOf(context, (t) => t.deadLetters.includes(row)).deadLetters.find((l) => l.againOf === row.id) ?? null,
  },
  DeadLetterHeader: {
    watchedNode: (row, _, context) => context.session?.world.tenants.flatMap((t) => t.nodes).find((n) => n.id === row.nodeId) ?? null,
  },
  EnrollmentToken: {
    state: (row) => (row.revoked ? 'REVOKED' : row.expires <= new Date().toISOString() ? 'EXPIRED' : row.uses >= row.maxUses ? 'USED_UP' : 'VALID'),
  },
}
