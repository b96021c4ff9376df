import type { ReactNode } from 'react'

import { useTitle } from '~/hooks/useTitle'

import { Link } from './Link'
import css from './Page.module.css'

interface Props {
  title: string
  /** Shown instead of the plain title. */
  heading?: ReactNode
  /** Where this page is a part of. */
  parent?: { to: string; text: string }
  badges?: ReactNode
  actions?: ReactNode
  children: ReactNode
}

/** What every page has: a title, where it belongs, what can be done. */
export function Page({ title, heading, parent, badges, actions, children }: Props) {
  useTitle(title)
  return (
    <div className={css.page}>
      <header className={css.header}>
        <div className={css.titles}>
          {parent && (
            <nav aria-label="Breadcrumb" className={css.crumb}>
              <Link to={parent.to}>{parent.text}</Link> <span aria-hidden="true">/</span>
            </nav>
          )}
          <div className={css.line}>
            <h1>{heading ?? title}</h1>
            {badges}
          </div>
        </div>
        {actions && <div className={css.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  )
}
