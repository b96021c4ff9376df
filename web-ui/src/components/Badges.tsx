import type { CaseState, DeadLetterState, Disposition, NodeHealth, Severity } from '~/api/types'
import { Badge, type Tone } from '~/ui/Badge'
import { words } from '~/util/format'

export function SeverityBadge({ severity }: { severity: Severity }) {
  return <Badge tone={severity.toLowerCase() as Tone}>{words(severity)}</Badge>
}

const HEALTH: Record<NodeHealth, { tone: Tone; text: string }> = {
  HEALTHY: { tone: 'good', text: 'Healthy' },
  LOSING: { tone: 'warn', text: 'Losing events' },
  SILENT: { tone: 'danger', text: 'Silent' },
  STOPPED: { tone: 'informational', text: 'Stopped' },
  REMOVED: { tone: 'informational', text: 'Removed' },
  NEVER_SEEN: { tone: 'low', text: 'Never seen' },
}

export function HealthBadge({ health }: { health: NodeHealth }) {
  const { tone, text } = HEALTH[health]
  return (
    <Badge tone={tone} dot>
      {text}
    </Badge>
  )
}

export const healthText = (health: NodeHealth): string => HEALTH[health].text

const STATE: Record<CaseState, Tone> = { OPEN: 'danger', IN_PROGRESS: 'accent', CLOSED: 'informational' }

export function CaseStateBadge({ state, disposition }: { state: CaseState; disposition?: Disposition | null }) {
  return <Badge tone={STATE[state]}>{words(state) + (disposition ? `: ${words(disposition).toLowerCase()}` : '')}</Badge>
}

const LETTER: Record<DeadLetterState, Tone> = { OPEN: 'danger', RESUBMITTED: 'accent', DISMISSED: 'informational' }

/** A record that was resubmitted and came back is no longer on its way. */
export function DeadLetterBadge({ state, failedAgain }: { state: DeadLetterState; failedAgain: boolean }) {
  return failedAgain ? <Badge tone="warn">Failed again</Badge> : <Badge tone={LETTER[state]}>{words(state)}</Badge>
}
