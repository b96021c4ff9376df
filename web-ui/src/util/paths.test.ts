import { describe, expect, it } from 'vitest'

import { loginPath, parseSearch, paths, safeNext, stringifySearch } from './paths'

describe('paths', () => {
  it('are stable, because people keep links', () => {
    const to = paths('acme')
    expect([to.overview(), to.findings({ severity: 'high.critical', rule: '' }), to.finding('fnd_1'), to.rule('Shell in a/b 100%'), to.inForce({ asOf: '2026-01-31T08:00:00.000Z' }), to.tokens(), loginPath('/t/acme/nodes')]).toEqual([
      '/t/acme',
      '/t/acme/findings?severity=high.critical',
      '/t/acme/findings/fnd_1',
      '/t/acme/rules/Shell%20in%20a%2Fb%20100%25',
      '/t/acme/in-force?asOf=2026-01-31T08:00:00.000Z',
      '/t/acme/settings/tokens',
      '/login?next=%2Ft%2Facme%2Fnodes',
    ])
  })

  it('carry filters there and back unchanged', () => {
    const filters = { text: 'a&b=c +"ü"', from: '2026-01-31T08:00:00.000Z' }
    expect(parseSearch(stringifySearch(filters))).toEqual(filters)
  })

  it('lead only to this console after signing in', () => {
    expect(safeNext('/t/acme/findings?severity=high')).toBe('/t/acme/findings?severity=high')
    for (const bad of ['https://evil.example', '//evil.example', '/\\evil.example', '/login?next=/', undefined]) expect(safeNext(bad)).toBe('/')
  })
})
