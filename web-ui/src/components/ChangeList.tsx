import { words } from '~/util/format'

import { BeforeAfter } from './BeforeAfter'
import css from './ChangeList.module.css'
import { Time } from './Time'

export interface ChangeInfo {
  id: string
  time: string
  actor: string
  aggregate: string
  version: number
  name: string
  summary: string
  before?: unknown
  after?: unknown
}

/** Decisions, newest first: who, when, what; each opens to its before and after. */
export function ChangeList({ label, changes }: { label: string; changes: ChangeInfo[] }) {
  return (
    <ul className={css.list} aria-label={label}>
      {changes.map((c) => (
        <li key={c.id}>
          <details>
            <summary>
              <span className={css.time}>
                <Time at={c.time} />
              </span>
              <span className={css.actor} title={c.actor}>{c.actor}</span>
              <span className={css.summary}>{c.summary}</span>
              <span className={css.kind}>
                {words(c.aggregate)} · {c.name} · v{c.version}
              </span>
            </summary>
            <div className={css.body}>
              <BeforeAfter before={c.before} after={c.after} />
            </div>
          </details>
        </li>
      ))}
    </ul>
  )
}
