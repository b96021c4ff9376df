import { describe, expect, it } from 'vitest'

import { compare } from './rule-diff'

const rule = (name: string, some: object = {}) => ({ name, version: 'a', enabled: true, severity: 'HIGH', exceptions: [] as string[], ...some })

describe('two rule sets side by side', () => {
  it('say what differs and nothing about what is the same', () => {
    const then = [rule('same'), rule('off'), rule('gone'), rule('hole', { exceptions: ['old'] }), rule('text')]
    const now = [rule('same'), rule('off', { enabled: false }), rule('hole', { exceptions: ['new'], version: 'b' }), rule('text', { version: 'b' }), rule('fresh')]
    expect(Object.fromEntries(compare(then, now).map((r) => [r.name, r.changes]))).toEqual({
      same: [],
      off: ['turned off since'],
      gone: ['removed since'],
      fresh: ['added since'],
      hole: ['exception new added since', 'exception old removed since'],
      text: ['text changed since'],
    })
  })
})
