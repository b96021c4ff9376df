import { useSuspenseQuery } from '@tanstack/react-query'

import { graphql } from '~/api/__generated__'
import { orNotFound, tenantQuery } from '~/api/keys'
import { SeverityBadge } from '~/components/Badges'
import { ChangeList } from '~/components/ChangeList'
import { FilterBar } from '~/components/FilterBar'
import { Link } from '~/components/Link'
import { Page } from '~/components/Page'
import { SearchField } from '~/components/SearchField'
import { Time } from '~/components/Time'
import { useFilters } from '~/hooks/useFilters'
import { useTenant } from '~/hooks/useTenant'
import { Badge, Tag } from '~/ui/Badge'
import { Button } from '~/ui/Button'
import { Card, Stat, Stats } from '~/ui/Card'
import { Empty } from '~/ui/Empty'
import { CheckField, TextField } from '~/ui/Field'
import { Table } from '~/ui/Table'
import { count, plural } from '~/util/format'
import type { Search } from '~/util/paths'
import { compare } from '~/util/rule-diff'
import { fromLocalInput, toLocalInput } from '~/util/time'

import css from './InForcePage.module.css'

const InForce = graphql(`
  query InForce($tenant: String!, $asOf: DateTime!) {
    tenant(id: $tenant) {
      then: ruleSet(asOf: $asOf) { ...RuleSet }
      now: ruleSet { ...RuleSet }
      changes(filter: { aggregate: "rule_set", from: $asOf }, first: 50) {
        nodes { id time actor aggregate version name summary before after }
        pageInfo { hasNextPage }
      }
    }
  }
  fragment RuleSet on RuleSetState {
    version
    asOf
    lastChange { id time actor summary }
    rules { name version enabled severity exceptions }
  }
`)

const asOfIn = (search: Search): string | undefined => (search.asOf && !Number.isNaN(Date.parse(search.asOf)) ? new Date(search.asOf).toISOString() : undefined)

export const inForceQuery = (tenant: string, search: Search) =>
  tenantQuery(tenant, 'rules', InForce, { key: asOfIn(search) ?? 'now', now: () => ({ tenant, asOf: asOfIn(search) ?? new Date().toISOString() }) }, (d) => d.tenant)

const HOUR = 3_600_000
const STEPS = [
  { text: '1 hour ago', millis: HOUR },
  { text: 'Yesterday', millis: 24 * HOUR },
  { text: '7 days ago', millis: 168 * HOUR },
]

export function InForcePage() {
  const { tenant, to } = useTenant()
  const [search, change] = useFilters()
  const { then, now, changes } = orNotFound(useSuspenseQuery(inForceQuery(tenant, search)).data)
  const asOf = asOfIn(search)
  const rows = compare(then.rules, now.rules)
  const differing = rows.filter((r) => r.changes.length > 0).length
  const text = (search.text ?? '').toLowerCase()
  const shown = rows.filter((r) => (search.only !== 'differences' || r.changes.length > 0) && r.name.toLowerCase().includes(text))

  return (
    <Page title="In force at">
      <p className="muted">Which rules and exceptions were in force at a time, read from the decisions themselves, and how that differs from now.</p>
      <FilterBar>
        <div className={css.asOf}>
          <TextField label="As of" type="datetime-local" step="1" value={toLocalInput(asOf ?? then.asOf)} onChange={(e) => { change({ asOf: fromLocalInput(e.target.value) }) }} />
        </div>
        <div className={css.steps}>
          <Button aria-pressed={!asOf} onClick={() => { change({ asOf: undefined }) }}>
            Now
          </Button>
          {STEPS.map((s) => (
            <Button key={s.text} onClick={() => { change({ asOf: new Date(Math.floor((Date.now() - s.millis) / 1000) * 1000).toISOString() }) }}>
              {s.text}
            </Button>
          ))}
        </div>
      </FilterBar>
      <Stats>
        <Stat label="Rule set version" value={count(then.version)} note={then.version === now.version ? 'the same as now' : `now ${count(now.version)}`} />
        <Stat label="Rules on" value={`${count(then.rules.filter((r) => r.enabled).length)} of ${count(then.rules.length)}`} />
        <Stat label="Different from now" value={plural(differing, 'rule')} tone={differing > 0 ? 'warn' : undefined} />
        <Stat
          label="Made so by"
          value={then.lastChange?.actor ?? 'nobody'}
          note={then.lastChange ? <>{then.lastChange.summary}, <Time at={then.lastChange.time} /></> : 'before the first decision'}
        />
      </Stats>
      <FilterBar>
        <SearchField label="Search rules" value={search.text} onChange={(t) => { change({ text: t }) }} />
        <CheckField label="Only what differs from now" checked={search.only === 'differences'} onChange={(e) => { change({ only: e.target.checked ? 'differences' : undefined }) }} />
      </FilterBar>
      <Card title="Rules in force" flush>
        {shown.length === 0 ? (
          <Empty title={rows.length === 0 ? 'No rules were in force' : search.only === 'differences' ? 'Nothing differs from now' : 'No rule matches'}>
            {rows.length === 0 && <p>This is before the first rules came in. Choose a later time.</p>}
          </Empty>
        ) : (
          <Table
            name="Rules in force"
            rows={shown}
            rowKey={(r) => r.name}
            isDim={(r) => !r.then?.enabled}
            columns={[
              { key: 'state', header: 'State', width: '84px', cell: (r) => (r.then ? <Badge tone={r.then.enabled ? 'good' : 'informational'}>{r.then.enabled ? 'On' : 'Off'}</Badge> : <span className="muted">absent</span>) },
              { key: 'severity', header: 'Severity', width: '112px', cell: (r) => { const rule = r.then ?? r.now; return rule && <SeverityBadge severity={rule.severity} /> } },
              { key: 'name', header: 'Rule', cell: (r) => (r.now ? <Link row to={to.rule(r.name)}>{r.name}</Link> : r.name) },
              { key: 'exceptions', header: 'Exceptions', width: '220px', cell: (r) => (r.then?.exceptions.length ? <span className="row">{r.then.exceptions.map((e) => <Tag key={e}>{e}</Tag>)}</span> : <span className="muted">–</span>) },
              { key: 'version', header: 'Version', width: '110px', cell: (r) => <code>{(r.then ?? r.now)?.version.slice(0, 8)}</code> },
              { key: 'diff', header: 'Since then', width: '260px', cell: (r) => (r.changes.length === 0 ? <span className="muted">the same now</span> : <Badge tone="warn">{r.changes.join('; ')}</Badge>) },
            ]}
          />
        )}
      </Card>
      <Card title="Who changed it since" flush hint={changes.pageInfo.hasNextPage ? 'the newest 50' : undefined}>
        {changes.nodes.length === 0 ? (
          <Empty title="No decision since then">
            <p>What was in force then is in force now.</p>
          </Empty>
        ) : (
          <ChangeList label="Decisions since then" changes={changes.nodes} />
        )}
      </Card>
    </Page>
  )
}
