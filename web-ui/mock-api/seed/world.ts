// Two tenants with a day of life, and a third that is fresh, for the empty pages.
import type { CaseRow, ChangeRow, DeadLetterRow, FindingRow, NodeRow, RuleRow, TenantRow, TokenRow, World } from '../world.ts'
import { record } from '../world.ts'

import { finding, scenarioFor, silence, type Place } from './findings.ts'
import { gateway, nodes } from './nodes.ts'
import { ago, DAY, hex, HOUR, MINUTE, pick, random } from './random.ts'
import { rules } from './rules.ts'
import { scenarios } from './scenarios.ts'

export function seedWorld(now: number): World {
  return {
    tenants: [defaultTenant(now), acme(now), fresh(now)],
    users: [
      { id: 'usr_admin', name: 'admin', password: 'admin', permissions: ['READ', 'TRIAGE', 'MANAGE_RULES', 'MANAGE_NODES', 'ADMINISTER'], mustChangePassword: false, memberOf: ['default', 'acme', 'fresh'] },
      { id: 'usr_ana', name: 'ana', password: 'ana', permissions: ['READ', 'TRIAGE'], mustChangePassword: false, memberOf: ['default'] },
      { id: 'usr_rita', name: 'rita', password: 'rita', permissions: ['READ'], mustChangePassword: true, memberOf: ['default'] },
    ],
  }
}

function empty(slug: string, name: string, nodes: NodeRow[] = [], rules: RuleRow[] = []): TenantRow {
  return { id: `ten_${slug}`, slug, name, nodes, rules, findings: [], cases: [], changes: [], tokens: [], deadLetters: [] }
}

function imported(tenant: TenantRow, time: string): void {
  const names = tenant.rules.map((r) => r.name)
  record(tenant, {
    time, actor: 'system', aggregate: 'rule_set', stream: 'rule_set', name: 'RulesImported',
    summary: `${String(names.length)} built-in rules imported`, before: null, after: { files: tenant.rules.map((r) => r.file) },
    effect: { type: 'imported', rules: names },
  })
}

function enrolled(tenant: TenantRow): void {
  for (const node of tenant.nodes) {
    record(tenant, { time: node.enrolled, actor: node.id, aggregate: 'node', stream: node.id, name: 'NodeEnrolled', summary: `${node.hostname} enrolled`, before: null, after: { hostname: node.hostname, agent_version: '0.1.0' } })
  }
}

function defaultTenant(now: number): TenantRow {
  const next = random(7)
  const tenant = empty('default', 'Default', nodes(now, next), rules('default'))
  imported(tenant, ago(now, 7 * DAY))
  enrolled(tenant)
  decisions(tenant, now)
  tenant.tokens = tokens(now, next)
  tenant.deadLetters = deadLetters(now, next, tenant.nodes)
  const byHost = (name: string) => {
    const node = tenant.nodes.find((n) => n.hostname === name)
    if (!node) throw new Error(`no node ${name}`)
    return node
  }

  const webCase = caseRow(next, 'Shell under nginx on web-1, then a connection out', byHost('web-1'))
  const laptopCase = caseRow(next, 'Hands-on session as marta on laptop', byHost('laptop'))
  const silentCase = caseRow(next, 'db-1 is silent', byHost('db-1'))
  const oldCase = caseRow(next, 'Package manager in containers on edge-3', byHost('edge-3.ams.example.net'))
  tenant.cases = [webCase, laptopCase, silentCase, oldCase]

  const put = (row: FindingRow) => tenant.findings.push(row)
  const at = (kase: CaseRow | null, node: NodeRow, minutesAgo: number): Place => ({ node, rules: tenant.rules, caseId: kase?.id ?? null, time: now - minutesAgo * MINUTE, next })
  const story: [CaseRow, string, number][] = [
    [webCase, 'Shell started by a web server', 38], [webCase, 'Sensitive file read by an untrusted program', 37.2], [webCase, 'Reverse shell to the network', 36.4],
    [webCase, 'New binary dropped and run', 35], [webCase, 'Write below etc', 33.5], [laptopCase, 'New binary dropped and run', 190],
    [laptopCase, 'Process traced by another', 188], [laptopCase, 'Shell history deleted', 180], [oldCase, 'Package manager run in a namespace', 1190],
    [oldCase, 'Package manager run in a namespace', 1170],
  ]
  for (const [kase, rule, minutesAgo] of story) put(finding(scenarioFor(rule), at(kase, byHost(kase.hostname), minutesAgo)))
  put(silence(at(silentCase, byHost('db-1'), 15)))
  for (let i = 0; i < 130; i += 1) {
    const calm = scenarios.filter((s) => !['Shell started by a web server', 'Reverse shell to the network'].includes(s.rule))
    put(finding(pick(next, calm), at(null, pick(next, tenant.nodes.filter((n) => n.lastSeen)), 20 + next() ** 1.6 * 1400)))
  }
  worked(tenant, now, webCase, oldCase)
  return tenant
}

function caseRow(next: () => number, title: string, node: NodeRow): CaseRow {
  return { id: `cas_${hex(next)}`, title, state: 'OPEN', disposition: null, assigneeId: null, assigneeName: null, hostname: node.hostname, nodeId: node.id, comments: [] }
}

