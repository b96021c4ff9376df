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
    const owner = { permissions: ['READ' as const, 'ADMINISTER' as const] }
    expect(can.resubmit(admin, { state: 'OPEN' })).toMatch(/may not administer/)
    expect(can.resubmit(owner, { state: 'OPEN' })).toBeUndefined()
    expect(can.resubmit(owner, { state: 'DISMISSED' })).toBeUndefined()
    expect(can.resubmit(owner, { state: 'RESUBMITTED' })).toMatch(/already resubmitted/)
    expect(can.resubmit(owner, { state: 'OPEN', obstacle: 'its bytes were not kept' })).toMatch(/bytes were not kept/)
    expect(can.dismiss(owner, { state: 'RESUBMITTED' })).toMatch(/already resubmitted/)
  })

  it('names the permission before the state, so that nobody chases a state they can not change', () => {
    expect(can.closeCase({ permissions: ['READ'] }, { state: 'CLOSED' })).toMatch(/work on cases/)
  })
})
