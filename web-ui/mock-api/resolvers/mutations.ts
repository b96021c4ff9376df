import type { MutationResolvers, Permission, RuleExceptionInput, UserError } from '../__generated__/schema.ts'
import { locate, tenantOf, type Context } from '../context.ts'
import { record, ruleStateNow, type CaseRow, type DeadLetterRow, type RuleRow, type RuleSetEffect, type TenantRow } from '../world.ts'

const COMPS = ['=', '!=', '<', '<=', '>', '>=', 'in', 'contains', 'icontains', 'startswith', 'endswith', 'glob', 'exists']

const refuse = (code: string, message: string, field: string[] = []): UserError => ({ code, message, field })
const notFound = (what: string, field: string) => refuse('NOT_FOUND', `${what} is not known`, [field])

function lacks(context: Context, permission: Permission): UserError | null {
  return context.session?.user.permissions.includes(permission) ? null : refuse('FORBIDDEN', `you need the permission ${permission} for this`)
}

const who = (context: Context) => context.session?.user.name ?? 'nobody'

interface RuleDecision {
  name: string
  summary: string
  before: unknown
  after: unknown
  effect: RuleSetEffect
}

function decideRule(context: Context, input: { tenant: string; rule: string }, decide: (tenant: TenantRow, rule: RuleRow) => RuleDecision | UserError) {
  const denied = lacks(context, 'MANAGE_RULES')
  if (denied) return { rule: null, userErrors: [denied] }
  const tenant = tenantOf(context, input.tenant)
  const rule = tenant?.rules.find((r) => r.name === input.rule)
  if (!tenant || !rule) return { rule: null, userErrors: [notFound(`rule \`${input.rule}\``, 'rule')] }
  const decision = decide(tenant, rule)
  if ('code' in decision) return { rule: null, userErrors: [decision] }
  record(tenant, { actor: who(context), aggregate: 'rule_set', stream: 'rule_set', ...decision })
  context.session?.bus.publish('rule', tenant.slug, rule)
  return { rule, userErrors: [] }
}

function exceptionFault(exception: RuleExceptionInput): UserError | null {
  const at = (...path: string[]) => ['exception', ...path]
  if (!/^[A-Za-z0-9_-]+$/.test(exception.name)) return refuse('INVALID', 'a name has letters, digits, `_` and `-`', at('name'))
  if (exception.name === 'conflict') return refuse('CONFLICT', 'somebody else changed this rule just now; look at the change and try again')
  if (exception.fields.length === 0) return refuse('INVALID', 'an exception compares at least one field', at('fields'))
  const unknown = exception.fields.findIndex((f) => !/^[a-z]+(\.[a-z_0-9]+)+$/.test(f))
  if (unknown >= 0) return refuse('INVALID', `\`${exception.fields[unknown] ?? ''}\` is not a known field`, at('fields', String(unknown)))
  const comp = exception.comps.findIndex((c) => !COMPS.includes(c))
  if (comp >= 0) return refuse('INVALID', `\`${exception.comps[comp] ?? ''}\` is not an operator`, at('comps', String(comp)))
  const row = exception.values.findIndex((v) => v.length !== exception.fields.length)
  if (row >= 0) return refuse('INVALID', 'a row has one value per field', at('values', String(row)))
  return null
}

function decideCase(context: Context, id: string, decide: (kase: CaseRow) => { name: string; summary: string; before: unknown; after: unknown } | UserError | null) {
  const denied = lacks(context, 'TRIAGE')
  if (denied) return { case: null, userErrors: [denied] }
  const found = locate(context, id, (t) => t.cases)
  if (!found) return { case: null, userErrors: [notFound('this case', 'caseId')] }
  const decision = decide(found.row)
  if (decision && 'code' in decision) return { case: null, userErrors: [decision] }
  if (decision) record(found.tenant, { actor: who(context), aggregate: 'case', stream: found.row.id, ...decision })
  context.session?.bus.publish('case', found.tenant.slug, found.row)
  return { case: found.row, userErrors: [] }
}

type Decision = { name: string; summary: string; before: unknown; after: unknown }

function decideLetters(context: Context, ids: string[], decide: (tenant: TenantRow, letter: DeadLetterRow) => Decision | UserError | null) {
  const deadLetters: DeadLetterRow[] = []
  const userErrors: UserError[] = []
  for (const [i, id] of ids.entries()) {
    const found = locate(context, id, (t) => t.deadLetters)
    const decision = found ? (lacks(context, 'ADMINISTER') ?? decide(found.tenant, found.row)) : notFound('this record', 'deadLetterIds')
    if (decision && 'code' in decision) userErrors.push({ ...decision, field: ['deadLetterIds', String(i)] })
    else if (found) {
      const { topic, partition, offset } = found.row
      if (decision) record(found.tenant, { actor: who(context), aggregate: 'dead_letter', stream: `${topic}/${String(partition)}/${String(offset)}`, ...decision })
      deadLetters.push(found.row)
    }
  }
  return { deadLetters, userErrors }
}

