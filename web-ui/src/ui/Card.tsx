import { useId, type ReactNode } from 'react'

import css from './Card.module.css'

interface Props {
  title: string
  /** Beside the title, at the end of the line. */
  actions?: ReactNode
  hint?: ReactNode
  /** Content without inner space, for tables. */
  flush?: boolean
  children: ReactNode
}

export function Card({ title, actions, hint, flush = false, children }: Props) {
  const id = useId()
  return (
    <section className={css.card} aria-labelledby={id}>
      <header className={css.header}>
        <h2 id={id}>{title}</h2>
        {hint && <span className={css.hint}>{hint}</span>}
        {actions && <div className={css.actions}>{actions}</div>}
      </header>
      <div className={flush ? css.flush : css.body}>{children}</div>
    </section>
  )
}

/** Names and values in two columns. Empty values are left out. */
export function Facts({ of }: { of: [string, ReactNode][] }) {
  return (
    <dl className={css.facts}>
      {of
        .filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}

export function Stat({ label, value, note, tone }: { label: string; value: ReactNode; note?: ReactNode; tone?: 'danger' | 'warn' | 'good' }) {
  return (
    <div className={css.stat} data-tone={tone}>
      <div className={css.label}>{label}</div>
      <div className={css.value}>{value}</div>
      {note && <div className={css.note}>{note}</div>}
    </div>
  )
}

export function Stats({ children }: { children: ReactNode }) {
  return <div className={css.stats}>{children}</div>
}
