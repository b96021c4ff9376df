import type { CaseQuery } from '~/api/__generated__/graphql'
import { useTenant } from '~/hooks/useTenant'
import { Icon } from '~/ui/Icon'
import { duration } from '~/util/format'
import { fullTime } from '~/util/time'

import { SeverityBadge } from './Badges'
import { Link } from './Link'
import { TechniqueTags } from './Techniques'
import { Time } from './Time'
import css from './Timeline.module.css'

export type Entry = NonNullable<Extract<CaseQuery['node'], { __typename: 'Case' }>>['timeline'][number]

const severityOf = (e: Entry) => (e.__typename === 'Finding' ? e.severity.toLowerCase() : undefined)

/** What happened in a case and what people did about it, in order of time. */
export function Timeline({ entries }: { entries: Entry[] }) {
  const { to } = useTenant()
  return (
    <>
      <Spread entries={entries} />
      <ol className={css.list} role="list" aria-label="Timeline">
        {entries.map((e, i) => (
          <li key={`${e.__typename}${e.time}${String(i)}`} className={css.entry} data-kind={e.__typename} data-severity={severityOf(e)}>
            <div className={css.when}>
              <Time at={e.time} />
              <span className="muted">{since(entries[i - 1], e)}</span>
            </div>
            <div className={css.mark} aria-hidden="true">
              {e.__typename === 'Comment' ? <Icon name="comment" size={12} /> : e.__typename === 'Change' ? <Icon name="change" size={12} /> : null}
            </div>
            <div className={css.what}>
              {e.__typename === 'Finding' && (
                <>
                  <div className="row">
                    <SeverityBadge severity={e.severity} />
                    <Link to={to.finding(e.id)}>{e.rule.name}</Link>
                    <TechniqueTags ids={e.techniques} />
                  </div>
                  <p className={css.message} title={e.message}>{e.message}</p>
                </>
              )}
              {e.__typename === 'Comment' && (
                <>
                  <strong>{e.author}</strong>
                  <p className={css.comment}>{e.text}</p>
                </>
              )}
              {e.__typename === 'Change' && (
                <p>
                  <strong>{e.actor}</strong> <span className="muted">{e.summary}</span>
                </p>
              )}
            </div>
          </li>
        ))}
      </ol>
    </>
  )
}

function since(before: Entry | undefined, entry: Entry): string {
  return before ? `+${duration(Date.parse(entry.time) - Date.parse(before.time))}` : ''
}

/** The entries as marks on one line: shows at a glance whether it was a burst or a day. */
function Spread({ entries }: { entries: Entry[] }) {
  const first = entries[0]
  const last = entries.at(-1)
  if (!first || !last || first === last) return null
  const begin = Date.parse(first.time)
  const length = Math.max(1, Date.parse(last.time) - begin)
  return (
    <div className={css.spread}>
      <svg width="100%" height="26" role="img" aria-label={`${String(entries.length)} entries over ${duration(length)}`}>
        <line x1="1%" x2="99%" y1="13" y2="13" className={css.axis} />
        {entries.map((e, i) => (
          <circle key={String(i)} cx={`${String(1 + (98 * (Date.parse(e.time) - begin)) / length)}%`} cy="13" r={e.__typename === 'Finding' ? 5.5 : 3.5} className={css.dot} data-severity={severityOf(e)}>
            <title>{`${fullTime(e.time)}: ${e.__typename === 'Finding' ? e.rule.name : e.__typename === 'Change' ? e.summary : e.author}`}</title>
          </circle>
        ))}
      </svg>
    </div>
  )
}
