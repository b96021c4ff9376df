import { useId, useState } from 'react'

import { Button } from '~/ui/Button'

import css from './ActivityPage.module.css'

const EXAMPLES = ['/etc/shadow', 'proc.name = bash and evt.type = connect and fd.type != unix', 'fd.name startswith /etc and evt.is_open_write = true']

/** The search text: sent on Enter, because half a condition is a wrong one. `/` focuses it. */
export function ConditionField({ value, refused, onSearch }: { value: string; refused: string | undefined; onSearch: (text: string) => void }) {
  const [text, setText] = useState(value)
  const about = useId()
  return (
    <form
      role="search"
      aria-label="Events"
      className={css.form}
      onSubmit={(e) => {
        e.preventDefault()
        onSearch(text.trim())
      }}
    >
      <div className={css.line}>
        <input
          type="search"
          className={css.text}
          aria-label="Search events"
          aria-describedby={about}
          aria-invalid={refused !== undefined}
          aria-keyshortcuts="/"
          placeholder="A word, or a condition such as proc.name = nc"
          spellCheck={false}
          autoComplete="off"
          value={text}
          onChange={(e) => { setText(e.target.value) }}
        />
        <Button type="submit" kind="primary">
          Search
        </Button>
      </div>
      <div id={about} className={css.about}>
        {refused ? (
          <span role="alert" className={css.refused}>
            {refused}
          </span>
        ) : (
          value === '' && (
            <>
              <span className="muted">For example</span>
              {EXAMPLES.map((example) => (
                <button key={example} type="button" className={css.example} onClick={() => { onSearch(example) }}>
                  {example}
                </button>
              ))}
            </>
          )
        )}
      </div>
    </form>
  )
}
