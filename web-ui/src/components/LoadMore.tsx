import { Button } from '~/ui/Button'
import { Empty } from '~/ui/Empty'

import css from './LoadMore.module.css'

/** A filtered search looks through so much at a time: a page may be empty though more comes. */
export function NoneYet() {
  return (
    <Empty title="No match yet">
      <p>The search looked through the newest part. Load more to look further back.</p>
    </Empty>
  )
}

/** Below a list: how many are shown, and the next page. */
export function LoadMore({ shown, what, query }: { shown: string; what: string; query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown } }) {
  return (
    <div className={css.bar}>
      <span className="muted">
        {shown}
        {query.hasNextPage ? ' shown' : ''}
      </span>
      {query.hasNextPage && (
        <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {query.isFetchingNextPage ? 'Loading…' : `Load more ${what}`}
        </Button>
      )}
    </div>
  )
}
