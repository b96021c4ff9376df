import { useQuery } from '@tanstack/react-query'

import { graphql } from '~/api/__generated__'
import { tenantQuery } from '~/api/keys'
import { useTenant } from '~/hooks/useTenant'
import { Button } from '~/ui/Button'
import { Empty } from '~/ui/Empty'
import { count, plural, share } from '~/util/format'
import type { Search } from '~/util/paths'
import { timeSpan } from '~/util/search'

import { healthText } from './Badges'
import { Link } from './Link'

const Watch = graphql(`
  query Watch($tenant: String!, $since: DateTime) {
    tenant(id: $tenant) {
      overview(since: $since) {
        nodesByHealth { health count }
        eventsRead
        eventsLost
      }
    }
  }
`)

const watchQuery = (tenant: string, { range, from }: Search) =>
  tenantQuery(tenant, 'overview', Watch, { key: { range, from }, now: () => ({ tenant, since: timeSpan({ range, from }, Date.now()).from }) }, (d) => d.tenant?.overview ?? null)

/** "Nothing found" together with what that is worth: who watched, and what was lost. */
export function NothingFound({ filtered, span = {}, onClear }: { filtered: boolean; span?: Search; onClear: () => void }) {
  const { tenant, to } = useTenant()
  const { data } = useQuery(watchQuery(tenant, span))
  const nodes = data?.nodesByHealth.filter((n) => n.count > 0) ?? []
  const total = nodes.reduce((sum, n) => sum + n.count, 0)
  if (data && total === 0) return <NoNodes />
  return (
    <Empty
      title={filtered ? 'No finding matches these filters' : 'Nothing found'}
      action={
        filtered ? (
          <Button onClick={onClear}>Clear the filters</Button>
        ) : undefined
      }
    >
      {data && (
        <p>
          Watching: {nodes.map((n) => `${String(n.count)} ${healthText(n.health).toLowerCase()}`).join(', ')} of {plural(total, 'node')}. {count(data.eventsRead)} events read,{' '}
          {data.eventsLost === 0 ? 'none lost' : `${count(data.eventsLost)} lost (${share(data.eventsLost, data.eventsRead + data.eventsLost)})`}. <Link to={to.nodes()}>See the coverage of each node</Link>.
        </p>
      )}
      {!filtered && (
        <p>
          To see it work, run <code>make demo</code> on a watched machine: it does eight harmless things an attacker would do.
        </p>
      )}
    </Empty>
  )
}

/** The first step of a new tenant. */
export function NoNodes() {
  const { to } = useTenant()
  return (
    <Empty title="No node is watched yet" action={<Link to={to.tokens()} look="primary">Create an enrollment token</Link>}>
      <p>Create an enrollment token and run the command it gives on a machine. The machine appears here within seconds.</p>
    </Empty>
  )
}
