// The one place that knows what URLs look like.

const segment = encodeURIComponent

export type Search = Record<string, string | undefined>

function withSearch(path: string, search?: Search): string {
  const text = stringifySearch(search ?? {})
  return path + text
}

export function paths(tenant: string) {
  const base = `/t/${segment(tenant)}`
  return {
    overview: (search?: Search) => withSearch(base, search),
    findings: (search?: Search) => withSearch(`${base}/findings`, search),
    finding: (id: string) => `${base}/findings/${segment(id)}`,
    cases: (search?: Search) => withSearch(`${base}/cases`, search),
    case: (id: string) => `${base}/cases/${segment(id)}`,
    activity: (search?: Search) => withSearch(`${base}/activity`, search),
    nodes: () => `${base}/nodes`,
    node: (id: string) => `${base}/nodes/${segment(id)}`,
    rules: (search?: Search) => withSearch(`${base}/rules`, search),
    rule: (name: string) => `${base}/rules/${segment(name)}`,
    importRules: () => `${base}/import-rules`,
    inForce: (search?: Search) => withSearch(`${base}/in-force`, search),
    changes: (search?: Search) => withSearch(`${base}/changes`, search),
    tokens: () => `${base}/settings/tokens`,
    setAside: (search?: Search) => withSearch(`${base}/settings/set-aside`, search),
    setAsideRecord: (id: string) => `${base}/settings/set-aside/${segment(id)}`,
    password: () => `${base}/settings/password`,
  }
}

export function loginPath(next?: string): string {
  return withSearch('/login', { next })
}

/** A path to go to after signing in: only our own, never another origin's. */
export function safeNext(next: string | undefined): string {
  return next?.startsWith('/') && !next.startsWith('//') && !next.startsWith('/\\') && !next.startsWith('/login') ? next : '/'
}

export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text))
}

/** Leaves out what is empty, so that a plain page has a plain URL. */
export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) if (typeof value === 'string' && value !== '') params.set(name, value)
  const text = params.toString().replaceAll('%3A', ':')
  return text ? `?${text}` : ''
}
