// What the mock knows: one world per sign-in, so that tests and tabs never meet each other's changes.
import type {
  CaseState,
  CoverageSpan,
  Disposition,
  Field,
  FindingRule,
  LossEntry,
  NodeHealth,
  Permission,
  Process,
  RuleException,
  Severity,
} from './__generated__/schema.ts'

export interface UserRow {
  id: string
  name: string
  password: string
  permissions: Permission[]
  mustChangePassword: boolean
  /** Slugs of the tenants the person belongs to. */
  memberOf: string[]
}

export interface NodeRow {
  id: string
  hostname: string
  health: NodeHealth
  enrolled: string
  lastSeen: string | null
  agentVersion: string
  kernel: string | null
  hooks: string[]
  certificateExpires: string | null
  eventsRead: number
  eventsLost: number
  spoolBytes: number
  cpuMillis: number
  rssBytes: number
  losses: LossEntry[]
  spans: CoverageSpan[]
}

export interface RuleRow {
  id: string
  name: string
  version: string
  description: string
  condition: string
  output: string
  severity: Severity
  tags: string[]
  source: string
  file: string
  text: string
  /** What the file says; the tenant's decisions are folded on top. */
  enabledInFile: boolean
}

export interface EventRow {
  id: string
  kind: string
  time: string
  tid: number
  result: number
  summary: string
  raw: unknown
}

export interface FindingRow {
  id: string
  time: string
  detected: string
  severity: Severity
  message: string
  rule: FindingRule
  techniques: string[]
  fields: Field[]
  hostname: string
  nodeId: string
  caseId: string | null
  event: EventRow | null
  lineage: Process[]
}

export interface CommentRow {
  kind: 'comment'
  time: string
  author: string
  text: string
}

export interface CaseRow {
  id: string
  title: string
  state: CaseState
  disposition: Disposition | null
  assigneeId: string | null
  assigneeName: string | null
  hostname: string
  nodeId: string
  comments: CommentRow[]
}

/** What a decision did to the rule set: folding these up to a time answers `asOf`. */
export type RuleSetEffect =
  | { type: 'imported'; rules: string[] }
  | { type: 'enabled' | 'disabled'; rule: string }
  | { type: 'exceptionAdded'; rule: string; exception: RuleException }
  | { type: 'exceptionRemoved'; rule: string; name: string }

export interface ChangeRow {
  id: string
  time: string
  actor: string
  aggregate: string
  stream: string
  version: number
  name: string
  summary: string
  before: unknown
  after: unknown
  effect?: RuleSetEffect
}

export interface TokenRow {
  id: string
  label: string
  created: string
  expires: string
  maxUses: number
  uses: number
  revoked: boolean
}

export interface DeadLetterHeaderRow {
  nodeId: string
  bootId: string
  first: number
  last: number
  events: number
  earliest: string
  latest: string
  kinds: string[]
}

export interface DeadLetterRow {
  id: string
  topic: string
  partition: number
  offset: number
  time: string
  stage: string
  why: string
  bytes: number
  header: DeadLetterHeaderRow | null
  unreadable: string | null
  obstacle: string | null
  attempts: number
  againOf: string | null
  resubmitted: { by: string; time: string; reason: string } | null
  dismissed: { by: string; time: string; reason: string } | null
}

export interface TenantRow {
  id: string
  slug: string
  name: string
  nodes: NodeRow[]
  rules: RuleRow[]
  findings: FindingRow[]
  cases: CaseRow[]
  changes: ChangeRow[]
  tokens: TokenRow[]
  deadLetters: DeadLetterRow[]
}

export interface World {
  tenants: TenantRow[]
  users: UserRow[]
}

export interface RuleState {
  enabled: boolean
  exceptions: RuleException[]
}

/** The fold of a tenant's rule set decisions up to a time. A rule that was not there yet has no entry. */
export function ruleSetAt(tenant: TenantRow, asOf: string): { version: number; last: ChangeRow | null; rules: Map<string, RuleState> } {
  const rules = new Map<string, RuleState>()
  let version = 0
  let last: ChangeRow | null = null
  for (const change of [...tenant.changes].sort((a, b) => a.time.localeCompare(b.time))) {
    if (!change.effect || change.time > asOf) continue
    version += 1
    last = change
    applyEffect(tenant, rules, change.effect)
  }
  return { version, last, rules }
}

function applyEffect(tenant: TenantRow, rules: Map<string, RuleState>, effect: RuleSetEffect): void {
  if (effect.type === 'imported') {
    for (const name of effect.rules) {
      const rule = tenant.rules.find((r) => r.name === name)
      if (rule) rules.set(name, rules.get(name) ?? { enabled: rule.enabledInFile, exceptions: [] })
    }
    return
  }
  const state = rules.get(effect.rule)
  if (!state) return
  switch (effect.type) {
    case 'enabled':
    case 'disabled':
      state.enabled = effect.type === 'enabled'
      break
    case 'exceptionAdded':
      state.exceptions = [...state.exceptions.filter((e) => e.name !== effect.exception.name), effect.exception]
      break
    case 'exceptionRemoved':
      state.exceptions = state.exceptions.filter((e) => e.name !== effect.name)
  }
}

export function ruleStateNow(tenant: TenantRow, rule: string): RuleState {
  return ruleSetAt(tenant, '9999').rules.get(rule) ?? { enabled: false, exceptions: [] }
}

/** Records a decision at the head of its stream. */
export function record(tenant: TenantRow, change: Omit<ChangeRow, 'id' | 'version' | 'time'> & { time?: string }): ChangeRow {
  const version = 1 + Math.max(0, ...tenant.changes.filter((c) => c.stream === change.stream).map((c) => c.version))
  const row = { ...change, id: `chg_${tenant.slug}_${String(tenant.changes.length + 1)}`, version, time: change.time ?? new Date().toISOString() }
  tenant.changes.push(row)
  return row
}
