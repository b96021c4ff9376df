import { useSuspenseQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'

import { graphql } from '~/api/__generated__'
import { can } from '~/api/can'
import { orNotFound, tenantQuery } from '~/api/keys'
import { SeverityBadge } from '~/components/Badges'
import { ChangeList } from '~/components/ChangeList'
import { Link } from '~/components/Link'
import { Page } from '~/components/Page'
import { RuleSwitch } from '~/components/RuleSwitch'
import { TechniqueList } from '~/components/Techniques'
import { Time } from '~/components/Time'
import { ConfirmForm } from '~/forms/confirm'
import { RemoveException } from '~/forms/documents'
import { ExceptionForm } from '~/forms/exception-add'
import { useDecision } from '~/hooks/useDecision'
import { useTenant } from '~/hooks/useTenant'
import { useViewer } from '~/hooks/useViewer'
import { Button } from '~/ui/Button'
import { Card, Facts } from '~/ui/Card'
import { Code } from '~/ui/Code'
import { Empty } from '~/ui/Empty'
import { emptyDraft, inWords } from '~/util/exception'
import { plural } from '~/util/format'
import { timeSpan } from '~/util/search'

import css from './RulePage.module.css'

const Rule = graphql(`
  query Rule($tenant: String!, $name: String!, $since: DateTime) {
    tenant(id: $tenant) {
      rule(name: $name) {
        id
        name
        version
        description
        condition
        output
        severity
        tags
        techniques
        source
        file
        enabled
        exceptions { name fields comps values reason addedBy added }
        text
        findingCount(since: $since)
        changes(first: 50) { nodes { id time actor aggregate version name summary before after } }
      }
    }
  }
`)

export const ruleQuery = (tenant: string, name: string) =>
  tenantQuery(tenant, 'rules', Rule, { key: name, now: () => ({ tenant, name, since: timeSpan({ range: '7d' }, Date.now()).from }) }, (d) => d.tenant?.rule ?? null)

export function RulePage() {
  const { tenant, to } = useTenant()
  const viewer = useViewer()
  const { rule: name = '' } = useParams({ strict: false })
  const rule = orNotFound(useSuspenseQuery(ruleQuery(tenant, name)).data)
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<string>()
  const remove = useDecision(RemoveException, (d) => d.removeRuleException, { tenant, stale: ['rules'], done: 'Exception removed. The rule matches again from the next event.', onDone: () => { setRemoving(undefined) } })

  return (
    <Page
      title={rule.name}
      parent={{ to: to.rules(), text: 'Rules' }}
      badges={<SeverityBadge severity={rule.severity} />}
      actions={
        <span className={css.switch}>
          {rule.enabled ? 'On' : 'Off'}
          <RuleSwitch rule={rule} />
        </span>
      }
    >
      <p>{rule.description}</p>
      <div className="columns">
        <div className="stack">
          <Card
            title="Exceptions"
            hint="added by people; those in the file are part of its text"
            flush
            actions={
              <Button blocked={can.changeRules(viewer)} onClick={() => { setAdding(true) }}>
                Add exception
              </Button>
            }
          >
            {rule.exceptions.length === 0 ? (
              <Empty title="No exceptions">
                <p>If the rule is wrong about a program you know, let that program through. It is safest to begin from a finding: its page fills in the values.</p>
              </Empty>
            ) : (
              <ul className={css.exceptions} aria-label="Exceptions">
                {rule.exceptions.map((e) => (
                  <li key={e.name}>
                    <div className={css.exception}>
                      <div className="row">
                        <strong>{e.name}</strong>
                        <span className="muted">
                          {e.addedBy}, <Time at={e.added} />
                        </span>
                      </div>
                      <code className="break">{inWords(e)}</code>
                      {e.reason && <p className="muted">{e.reason}</p>}
                    </div>
                    <Button aria-label={`Remove exception ${e.name}`} blocked={can.changeRules(viewer)} onClick={() => { setRemoving(e.name) }}>
                      Remove
                    </Button>
                  </li>
                ))}
              </ul>
            )}
          </Card>
          <Card title="Condition">
            <Code label="Condition" text={rule.condition} wrap />
          </Card>
          <Card title="Text" hint={rule.file}>
            <Code label="Rule text" text={rule.text} />
          </Card>
          <Card title="Changes" flush actions={<Link to={to.changes({ aggregate: 'rule_set' })}>All rule changes</Link>}>
            {rule.changes.nodes.length === 0 ? <Empty title="Never changed" /> : <ChangeList label="Changes" changes={rule.changes.nodes} />}
          </Card>
        </div>
        <div className="stack">
          <Card title="Findings">
            <Link to={to.findings({ rule: rule.name })}>{plural(rule.findingCount, 'finding')} in the last 7 days</Link>
          </Card>
          <Card title="MITRE ATT&CK">
            <TechniqueList ids={rule.techniques} />
          </Card>
          <Card title="About">
            <Facts
              of={[
                ['Source', rule.source],
                ['File', <code key="f">{rule.file}</code>],
                ['Version', <code key="v">{rule.version.slice(0, 12)}</code>],
                ['Tags', rule.tags.join(', ')],
                ['Output', <code key="o">{rule.output}</code>],
              ]}
            />
          </Card>
        </div>
      </div>
      {adding && <ExceptionForm rule={rule.name} initial={emptyDraft} onClose={() => { setAdding(false) }} />}
      {removing && (
        <ConfirmForm title={`Remove exception ${removing}?`} verb="Remove exception" busy={remove.isPending} onClose={() => { setRemoving(undefined) }} onConfirm={(reason) => { remove.mutate({ input: { tenant, rule: rule.name, name: removing, reason: reason || null } }) }}>
          <p>What it let through becomes a finding again, from the next event on.</p>
        </ConfirmForm>
      )}
    </Page>
  )
}
