import { useSuspenseInfiniteQuery } from '@tanstack/react-query'

import { graphql } from '~/api/__generated__'
import { connectionQuery } from '~/api/keys'
import { LoadMore } from '~/components/LoadMore'
import { Time } from '~/components/Time'
import { useTenant } from '~/hooks/useTenant'
import { useTitle } from '~/hooks/useTitle'
import { Card } from '~/ui/Card'
import { Empty } from '~/ui/Empty'
import { Table } from '~/ui/Table'
import { bytes, count, plural } from '~/util/format'

const SetAside = graphql(`
  query SetAside($tenant: String!, $after: String) {
    tenant(id: $tenant) {
      deadLetters(first: 50, after: $after) {
        nodes { place time stage why bytes events watchedNode { hostname } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`)

export const setAsideQuery = (tenant: string) => connectionQuery(tenant, 'deadLetters', SetAside, { tenant }, (d) => d.tenant?.deadLetters)

/** What could not be used: its events are in no search and no finding. */
export function SetAsidePage() {
  useTitle('Set aside')
  const { tenant } = useTenant()
  const query = useSuspenseInfiniteQuery(setAsideQuery(tenant))
  const letters = query.data.pages.flatMap((p) => p.nodes)
  return (
    <Card title="Set aside" hint="records that could not be used: what is in them was not judged and is not found" flush>
      {letters.length === 0 ? (
        <Empty title="Nothing was set aside">
          <p>Everything that nodes sent could be used.</p>
        </Empty>
      ) : (
        <>
          <Table
            name="Set aside"
            rows={letters}
            rowKey={(l) => l.place}
            columns={[
              { key: 'time', header: 'Time', width: '140px', cell: (l) => <Time at={l.time} /> },
              { key: 'node', header: 'Node', width: '140px', cell: (l) => l.watchedNode?.hostname ?? <span className="muted">unknown</span> },
              { key: 'why', header: 'Why', cell: (l) => l.why },
              { key: 'stage', header: 'By', width: '90px', cell: (l) => l.stage },
              { key: 'events', header: 'Events', width: '90px', align: 'end', cell: (l) => (typeof l.events === 'number' ? count(l.events) : <span className="muted">unknown</span>) },
              { key: 'bytes', header: 'Size', width: '90px', align: 'end', cell: (l) => bytes(l.bytes) },
              { key: 'place', header: 'Place', width: '150px', cell: (l) => <code>{l.place}</code> },
            ]}
          />
          <LoadMore shown={plural(letters.length, 'record')} what="records" query={query} />
        </>
      )}
    </Card>
  )
}
