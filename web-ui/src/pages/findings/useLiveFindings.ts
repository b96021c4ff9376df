import { useQueryClient, type InfiniteData, type QueryKey } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'

import { graphql } from '~/api/__generated__'
import type { FindingFilter, FindingRowFragment } from '~/api/__generated__/graphql'
import type { Connection } from '~/api/keys'
import { follow } from '~/api/live'
import { plural } from '~/util/format'

const LiveFindings = graphql(`
  subscription LiveFindings($tenant: String!, $filter: FindingFilter) {
    findingRaised(tenant: $tenant, filter: $filter) { ...FindingRow }
  }
`)

type Row = FindingRowFragment
type Pages = InfiniteData<Connection<Row>, string | null>

/** A finding joins its case a moment after it was raised; the list is fetched again to show that. */
const SETTLED = 3000
/** Arrivals are gathered this long before they are shown and announced. */
const GATHER = 400
/** More rows than this on the first page are cut: the rest comes with "load more" or a reload. */
const KEPT = 500

/** The pages with new rows on top; a row that is already there stays where it is. */
export function withArrivals(pages: Pages, rows: Row[]): Pages {
  const [first, ...rest] = pages.pages
  if (!first) return pages
  const known = new Set(pages.pages.flatMap((p) => p.nodes.map((n) => n.id)))
  const fresh = rows.filter((r) => !known.has(r.id)).sort((a, b) => b.time.localeCompare(a.time))
  return fresh.length === 0 ? pages : { ...pages, pages: [{ ...first, nodes: [...fresh, ...first.nodes].slice(0, KEPT) }, ...rest] }
}

/** Folds raised findings into the cached list; while paused they wait. */
export function useLiveFindings({ tenant, filter, queryKey, ended }: { tenant: string; filter: FindingFilter; queryKey: QueryKey; ended: boolean }) {
  const client = useQueryClient()
  const [paused, setPaused] = useState(false)
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set())
  const [waiting, setWaiting] = useState(0)
  const [announcement, setAnnouncement] = useState('')
  const arrived = useRef<Row[]>([])
  const held = useRef(false)
  const key = JSON.stringify([tenant, filter, queryKey])

  const show = () => {
    const rows = arrived.current
    arrived.current = []
    setWaiting(0)
    if (rows.length === 0) return
    client.setQueryData<Pages>(queryKey, (pages) => pages && withArrivals(pages, rows))
    setFresh(new Set(rows.map((r) => r.id)))
    setAnnouncement(plural(rows.length, 'new finding'))
  }
  const latestShow = useRef(show)
  useEffect(() => { latestShow.current = show })

  useEffect(() => {
    if (ended) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let settle: ReturnType<typeof setTimeout> | undefined
    const end = follow(LiveFindings, { tenant, filter }, ({ findingRaised }) => {
      // Only the newest are kept while paused; resuming fetches nothing older than what fits a page.
      arrived.current = [...arrived.current, findingRaised].slice(-KEPT)
      timer ??= setTimeout(() => {
        timer = undefined
        if (held.current) setWaiting(arrived.current.length)
        else {
          latestShow.current()
          settle ??= setTimeout(() => {
            settle = undefined
            if (!held.current) void client.invalidateQueries({ queryKey })
          }, SETTLED)
        }
      }, GATHER)
    })
    return () => {
      clearTimeout(timer)
      clearTimeout(settle)
      arrived.current = []
      end()
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key stands for tenant, filter and queryKey by value; the client never changes
  }, [key, ended])

  return {
    paused,
    waiting,
    fresh,
    announcement,
    toggle: () => {
      held.current = !paused
      setPaused(!paused)
      if (paused) latestShow.current()
    },
  }
}
