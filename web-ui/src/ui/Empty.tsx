import type { ReactNode } from 'react'

import css from './Empty.module.css'

/** Nothing to show: says what that means and what to do next. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={css.empty}>
      <h3>{title}</h3>
      {children && <div className={css.text}>{children}</div>}
      {action && <div className={css.action}>{action}</div>}
    </div>
  )
}

/** A strip above content that says something people should know. */
export function Notice({ tone = 'warn', children, action }: { tone?: 'warn' | 'danger' | 'accent'; children: ReactNode; action?: ReactNode }) {
  return (
    <div className={css.notice} data-tone={tone}>
      <div>{children}</div>
      {action}
    </div>
  )
}
