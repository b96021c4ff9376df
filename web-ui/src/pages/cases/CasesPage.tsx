import { useSuspenseInfiniteQuery } from '@tanstack/react-query'

import { graphql } from '~/api/__generated__'
import { connectionQuery } from '~/api/keys'
import { CASE_STATES, SEVERITIES } from '~/api/types'
import { CaseStateBadge, SeverityBadge } from '~/components/Badges'
import { FilterBar } from '~/components/FilterBar'
import { Link } from '~/components/Link'
import { LoadMore, NoneYet } from '~/components/LoadMore'
import { Page } from '~/components/Page'
import { SearchField } from '~/components/SearchField'
import { Time } from '~/components/Time'
import { NothingFound } from '~/components/Watch'
import { useFilters } from '~/hooks/useFilters'
import { useTenant } from '~/hooks/useTenant'
import { Button } from '~/ui/Button'
import { Card } from '~/ui/Card'
import { Empty } from '~/ui/Empty'
import { Toggles } from '~/ui/Segments'
import { Table } from '~/ui/Table'
import { count, plural, words } from '~/util/format'
import type { Search } from '~/util/paths'
import { chosen, listIn, listOut } from '~/util/search'

const Cases = graphql(`
  query Cases($tenant: String!, $filter: CaseFilter, $after: String) {
    tenant(id: $tenant) {
      cases(filter: $filter, first: 50, after: $after) {
        nodes { id title severity state disposition assigneeName firstSeen lastSeen findingCount hostname }
        pageInfo { hasNextPage endCursor damaged }
      }
    }
  }
`)

export const casesQuery = (tenant: string, search: Search) =>
  connectionQuery(tenant, 'cases', Cases, { tenant, filter: { states: chosen(search.state, CASE_STATES), severities: chosen(search.severity, SEVERITIES), text: search.text } }, (d) => d.tenant?.cases)

const NO_FILTER = { state: undefined, severity: undefined, text: undefined }

export function CasesPage() {
  const { tenant, to } = useTenant()
  const [search, change] = useFilters()
  const query = useSuspenseInfiniteQuery(casesQuery(tenant, search))
  const cases = query.data.pages.flatMap((p) => p.nodes)
  const filtered = Object.keys(NO_FILTER).some((name) => search[name])
  return (
    <Page title="Cases">
      <FilterBar>
        <SearchField label="Search titles" value={search.text} onChange={(text) => { change({ text }) }} />
        <Toggles label="State" values={listIn(search.state, CASE_STATES)} options={CASE_STATES.map((value) => ({ value, text: words(value) }))} onChange={(v) => { change({ state: listOut(v) }) }} />
        <Toggles label="Severity" values={listIn(search.severity, SEVERITIES)} options={SEVERITIES.map((value) => ({ value, text: value === 'INFORMATIONAL' ? 'Info' : words(value) }))} onChange={(v) => { change({ severity: listOut(v) }) }} />
        {filtered && (
          <Button kind="quiet" onClick={() => { change(NO_FILTER) }}>
            Clear
          </Button>
        )}
      </FilterBar>
      <Card title={filtered ? 'What matches, latest first' : 'Latest first'} flush>
        {cases.length === 0 && query.hasNextPage && (
          <>
            <NoneYet />
            <LoadMore shown={plural(cases.length, 'case')} what="cases" query={query} />
          </>
        )}
        {cases.length === 0 && !query.hasNextPage && filtered && <Empty title="No case matches these filters" />}
        {cases.length === 0 && !query.hasNextPage && !filtered && <NothingFound filtered={false} onClear={() => undefined} />}
        {cases.length > 0 && (
          <>
            <Table
              name="Cases"
              rows={cases}
              rowKey={(c) => c.id}
              minWidth="900px"
              isDim={(c) => c.state === 'CLOSED'}
              columns={[
                { key: 'severity', header: 'Severity', width: '112px', cell: (c) => <SeverityBadge severity={c.severity} /> },
                { key: 'title', header: 'Case', cell: (c) => <Link row to={to.case(c.id)}>{c.title}</Link> },
                { key: 'state', header: 'State', width: '180px', cell: (c) => <CaseStateBadge state={c.state} disposition={c.disposition} /> },
                { key: 'who', header: 'Assigned to', width: '110px', cell: (c) => c.assigneeName ?? <span className="muted">nobody</span> },
                { key: 'node', header: 'Node', width: '150px', cell: (c) => <span className="clip" title={c.hostname}>{c.hostname}</span> },
                { key: 'n', header: 'Findings', width: '84px', align: 'end', cell: (c) => count(c.findingCount) },
                { key: 'first', header: 'First seen', width: '124px', cell: (c) => <Time at={c.firstSeen} /> },
                { key: 'last', header: 'Last seen', width: '104px', cell: (c) => <Time at={c.lastSeen} as="relative" /> },
              ]}
            />
            <LoadMore shown={plural(cases.length, 'case')} what="cases" query={query} />
          </>
        )}
      </Card>
    </Page>
  )
}
