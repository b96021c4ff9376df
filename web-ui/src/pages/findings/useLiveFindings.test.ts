import { describe, expect, it } from 'vitest'

import { withArrivals } from './useLiveFindings'

const row = (id: string, time: string) => ({ id, time, severity: 'HIGH' as const, message: '', hostname: '', techniques: [], rule: { name: '' }, case: null, lineage: [] })
const list = (...rows: ReturnType<typeof row>[]) => ({ pages: [{ nodes: rows, pageInfo: { hasNextPage: false, endCursor: null, damaged: 0 } }], pageParams: [null] })

describe('findings that arrive', () => {
  it('stand on top, newest first', () => {
    const pages = withArrivals(list(row('a', '1')), [row('b', '2'), row('c', '3')])
    expect(pages.pages[0]?.nodes.map((n) => n.id)).toEqual(['c', 'b', 'a'])
  })

  it('are shown once, even when the list already had them', () => {
    const before = list(row('a', '1'))
    expect(withArrivals(before, [row('a', '1')])).toBe(before)
  })

  it('never let the list grow without end', () => {
    const many = Array.from({ length: 800 }, (_, i) => row(String(i), String(i).padStart(4, '0')))
    const nodes = withArrivals(list(), many).pages[0]?.nodes ?? []
    expect(nodes).toHaveLength(500)
    expect(nodes[0]?.id).toBe('799')
  })
})
