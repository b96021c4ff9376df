import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from 'react'

import css from './Field.module.css'

interface Around {
  label: string
  hint?: ReactNode
  error?: string
  /** Shows the label to screen readers only. */
  hideLabel?: boolean
}

const inputClass = (more: string | undefined) => [css.input, more].filter(Boolean).join(' ')

function useField({ hint, error }: Around) {
  const id = useId()
  const about = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  return { id, props: { id, 'aria-invalid': error ? true : undefined, 'aria-describedby': about || undefined } }
}

function Frame({ id, label, hint, error, hideLabel, children }: Around & { id: string; children: ReactNode }) {
  return (
    <div className={css.field}>
      <label htmlFor={id} className={hideLabel ? 'sr-only' : undefined}>
        {label}
      </label>
      {children}
      {hint && (
        <div id={`${id}-hint`} className={css.hint}>
          {hint}
        </div>
      )}
      {error && (
        <div id={`${id}-error`} className={css.error} role="alert">
          {error}
        </div>
      )}
    </div>
  )
}

export function TextField({ label, hint, error, hideLabel, className, ...rest }: Around & InputHTMLAttributes<HTMLInputElement>) {
  const around = { label, hint, error, hideLabel }
  const { id, props } = useField(around)
  return (
    <Frame id={id} {...around}>
      <input {...rest} {...props} className={inputClass(className)} />
    </Frame>
  )
}

export function SelectField({ label, hint, error, hideLabel, children, ...rest }: Around & SelectHTMLAttributes<HTMLSelectElement>) {
  const around = { label, hint, error, hideLabel }
  const { id, props } = useField(around)
  return (
    <Frame id={id} {...around}>
      <select {...rest} {...props} className={css.input}>
        {children}
      </select>
    </Frame>
  )
}

export function TextArea({ label, hint, error, hideLabel, className, ...rest }: Around & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const around = { label, hint, error, hideLabel }
  const { id, props } = useField(around)
  return (
    <Frame id={id} {...around}>
      <textarea {...rest} {...props} className={inputClass(className)} />
    </Frame>
  )
}

export function CheckField({ label, ...rest }: { label: string } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label className={css.check}>
      <input type="checkbox" {...rest} />
      {label}
    </label>
  )
}
