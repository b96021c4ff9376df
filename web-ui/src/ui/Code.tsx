import css from './Code.module.css'
import { CopyButton } from './CopyButton'

/** Text as it is, with a button that copies it. */
export function Code({ label, text, wrap = false }: { label: string; text: string; wrap?: boolean }) {
  return (
    <div className={css.box}>
      <pre className={css.pre} data-wrap={wrap} tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <div className={css.copy}>
        <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} />
      </div>
    </div>
  )
}
