import { useSuspenseInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query'

import { graphql } from '~/api/__generated__'
import type { FindingFilter } from '~/api/__generated__/graphql'
import { connectionQuery, tenantQuery } from '~/api/keys'
import { SEVERITIES } from '~/api/types'
import { Chip, FilterBar, SelectFilter, TimeFilter } from '~/components/FilterBar'
import { FindingsTable } from '~/components/FindingsTable'
import { LoadMore, NoneYet } from '~/components/LoadMore'
import { Page } from '~/components/Page'
import { SearchField } from '~/components/SearchField'
import { NothingFound } from '~/components/Watch'
import { useFilters } from '~/hooks/useFilters'
import { useTenant } from '~/hooks/useTenant'
import { Button } from '~/ui/Button'
import { Card } from '~/ui/Card'
import { Icon } from '~/ui/Icon'
import { Toggles } from '~/ui/Segments'
import { plural, words } from '~/util/format'
import type { Search } from '~/util/paths'
import { chosen, listIn, listOut, timeSpan } from '~/util/search'

import { useLiveFindings } from './useLiveFindings'

const Findings = graphql(`
  query Findings($tenant: String!, $filter: FindingFilter, $after: String) {
    tenant(id: $tenant) {
      findings(filter: $filter, first: 50, after: $after) {
        nodes { ...FindingRow }
        pageInfo { hasNextPage endCursor damaged }
      }
    }
  }
  fragment FindingRow on Finding {
    id
    time
    severity
    message
    hostname
    techniques
    rule { name }
    case { id }
    lineage { name user }
  }
`)
const FindingChoices = graphql(`
  query FindingChoices($tenant: String!) {
    tenant(id: $tenant) {
      nodes(first: 100) { nodes { id hostname } }
      rules(first: 100) { nodes { name } }
    }
  }
`)

/** What the URL asks for, without the time. */
function findingFilter(search: Search): FindingFilter {
  return {
    severities: chosen(search.severity, SEVERITIES),
    rule: search.rule,
    nodeId: search.node,
    technique: search.technique,
    text: search.text,
  }
}

export const findingsQuery = (tenant: string, search: Search) => {
  const filter = findingFilter(search)
  const { range, from, until } = search
  return connectionQuery(
    tenant,
    'findings',
    Findings,
    { key: { filter, range, from, until }, now: () => ({ tenant, filter: { ...filter, ...timeSpan({ range, from, until }, Date.now()) } }) },
    (d) => d.tenant?.findings,
  )
}
export const findingChoicesQuery = (tenant: string) => tenantQuery(tenant, 'nodes', FindingChoices, { tenant }, (d) => d.tenant)

const NO_FILTER = { severity: undefined, rule: undefined, node: undefined, technique: undefined, text: undefined, range: undefined, from: undefined, until: undefined }

export function FindingsPage() {
  const { tenant } = useTenant()
  const [search, change] = useFilters()
  const options = findingsQuery(tenant, search)
  const query = useSuspenseInfiniteQuery(options)
  const choices = useSuspenseQuery(findingChoicesQuery(tenant)).data
  const live = useLiveFindings({ tenant, filter: findingFilter(search), queryKey: options.queryKey, ended: Boolean(search.until) })
  const findings = query.data.pages.flatMap((p) => p.nodes)
  const filtered = Object.keys(NO_FILTER).some((name) => search[name])

  return (
    <Page
      title="Findings"
      actions={
        !search.until && (
          <Button aria-pressed={live.paused} icon={<Icon name={live.paused ? 'play' : 'pause'} size={13} />} onClick={live.toggle}>
            {live.paused ? (live.waiting > 0 ? `Resume (${plural(live.waiting, 'new finding')})` : 'Resume') : 'Pause'}
          </Button>
        )
      }
    >
      <FilterBar>
        <SearchField label="Search message, process, command" value={search.text} onChange={(text) => { change({ text }) }} />
        <Toggles label="Severity" values={listIn(search.severity, SEVERITIES)} options={SEVERITIES.map((value) => ({ value, text: value === 'INFORMATIONAL' ? 'Info' : words(value) }))} onChange={(values) => { change({ severity: listOut(values) }) }} />
        <SelectFilter label="Rule" value={search.rule} options={(choices?.rules.nodes ?? []).map((r) => ({ value: r.name, text: r.name }))} onChange={(rule) => { change({ rule }) }} />
        <SelectFilter label="Node" value={search.node} options={(choices?.nodes.nodes ?? []).map((n) => ({ value: n.id, text: n.hostname }))} onChange={(node) => { change({ node }) }} />
        {search.technique && <Chip label="Technique" value={search.technique} onRemove={() => { change({ technique: undefined }) }} />}
      </FilterBar>
      <FilterBar>
        <TimeFilter />
        {filtered && (
          <Button kind="quiet" onClick={() => { change(NO_FILTER) }}>
            Clear all filters
          </Button>
        )}
      </FilterBar>
      <div className="sr-only" role="status" aria-live="polite">
        {live.announcement}
      </div>
      <Card title={filtered ? 'What matches, newest first' : 'Newest first'} flush>
        {findings.length === 0 && !query.hasNextPage ? (
          <NothingFound filtered={filtered} span={search} onClear={() => { change(NO_FILTER) }} />
        ) : (
          <>
            {findings.length > 0 ? <FindingsTable name="Findings" findings={findings} fresh={live.fresh} /> : <NoneYet />}
            <LoadMore shown={plural(findings.length, 'finding')} what="findings" query={query} />
          </>
        )}
      </Card>
    </Page>
  )
}
