import { useSuspenseQuery } from '@tanstack/react-query'

import { graphql } from '~/api/__generated__'
import { orNotFound, tenantQuery } from '~/api/keys'
import { CaseStateBadge, HealthBadge, SeverityBadge } from '~/components/Badges'
import { Link } from '~/components/Link'
import { Page } from '~/components/Page'
import { Time } from '~/components/Time'
import { NoNodes, NothingFound } from '~/components/Watch'
import { useFilters } from '~/hooks/useFilters'
import { useTenant } from '~/hooks/useTenant'
import { Bars, Meters } from '~/ui/Bars'
import { Card, Stat, Stats } from '~/ui/Card'
import { Empty } from '~/ui/Empty'
import { Segments } from '~/ui/Segments'
import { Table } from '~/ui/Table'
import { count, plural, share, short } from '~/util/format'
import type { Search } from '~/util/paths'
import { isRange, listOut, RANGES, timeSpan, type RangeName } from '~/util/search'
import { shortTime } from '~/util/time'

const Overview = graphql(`
  query Overview($tenant: String!, $since: DateTime) {
    tenant(id: $tenant) {
      overview(since: $since) {
        since
        findings
        findingsBySeverity { severity count }
        findingsOverTime { time count }
        topRules { rule severity count }
        openCases
        nodesByHealth { health count }
        eventsRead
        eventsLost
      }
      cases(filter: { states: [OPEN, IN_PROGRESS] }, first: 6) {
        nodes { id title severity state assigneeName lastSeen findingCount hostname }
      }
    }
  }
`)

export const overviewQuery = (tenant: string, search: Search) => {
  const range = isRange(search.range) ? search.range : '24h'
  return tenantQuery(tenant, 'overview', Overview, { key: range, now: () => ({ tenant, since: timeSpan({ range }, Date.now()).from }) }, (d) => d.tenant)
}

const RANGE_TEXT: Record<RangeName, string> = { '1h': 'the last hour', '24h': 'the last 24 hours', '7d': 'the last 7 days', '30d': 'the last 30 days' }

export function OverviewPage() {
  const { tenant, to } = useTenant()
  const [search, change] = useFilters()
  const range = isRange(search.range) ? search.range : '24h'
  const { overview, cases } = orNotFound(useSuspenseQuery(overviewQuery(tenant, search)).data)
  const nodes = overview.nodesByHealth.filter((n) => n.count > 0)
  const total = nodes.reduce((sum, n) => sum + n.count, 0)
  const healthy = nodes.find((n) => n.health === 'HEALTHY')?.count ?? 0
  const peak = Math.max(0, ...overview.findingsOverTime.map((t) => t.count))
  const end = Date.parse(overview.since) + RANGES[range]
  const severities = overview.findingsBySeverity.filter((s) => s.count > 0)

  return (
    <Page
      title="Overview"
      actions={<Segments label="Time range" value={range} options={(Object.keys(RANGES) as RangeName[]).map((value) => ({ value, text: value }))} onChange={(value) => { change({ range: value === '24h' ? undefined : value }) }} />}
    >
      <Stats>
        <Stat label="Findings" value={short(overview.findings)} note={<Link to={to.findings({ range })}>in {RANGE_TEXT[range]}</Link>} />
        <Stat label="Open cases" value={count(overview.openCases)} note={<Link to={to.cases({ state: 'open.in_progress' })}>to work on</Link>} />
        <Stat label="Healthy nodes" value={`${count(healthy)} of ${count(total)}`} tone={healthy < total ? 'warn' : undefined} note={<Link to={to.nodes()}>{total === 0 ? 'none yet' : healthy < total ? `${count(total - healthy)} to look at` : 'all are well'}</Link>} />
        <Stat label="Events read" value={short(overview.eventsRead)} note="from all nodes" />
        <Stat label="Events lost" value={short(overview.eventsLost)} tone={overview.eventsLost > 0 ? 'danger' : undefined} note={overview.eventsLost > 0 ? <Link to={to.nodes()}>{share(overview.eventsLost, overview.eventsRead + overview.eventsLost)} of all</Link> : 'nothing was missed'} />
      </Stats>

      {total === 0 ? (
        <Card title="First step">
          <NoNodes />
        </Card>
      ) : (
        <Card title="Findings over time" hint={RANGE_TEXT[range]}>
          {overview.findings === 0 ? (
            <NothingFound filtered={false} span={{ range }} onClear={() => undefined} />
          ) : (
            <Bars
              summary={`${plural(overview.findings, 'finding')} in ${RANGE_TEXT[range]}, at most ${count(peak)} in one step`}
              bars={overview.findingsOverTime.map((t) => ({ key: t.time, value: t.count, title: `${shortTime(t.time, end)}: ${plural(t.count, 'finding')}` }))}
              ticks={[0, 0.25, 0.5, 0.75, 1].map((part) => shortTime(new Date(Date.parse(overview.since) + part * (end - Date.parse(overview.since))).toISOString(), end).replace(/:\d\d$/, ''))}
            />
          )}
        </Card>
      )}

      {overview.findings > 0 && (
        <div className="halves">
          <Card title="By severity">
            <Meters
              total={Math.max(...severities.map((s) => s.count))}
              items={severities.map((s) => ({ key: s.severity, tone: s.severity.toLowerCase(), value: s.count, text: count(s.count), label: <Link to={to.findings({ range, severity: listOut([s.severity]) })}><SeverityBadge severity={s.severity} /></Link> }))}
            />
          </Card>
          <Card title="Top rules">
            <Meters
              total={Math.max(...overview.topRules.map((r) => r.count))}
              items={overview.topRules.map((r) => ({ key: r.rule, tone: r.severity.toLowerCase(), value: r.count, text: count(r.count), label: <Link to={to.findings({ range, rule: r.rule })} title={r.rule}>{r.rule}</Link> }))}
            />
          </Card>
        </div>
      )}

      {total > 0 && (
        <div className="columns">
          <Card title="Open cases" flush actions={<Link to={to.cases()}>All cases</Link>}>
            {cases.nodes.length === 0 ? (
              <Empty title="No open case">
                <p>Related findings become a case by themselves.</p>
              </Empty>
            ) : (
              <Table
                name="Open cases"
                rows={cases.nodes}
                rowKey={(c) => c.id}
                columns={[
                  { key: 'severity', header: 'Severity', width: '112px', cell: (c) => <SeverityBadge severity={c.severity} /> },
                  { key: 'title', header: 'Case', cell: (c) => <Link row to={to.case(c.id)}>{c.title}</Link> },
                  { key: 'state', header: 'State', width: '112px', cell: (c) => <CaseStateBadge state={c.state} /> },
                  { key: 'who', header: 'Assigned to', width: '104px', cell: (c) => c.assigneeName ?? <span className="muted">nobody</span> },
                  { key: 'n', header: 'Findings', width: '84px', align: 'end', cell: (c) => count(c.findingCount) },
                  { key: 'last', header: 'Last seen', width: '104px', cell: (c) => <Time at={c.lastSeen} as="relative" /> },
                ]}
              />
            )}
          </Card>
          <Card title="Nodes by health">
            <Meters total={total} items={nodes.map((n) => ({ key: n.health, value: n.count, text: count(n.count), label: <Link to={to.nodes()}><HealthBadge health={n.health} /></Link> }))} />
          </Card>
        </div>
      )}
    </Page>
  )
}
