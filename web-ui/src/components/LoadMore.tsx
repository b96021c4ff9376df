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

interface Pages {
  data: { pages: { pageInfo: { damaged: number } }[] }
  hasNextPage: boolean
  isFetchingNextPage: boolean
  fetchNextPage: () => unknown
}

/** Below a list: how many are shown, how many can't be, and the next page. */
export function LoadMore({ shown, what, query }: { shown: string; what: string; query: Pages }) {
  const damaged = query.data.pages.reduce((sum, page) => sum + page.pageInfo.damaged, 0)
  return (
    <div className={css.bar}>
      <span className="muted">
        {shown}
        {query.hasNextPage ? ' shown' : ''}
        {damaged > 0 && `; ${String(damaged)} more can’t be shown: what was stored of them is damaged`}
      </span>
      {query.hasNextPage && (
        <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {query.isFetchingNextPage ? 'Loading…' : `Load more ${what}`}
        </Button>
      )}
    </div>
  )
}
