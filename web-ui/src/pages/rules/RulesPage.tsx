import { useSuspenseInfiniteQuery } from '@tanstack/react-query'

import { graphql } from '~/api/__generated__'
import { connectionQuery } from '~/api/keys'
import { SEVERITIES } from '~/api/types'
import { SeverityBadge } from '~/components/Badges'
import { Chip, FilterBar, SelectFilter } from '~/components/FilterBar'
import { Link } from '~/components/Link'
import { LoadMore } from '~/components/LoadMore'
import { Page } from '~/components/Page'
import { RuleSwitch } from '~/components/RuleSwitch'
import { SearchField } from '~/components/SearchField'
import { TechniqueTags } from '~/components/Techniques'
import { useFilters } from '~/hooks/useFilters'
import { useTenant } from '~/hooks/useTenant'
import { Button } from '~/ui/Button'
import { Card } from '~/ui/Card'
import { Empty } from '~/ui/Empty'
import { Toggles } from '~/ui/Segments'
import { Table } from '~/ui/Table'
import { count, plural, words } from '~/util/format'
import type { Search } from '~/util/paths'
import { chosen, listIn, listOut, timeSpan } from '~/util/search'

const Rules = graphql(`
  query Rules($tenant: String!, $filter: RuleFilter, $since: DateTime, $after: String) {
    tenant(id: $tenant) {
      rules(filter: $filter, first: 100, after: $after) {
        nodes { id name description severity techniques enabled source file exceptions { name } findingCount(since: $since) }
        pageInfo { hasNextPage endCursor damaged }
      }
    }
  }
`)

export const rulesQuery = (tenant: string, search: Search) => {
  const filter = {
    enabled: search.enabled === 'on' ? true : search.enabled === 'off' ? false : undefined,
    severities: chosen(search.severity, SEVERITIES),
    technique: search.technique,
    text: search.text,
  }
  return connectionQuery(tenant, 'rules', Rules, { key: filter, now: () => ({ tenant, filter, since: timeSpan({ range: '24h' }, Date.now()).from }) }, (d) => d.tenant?.rules)
}

const NO_FILTER = { enabled: undefined, severity: undefined, technique: undefined, text: undefined }

export function RulesPage() {
  const { tenant, to } = useTenant()
  const [search, change] = useFilters()
  const query = useSuspenseInfiniteQuery(rulesQuery(tenant, search))
  const rules = query.data.pages.flatMap((p) => p.nodes)
  const filtered = Object.keys(NO_FILTER).some((name) => search[name])
  return (
    <Page
      title="Rules"
      actions={
        <>
          <Link look="plain" to={to.inForce()}>What was in force?</Link>
          <Link look="plain" to={to.importRules()}>Import rules</Link>
        </>
      }
    >
      <FilterBar>
        <SearchField label="Search name, description" value={search.text} onChange={(text) => { change({ text }) }} />
        <Toggles label="Severity" values={listIn(search.severity, SEVERITIES)} options={SEVERITIES.map((value) => ({ value, text: value === 'INFORMATIONAL' ? 'Info' : words(value) }))} onChange={(v) => { change({ severity: listOut(v) }) }} />
        <SelectFilter label="Enabled" value={search.enabled} options={[{ value: 'on', text: 'On' }, { value: 'off', text: 'Off' }]} onChange={(enabled) => { change({ enabled }) }} />
        {search.technique && <Chip label="Technique" value={search.technique} onRemove={() => { change({ technique: undefined }) }} />}
        {filtered && (
          <Button kind="quiet" onClick={() => { change(NO_FILTER) }}>
            Clear
          </Button>
        )}
      </FilterBar>
      <Card title={filtered ? 'What matches, by name' : 'By name'} flush>
        {rules.length === 0 ? (
          <Empty title={filtered ? 'No rule matches these filters' : 'No rules'}>{!filtered && <p>Import a rule file, or run <code>make gen</code> and start again to get the built-in ones.</p>}</Empty>
        ) : (
          <>
            <Table
              name="Rules"
              rows={rules}
              rowKey={(r) => r.id}
              isDim={(r) => !r.enabled}
              minWidth="940px"
              columns={[
                { key: 'on', header: 'On', width: '62px', cell: (r) => <RuleSwitch rule={r} /> },
                { key: 'severity', header: 'Severity', width: '112px', cell: (r) => <SeverityBadge severity={r.severity} /> },
                {
                  key: 'name',
                  header: 'Rule',
                  cell: (r) => (
                    <>
                      <Link row to={to.rule(r.name)}>
                        {r.name}
                      </Link>
                      <span className="clip muted" title={r.description}>
                        {r.description}
                      </span>
                    </>
                  ),
                },
                { key: 'technique', header: 'Technique', width: '112px', cell: (r) => <TechniqueTags ids={r.techniques} /> },
                { key: 'source', header: 'Source', width: '84px', cell: (r) => r.source },
                { key: 'exceptions', header: 'Exceptions', width: '102px', align: 'end', cell: (r) => (r.exceptions.length === 0 ? <span className="muted">–</span> : count(r.exceptions.length)) },
                { key: 'n', header: 'Findings, 24 h', width: '128px', align: 'end', cell: (r) => (r.findingCount === 0 ? <span className="muted">0</span> : <Link to={to.findings({ rule: r.name, range: '24h' })}>{count(r.findingCount)}</Link>) },
              ]}
            />
            <LoadMore shown={plural(rules.length, 'rule')} what="rules" query={query} />
          </>
        )}
      </Card>
    </Page>
  )
}
