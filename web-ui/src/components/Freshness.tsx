import { useQuery } from '@tanstack/react-query'

import { graphql } from '~/api/__generated__'
import type { StaleReason } from '~/api/__generated__/graphql'
import { messageOf } from '~/api/errors'
import { tenantQuery } from '~/api/keys'
import { Notice } from '~/ui/Empty'
import { duration } from '~/util/format'
import { fullTime } from '~/util/time'

const Document = graphql(`
  query Freshness($tenant: String!) {
    tenant(id: $tenant) {
      freshness { asOf ageSeconds stale }
    }
  }
`)

const EVERY = 10_000

const WHY: Record<StaleReason, string> = {
  CATCHING_UP: 'The system is still working through what came since.',
  LOG_UNREACHABLE: 'The event log can’t be reached. Agents keep what they see until it is back.',
}

/** Says when what is on the screen is not up to date, how old it is and why. Silent while all is well. */
export function Freshness({ tenant }: { tenant: string }) {
  const { data, error, dataUpdatedAt } = useQuery({
    ...tenantQuery(tenant, 'freshness', Document, { tenant }, (d) => d.tenant?.freshness ?? null),
    refetchInterval: EVERY,
    retry: false,
  })
  if (error) {
    if (!data) return null
    return (
      <Notice>
        The server gives no answer; you see what it said at <time>{fullTime(new Date(dataUpdatedAt).toISOString())}</time>. {messageOf(error)}
      </Notice>
    )
  }
  if (!data?.stale) return null
  return (
    <Notice>
      {data.asOf && typeof data.ageSeconds === 'number' ? (
        <>
          What you see is complete up to <time dateTime={data.asOf}>{fullTime(data.asOf)}</time>, {duration(data.ageSeconds * 1000)} ago.{' '}
        </>
      ) : (
        'How complete this is, is not known yet. '
      )}
      {WHY[data.stale]}
    </Notice>
  )
}
