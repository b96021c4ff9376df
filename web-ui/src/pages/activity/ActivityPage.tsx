import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import { ApiError, messageOf } from '~/api/errors'
import { ActivityList } from '~/components/ActivityList'
import { FilterBar, SelectFilter, TimeFilter } from '~/components/FilterBar'
import { Page } from '~/components/Page'
import { Time } from '~/components/Time'
import { useFilters } from '~/hooks/useFilters'
import { useTenant } from '~/hooks/useTenant'
import { Meters } from '~/ui/Bars'
import { Button } from '~/ui/Button'
import { Card } from '~/ui/Card'
import { Empty, Notice } from '~/ui/Empty'
import { Icon } from '~/ui/Icon'
import { narrowed } from '~/util/condition'
import { bytes, count, plural, short } from '~/util/format'
import type { Search } from '~/util/paths'

import { activityCountsQuery, activityQuery, looked, type ActivityPageData } from './activity'
import css from './ActivityPage.module.css'
import { ConditionField } from './ConditionField'
import { useLiveActivity } from './useLiveActivity'

/** So many hits are looked for before the page waits to be asked for more. */
const ENOUGH = 50

const GROUPS = [
  { value: 'proc.name', text: 'Process' },
  { value: 'evt.type', text: 'System call' },
  { value: 'user.name', text: 'User' },
  { value: 'fd.name', text: 'File or connection' },
  { value: 'fd.rip', text: 'Remote address' },
  { value: 'container.id', text: 'Container' },
]

export function ActivityPage() {
  const { tenant } = useTenant()
  const [search, change] = useFilters()
  const [live, setLive] = useState(true)
  const [stopped, setStopped] = useState(false)
  const query = useInfiniteQuery({ ...activityQuery(tenant, search), placeholderData: keepPreviousData })
  const following = live && !search.until && !query.isError
  const { fresh, announcement } = useLiveActivity({ tenant, search, on: following })
  // What a refused search leaves without an answer keeps the last one.
  const [answered, setAnswered] = useState(query.data)
  if (query.data && query.data !== answered) setAnswered(query.data)
  const pages = (query.data ?? answered)?.pages ?? []
  const events = pages.flatMap((p) => p.events)
  const refused = query.error instanceof ApiError && query.error.code === 'INVALID' ? messageOf(query.error) : undefined
  const searching = query.isFetching && !query.isError

  const goesOn = query.hasNextPage && !query.isFetching && !query.isError && !stopped && events.length < ENOUGH
  const { fetchNextPage } = query
  useEffect(() => {
    // One call searches so much at a time: it goes on until there is something to show.
    if (goesOn) void fetchNextPage()
  }, [goesOn, fetchNextPage])

  const narrow = (field: string, value: string) => { change({ text: narrowed(search.text ?? '', field, value), by: undefined }) }
  if (query.error && !refused) throw query.error
  return (
    <Page
      title="Activity"
      actions={
        !search.until && (
          <Button aria-pressed={!live} icon={<Icon name={live ? 'pause' : 'play'} size={13} />} onClick={() => { setLive(!live) }}>
            {live ? 'Pause' : 'Follow'}
          </Button>
        )
      }
    >
      <ConditionField
        key={search.text ?? ''}
        value={search.text ?? ''}
        refused={refused}
        onSearch={(text) => {
          setStopped(false)
          change({ text: text || undefined })
        }}
      />
      <FilterBar>
        <TimeFilter />
        <SelectFilter label="Group by" none="nothing" value={search.by} options={GROUPS} onChange={(by) => { change({ by: by || undefined }) }} />
      </FilterBar>
      <div className="sr-only" role="status" aria-live="polite">
        {announcement}
      </div>
      {search.by && !refused && <Groups search={search} by={search.by} onNarrow={narrow} />}
      <Card title={following ? 'Newest first, live' : 'Newest first'} flush hint={pages.length > 0 && <Progress pages={pages} searching={searching} />} actions={searching && <Button kind="quiet" onClick={() => { setStopped(true) }}>Stop</Button>}>
        <Missing pages={pages} />
        {events.length > 0 && <ActivityList label="Events" events={events} fresh={fresh} onNarrow={narrow} />}
        {events.length === 0 && !searching && <Nothing searched={Boolean(search.text)} more={query.hasNextPage} />}
        {query.hasNextPage && !searching && (
          <div className={css.more}>
            <Button onClick={() => { setStopped(false); void fetchNextPage() }}>Search further back</Button>
          </div>
        )}
      </Card>
    </Page>
  )
}

function Progress({ pages, searching }: { pages: ActivityPageData[]; searching: boolean }) {
  const { blocks, skipped, bytes: read, events } = looked(pages)
  const last = pages.at(-1)
  return (
    <span>
      {searching ? 'Searching' : 'Searched'} {short(events)} events in {plural(blocks, 'block')}, {count(skipped)} passed over unread, {bytes(read)} read
      {last?.next && (
        <>
          , back to <Time at={last.reached} />
        </>
      )}
    </span>
  )
}

/** What could not be found because it is not there: silence about it would be a lie. */
function Missing({ pages }: { pages: ActivityPageData[] }) {
  const { lost, unreadable } = looked(pages)
  if (lost === 0 && unreadable === 0) return null
  return (
    <Notice>
      {lost > 0 && `${plural(lost, 'event')} of this time ${lost === 1 ? 'was' : 'were'} lost on the way and can't be found here. `}
      {unreadable > 0 && `${plural(unreadable, 'block')} can't be read: what was in ${unreadable === 1 ? 'it' : 'them'} is missing here.`}
    </Notice>
  )
}

function Nothing({ searched, more }: { searched: boolean; more: boolean }) {
  if (more) return <Empty title="No match yet">The search was stopped before it came to the end of the time.</Empty>
  return (
    <Empty title={searched ? 'Nothing matches in this time' : 'Nothing happened in this time'}>
      <p>{searched ? 'Try a longer time, or fewer conditions.' : 'Events show here within a second or two of a watched machine doing something.'}</p>
    </Empty>
  )
}

function Groups({ search, by, onNarrow }: { search: Search; by: string; onNarrow: (field: string, value: string) => void }) {
  const { tenant } = useTenant()
  const { data } = useQuery(activityCountsQuery(tenant, search, by))
  const name = GROUPS.find((g) => g.value === by)?.text ?? by
  return (
    <Card title={`By ${name.toLowerCase()}`} hint={data && (data.complete ? plural(data.total, 'event') : `${plural(data.total, 'event')} so far: too many to count all`)}>
      {data?.groups.length === 0 && <p className="muted">Nothing to count.</p>}
      <Meters
        total={data?.groups[0]?.count ?? 0}
        items={(data?.groups ?? []).map(({ values: [value = ''], count: n }) => ({
          key: value,
          label: value ? <button type="button" className={css.group} onClick={() => { onNarrow(by, value) }}>{value}</button> : <span className="muted">none</span>,
          value: n,
          text: count(n),
        }))}
      />
    </Card>
  )
}