/** What people already did to the cases. */
function worked(tenant: TenantRow, now: number, open: CaseRow, closed: CaseRow): void {
  const decide = (kase: CaseRow, minutesAgo: number, name: string, summary: string, before: unknown, after: unknown) =>
    record(tenant, { time: ago(now, minutesAgo * MINUTE), actor: 'ana', aggregate: 'case', stream: kase.id, name, summary, before, after })
  decide(open, 30, 'CaseAssigned', 'assigned to ana', { assignee: null }, { assignee: 'ana' })
  decide(open, 29.5, 'CaseStateChanged', 'open → in progress', { state: 'open' }, { state: 'in_progress' })
  Object.assign(open, { assigneeId: 'usr_ana', assigneeName: 'ana', state: 'IN_PROGRESS' })
  open.comments.push({ kind: 'comment', time: ago(now, 24 * MINUTE), author: 'ana', text: 'The upload form of the shop accepts .php. Asked the web team to take it down.\nKeeping web-1 up until the memory is copied.' })
  decide(closed, 1100, 'CaseStateChanged', 'open → closed, benign', { state: 'open' }, { state: 'closed', disposition: 'benign' })
  Object.assign(closed, { assigneeId: 'usr_ana', assigneeName: 'ana', state: 'CLOSED', disposition: 'BENIGN' })
  closed.comments.push({ kind: 'comment', time: ago(now, 1101 * MINUTE), author: 'ana', text: 'Planned debugging by the platform team.' })
}

function decisions(tenant: TenantRow, now: number): void {
  const ruleSet = (hoursAgo: number, change: Pick<ChangeRow, 'name' | 'summary' | 'before' | 'after' | 'effect'>) =>
    record(tenant, { time: ago(now, hoursAgo * HOUR), actor: 'admin', aggregate: 'rule_set', stream: 'rule_set', ...change })
  const rule = 'Write below etc'
  const exception = { name: 'config_agent', fields: ['proc.name', 'fd.name'], comps: ['=', 'startswith'], values: [['puppet', '/etc/puppetlabs']], reason: 'the configuration agent', addedBy: 'admin', added: ago(now, 50 * HOUR) }
  ruleSet(50, { name: 'ExceptionAdded', summary: `exception config_agent added to ${rule}`, before: null, after: exception, effect: { type: 'exceptionAdded', rule, exception } })
  ruleSet(9, { name: 'RuleDisabled', summary: 'Set-uid bit given to a file turned off', before: { enabled: true }, after: { enabled: false, reason: 'noisy during the migration' }, effect: { type: 'disabled', rule: 'Set-uid bit given to a file' } })
}

function tokens(now: number, next: () => number): TokenRow[] {
  const row = (label: string, createdAgo: number, expiresIn: number, maxUses: number, uses: number, revoked = false): TokenRow => ({
    id: `tok_${hex(next)}`, label, created: ago(now, createdAgo), expires: ago(now, -expiresIn), maxUses, uses, revoked,
  })
  return [row('web servers', 2 * HOUR, 22 * HOUR, 20, 2), row('this machine', 6 * DAY, -5 * DAY, 1, 1), row('build farm', 3 * DAY, 4 * DAY, 1, 1), row('contractor', DAY, 6 * DAY, 5, 0, true)]
}

/** A damaged block, numbers that were given twice (which fails again), bytes that are no block, and one that was too large. */
function deadLetters(now: number, next: () => number, nodes: NodeRow[]): DeadLetterRow[] {
  const row = (offset: number, hoursAgo: number, some: Partial<DeadLetterRow>): DeadLetterRow => {
    const node = pick(next, nodes.filter((n) => n.lastSeen))
    const kinds = ['process.exec', 'process.exit', 'file.open', 'net.connect']
    const header = { nodeId: node.id, bootId: `run_${hex(next)}`, first: 48_200, last: 48_411, events: 212, earliest: ago(now, hoursAgo * HOUR + 4000), latest: ago(now, hoursAgo * HOUR + 900), kinds }
    return {
      id: `ltr_${String(offset)}`, topic: 'telemetry', partition: 1, offset, time: ago(now, hoursAgo * HOUR), stage: 'archive', why: 'the checksum of its body is wrong',
      bytes: 5120, header, unreadable: null, obstacle: null, attempts: 0, againOf: null, resubmitted: null, dismissed: null, ...some,
    }
  }
  const dropped = 'its bytes were not kept: with the reason beside them they were too many for one record'
  return [
    row(42, 1, { why: 'the block\'s body does not match its checksum' }),
    row(40, 3, { why: 'its numbers are those of events that were kept before: nod_1/run_1/48100-48311' }),
    row(31, 9, { why: 'it does not begin like a block', header: null, unreadable: 'it does not begin like a block', bytes: 17 }),
    row(12, 30, { why: 'the block names another tenant than its record', bytes: 4_194_000, header: null, unreadable: dropped, obstacle: dropped }),
    row(7, 50, { dismissed: { by: 'admin', time: ago(now, 49 * HOUR), reason: 'a bad disk, replaced' } }),
  ]
}

function acme(now: number): TenantRow {
  const next = random(11)
  const tenant = empty('acme', 'Acme Logistics', gateway(now, next), rules('acme'))
  imported(tenant, ago(now, 4 * DAY))
  enrolled(tenant)
  const [node] = tenant.nodes
  if (!node) throw new Error('acme has no node')
  for (const minutesAgo of [55, 130, 131, 700]) {
    tenant.findings.push(finding(pick(next, scenarios), { node, rules: tenant.rules, caseId: null, time: now - minutesAgo * MINUTE, next }))
  }
  return tenant
}

function fresh(now: number): TenantRow {
  const tenant = empty('fresh', 'Fresh start', [], rules('fresh'))
  imported(tenant, ago(now, HOUR))
  return tenant
}
