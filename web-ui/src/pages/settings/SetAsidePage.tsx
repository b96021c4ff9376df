import { useSuspenseInfiniteQuery } from '@tanstack/react-query'

import { graphql } from '~/api/__generated__'
import { connectionQuery } from '~/api/keys'
import { DeadLetterBadge } from '~/components/Badges'
import { Link } from '~/components/Link'
import { LoadMore, NoneYet } from '~/components/LoadMore'
import { Time } from '~/components/Time'
import { useFilters } from '~/hooks/useFilters'
import { useTenant } from '~/hooks/useTenant'
import { useTitle } from '~/hooks/useTitle'
import { Card } from '~/ui/Card'
import { Empty } from '~/ui/Empty'
import { Segments } from '~/ui/Segments'
import { Table } from '~/ui/Table'
import { bytes, count, plural } from '~/util/format'
import type { Search } from '~/util/paths'

const SetAside = graphql(`
  query SetAside($tenant: String!, $open: Boolean, $after: String) {
    tenant(id: $tenant) {
      deadLetters(open: $open, first: 50, after: $after) {
        nodes { id place time stage why bytes state header { events watchedNode { hostname } } failedAgain { id } }
        pageInfo { hasNextPage endCursor damaged }
      }
    }
  }
`)

const SHOWN = { open: true, done: false, all: null } as const
const shownOf = ({ show }: Search): keyof typeof SHOWN => (show === 'done' || show === 'all' ? show : 'open')

export const setAsideQuery = (tenant: string, search: Search) =>
  connectionQuery(tenant, 'deadLetters', SetAside, { tenant, open: SHOWN[shownOf(search)] }, (d) => d.tenant?.deadLetters)

const NONE = {
  open: { title: 'Nothing to look at', text: 'Everything that nodes sent could be used, or somebody has decided about it.' },
  done: { title: 'Nothing resubmitted or dismissed', text: 'Records that somebody decided about are listed here.' },
  all: { title: 'Nothing was set aside', text: 'Everything that nodes sent could be used.' },
}

/** What could not be used: its events are in no search and no finding. */
export function SetAsidePage() {
  useTitle('Set aside')
  const { tenant, to } = useTenant()
  const [search, change] = useFilters()
  const shown = shownOf(search)
  const query = useSuspenseInfiniteQuery(setAsideQuery(tenant, search))
  const letters = query.data.pages.flatMap((p) => p.nodes)
  const choice = (
    <Segments
      label="Show"
      value={shown}
      options={[{ value: 'open', text: 'Open' }, { value: 'done', text: 'Decided' }, { value: 'all', text: 'All' }]}
      onChange={(value) => { change({ show: value === 'open' ? undefined : value }) }}
    />
  )
  return (
    <Card title="Set aside" hint="records that could not be used: what is in them was not judged or is not found" flush actions={choice}>
      {letters.length === 0 && !query.hasNextPage ? (
        <Empty title={NONE[shown].title}>
          <p>{NONE[shown].text}</p>
        </Empty>
      ) : (
        <>
          {letters.length === 0 ? (
            <NoneYet />
          ) : (
            <Table
              name="Set aside"
              rows={letters}
              rowKey={(l) => l.id}
              isDim={(l) => l.state !== 'OPEN'}
              minWidth="900px"
              columns={[
                { key: 'time', header: 'Time', width: '130px', cell: (l) => <Time at={l.time} /> },
                { key: 'node', header: 'Node', width: '130px', cell: (l) => (l.header?.watchedNode ? <span className="clip" title={l.header.watchedNode.hostname}>{l.header.watchedNode.hostname}</span> : <span className="muted">unknown</span>) },
                { key: 'why', header: 'Why', cell: (l) => <Link row to={to.setAsideRecord(l.id)}>{l.why}</Link> },
                { key: 'stage', header: 'By', width: '80px', cell: (l) => l.stage },
                { key: 'events', header: 'Events', width: '84px', align: 'end', cell: (l) => (l.header ? count(l.header.events) : <span className="muted">unknown</span>) },
                { key: 'bytes', header: 'Size', width: '84px', align: 'end', cell: (l) => bytes(l.bytes) },
                { key: 'place', header: 'Place', width: '130px', cell: (l) => <code>{l.place}</code> },
                { key: 'state', header: 'State', width: '116px', cell: (l) => <DeadLetterBadge state={l.state} failedAgain={Boolean(l.failedAgain)} /> },
              ]}
            />
          )}
          <LoadMore shown={plural(letters.length, 'record')} what="records" query={query} />
        </>
      )}
    </Card>
  )
}
