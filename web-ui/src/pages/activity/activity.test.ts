import { describe, expect, it } from 'vitest'

import { looked, withNewer, type ActivityPageData } from './activity'

const page = (ids: number[], next: string | null = null): ActivityPageData => ({
  events: ids.map((n) => ({ event: { id: String(n), time: `2026-01-01T00:00:${String(n).padStart(2, '0')}Z`, kind: 'file.open', summary: '', result: 0, raw: null }, watchedNode: null, lineage: [] })),
  next,
  reached: '2026-01-01T00:00:00Z',
  searched: { blocks: 2, skipped: 1, bytes: 10, events: 20, unreadable: 0 },
  lost: { reports: 1, events: 3 },
})
const ids = (of: ActivityPageData | undefined) => of?.events.map((e) => e.event.id)

describe('newer events', () => {
  const pages = { pages: [page([5, 4], 'x'), page([3])], pageParams: [null, 'x'] }
  it('come on top once, in the order of their times', () => {
    const { pages: after, fresh } = withNewer(pages, page([7, 6, 5]))
    expect(ids(after.pages[0])).toEqual(['7', '6', '5', '4'])
    expect(after.pages).toHaveLength(2)
    expect(fresh).toEqual(['7', '6'])
    expect(withNewer(after, page([7, 6])).pages).toBe(after)
  })
  it('begin the list anew when more came than a page holds', () => {
    const { pages: after } = withNewer(pages, page([9, 8], 'y'))
    expect(after.pages).toHaveLength(1)
    expect(after.pages[0]?.next).toBe('y')
  })
})

it('what was looked at adds up over pages', () => {
  expect(looked([page([]), page([])])).toEqual({ blocks: 4, skipped: 2, bytes: 20, events: 40, unreadable: 0, lost: 6 })
})
