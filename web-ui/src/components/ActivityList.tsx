import { Card, Facts } from '~/ui/Card'
import { Code } from '~/ui/Code'

import css from './ActivityList.module.css'
import { Link } from './Link'
import { ProcessTree, type ProcessInfo } from './ProcessTree'
import { Time } from './Time'
import { useTenant } from '~/hooks/useTenant'

export interface ActivityInfo {
  event: { id: string; time: string; kind: string; summary: string; result: number; raw: unknown }
  watchedNode?: { id: string; hostname: string } | null
  lineage: ProcessInfo[]
}

interface Props {
  label: string
  events: ActivityInfo[]
  fresh: ReadonlySet<string>
  /** Adds a comparison to the search. */
  onNarrow: (field: string, value: string) => void
}

/** Events, newest first; each opens to who did it and to all that was recorded. */
export function ActivityList({ label, events, fresh, onNarrow }: Props) {
  const { to } = useTenant()
  return (
    <ul className={css.list} aria-label={label}>
      {events.map(({ event, watchedNode, lineage }) => {
        const actor = lineage[0]
        return (
          <li key={event.id} data-fresh={fresh.has(event.id)}>
            <details>
              <summary>
                <Time at={event.time} />
                <span className={css.kind}>{event.kind}</span>
                <span className={css.process}>
                  <strong>{actor?.name ?? '–'}</strong> {actor && <span className="muted">{actor.user || actor.uid}</span>}
                </span>
                <span className={css.what} title={event.summary}>{event.summary}</span>
                <span className={css.node}>{watchedNode?.hostname}</span>
              </summary>
              <div className={css.body}>
                <Narrow event={event} actor={actor} onNarrow={onNarrow} />
                <Facts
                  of={[
                    ['Time', <Time key="t" at={event.time} as="full" />],
                    ['Node', watchedNode && <Link key="n" to={to.node(watchedNode.id)}>{watchedNode.hostname}</Link>],
                    ['Result', String(event.result)],
                    ['Event', <code key="e">{event.id}</code>],
                  ]}
                />
                {lineage.length > 0 && (
                  <Card title="Process ancestry">
                    <ProcessTree lineage={lineage} />
                  </Card>
                )}
                <Code label="Raw event" text={JSON.stringify(event.raw, null, 2)} />
              </div>
            </details>
          </li>
        )
      })}
    </ul>
  )
}

/** A path that a comparison with `fd.name` finds again: only some kinds of event have one. */
function fileOf(event: ActivityInfo['event']): string | undefined {
  return event.kind === 'file.open' ? /^(\/.*) \([a-z ]+\)$/.exec(event.summary)?.[1] : undefined
}

function Narrow({ event, actor, onNarrow }: { event: ActivityInfo['event']; actor: ProcessInfo | undefined; onNarrow: Props['onNarrow'] }) {
  const choices: [string, string, string | undefined][] = [
    ['Process', 'proc.name', actor?.name],
    ['Pid', 'proc.pid', actor && String(actor.pid)],
    ['User', 'user.name', actor?.user || undefined],
    ['Container', 'container.id', actor?.containerId?.slice(0, 12)],
    ['File', 'fd.name', fileOf(event)],
  ]
  return (
    <div className={css.narrow} role="group" aria-label="Only events with the same">
      <span className="muted">Only the same</span>
      {choices.map(
        ([label, field, value]) =>
          value && (
            <button key={field} type="button" title={`${field} = ${value}`} onClick={() => { onNarrow(field, value) }}>
              {label}: {value}
            </button>
          ),
      )}
    </div>
  )
}
