import type { FindingQuery } from '~/api/__generated__/graphql'
import { Facts } from '~/ui/Card'

import css from './ProcessTree.module.css'
import { Time } from './Time'

export type ProcessInfo = NonNullable<Extract<FindingQuery['node'], { __typename: 'Finding' }>>['lineage'][number]

/** The ancestry of a finding, oldest ancestor first; the process that did it stands last. */
export function ProcessTree({ lineage }: { lineage: ProcessInfo[] }) {
  const oldestFirst = [...lineage].reverse()
  return (
    <ol className={css.tree} aria-label="Process ancestry">
      {oldestFirst.map((p, depth) => (
        <li key={`${String(p.pid)}-${p.start}-${p.exe}`} className={css.process} data-depth={Math.min(depth, 10)} data-actor={depth === oldestFirst.length - 1}>
          <details>
            <summary>
              <span className={css.name}>{p.name}</span>
              <span className="muted">{p.pid}</span>
              <span className={css.user} data-root={p.euid === 0}>
                {p.user || p.uid}
                {p.euid !== p.uid && ` → ${String(p.euid)}`}
              </span>
              <code className={css.command}>{p.commandLine}</code>
            </summary>
            <div className={css.facts}>
              <Facts
                of={[
                  ['Program', <code key="c">{p.exe}</code>],
                  ['Arguments', <code key="c">{p.args.join(' ')}</code>],
                  ['Directory', <code key="c">{p.cwd}</code>],
                  ['Started', <Time key="c" at={p.start} as="full" />],
                  ['Ids', `uid ${String(p.uid)}, euid ${String(p.euid)}, gid ${String(p.gid)}, session ${String(p.sid)}, parent ${String(p.ppid)}`],
                  ['Signed in as', p.loginuid === null ? 'nobody (a service)' : `login uid ${String(p.loginuid)}`],
                  ['Terminal', p.tty === 0 ? 'none' : `${String(p.tty >> 8)}:${String(p.tty & 255)}`],
                  ['Container', p.containerId ? <code key="c">{p.containerId}</code> : null],
                ]}
              />
            </div>
          </details>
        </li>
      ))}
    </ol>
  )
}
