import { useNow } from '~/hooks/useNow'
import { fullTime, relativeTime, shortTime } from '~/util/time'

/** A point in time: short, relative or full; the full form is always in its title. */
export function Time({ at, as = 'short' }: { at: string; as?: 'short' | 'relative' | 'full' }) {
  const now = useNow()
  const text = as === 'full' ? fullTime(at) : as === 'relative' ? relativeTime(at, now) : shortTime(at, now)
  return (
    <time dateTime={at} title={fullTime(at)} className={as === 'full' ? undefined : 'nowrap'}>
      {text}
    </time>
  )
}
