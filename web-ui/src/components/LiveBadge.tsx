import { useSyncExternalStore } from 'react'

import { liveState, type LiveState } from '~/api/live'

import css from './LiveBadge.module.css'

const TEXT: Record<LiveState, string> = { idle: 'Not live', connecting: 'Connecting…', connected: 'Live', lost: 'Connection lost, retrying', refused: 'Live updates refused' }

/** Whether what is on the screen follows what happens. */
export function LiveBadge() {
  const state = useSyncExternalStore(liveState.watch, liveState.get)
  return (
    <span className={css.badge} data-state={state} role="status">
      <i aria-hidden="true" />
      {TEXT[state]}
    </span>
  )
}
