import { useQueryErrorResetBoundary } from '@tanstack/react-query'
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router'
import { useEffect } from 'react'

import { messageOf } from '~/api/errors'
import { Link } from '~/components/Link'
import { useTitle } from '~/hooks/useTitle'
import { Button } from '~/ui/Button'
import { Empty } from '~/ui/Empty'

import css from './ErrorPages.module.css'

/** The same for what never was, what is gone and what belongs to somebody else. */
export function NotFoundPage() {
  useTitle('Not found')
  return (
    <div className={css.page}>
      <Empty title="Not found" action={<Link look="plain" to="/">Go to the overview</Link>}>
        <h1 className="sr-only">Not found</h1>
        <p>There is nothing here, or nothing that you may see. Check the address.</p>
      </Empty>
    </div>
  )
}

export function ErrorPage({ error, reset }: ErrorComponentProps) {
  useTitle('Error')
  const router = useRouter()
  const boundary = useQueryErrorResetBoundary()
  useEffect(() => { boundary.reset() }, [boundary])
  return (
    <div className={css.page} role="alert">
      <Empty
        title="This page could not be loaded"
        action={
          <Button
            kind="primary"
            onClick={() => {
              reset()
              void router.invalidate()
            }}
          >
            Try again
          </Button>
        }
      >
        <h1 className="sr-only">This page could not be loaded</h1>
        <p>{messageOf(error)}</p>
      </Empty>
    </div>
  )
}
