import css from './Segments.module.css'

/** A choice among a few, as a row of buttons. */
export function Segments<T extends string>({ label, options, value, onChange }: { label: string; options: { value: T; text: string }[]; value: T | undefined; onChange: (value: T) => void }) {
  return (
    <div className={css.group} role="group" aria-label={label}>
      {options.map((o) => (
        <button key={o.value} type="button" aria-pressed={o.value === value} onClick={() => { onChange(o.value) }}>
          {o.text}
        </button>
      ))}
    </div>
  )
}

/** Any number of a few, as a row of toggles. */
export function Toggles<T extends string>({ label, options, values, onChange }: { label: string; options: { value: T; text: string }[]; values: readonly T[]; onChange: (values: T[]) => void }) {
  return (
    <div className={css.group} role="group" aria-label={label}>
      {options.map((o) => {
        const on = values.includes(o.value)
        return (
          <button key={o.value} type="button" aria-pressed={on} onClick={() => { onChange(on ? values.filter((v) => v !== o.value) : [...values, o.value]) }}>
            {o.text}
          </button>
        )
      })}
    </div>
  )
}
