import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import { plural } from '~/util/format'
import type { Search } from '~/util/paths'

import { activityQuery, fetchActivity, withNewer, type Pages } from './activity'

const EVERY = 2000
/** Nodes report a little late, and some later than others. */
const OVERLAP = 10_000

/** Asks again and again for what is newer than the newest event shown, and puts it on top. */
export function useLiveActivity({ tenant, search, on }: { tenant: string; search: Search; on: boolean }) {
  const client = useQueryClient()
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set())
  const [announcement, setAnnouncement] = useState('')
  const { queryKey } = activityQuery(tenant, search)
  const key = JSON.stringify(queryKey)

  useEffect(() => {
    if (!on) return
    let ended = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const again = () => { if (!ended) timer = setTimeout(() => void ask(), EVERY) }
    const ask = async () => {
      const before = client.getQueryData<Pages>(queryKey)
      if (before && !document.hidden) {
        const newest = before.pages[0]?.events[0]?.event.time
        const since = new Date((newest ? Date.parse(newest) : Date.now()) - OVERLAP).toISOString()
        // What fails now is asked for again in a moment.
        const newer = await fetchActivity(tenant, search, { since }).catch(() => undefined)
        const now = client.getQueryData<Pages>(queryKey)
        if (newer && now && !ended) {
          const { pages, fresh: arrived } = withNewer(now, newer)
          if (arrived.length > 0) {
            client.setQueryData<Pages>(queryKey, pages)
            setFresh(new Set(arrived))
            setAnnouncement(plural(arrived.length, 'new event'))
          }
        }
      }
      again()
    }
    again()
    return () => {
      ended = true
      clearTimeout(timer)
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key stands for tenant, search and queryKey by value; the client never changes
  }, [key, on])

  return { fresh, announcement }
}
