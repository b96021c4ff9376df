import type { ReactNode } from 'react'

import { useFilters } from '~/hooks/useFilters'
import { Button } from '~/ui/Button'
import { Icon } from '~/ui/Icon'
import { Segments } from '~/ui/Segments'
import { RANGES, type RangeName } from '~/util/search'
import { fromLocalInput, toLocalInput } from '~/util/time'

import css from './FilterBar.module.css'

export function FilterBar({ children }: { children: ReactNode }) {
  return (
    <div className={css.bar} role="search" aria-label="Filters">
      {children}
    </div>
  )
}

/** A filter that is on, with a button that takes it off. */
export function Chip({ label, value, onRemove }: { label: string; value: string; onRemove: () => void }) {
  return (
    <span className={css.chip}>
      <span title={value}>
        {label}: {value}
      </span>
      <button type="button" aria-label={`Remove filter ${label}`} onClick={onRemove}>
        <Icon name="close" size={12} />
      </button>
    </span>
  )
}

export function SelectFilter({ label, value, options, onChange, none = 'any' }: { label: string; value: string | undefined; none?: string; options: { value: string; text: string }[]; onChange: (value: string) => void }) {
  return (
    <select className={css.select} aria-label={label} value={value ?? ''} onChange={(e) => { onChange(e.target.value) }}>
      <option value="">
        {label}: {none}
      </option>
      {options.map((o) => (
        <option key={o.value} value={o.value}>
          {o.text}
        </option>
      ))}
    </select>
  )
}

const NAMES = Object.keys(RANGES) as RangeName[]

/** The time filter in the URL: a range up to now, or fixed ends. */
export function TimeFilter() {
  const [search, change] = useFilters()
  const fixed = Boolean(search.from ?? search.until)
  return (
    <>
      <Segments
        label="Time range"
        value={fixed ? 'fixed' : (search.range ?? 'all')}
        options={[...NAMES.map((n) => ({ value: n as string, text: n })), { value: 'all', text: 'All' }, { value: 'fixed', text: 'From – to' }]}
        onChange={(value) => {
          if (value === 'fixed') change({ range: undefined, from: new Date(Math.floor((Date.now() - RANGES['24h']) / 60_000) * 60_000).toISOString() })
          else change({ range: value === 'all' ? undefined : value, from: undefined, until: undefined })
        }}
      />
      {fixed && (
        <>
          {(['from', 'until'] as const).map((end) => (
            <input
              key={end}
              className={css.time}
              type="datetime-local"
              step="1"
              aria-label={end === 'from' ? 'From' : 'Until'}
              value={search[end] ? toLocalInput(search[end]) : ''}
              onChange={(e) => { change({ [end]: fromLocalInput(e.target.value) }) }}
            />
          ))}
          <Button kind="quiet" onClick={() => { change({ from: undefined, until: undefined }) }}>
            Clear
          </Button>
        </>
      )}
    </>
  )
}
