import { describe, expect, it } from 'vitest'

import { can } from './can'

const analyst = { permissions: ['READ' as const, 'TRIAGE' as const] }
const admin = { permissions: ['READ' as const, 'TRIAGE' as const, 'MANAGE_RULES' as const, 'MANAGE_NODES' as const] }

describe('what a person may do', () => {
  it('follows from the permissions, and a refusal says what is lacking', () => {
    expect(can.triage(analyst)).toBeUndefined()
    expect(can.changeRules(analyst)).toMatch(/may not change rules/)
    expect(can.changeRules(admin)).toBeUndefined()
  })

  it('follows from the state of the thing as well', () => {
    expect(can.closeCase(analyst, { state: 'CLOSED' })).toMatch(/already closed/)
    expect(can.startCase(analyst, { state: 'IN_PROGRESS' })).toMatch(/already begun/)
    expect(can.revokeToken(admin, { state: 'EXPIRED' })).toMatch(/no longer/)
    expect(can.disableRule(admin, null)).toMatch(/no longer in the rule set/)
    expect(can.removeNode(admin, { health: 'SILENT' })).toBeUndefined()
  })

  it('names the permission before the state, so that nobody chases a state they can not change', () => {
    expect(can.closeCase({ permissions: ['READ'] }, { state: 'CLOSED' })).toMatch(/work on cases/)
  })
})
