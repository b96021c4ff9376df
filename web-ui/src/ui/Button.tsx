import { useId, type ButtonHTMLAttributes, type ReactNode } from 'react'

import css from './Button.module.css'

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: 'primary' | 'plain' | 'danger' | 'quiet'
  /** Why it can not be used now. It stays focusable, so that everybody can learn the reason. */
  blocked?: string
  busy?: boolean
  icon?: ReactNode
}

/** Makes a link look like a button. */
export const buttonClass = (kind: NonNullable<Props['kind']>): string => [css.button, css[kind]].filter(Boolean).join(' ')

export function Button({ kind = 'plain', blocked, busy = false, icon, children, onClick, type = 'button', className, ...rest }: Props) {
  const reason = useId()
  const off = blocked !== undefined || busy
  return (
    <>
      <button
        {...rest}
        type={type}
        className={[buttonClass(kind), className].filter(Boolean).join(' ')}
        aria-disabled={off || undefined}
        aria-describedby={blocked ? reason : rest['aria-describedby']}
        title={blocked ?? rest.title}
        onClick={(event) => {
          if (off) event.preventDefault()
          else onClick?.(event)
        }}
      >
        {icon}
        {children}
      </button>
      {blocked && (
        <span id={reason} className="sr-only">
          {blocked}
        </span>
      )}
    </>
  )
}
