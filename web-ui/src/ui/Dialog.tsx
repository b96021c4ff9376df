import { useEffect, useId, useRef, type ReactNode } from 'react'

import { Button } from './Button'
import css from './Dialog.module.css'
import { Icon } from './Icon'

interface Props {
  title: string
  onClose: () => void
  wide?: boolean
  children: ReactNode
}

/** A modal dialog. It is in the document only while it is open. Escape closes it and the focus returns. */
export function Dialog({ title, onClose, wide = false, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    const dialog = ref.current
    const before = document.activeElement as HTMLElement | null
    dialog?.showModal()
    dialog?.querySelector<HTMLElement>('[data-autofocus], form input, form select, form textarea')?.focus()
    return () => {
      dialog?.close()
      before?.focus()
    }
  }, [])
  return (
    <dialog
      ref={ref}
      className={css.dialog}
      data-wide={wide}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <header className={css.header}>
        <h2 id={heading}>{title}</h2>
        <Button kind="quiet" aria-label="Close" onClick={onClose} icon={<Icon name="close" />} />
      </header>
      <div className={css.body}>{children}</div>
    </dialog>
  )
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={css.actions}>{children}</div>
}
