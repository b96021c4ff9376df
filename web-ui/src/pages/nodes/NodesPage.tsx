import { useSuspenseInfiniteQuery } from '@tanstack/react-query'

import { graphql } from '~/api/__generated__'
import { connectionQuery } from '~/api/keys'
import { HealthBadge } from '~/components/Badges'
import { Link } from '~/components/Link'
import { LoadMore } from '~/components/LoadMore'
import { Page } from '~/components/Page'
import { Time } from '~/components/Time'
import { NoNodes } from '~/components/Watch'
import { useTenant } from '~/hooks/useTenant'
import { Card } from '~/ui/Card'
import { Table } from '~/ui/Table'
import { bytes, plural, share, short } from '~/util/format'

const Nodes = graphql(`
  query Nodes($tenant: String!, $after: String) {
    tenant(id: $tenant) {
      nodes(first: 100, after: $after) {
        nodes { id hostname health lastSeen agentVersion kernel eventsRead eventsLost spoolBytes }
        pageInfo { hasNextPage endCursor damaged }
      }
    }
  }
`)

export const nodesQuery = (tenant: string) => connectionQuery(tenant, 'nodes', Nodes, { tenant }, (d) => d.tenant?.nodes)

export function NodesPage() {
  const { tenant, to } = useTenant()
  const query = useSuspenseInfiniteQuery(nodesQuery(tenant))
  const nodes = query.data.pages.flatMap((p) => p.nodes)
  return (
    <Page title="Nodes" actions={<Link look="plain" to={to.tokens()}>Enroll a node</Link>}>
      <Card title="Watched machines" flush>
        {nodes.length === 0 ? (
          <NoNodes />
        ) : (
          <>
            <Table
              name="Nodes"
              rows={nodes}
              rowKey={(n) => n.id}
              minWidth="960px"
              isDim={(n) => n.health === 'REMOVED'}
              columns={[
                { key: 'name', header: 'Node', cell: (n) => <Link row to={to.node(n.id)}>{n.hostname}</Link> },
                { key: 'health', header: 'Health', width: '138px', cell: (n) => <HealthBadge health={n.health} /> },
                { key: 'seen', header: 'Last seen', width: '110px', cell: (n) => (n.lastSeen ? <Time at={n.lastSeen} as="relative" /> : <span className="muted">never</span>) },
                { key: 'read', header: 'Events read', width: '106px', align: 'end', cell: (n) => short(n.eventsRead) },
                { key: 'lost', header: 'Lost', width: '130px', align: 'end', cell: (n) => (n.eventsLost === 0 ? <span className="muted">none</span> : `${short(n.eventsLost)} (${share(n.eventsLost, n.eventsRead + n.eventsLost)})`) },
                { key: 'spool', header: 'Spooled', width: '96px', align: 'end', cell: (n) => (n.spoolBytes === 0 ? <span className="muted">none</span> : bytes(n.spoolBytes)) },
                { key: 'agent', header: 'Agent', width: '84px', cell: (n) => n.agentVersion || <span className="muted">unknown</span> },
                { key: 'kernel', header: 'Kernel', width: '210px', cell: (n) => (n.kernel ? <span className="clip" title={n.kernel}>{n.kernel}</span> : <span className="muted">unknown</span>) },
              ]}
            />
            <LoadMore shown={plural(nodes.length, 'node')} what="nodes" query={query} />
          </>
        )}
      </Card>
    </Page>
  )
}
