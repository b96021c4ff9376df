// The form of an exception, and how it becomes what the API takes.

export const OPERATORS = ['=', '!=', 'in', 'contains', 'icontains', 'startswith', 'endswith', 'glob', '<', '<=', '>', '>='] as const

export interface Condition {
  field: string
  comp: string
}

export interface ExceptionDraft {
  name: string
  conditions: Condition[]
  /** One value per condition in each row; a finding that agrees with any row is let through. */
  rows: string[][]
  reason: string
}

export const emptyDraft: ExceptionDraft = { name: '', conditions: [{ field: 'proc.name', comp: '=' }], rows: [['']], reason: '' }

/** Fields that name the thing rather than this one time it happened: the best guess for an exception. */
const TELLING = ['proc.name', 'proc.exepath', 'fd.name', 'proc.pname', 'user.name', 'container.id']

/** A draft from a finding: its telling fields with their values, at most three. */
export function draftFrom(finding: { fields: { name: string; value: string }[]; lineage: { name: string }[] }): ExceptionDraft {
  const known = new Map(finding.fields.filter((f) => f.value && f.value !== '<NA>').map((f) => [f.name, f.value]))
  const process = finding.lineage[0]?.name
  if (process && !known.has('proc.exepath')) known.set('proc.name', process)
  const fields = [...TELLING.filter((f) => known.has(f)), ...[...known.keys()].filter((f) => !TELLING.includes(f))].slice(0, 2)
  if (fields.length === 0) return emptyDraft
  return {
    name: slug(process ?? fields[0] ?? ''),
    conditions: fields.map((field) => ({ field, comp: known.get(field)?.includes('->') ? 'endswith' : '=' })),
    rows: [fields.map((f) => lasting(known.get(f) ?? ''))],
    reason: '',
  }
}

/** Of a connection only the far end: the near port is another one next time. */
function lasting(value: string): string {
  const arrow = value.indexOf('->')
  return arrow < 0 ? value : value.slice(arrow)
}

/** A name the API accepts: letters, digits, `_` and `-`. */
export function slug(text: string): string {
  return text.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '').toLowerCase()
}

export function toInput(draft: ExceptionDraft) {
  return {
    name: draft.name.trim(),
    fields: draft.conditions.map((c) => c.field.trim()),
    comps: draft.conditions.map((c) => c.comp),
    values: draft.rows.map((row) => draft.conditions.map((_, i) => row[i] ?? '')),
  }
}

/** The exception in words: "proc.name = tee and fd.name startswith /etc/cron.d". */
export function inWords(exception: { fields: string[]; comps: string[]; values: string[][] }): string {
  const rows = exception.values.map((row) => exception.fields.map((f, i) => `${f} ${exception.comps[i] ?? '='} ${row[i] || '…'}`).join(' and '))
  return rows.length > 1 ? rows.map((r) => `(${r})`).join(' or ') : (rows[0] ?? `${exception.fields.join(', ')}: no values`)
}
