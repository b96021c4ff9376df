import { useSuspenseInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { graphql } from '~/api/__generated__'
import { can } from '~/api/can'
import { connectionQuery } from '~/api/keys'
import type { TokenState } from '~/api/types'
import { LoadMore } from '~/components/LoadMore'
import { Time } from '~/components/Time'
import { ConfirmForm } from '~/forms/confirm'
import { RevokeToken } from '~/forms/documents'
import { TokenCreateForm } from '~/forms/token-create'
import { useDecision } from '~/hooks/useDecision'
import { useTenant } from '~/hooks/useTenant'
import { useTitle } from '~/hooks/useTitle'
import { useViewer } from '~/hooks/useViewer'
import { Badge, type Tone } from '~/ui/Badge'
import { Button } from '~/ui/Button'
import { Card } from '~/ui/Card'
import { Empty } from '~/ui/Empty'
import { Icon } from '~/ui/Icon'
import { Table } from '~/ui/Table'
import { plural, words } from '~/util/format'

const Tokens = graphql(`
  query Tokens($tenant: String!, $after: String) {
    tenant(id: $tenant) {
      enrollmentTokens(first: 50, after: $after) {
        nodes { id label state created expires maxUses uses }
        pageInfo { hasNextPage endCursor damaged }
      }
    }
  }
`)

export const tokensQuery = (tenant: string) => connectionQuery(tenant, 'tokens', Tokens, { tenant }, (d) => d.tenant?.enrollmentTokens)

const TONE: Record<TokenState, Tone> = { VALID: 'good', EXPIRED: 'informational', USED_UP: 'informational', REVOKED: 'danger' }

export function TokensPage() {
  useTitle('Enrollment tokens')
  const { tenant } = useTenant()
  const viewer = useViewer()
  const query = useSuspenseInfiniteQuery(tokensQuery(tenant))
  const tokens = query.data.pages.flatMap((p) => p.nodes)
  const [creating, setCreating] = useState(false)
  const [revoking, setRevoking] = useState<{ id: string; label: string }>()
  const revoke = useDecision(RevokeToken, (d) => d.revokeEnrollmentToken, { tenant, stale: ['tokens'], done: 'Token revoked. Nodes that it enrolled stay.', onDone: () => { setRevoking(undefined) } })
  const create = (
    <Button kind="primary" icon={<Icon name="plus" size={13} />} blocked={can.manageTokens(viewer)} onClick={() => { setCreating(true) }}>
      Create token
    </Button>
  )
  return (
    <>
      <Card title="Enrollment tokens" hint="what a new machine needs once to become a node" flush actions={tokens.length > 0 && create}>
        {tokens.length === 0 ? (
          <Empty title="No enrollment token yet" action={create}>
            <p>Create one, run the command it gives on a machine, and the machine becomes a node of this tenant.</p>
          </Empty>
        ) : (
          <>
            <Table
              name="Enrollment tokens"
              rows={tokens}
              rowKey={(t) => t.id}
              isDim={(t) => t.state !== 'VALID'}
              columns={[
                { key: 'label', header: 'Label', cell: (t) => t.label },
                { key: 'state', header: 'State', width: '110px', cell: (t) => <Badge tone={TONE[t.state]}>{words(t.state)}</Badge> },
                { key: 'uses', header: 'Uses', width: '90px', align: 'end', cell: (t) => `${String(t.uses)} of ${String(t.maxUses)}` },
                { key: 'created', header: 'Created', width: '140px', cell: (t) => <Time at={t.created} /> },
                { key: 'expires', header: 'Expires', width: '120px', cell: (t) => <Time at={t.expires} as="relative" /> },
                { key: 'do', header: <span className="sr-only">Actions</span>, width: '110px', align: 'end', cell: (t) => <Button aria-label={`Revoke ${t.label}`} blocked={can.revokeToken(viewer, t)} onClick={() => { setRevoking(t) }}>Revoke</Button> },
              ]}
            />
            <LoadMore shown={plural(tokens.length, 'token')} what="tokens" query={query} />
          </>
        )}
      </Card>
      {creating && <TokenCreateForm onClose={() => { setCreating(false) }} />}
      {revoking && (
        <ConfirmForm title={`Revoke “${revoking.label}”?`} verb="Revoke token" busy={revoke.isPending} onClose={() => { setRevoking(undefined) }} onConfirm={(reason) => { revoke.mutate({ input: { tokenId: revoking.id, reason: reason || null } }) }}>
          <p>It enrolls no further node. Nodes that it has enrolled stay enrolled.</p>
        </ConfirmForm>
      )}
    </>
  )
}
