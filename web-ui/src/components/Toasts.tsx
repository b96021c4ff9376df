import { useSyncExternalStore } from 'react'

import { dismiss, toastStore } from '~/stores/toasts'
import { Icon } from '~/ui/Icon'

import css from './Toasts.module.css'

export function Toasts() {
  const toasts = useSyncExternalStore(toastStore.watch, toastStore.get)
  return (
    <div className={css.stack} role="region" aria-label="Messages" aria-live="polite">
      {toasts.map((t) => (
        <div key={t.id} className={css.toast} data-tone={t.tone} role={t.tone === 'danger' ? 'alert' : 'status'}>
          <span>{t.text}</span>
          <button type="button" aria-label="Dismiss message" onClick={() => { dismiss(t.id) }}>
            <Icon name="close" size={13} />
          </button>
        </div>
      ))}
    </div>
  )
}
