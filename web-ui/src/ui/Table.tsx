import { useRef, type ReactNode, type RefObject } from 'react'

import css from './Table.module.css'
import { useRowKeys } from './useRowKeys'

export interface Column<T> {
  key: string
  header: ReactNode
  cell: (row: T) => ReactNode
  /** CSS width; columns without one share the rest. */
  width?: string
  align?: 'end'
}

interface Props<T> {
  /** Its accessible name. */
  name: string
  columns: Column<T>[]
  rows: T[]
  rowKey: (row: T) => string
  /** Rows that came just now. */
  isFresh?: (row: T) => boolean
  isDim?: (row: T) => boolean
  /** Below this width it scrolls sideways. */
  minWidth?: string
}

/**
 * A table whose rows lead somewhere: mark the leading link of a row with `data-row-link`. A click anywhere
 * in the row follows it, and j and k move the focus from row to row.
 */
export function Table<T>({ name, columns, rows, rowKey, isFresh, isDim, minWidth = '640px' }: Props<T>) {
  const box = useRef<HTMLDivElement>(null)
  useRowKeys(box as RefObject<HTMLElement | null>)
  return (
    <div className={css.box} ref={box}>
      <table className={css.table} aria-label={name} style={{ minWidth }}>
        <thead>
          <tr>
            {columns.map((c) => (
              <th key={c.key} scope="col" data-align={c.align} style={{ width: c.width }}>
                {c.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} data-fresh={isFresh?.(row) ?? undefined} data-dim={isDim?.(row) ?? undefined} onClick={followRow}>
              {columns.map((c) => (
                <td key={c.key} data-align={c.align}>
                  {c.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function followRow(event: React.MouseEvent<HTMLTableRowElement>): void {
  const target = event.target as HTMLElement
  const selecting = window.getSelection()?.toString()
  if (selecting || target.closest('a, button, input, select, label, summary')) return
  event.currentTarget.querySelector<HTMLElement>('[data-row-link]')?.click()
}
