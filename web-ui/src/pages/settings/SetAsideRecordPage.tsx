import { useSuspenseQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'

import { graphql } from '~/api/__generated__'
import type { SetAsideRecordQuery } from '~/api/__generated__/graphql'
import { can } from '~/api/can'
import { orNotFound, tenantQuery } from '~/api/keys'
import { DeadLetterBadge } from '~/components/Badges'
import { Link } from '~/components/Link'
import { Page } from '~/components/Page'
import { Time } from '~/components/Time'
import { ConfirmForm } from '~/forms/confirm'
import { DismissDeadLetters, ResubmitDeadLetters } from '~/forms/documents'
import { useDecision } from '~/hooks/useDecision'
import { useTenant } from '~/hooks/useTenant'
import { useViewer } from '~/hooks/useViewer'
import { Tag } from '~/ui/Badge'
import { Button } from '~/ui/Button'
import { Card, Facts } from '~/ui/Card'
import { Empty, Notice } from '~/ui/Empty'
import { bytes, count, plural } from '~/util/format'

const SetAsideRecord = graphql(`
  query SetAsideRecord($id: ID!) {
    node(id: $id) {
      __typename
      ... on DeadLetter {
        id
        place
        topic
        partition
        offset
        time
        stage
        why
        bytes
        state
        obstacle
        attempts
        unreadable
        header { nodeId bootId first last events earliest latest kinds watchedNode { id hostname } }
        resubmitted { by time }
        dismissed { by time reason }
        resubmissionOf { id place }
        failedAgain { id place time }
      }
    }
  }
`)

type Letter = Extract<NonNullable<SetAsideRecordQuery['node']>, { __typename: 'DeadLetter' }>

export const setAsideRecordQuery = (tenant: string, id: string) =>
  tenantQuery(tenant, 'deadLetters', SetAsideRecord, { id }, (d) => (d.node?.__typename === 'DeadLetter' ? d.node : null))

/** One record that could not be used: what is known of it, and what to do with it. */
export function SetAsideRecordPage() {
  const { tenant, to } = useTenant()
  const viewer = useViewer()
  const { id = '' } = useParams({ strict: false })
  const letter = orNotFound(useSuspenseQuery(setAsideRecordQuery(tenant, id)).data)
  const [dismissing, setDismissing] = useState(false)
  const stale = ['deadLetters' as const]
  const resubmit = useDecision(ResubmitDeadLetters, (d) => d.resubmitDeadLetters, { tenant, stale, done: 'Resubmitted. If it fails again it comes back as another record.' })
  const dismiss = useDecision(DismissDeadLetters, (d) => d.dismissDeadLetters, { tenant, stale, done: 'Dismissed.', onDone: () => { setDismissing(false) } })

  return (
    <Page
      title={`Record ${letter.place}`}
      parent={{ to: to.setAside(), text: 'Set aside' }}
      badges={<DeadLetterBadge state={letter.state} failedAgain={Boolean(letter.failedAgain)} />}
      actions={
        <>
          <Button blocked={can.dismiss(viewer, letter)} onClick={() => { setDismissing(true) }}>
            Dismiss…
          </Button>
          <Button kind="primary" busy={resubmit.isPending} blocked={can.resubmit(viewer, letter)} onClick={() => { resubmit.mutate({ input: { deadLetterIds: [letter.id] } }) }}>
            Resubmit
          </Button>
        </>
      }
    >
      {letter.failedAgain && (
        <Notice action={<Link look="plain" to={to.setAsideRecord(letter.failedAgain.id)}>Look at {letter.failedAgain.place}</Link>}>
          It was resubmitted and could not be used again, <Time at={letter.failedAgain.time} as="relative" />.
        </Notice>
      )}
      {letter.resubmissionOf && (
        <Notice action={<Link look="plain" to={to.setAsideRecord(letter.resubmissionOf.id)}>Look at {letter.resubmissionOf.place}</Link>}>
          This record was resubmitted before ({plural(letter.attempts, 'time')}) and failed again.
        </Notice>
      )}
      {letter.obstacle && <Notice>It can not be resubmitted: {letter.obstacle}.</Notice>}
      <div className="columns">
        <div className="stack">
          <Card title="What was wrong">
            <p>{letter.why}</p>
          </Card>
          <Header letter={letter} />
        </div>
        <div className="stack">
          <Decisions letter={letter} />
          <Card title="Record">
            <Facts
              of={[
                ['Set aside', <Time key="t" at={letter.time} as="full" />],
                ['By', letter.stage],
                ['Topic', <code key="o">{letter.topic}</code>],
                ['Partition', String(letter.partition)],
                ['Offset', String(letter.offset)],
                ['Size', bytes(letter.bytes)],
              ]}
            />
          </Card>
        </div>
      </div>
      {dismissing && (
        <ConfirmForm title="Dismiss this record?" verb="Dismiss" harmless busy={dismiss.isPending} onClose={() => { setDismissing(false) }} onConfirm={(reason) => { dismiss.mutate({ input: { deadLetterIds: [letter.id], reason: reason || null } }) }}>
          <p>It no longer counts as open. Nothing is deleted, and it can still be resubmitted.</p>
        </ConfirmForm>
      )}
    </Page>
  )
}

/** What the block says of itself. */
function Header({ letter: { header, unreadable } }: { letter: Letter }) {
  const { to } = useTenant()
  if (!header) {
    return (
      <Card title="What is in it">
        <Empty title="Its header can not be read">
          <p>{unreadable}</p>
        </Empty>
      </Card>
    )
  }
  const { watchedNode } = header
  return (
    <Card title="What is in it" hint="as its header says">
      <Facts
        of={[
          ['Events', `${count(header.events)}, numbers ${String(header.first)}–${String(header.last)}`],
          ['Earliest', <Time key="e" at={header.earliest} as="full" />],
          ['Latest', <Time key="l" at={header.latest} as="full" />],
          ['Node', watchedNode ? <Link key="n" to={to.node(watchedNode.id)}>{watchedNode.hostname}</Link> : <code key="n">{header.nodeId}</code>],
          ['Agent run', <code key="b" className="break">{header.bootId}</code>],
          ['Kinds', <span key="k" className="row">{header.kinds.map((kind) => <Tag key={kind}>{kind}</Tag>)}</span>],
        ]}
      />
    </Card>
  )
}

/** Who did what. */
function Decisions({ letter: { resubmitted, dismissed } }: { letter: Letter }) {
  return (
    <Card title="Decisions">
      {resubmitted ?? dismissed ? (
        <>
          {dismissed && <p>Dismissed by {dismissed.by}, <Time at={dismissed.time} />{dismissed.reason && `: ${dismissed.reason}`}</p>}
          {resubmitted && <p>Resubmitted by {resubmitted.by}, <Time at={resubmitted.time} /></p>}
        </>
      ) : (
        <p className="muted">Nobody has decided about it yet.</p>
      )}
    </Card>
  )
}
