// What the page asks for, and how its pages of events are kept.
import { infiniteQueryOptions, type InfiniteData } from '@tanstack/react-query'

import { graphql } from '~/api/__generated__'
import type { ActivityQuery } from '~/api/__generated__/graphql'
import { request } from '~/api/client'
import { orNotFound, tenantQuery } from '~/api/keys'
import type { Search } from '~/util/paths'
import { timeSpan } from '~/util/search'

const Activity = graphql(`
  query Activity($tenant: String!, $query: String, $since: DateTime, $until: DateTime, $after: String) {
    tenant(id: $tenant) {
      activity(query: $query, since: $since, until: $until, first: 50, after: $after) {
        events {
          event { id time kind summary result raw }
          watchedNode { id hostname }
          lineage { pid ppid start name exe args commandLine cwd uid euid gid user loginuid tty sid containerId }
        }
        next
        reached
        searched { blocks skipped bytes events unreadable }
        lost { reports events }
      }
    }
  }
`)
const ActivityCounts = graphql(`
  query ActivityCounts($tenant: String!, $query: String, $since: DateTime, $until: DateTime, $by: [String!]!) {
    tenant(id: $tenant) {
      activityCounts(query: $query, since: $since, until: $until, by: $by, first: 20) {
        groups { values count }
        total
        complete
        reached
      }
    }
  }
`)

export type ActivityPageData = NonNullable<ActivityQuery['tenant']>['activity']
export type Pages = InfiniteData<ActivityPageData, string | null>

/** Without a time everything that is kept is searched. */
const BEGINNING = '1970-01-01T00:00:00Z'

function span(search: Search): { since: string; until: string | undefined } {
  const { from, until } = timeSpan(search, Date.now())
  return { since: from ?? BEGINNING, until }
}

export async function fetchActivity(tenant: string, search: Search, more: { after?: string | null; since?: string }): Promise<ActivityPageData> {
  const data = await request(Activity, { tenant, query: search.text, ...span(search), ...more })
  return orNotFound(data.tenant).activity
}

export const activityQuery = (tenant: string, search: Search) => {
  const { text, range, from, until } = search
  return infiniteQueryOptions({
    queryKey: ['t', tenant, 'activity', { text, range, from, until }],
    queryFn: ({ pageParam }) => fetchActivity(tenant, search, { after: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next ?? null,
    // A wrong search stays wrong, and pages fetched again would move under the reader.
    retry: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
}

export const activityCountsQuery = (tenant: string, search: Search, by: string) => {
  const { text, range, from, until } = search
  return tenantQuery(tenant, 'activity', ActivityCounts, { key: { text, range, from, until, by }, now: () => ({ tenant, query: text, ...span(search), by: [by] }) }, (d) => d.tenant?.activityCounts ?? null)
}

/** More rows than this on the first page are cut: the rest comes with a new search. */
const KEPT = 1000

/** The pages with newer events on top. When more came than one page holds, the list begins anew with them. */
export function withNewer(pages: Pages, newer: ActivityPageData): { pages: Pages; fresh: string[] } {
  const [first, ...rest] = pages.pages
  if (!first) return { pages, fresh: [] }
  const known = new Set(pages.pages.flatMap((p) => p.events.map((e) => e.event.id)))
  const fresh = newer.events.filter((e) => !known.has(e.event.id))
  const ids = fresh.map((e) => e.event.id)
  if (fresh.length === 0) return { pages, fresh: ids }
  if (newer.next && fresh.length === newer.events.length) return { pages: { pages: [newer], pageParams: [null] }, fresh: ids }
  const events = [...fresh, ...first.events].sort((a, b) => b.event.time.localeCompare(a.event.time)).slice(0, KEPT)
  return { pages: { ...pages, pages: [{ ...first, events }, ...rest] }, fresh: ids }
}

/** What a search looked at, over all its pages. */
export function looked(pages: ActivityPageData[]) {
  const sum = { blocks: 0, skipped: 0, bytes: 0, events: 0, unreadable: 0, lost: 0 }
  for (const { searched, lost } of pages) {
    sum.blocks += searched.blocks
    sum.skipped += searched.skipped
    sum.bytes += searched.bytes
    sum.events += searched.events
    sum.unreadable += searched.unreadable
    sum.lost += lost.events
  }
  return sum
}
