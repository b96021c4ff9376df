import { describe, expect, it } from 'vitest'

import { draftFrom, inWords, slug, toInput } from './exception'

describe('an exception made from a finding', () => {
  const finding = {
    fields: [
      { name: 'proc.cmdline', value: 'tee /etc/cron.d/refresh' },
      { name: 'fd.name', value: '/etc/cron.d/refresh' },
      { name: 'container.id', value: '<NA>' },
    ],
    lineage: [{ name: 'tee' }, { name: 'bash' }],
  }

  it('begins with the fields that tell most, and never with a missing value', () => {
    expect(toInput(draftFrom(finding))).toEqual({ name: 'tee', fields: ['proc.name', 'fd.name'], comps: ['=', '='], values: [['tee', '/etc/cron.d/refresh']] })
  })

  it('names the far end of a connection, because the near port changes', () => {
    const draft = draftFrom({ fields: [{ name: 'fd.name', value: '10.0.0.1:5123->203.0.113.9:4444' }], lineage: [{ name: 'bash' }] })
    expect(inWords(toInput(draft))).toBe('proc.name = bash and fd.name endswith ->203.0.113.9:4444')
  })

  it('is still a form when the finding has no fields', () => {
    expect(draftFrom({ fields: [], lineage: [] }).conditions).toHaveLength(1)
  })

  it('gets a name that the API accepts', () => {
    expect(slug('./kworkerd (x)')).toBe('kworkerd_x')
  })

  it('reads as a sentence', () => {
    expect(inWords({ fields: ['proc.name', 'fd.name'], comps: ['=', 'startswith'], values: [['tee', '/etc'], ['cp', '/opt']] })).toBe('(proc.name = tee and fd.name startswith /etc) or (proc.name = cp and fd.name startswith /opt)')
  })

  it('sends one value per field even after a field was added', () => {
    expect(toInput({ name: 'x', conditions: [{ field: 'a.b', comp: '=' }, { field: 'c.d', comp: '=' }], rows: [['1']], reason: '' }).values).toEqual([['1', '']])
  })
})
