import type { ReactNode } from 'react'

import css from './Badge.module.css'

export type Tone = 'critical' | 'high' | 'medium' | 'low' | 'informational' | 'good' | 'warn' | 'danger' | 'accent'

/** A short word with a colour; the colour never says more than the word. */
export function Badge({ tone = 'informational', dot = false, children }: { tone?: Tone; dot?: boolean; children: ReactNode }) {
  return (
    <span className={css.badge} data-tone={tone}>
      {dot && <i className={css.dot} aria-hidden="true" />}
      {children}
    </span>
  )
}

/** A code-like token: technique id, field, hook. */
export function Tag({ children, title }: { children: ReactNode; title?: string }) {
  return (
    <span className={css.tag} title={title}>
      {children}
    </span>
  )
}
