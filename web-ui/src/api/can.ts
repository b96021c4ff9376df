// Who may do what, and why not. Buttons are disabled with the reason, never hidden. The server decides again.
import type { CaseState, DeadLetterState, NodeHealth, Permission, TokenState } from './types'

/** Undefined when allowed; otherwise the reason, as a sentence. */
export type Blocked = string | undefined

interface Person {
  permissions: Permission[]
}

const NEEDS: Record<Permission, string> = {
  READ: 'see this tenant',
  TRIAGE: 'work on cases',
  MANAGE_RULES: 'change rules',
  MANAGE_NODES: 'manage nodes and tokens',
  ADMINISTER: 'administer the tenant',
}

function lacks(person: Person, permission: Permission): Blocked {
  return person.permissions.includes(permission) ? undefined : `Your account may not ${NEEDS[permission]}. Ask an administrator of this tenant.`
}

export const can = {
  triage: (person: Person): Blocked => lacks(person, 'TRIAGE'),
  startCase: (person: Person, of: { state: CaseState }): Blocked => lacks(person, 'TRIAGE') ?? (of.state === 'OPEN' ? undefined : 'Work on this case has already begun.'),
  closeCase: (person: Person, of: { state: CaseState }): Blocked => lacks(person, 'TRIAGE') ?? (of.state === 'CLOSED' ? 'This case is already closed.' : undefined),
  changeRules: (person: Person): Blocked => lacks(person, 'MANAGE_RULES'),
  disableRule: (person: Person, of: { enabled: boolean } | null | undefined): Blocked =>
    lacks(person, 'MANAGE_RULES') ?? (!of ? 'This rule is no longer in the rule set.' : of.enabled ? undefined : 'This rule is already off.'),
  manageTokens: (person: Person): Blocked => lacks(person, 'MANAGE_NODES'),
  revokeToken: (person: Person, of: { state: TokenState }): Blocked =>
    lacks(person, 'MANAGE_NODES') ?? (of.state === 'VALID' ? undefined : 'This token can no longer enroll a node.'),
  resubmit: (person: Person, of: { state: DeadLetterState; obstacle?: string | null }): Blocked =>
    lacks(person, 'ADMINISTER') ?? (of.state === 'RESUBMITTED' ? 'This record was already resubmitted.' : of.obstacle ? `This record can not be resubmitted: ${of.obstacle}.` : undefined),
  dismiss: (person: Person, of: { state: DeadLetterState }): Blocked =>
    lacks(person, 'ADMINISTER') ?? (of.state === 'OPEN' ? undefined : `This record was already ${of.state.toLowerCase()}.`),
  removeNode: (person: Person, of: { health: NodeHealth }): Blocked => lacks(person, 'MANAGE_NODES') ?? (of.health === 'REMOVED' ? 'This node is already removed.' : undefined),
}
