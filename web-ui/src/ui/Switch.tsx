import css from './Switch.module.css'

interface Props {
  label: string
  on: boolean
  busy?: boolean
  blocked?: string
  onChange: (on: boolean) => void
}

export function Switch({ label, on, busy = false, blocked, onChange }: Props) {
  return (
    <button
      type="button"
      role="switch"
      className={css.switch}
      aria-checked={on}
      aria-label={label}
      aria-disabled={blocked !== undefined || busy || undefined}
      aria-description={blocked}
      title={blocked}
      onClick={() => {
        if (blocked === undefined && !busy) onChange(!on)
      }}
    >
      <i aria-hidden="true" />
    </button>
  )
}