const words = (state: string) => state.toLowerCase().replace('_', ' ')

export const Mutation: MutationResolvers = {
  setRuleEnabled: (_, { input }, context) =>
    decideRule(context, input, (tenant, rule) => ({
      name: input.enabled ? 'RuleEnabled' : 'RuleDisabled',
      summary: `${rule.name} turned ${input.enabled ? 'on' : 'off'}`,
      before: { enabled: ruleStateNow(tenant, rule.name).enabled },
      after: { enabled: input.enabled, reason: input.reason ?? '' },
      effect: { type: input.enabled ? 'enabled' : 'disabled', rule: rule.name },
    })),

  addRuleException: (_, { input }, context) =>
    decideRule(context, input, (tenant, rule) => {
      const fault = exceptionFault(input.exception)
      if (fault) return fault
      const exception = { ...input.exception, reason: input.reason ?? '', addedBy: who(context), added: new Date().toISOString() }
      const before = ruleStateNow(tenant, rule.name).exceptions.find((e) => e.name === exception.name) ?? null
      return { name: 'ExceptionAdded', summary: `exception ${exception.name} added to ${rule.name}`, before, after: exception, effect: { type: 'exceptionAdded', rule: rule.name, exception } }
    }),

  removeRuleException: (_, { input }, context) =>
    decideRule(context, input, (tenant, rule) => {
      const before = ruleStateNow(tenant, rule.name).exceptions.find((e) => e.name === input.name)
      if (!before) return notFound(`exception \`${input.name}\``, 'name')
      return { name: 'ExceptionRemoved', summary: `exception ${input.name} removed from ${rule.name}`, before, after: null, effect: { type: 'exceptionRemoved', rule: rule.name, name: input.name } }
    }),

  importRules: (_, { input }, context) => {
    const denied = lacks(context, 'MANAGE_RULES')
    if (denied) return { ruleSet: null, warnings: [], userErrors: [denied] }
    const bad = input.files.findIndex((f) => !f.text.includes('- rule:'))
    if (bad >= 0) return { ruleSet: null, warnings: [], userErrors: [{ ...refuse('INVALID', 'expected a list of rules, such as `- rule: name`', ['files', String(bad)]), line: 1, column: 1 }] }
    return { ruleSet: null, warnings: [], userErrors: [refuse('UNAVAILABLE', 'the mock compiles no rules; this works on a running system')] }
  },

  setCaseState: (_, { input }, context) =>
    decideCase(context, input.caseId, (kase) => {
      if (input.state === 'CLOSED' && !input.disposition) return refuse('INVALID', 'say what the case turned out to be when closing it', ['disposition'])
      const before = { state: kase.state.toLowerCase(), disposition: kase.disposition?.toLowerCase() ?? null }
      const summary = `${words(kase.state)} → ${words(input.state)}${input.disposition ? `, ${words(input.disposition)}` : ''}`
      kase.state = input.state
      kase.disposition = input.state === 'CLOSED' ? (input.disposition ?? null) : null
      return { name: 'CaseStateChanged', summary, before, after: { state: kase.state.toLowerCase(), disposition: kase.disposition?.toLowerCase() ?? null } }
    }),

  assignCase: (_, { input }, context) =>
    decideCase(context, input.caseId, (kase) => {
      const before = { assignee: kase.assigneeName }
      kase.assigneeId = input.toMe ? (context.session?.user.id ?? null) : null
      kase.assigneeName = input.toMe ? who(context) : null
      return { name: 'CaseAssigned', summary: input.toMe ? `assigned to ${who(context)}` : 'given back', before, after: { assignee: kase.assigneeName } }
    }),

  commentCase: (_, { input }, context) =>
    decideCase(context, input.caseId, (kase) => {
      if (!input.text.trim()) return refuse('INVALID', 'a comment needs text', ['text'])
      kase.comments.push({ kind: 'comment', time: new Date().toISOString(), author: who(context), text: input.text })
      return null
    }),

  createEnrollmentToken: (_, { input }, context) => {
    const denied = lacks(context, 'MANAGE_NODES')
    const tenant = tenantOf(context, input.tenant)
    if (denied ?? !tenant) return { token: null, secret: null, command: null, userErrors: [denied ?? notFound('this tenant', 'tenant')] }
    if (!input.label.trim()) return { token: null, secret: null, command: null, userErrors: [refuse('INVALID', 'a label is needed', ['label'])] }
    const token = { id: `tok_${crypto.randomUUID().replaceAll('-', '')}`, label: input.label, created: new Date().toISOString(), expires: new Date(Date.now() + input.validSeconds * 1000).toISOString(), maxUses: input.maxUses, uses: 0, revoked: false }
    tenant?.tokens.push(token)
    if (tenant) record(tenant, { actor: who(context), aggregate: 'token', stream: token.id, name: 'TokenCreated', summary: `enrollment token ${token.label} created`, before: null, after: { label: token.label, max_uses: token.maxUses } })
    const secret = `vet1.${token.id.slice(4, 16)}.${crypto.randomUUID().replaceAll('-', '')}`
    return { token, secret, command: `vedetta-agent enroll --server https://vedetta.example.net:7443 --token ${secret}`, userErrors: [] }
  },

  revokeEnrollmentToken: (_, { input }, context) => {
    const denied = lacks(context, 'MANAGE_NODES')
    const found = locate(context, input.tokenId, (t) => t.tokens)
    if (denied ?? !found) return { token: null, userErrors: [denied ?? notFound('this token', 'tokenId')] }
    if (!found) return { token: null, userErrors: [] }
    found.row.revoked = true
    record(found.tenant, { actor: who(context), aggregate: 'token', stream: found.row.id, name: 'TokenRevoked', summary: `enrollment token ${found.row.label} revoked`, before: { revoked: false }, after: { revoked: true, reason: input.reason ?? '' } })
    return { token: found.row, userErrors: [] }
  },

  removeNode: (_, { input }, context) => {
    const denied = lacks(context, 'MANAGE_NODES')
    const found = locate(context, input.nodeId, (t) => t.nodes)
    if (denied ?? !found) return { watchedNode: null, userErrors: [denied ?? notFound('this node', 'nodeId')] }
    if (!found) return { watchedNode: null, userErrors: [] }
    found.row.health = 'REMOVED'
    record(found.tenant, { actor: who(context), aggregate: 'node', stream: found.row.id, name: 'NodeRemoved', summary: `${found.row.hostname} removed`, before: null, after: { reason: input.reason ?? '' } })
    context.session?.bus.publish('node', found.tenant.slug, found.row)
    return { watchedNode: found.row, userErrors: [] }
  },

  resubmitDeadLetters: (_, { input }, context) =>
    decideLetters(context, input.deadLetterIds, (tenant, letter) => {
      if (letter.resubmitted) return null
      if (letter.obstacle) return refuse('INVALID', `this record can't be resubmitted: ${letter.obstacle}`)
      letter.resubmitted = { by: who(context), time: new Date().toISOString(), reason: '' }
      // What is wrong with a block itself is still wrong the second time; a damaged one was damaged on its way.
      if (!letter.why.includes('checksum')) {
        const offset = 1 + Math.max(...tenant.deadLetters.map((l) => l.offset))
        tenant.deadLetters.push({ ...letter, id: `ltr_${String(offset)}`, offset, time: new Date().toISOString(), attempts: letter.attempts + 1, againOf: letter.id, resubmitted: null, dismissed: null })
      }
      return { name: 'DeadLetterResubmitted', summary: 'resubmitted a record that was set aside', before: { resubmitted: false }, after: { resubmitted: true } }
    }),

  dismissDeadLetters: (_, { input }, context) =>
    decideLetters(context, input.deadLetterIds, (_tenant, letter) => {
      if (letter.resubmitted) return refuse('CONFLICT', `${letter.resubmitted.by} has resubmitted it: it is not open any more`)
      if (letter.dismissed) return null
      letter.dismissed = { by: who(context), time: new Date().toISOString(), reason: input.reason ?? '' }
      return { name: 'DeadLetterDismissed', summary: 'dismissed a record that was set aside', before: { dismissed: false }, after: { dismissed: true } }
    }),

  changePassword: (_, { input }, { session }) => {
    if (!session) return { viewer: null, userErrors: [refuse('FORBIDDEN', 'sign in first')] }
    if (input.current !== session.user.password) return { viewer: null, userErrors: [refuse('INVALID', 'this is not your password', ['current'])] }
    if (input.new.length < 12) return { viewer: null, userErrors: [refuse('INVALID', 'a password has at least 12 characters', ['new'])] }
    session.user.password = input.new
    session.user.mustChangePassword = false
    return { viewer: session.user, userErrors: [] }
  },
}
