import { useEffect, useState } from 'react'

import css from './SearchField.module.css'
import { Icon } from '~/ui/Icon'

/** A search text that goes to the URL when the typing pauses. `/` focuses it. */
export function SearchField({ label, value, onChange }: { label: string; value: string | undefined; onChange: (text: string) => void }) {
  const [text, setText] = useState(value ?? '')
  const [seen, setSeen] = useState(value)
  if (seen !== value) {
    // The URL changed by other means, such as the back button.
    setSeen(value)
    setText(value ?? '')
  }
  useEffect(() => {
    if (text === (value ?? '')) return
    const timer = setTimeout(() => { onChange(text) }, 250)
    return () => { clearTimeout(timer) }
  }, [text, value, onChange])
  return (
    <div className={css.box}>
      <Icon name="search" size={14} />
      <input type="search" aria-label={label} placeholder={label} value={text} onChange={(e) => { setText(e.target.value) }} aria-keyshortcuts="/" />
      <kbd aria-hidden="true">/</kbd>
    </div>
  )
}
