import css from './BeforeAfter.module.css'

const show = (value: unknown): string => (value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value, null, 2))

/** The state before and after a decision, with what differs marked by name. */
export function BeforeAfter({ before, after }: { before: unknown; after: unknown }) {
  return (
    <div className={css.pair}>
      {(
        [
          ['Before', before, 'There was nothing.'],
          ['After', after, 'It is gone.'],
        ] as const
      ).map(([name, value, none]) => (
        <div key={name} className={css.side} data-side={name.toLowerCase()}>
          <h4>{name}</h4>
          {show(value) ? <pre>{show(value)}</pre> : <p className="muted">{none}</p>}
        </div>
      ))}
    </div>
  )
}
