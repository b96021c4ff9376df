import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'

import { graphql } from '~/api/__generated__'
import { can } from '~/api/can'
import { orNotFound, tenantQuery } from '~/api/keys'
import { CaseStateBadge, HealthBadge, SeverityBadge } from '~/components/Badges'
import { Link } from '~/components/Link'
import { Page } from '~/components/Page'
import { ProcessTree } from '~/components/ProcessTree'
import { TechniqueList } from '~/components/Techniques'
import { Time } from '~/components/Time'
import { ExceptionForm } from '~/forms/exception-add'
import { RuleDisableForm } from '~/forms/rule-disable'
import { useTenant } from '~/hooks/useTenant'
import { useViewer } from '~/hooks/useViewer'
import { Badge } from '~/ui/Badge'
import { Button } from '~/ui/Button'
import { Card, Facts } from '~/ui/Card'
import { Code } from '~/ui/Code'
import { duration } from '~/util/format'
import { draftFrom } from '~/util/exception'

import css from './FindingPage.module.css'

const Finding = graphql(`
  query Finding($id: ID!) {
    node(id: $id) {
      __typename
      ... on Finding {
        id
        time
        detected
        severity
        message
        rule { name version description condition tags ruleSetVersion }
        techniques
        fields { name value }
        hostname
        watchedNode { id hostname health }
        case { id title state disposition }
        event { id kind time tid result summary raw }
        lineage { pid ppid start name exe args commandLine cwd uid euid gid user loginuid tty sid containerId }
      }
    }
  }
`)
const RuleNow = graphql(`
  query RuleNow($tenant: String!, $name: String!) {
    tenant(id: $tenant) { rule(name: $name) { id enabled version } }
  }
`)

export const findingQuery = (tenant: string, id: string) => tenantQuery(tenant, 'findings', Finding, { id }, (d) => (d.node?.__typename === 'Finding' ? d.node : null))

export function FindingPage() {
  const { tenant, to } = useTenant()
  const viewer = useViewer()
  const { id = '' } = useParams({ strict: false })
  const finding = orNotFound(useSuspenseQuery(findingQuery(tenant, id)).data)
  const ruleQuery = useQuery(tenantQuery(tenant, 'rules', RuleNow, { tenant, name: finding.rule.name }, (d) => d.tenant?.rule ?? null))
  const [open, setOpen] = useState<'exception' | 'off'>()
  const { rule, event, lineage } = finding
  const actor = lineage[0]
  const gone = ruleQuery.data === null ? 'This rule is no longer in the rule set.' : undefined
  const late = Date.parse(finding.detected) - Date.parse(finding.time)
  const close = () => { setOpen(undefined) }

  return (
    <Page
      title={rule.name}
      parent={{ to: to.findings(), text: 'Findings' }}
      badges={<SeverityBadge severity={finding.severity} />}
      actions={
        <>
          <Button blocked={can.changeRules(viewer) ?? gone} onClick={() => { setOpen('exception') }}>
            Add exception…
          </Button>
          <Button kind="danger" blocked={ruleQuery.isPending ? 'Loading the rule…' : can.disableRule(viewer, ruleQuery.data)} onClick={() => { setOpen('off') }}>
            Turn rule off
          </Button>
        </>
      }
    >
      <p className={css.message}>{finding.message}</p>
      <div className="columns">
        <div className="stack">
          <Card title="Process ancestry" hint={actor ? `${actor.name} and what started it` : undefined}>
            {lineage.length > 0 ? <ProcessTree lineage={lineage} /> : <p className="muted">No process: this finding is about the node itself.</p>}
          </Card>
          <Card title="Rule, as it was when it matched" actions={<Link to={to.rule(rule.name)}>The rule today</Link>}>
            <div className="stack">
              <p>{rule.description}</p>
              <Code label="Condition" text={rule.condition} wrap />
            </div>
          </Card>
          {finding.fields.length > 0 && (
            <Card title="Fields" hint="named in the rule’s output" flush>
              <table className={css.fields} aria-label="Fields">
                <tbody>
                  {finding.fields.map((f) => (
                    <tr key={f.name}>
                      <th scope="row">
                        <code>{f.name}</code>
                      </th>
                      <td>
                        <code>{f.value}</code>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Card>
          )}
          {event && (
            <Card title="Raw event" hint="as recorded">
              <Code label="Raw event" text={JSON.stringify(event.raw, null, 2)} />
            </Card>
          )}
        </div>
        <div className="stack">
          <Card title="What happened">
            <Facts
              of={[
                ['When', <Time key="t" at={finding.time} as="full" />],
                ['Found', late < 1000 ? `${duration(late)} later` : <span key="l">{duration(late)} later {late > 60_000 && <Badge tone="warn">late</Badge>}</span>],
                ['Event', event && <code key="k">{event.kind}</code>],
                [event?.kind.startsWith('net.') ? 'Connection' : event?.kind.startsWith('file.') ? 'File' : 'Target', event && <code key="s">{event.summary}</code>],
                ['Result', event && (event.result < 0 ? `failed with errno ${String(-event.result)}` : `succeeded (${String(event.result)})`)],
                ['Node', finding.watchedNode ? <span key="n" className="row"><Link to={to.node(finding.watchedNode.id)}>{finding.hostname}</Link><HealthBadge health={finding.watchedNode.health} /></span> : finding.hostname],
                ['User', actor && `${actor.user || 'unnamed'} (uid ${String(actor.uid)})`],
                ['Signed in as', actor && (actor.loginuid === null ? 'nobody (a service)' : `login uid ${String(actor.loginuid)}`)],
                ['Container', actor?.containerId && <code key="c">{actor.containerId}</code>],
              ]}
            />
          </Card>
          <Card title="Case">
            {finding.case ? (
              <div className="stack-s">
                <Link to={to.case(finding.case.id)}>{finding.case.title}</Link>
                <div>
                  <CaseStateBadge state={finding.case.state} disposition={finding.case.disposition} />
                </div>
              </div>
            ) : (
              <p className="muted">Part of no case.</p>
            )}
          </Card>
          <Card title="MITRE ATT&CK">
            <TechniqueList ids={finding.techniques} />
          </Card>
          <Card title="Origin">
            <Facts
              of={[
                ['Rule set', `version ${String(rule.ruleSetVersion)}`],
                ['Rule version', <code key="v">{rule.version.slice(0, 12)}</code>],
                ['Tags', rule.tags.join(', ')],
                ['Finding id', <code key="f">{finding.id}</code>],
                ['Event id', event && <code key="e">{event.id}</code>],
                ['In force', <Link key="i" to={to.inForce({ asOf: finding.time })}>rules at that time</Link>],
              ]}
            />
          </Card>
        </div>
      </div>
      {open === 'exception' && <ExceptionForm rule={rule.name} initial={draftFrom(finding)} onClose={close} />}
      {open === 'off' && <RuleDisableForm rule={rule.name} onClose={close} />}
    </Page>
  )
}
