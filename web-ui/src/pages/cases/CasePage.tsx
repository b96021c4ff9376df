import { useSuspenseQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'

import { graphql } from '~/api/__generated__'
import { can } from '~/api/can'
import { orNotFound, tenantQuery } from '~/api/keys'
import { CaseStateBadge, HealthBadge, SeverityBadge } from '~/components/Badges'
import { FindingsTable } from '~/components/FindingsTable'
import { Link } from '~/components/Link'
import { Page } from '~/components/Page'
import { TechniqueList } from '~/components/Techniques'
import { Time } from '~/components/Time'
import { Timeline } from '~/components/Timeline'
import { CaseCloseForm } from '~/forms/case-close'
import { CaseCommentForm } from '~/forms/case-comment'
import { AssignCase, SetCaseState } from '~/forms/documents'
import { useDecision } from '~/hooks/useDecision'
import { useTenant } from '~/hooks/useTenant'
import { useViewer } from '~/hooks/useViewer'
import { Button } from '~/ui/Button'
import { Card, Facts } from '~/ui/Card'
import { Meters } from '~/ui/Bars'
import { count, duration, plural } from '~/util/format'

const Case = graphql(`
  query Case($id: ID!) {
    node(id: $id) {
      __typename
      ... on Case {
        id
        title
        severity
        state
        disposition
        assigneeName
        firstSeen
        lastSeen
        findingCount
        rules { rule severity count }
        techniques
        hostname
        watchedNode { id health }
        findings(first: 100) { nodes { ...FindingRow } }
        timeline {
          __typename
          ... on Finding { id time severity message techniques rule { name } }
          ... on Comment { time author text }
          ... on Change { id time actor name summary }
        }
      }
    }
  }
`)

export const caseQuery = (tenant: string, id: string) => tenantQuery(tenant, 'cases', Case, { id }, (d) => (d.node?.__typename === 'Case' ? d.node : null))

export function CasePage() {
  const { tenant, to } = useTenant()
  const viewer = useViewer()
  const { id = '' } = useParams({ strict: false })
  const kase = orNotFound(useSuspenseQuery(caseQuery(tenant, id)).data)
  const [closing, setClosing] = useState(false)
  const assign = useDecision(AssignCase, (d) => d.assignCase, { tenant, stale: ['cases', 'overview'] })
  const setState = useDecision(SetCaseState, (d) => d.setCaseState, { tenant, stale: ['cases', 'overview'] })
  const mine = kase.assigneeName === viewer.name
  const findings = kase.findings.nodes

  return (
    <Page
      title={kase.title}
      parent={{ to: to.cases(), text: 'Cases' }}
      badges={
        <>
          <SeverityBadge severity={kase.severity} />
          <CaseStateBadge state={kase.state} disposition={kase.disposition} />
        </>
      }
      actions={
        <>
          <Button blocked={can.triage(viewer)} busy={assign.isPending} onClick={() => { assign.mutate({ input: { caseId: kase.id, toMe: !mine } }) }}>
            {mine ? 'Give back' : kase.assigneeName ? `Take over from ${kase.assigneeName}` : 'Assign to me'}
          </Button>
          {kase.state === 'CLOSED' ? (
            <Button blocked={can.triage(viewer)} busy={setState.isPending} onClick={() => { setState.mutate({ input: { caseId: kase.id, state: 'OPEN' } }) }}>
              Reopen
            </Button>
          ) : (
            <>
              <Button blocked={can.startCase(viewer, kase)} busy={setState.isPending} onClick={() => { setState.mutate({ input: { caseId: kase.id, state: 'IN_PROGRESS' } }) }}>
                Start work
              </Button>
              <Button kind="primary" blocked={can.closeCase(viewer, kase)} onClick={() => { setClosing(true) }}>
                Close…
              </Button>
            </>
          )}
        </>
      }
    >
      <div className="columns">
        <div className="stack">
          <Card title="What happened, in order" hint={plural(kase.timeline.length, 'entry', 'entries')}>
            <div className="stack">
              <Timeline entries={kase.timeline} />
              <CaseCommentForm caseId={kase.id} blocked={can.triage(viewer)} />
            </div>
          </Card>
        </div>
        <div className="stack">
          <Card title="Facts">
            <Facts
              of={[
                ['Node', kase.watchedNode ? <span key="n" className="row"><Link to={to.node(kase.watchedNode.id)}>{kase.hostname}</Link><HealthBadge health={kase.watchedNode.health} /></span> : kase.hostname],
                ['Assigned to', kase.assigneeName ?? 'nobody'],
                ['First seen', <Time key="f" at={kase.firstSeen} as="full" />],
                ['Last seen', <Time key="l" at={kase.lastSeen} as="full" />],
                ['Lasted', duration(Date.parse(kase.lastSeen) - Date.parse(kase.firstSeen))],
                ['Case id', <code key="i">{kase.id}</code>],
              ]}
            />
          </Card>
          <Card title="Findings per rule">
            <Meters total={Math.max(1, ...kase.rules.map((r) => r.count))} items={kase.rules.map((r) => ({ key: r.rule, value: r.count, tone: r.severity.toLowerCase(), text: count(r.count), label: <Link to={to.rule(r.rule)} title={r.rule}>{r.rule}</Link> }))} />
          </Card>
          <Card title="MITRE ATT&CK">
            <TechniqueList ids={kase.techniques} />
          </Card>
        </div>
      </div>
      <Card title="Findings" hint={findings.length < kase.findingCount ? `${count(findings.length)} of ${count(kase.findingCount)}, newest first` : plural(kase.findingCount, 'finding')} flush>
        <FindingsTable name="Findings of this case" findings={findings} />
      </Card>
      {closing && <CaseCloseForm caseId={kase.id} onClose={() => { setClosing(false) }} />}
    </Page>
  )
}
