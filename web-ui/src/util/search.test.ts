import { describe, expect, it } from 'vitest'

import { listIn, listOut, only, timeSpan } from './search'

describe('the state in the URL', () => {
  it('reads lists back and ignores words it does not know', () => {
    expect(listIn('low.CRITICAL.nonsense', ['CRITICAL', 'HIGH', 'LOW'])).toEqual(['CRITICAL', 'LOW'])
    expect(listIn(undefined, ['HIGH'])).toEqual([])
    expect(listOut(['HIGH', 'LOW'])).toBe('high.low')
    expect(listOut([])).toBeUndefined()
  })

  it('keeps known parameters only', () => {
    expect(only('rule', 'text')({ rule: 'x', text: '', other: 'y' })).toEqual({ rule: 'x' })
  })

  it('turns a range into a begin that holds still within a minute', () => {
    const noon = Date.parse('2026-01-31T12:00:10Z')
    expect(timeSpan({ range: '1h' }, noon)).toEqual({ from: '2026-01-31T11:00:00.000Z' })
    expect(timeSpan({ range: '1h' }, noon + 40_000)).toEqual(timeSpan({ range: '1h' }, noon))
  })

  it('takes fixed ends and drops what is no time', () => {
    expect(timeSpan({ from: '2026-01-31T08:00Z', until: 'tomorrow' }, 0)).toEqual({ from: '2026-01-31T08:00:00.000Z', until: undefined })
  })
})
