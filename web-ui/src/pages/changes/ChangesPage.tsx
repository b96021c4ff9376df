import { useSuspenseInfiniteQuery } from '@tanstack/react-query'

import { graphql } from '~/api/__generated__'
import { connectionQuery } from '~/api/keys'
import { ChangeList } from '~/components/ChangeList'
import { FilterBar, SelectFilter, TimeFilter } from '~/components/FilterBar'
import { LoadMore, NoneYet } from '~/components/LoadMore'
import { Page } from '~/components/Page'
import { useFilters } from '~/hooks/useFilters'
import { useTenant } from '~/hooks/useTenant'
import { Card } from '~/ui/Card'
import { Empty } from '~/ui/Empty'
import { plural, words } from '~/util/format'
import type { Search } from '~/util/paths'
import { timeSpan } from '~/util/search'

const Changes = graphql(`
  query Changes($tenant: String!, $filter: ChangeFilter, $after: String) {
    tenant(id: $tenant) {
      changes(filter: $filter, first: 50, after: $after) {
        nodes { id time actor aggregate stream version name summary before after }
        pageInfo { hasNextPage endCursor damaged }
      }
    }
  }
`)

export const changesQuery = (tenant: string, { aggregate, range, from, until }: Search) =>
  connectionQuery(
    tenant,
    'changes',
    Changes,
    { key: { aggregate, range, from, until }, now: () => ({ tenant, filter: { aggregate, ...timeSpan({ range, from, until }, Date.now()) } }) },
    (d) => d.tenant?.changes,
  )

const AGGREGATES = ['rule_set', 'case', 'node', 'token', 'dead_letter', 'user', 'tenant']

export function ChangesPage() {
  const { tenant } = useTenant()
  const [search, change] = useFilters()
  const query = useSuspenseInfiniteQuery(changesQuery(tenant, search))
  const changes = query.data.pages.flatMap((p) => p.nodes)
  return (
    <Page title="Changes">
      <p className="muted">Every decision that people, nodes and the system made: who, when, and what was before and after.</p>
      <FilterBar>
        <SelectFilter label="About" value={search.aggregate} options={AGGREGATES.map((value) => ({ value, text: words(value) }))} onChange={(aggregate) => { change({ aggregate }) }} />
        <TimeFilter />
      </FilterBar>
      <Card title="Decisions" hint="newest first" flush>
        {changes.length === 0 && !query.hasNextPage ? (
          <Empty title="No decision in this selection">
            <p>Choose a longer time or another subject.</p>
          </Empty>
        ) : (
          <>
            {changes.length > 0 ? <ChangeList label="Changes" changes={changes} /> : <NoneYet />}
            <LoadMore shown={plural(changes.length, 'change')} what="changes" query={query} />
          </>
        )}
      </Card>
    </Page>
  )
}
