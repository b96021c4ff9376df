import { Link as RouterLink } from '@tanstack/react-router'
import type { ReactNode } from 'react'

import { buttonClass } from '~/ui/Button'

interface Props {
  to: string
  children: ReactNode
  className?: string
  title?: string
  /** The leading link of a table row: j, k and a click on the row go by it. */
  row?: boolean
  look?: 'plain' | 'primary'
}

/** A link to a path of `util/paths`. Loads the page's data on intent. */
export function Link({ to, children, className, title, row = false, look }: Props) {
  return (
    <RouterLink to={to} className={look ? buttonClass(look) : className} title={title} data-row-link={row || undefined}>
      {children}
    </RouterLink>
  )
}
