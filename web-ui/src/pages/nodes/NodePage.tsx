import { useSuspenseQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'

import { graphql } from '~/api/__generated__'
import { can } from '~/api/can'
import { orNotFound, tenantQuery } from '~/api/keys'
import type { LossStage } from '~/api/types'
import { HealthBadge } from '~/components/Badges'
import { CoverageStrip } from '~/components/CoverageStrip'
import { Link } from '~/components/Link'
import { Page } from '~/components/Page'
import { Time } from '~/components/Time'
import { ConfirmForm } from '~/forms/confirm'
import { RemoveNode } from '~/forms/documents'
import { useDecision } from '~/hooks/useDecision'
import { useFilters } from '~/hooks/useFilters'
import { useTenant } from '~/hooks/useTenant'
import { useViewer } from '~/hooks/useViewer'
import { Tag } from '~/ui/Badge'
import { Button } from '~/ui/Button'
import { Card, Facts, Stat, Stats } from '~/ui/Card'
import { Empty, Notice } from '~/ui/Empty'
import { Segments } from '~/ui/Segments'
import { Table } from '~/ui/Table'
import { bytes, count, duration, share, short } from '~/util/format'
import type { Search } from '~/util/paths'
import { isRange, RANGES, timeSpan, type RangeName } from '~/util/search'

const WatchedNode = graphql(`
  query WatchedNode($id: ID!, $from: DateTime) {
    node(id: $id) {
      __typename
      ... on WatchedNode {
        id
        hostname
        health
        enrolled
        lastSeen
        agentVersion
        kernel
        hooks
        certificateExpires
        eventsRead
        eventsLost
        spoolBytes
        cpuMillis
        rssBytes
        ledger(from: $from, first: 100) { since until stage cpu hook count }
        coverage(from: $from) { from until watched events lost }
      }
    }
  }
`)

const rangeOf = (search: Search): RangeName => (isRange(search.range) ? search.range : '24h')

export const nodeQuery = (tenant: string, id: string, search: Search) =>
  tenantQuery(tenant, 'nodes', WatchedNode, { key: { id, range: rangeOf(search) }, now: () => ({ id, from: timeSpan({ range: rangeOf(search) }, Date.now()).from }) }, (d) => (d.node?.__typename === 'WatchedNode' ? d.node : null))

const STAGE: Record<LossStage, string> = {
  KERNEL: 'Kernel: could not be read',
  RING: 'Ring: full between kernel and agent',
  DECODE: 'Decoding: not understood',
  SPOOL: 'Spool: full, or broken',
  SERVER: 'Server: refused for good',
}

export function NodePage() {
  const { tenant, to } = useTenant()
  const viewer = useViewer()
  const { id = '' } = useParams({ strict: false })
  const [search, change] = useFilters()
  const { data, dataUpdatedAt } = useSuspenseQuery(nodeQuery(tenant, id, search))
  const node = orNotFound(data)
  const range = rangeOf(search)
  const [removing, setRemoving] = useState(false)
  const remove = useDecision(RemoveNode, (d) => d.removeNode, { tenant, stale: ['nodes', 'overview'], done: `${node.hostname} may no longer send.`, onDone: () => { setRemoving(false) } })
  const ledger = node.ledger.map((entry, i) => ({ ...entry, key: `${entry.since}${entry.stage}${String(i)}` }))

  return (
    <Page
      title={node.hostname}
      parent={{ to: to.nodes(), text: 'Nodes' }}
      badges={<HealthBadge health={node.health} />}
      actions={
        <>
          <Link look="plain" to={to.findings({ node: node.id })}>Findings of this node</Link>
          <Button kind="danger" blocked={can.removeNode(viewer, node)} onClick={() => { setRemoving(true) }}>
            Remove node…
          </Button>
        </>
      }
    >
      {node.health === 'SILENT' && (
        <Notice tone="danger">No heartbeat {node.lastSeen ? <>since <Time at={node.lastSeen} as="full" /></> : 'yet'}: the agent was stopped, killed or cut off. What happens on this node is not seen.</Notice>
      )}
      {node.health === 'NEVER_SEEN' && <Notice>This node enrolled and never sent anything. Check that the agent runs there: its own log says what it lacks.</Notice>}
      <Stats>
        <Stat label="Events read" value={short(node.eventsRead)} />
        <Stat label="Events lost" value={short(node.eventsLost)} tone={node.eventsLost > 0 ? 'danger' : undefined} note={node.eventsLost > 0 ? `${share(node.eventsLost, node.eventsRead + node.eventsLost)} of all` : 'nothing was missed'} />
        <Stat label="Waiting in the spool" value={bytes(node.spoolBytes)} tone={node.spoolBytes > 0 ? 'warn' : undefined} />
        <Stat label="Agent memory" value={bytes(node.rssBytes)} />
        <Stat label="Agent processor time" value={duration(node.cpuMillis)} note="since it started" />
      </Stats>
      <Card title="Coverage" actions={<Segments label="Time range" value={range} options={(Object.keys(RANGES) as RangeName[]).map((value) => ({ value, text: value }))} onChange={(value) => { change({ range: value === '24h' ? undefined : value }) }} />}>
        <CoverageStrip spans={node.coverage} from={dataUpdatedAt - RANGES[range]} until={dataUpdatedAt} />
      </Card>
      <div className="columns">
        <div className="stack">
        <Card title="Loss ledger" hint="every loss that was reported" flush>
          {ledger.length === 0 ? (
            <Empty title="Nothing lost in this time">
              <p>Every event that the kernel handed over has arrived.</p>
            </Empty>
          ) : (
            <Table
              name="Loss ledger"
              rows={ledger}
              rowKey={(l) => l.key}
              columns={[
                { key: 'since', header: 'Since', width: '124px', cell: (l) => <Time at={l.since} /> },
                { key: 'long', header: 'Lasted', width: '76px', cell: (l) => duration(Date.parse(l.until) - Date.parse(l.since)) },
                { key: 'stage', header: 'Where', cell: (l) => STAGE[l.stage] },
                { key: 'hook', header: 'Hook', width: '168px', cell: (l) => (l.hook ? <code>{l.hook}</code> : <span className="muted">any</span>) },
                { key: 'cpu', header: 'CPU', width: '56px', align: 'end', cell: (l) => l.cpu ?? <span className="muted">any</span> },
                { key: 'count', header: 'Events', width: '84px', align: 'end', cell: (l) => count(l.count) },
              ]}
            />
          )}
        </Card>
        {node.hooks.length > 0 && (
          <Card title="Hooks" hint="where the agent listens in the kernel">
            <div className="row">
              {node.hooks.map((h) => (
                <Tag key={h}>{h}</Tag>
              ))}
            </div>
          </Card>
        )}
        </div>
        <Card title="Agent">
          <Facts
            of={[
              ['Last seen', node.lastSeen ? <Time key="s" at={node.lastSeen} as="full" /> : 'never'],
              ['Enrolled', <Time key="e" at={node.enrolled} as="full" />],
              ['Version', node.agentVersion],
              ['Kernel', node.kernel],
              ['Certificate', node.certificateExpires && <span key="c">ends <Time at={node.certificateExpires} as="relative" /></span>],
              ['Node id', <code key="i">{node.id}</code>],
            ]}
          />
        </Card>
      </div>
      {removing && (
        <ConfirmForm title={`Remove ${node.hostname}?`} verb="Remove node" busy={remove.isPending} onClose={() => { setRemoving(false) }} onConfirm={(reason) => { remove.mutate({ input: { nodeId: node.id, reason: reason || null } }) }}>
          <p>Its certificate is refused from now on. What it has sent stays. It can come back with a new enrollment token.</p>
        </ConfirmForm>
      )}
    </Page>
  )
}
