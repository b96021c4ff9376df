// Search texts for activity: a condition of the rule language, or a word that is looked for everywhere.

/** Where a word is looked for, as the server does. */
const ANYWHERE = ['proc.name', 'proc.exepath', 'proc.cmdline', 'fd.name', 'evt.args', 'user.name', 'container.id']

/** Whether a text is one word, or a text in quotes, and no condition. */
export function isWord(text: string): boolean {
  return !/[\s()=<>!'"]/.test(text) || /^"[^"]*"$/.test(text) || /^'[^']*'$/.test(text)
}

/** A value as it stands in a condition. */
export function quoted(value: string): string {
  return /^[\w./:@-]+$/.test(value) ? value : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** The search text with one comparison more. */
export function narrowed(text: string, field: string, value: string): string {
  const clause = `${field} = ${quoted(value)}`
  const base = text.trim()
  if (base === '') return clause
  if (base.split(' and ').includes(clause)) return base
  const condition = isWord(base) ? ANYWHERE.map((f) => `${f} contains ${quoted(base.replaceAll(/^["']|["']$/g, ''))}`).join(' or ') : base
  return `${/ or /.test(condition) && !/^\([^()]*\)$/.test(condition) ? `(${condition})` : condition} and ${clause}`
}
