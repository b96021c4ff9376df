import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, notFound, redirect } from '@tanstack/react-router'

import { orNotFound } from './api/keys'
import { viewerQuery } from './api/session'
import { RootLayout } from './layouts/RootLayout'
import { SettingsLayout } from './layouts/SettingsLayout'
import { TenantLayout } from './layouts/TenantLayout'
import { activityQuery } from './pages/activity/activity'
import { ActivityPage } from './pages/activity/ActivityPage'
import { CasePage, caseQuery } from './pages/cases/CasePage'
import { CasesPage, casesQuery } from './pages/cases/CasesPage'
import { ChangesPage, changesQuery } from './pages/changes/ChangesPage'
import { ErrorPage, NotFoundPage } from './pages/ErrorPages'
import { FindingPage, findingQuery } from './pages/findings/FindingPage'
import { findingChoicesQuery, FindingsPage, findingsQuery } from './pages/findings/FindingsPage'
import { LoginPage } from './pages/LoginPage'
import { NodePage, nodeQuery } from './pages/nodes/NodePage'
import { NodesPage, nodesQuery } from './pages/nodes/NodesPage'
import { OverviewPage, overviewQuery } from './pages/OverviewPage'
import { ImportRulesPage } from './pages/rules/ImportRulesPage'
import { InForcePage, inForceQuery } from './pages/rules/InForcePage'
import { RulePage, ruleQuery } from './pages/rules/RulePage'
import { RulesPage, rulesQuery } from './pages/rules/RulesPage'
import { PasswordPage } from './pages/settings/PasswordPage'
import { SetAsidePage, setAsideQuery } from './pages/settings/SetAsidePage'
import { SetAsideRecordPage, setAsideRecordQuery } from './pages/settings/SetAsideRecordPage'
import { TokensPage, tokensQuery } from './pages/settings/TokensPage'
import { loginPath, parseSearch, paths, stringifySearch, type Search } from './util/paths'
import { only } from './util/search'

interface Context {
  queryClient: QueryClient
}

// Loaders fetch before the page is shown, so that pages have no waiting states of their own.
const root = createRootRouteWithContext<Context>()({ component: RootLayout, notFoundComponent: NotFoundPage, errorComponent: ErrorPage })

const login = createRoute({ getParentRoute: () => root, path: '/login', component: LoginPage, validateSearch: only('next') })

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: async ({ context }) => {
    const viewer = await context.queryClient.ensureQueryData(viewerQuery)
    const [first] = viewer?.tenants ?? []
    throw redirect({ to: first ? paths(first.slug).overview() : loginPath(), replace: true })
  },
})

const tenant = createRoute({
  getParentRoute: () => root,
  path: '/t/$tenant',
  component: TenantLayout,
  beforeLoad: async ({ context, params, location }) => {
    const viewer = await context.queryClient.ensureQueryData(viewerQuery)
    if (!viewer) throw redirect({ href: loginPath(location.href), replace: true })
    if (!viewer.tenants.some((t) => t.slug === params.tenant)) throw notFound({ routeId: '__root__' })
  },
})

// Every page below shows its own failures, so that the navigation stays.
const inPlace = { errorComponent: ErrorPage, notFoundComponent: NotFoundPage }

const overview = createRoute({
  ...inPlace,
  getParentRoute: () => tenant,
  path: '/',
  component: OverviewPage,
  validateSearch: only('range'),
  loaderDeps: ({ search }) => search,
  loader: async ({ context, params, deps }) => { orNotFound(await context.queryClient.ensureQueryData(overviewQuery(params.tenant, deps))) },
})
const findings = createRoute({
  ...inPlace,
  getParentRoute: () => tenant,
  path: '/findings',
  component: FindingsPage,
  validateSearch: only('severity', 'rule', 'node', 'technique', 'text', 'range', 'from', 'until'),
  loaderDeps: ({ search }) => search,
  loader: ({ context, params, deps }) =>
    Promise.all([context.queryClient.ensureInfiniteQueryData(findingsQuery(params.tenant, deps)), context.queryClient.ensureQueryData(findingChoicesQuery(params.tenant))]).then(() => undefined),
})
const finding = createRoute({
  ...inPlace,
  getParentRoute: () => tenant,
  path: '/findings/$id',
  component: FindingPage,
  loader: async ({ context, params }) => { orNotFound(await context.queryClient.ensureQueryData(findingQuery(params.tenant, params.id))) },
})
const cases = createRoute({
  ...inPlace,
  getParentRoute: () => tenant,
  path: '/cases',
  component: CasesPage,
  validateSearch: only('state', 'severity', 'text'),
  loaderDeps: ({ search }) => search,
  loader: async ({ context, params, deps }) => { await context.queryClient.ensureInfiniteQueryData(casesQuery(params.tenant, deps)) },
})
const kase = createRoute({
  ...inPlace,
  getParentRoute: () => tenant,
  path: '/cases/$id',
  component: CasePage,
  loader: async ({ context, params }) => { orNotFound(await context.queryClient.ensureQueryData(caseQuery(params.tenant, params.id))) },
})
const activity = createRoute({
  ...inPlace,
  getParentRoute: () => tenant,
  path: '/activity',
  component: ActivityPage,
  validateSearch: only('text', 'range', 'from', 'until', 'by'),
  loaderDeps: ({ search }) => search,
  // A wrong search is told by the page, beside the field.
  loader: async ({ context, params, deps }) => { await context.queryClient.prefetchInfiniteQuery(activityQuery(params.tenant, deps)) },
})
const nodes = createRoute({
  ...inPlace,
  getParentRoute: () => tenant,
  path: '/nodes',
  component: NodesPage,
  loader: async ({ context, params }) => { await context.queryClient.ensureInfiniteQueryData(nodesQuery(params.tenant)) },
})
const node = createRoute({
  ...inPlace,
  getParentRoute: () => tenant,
  path: '/nodes/$id',
  component: NodePage,
  validateSearch: only('range'),
  loaderDeps: ({ search }) => search,
  loader: async ({ context, params, deps }) => { orNotFound(await context.queryClient.ensureQueryData(nodeQuery(params.tenant, params.id, deps))) },
})
const rules = createRoute({
  ...inPlace,
  getParentRoute: () => tenant,
  path: '/rules',
  component: RulesPage,
  validateSearch: only('enabled', 'severity', 'technique', 'text'),
  loaderDeps: ({ search }) => search,
  loader: async ({ context, params, deps }) => { await context.queryClient.ensureInfiniteQueryData(rulesQuery(params.tenant, deps)) },
})
const rule = createRoute({
  ...inPlace,
  getParentRoute: () => tenant,
  path: '/rules/$rule',
  component: RulePage,
  loader: async ({ context, params }) => { orNotFound(await context.queryClient.ensureQueryData(ruleQuery(params.tenant, params.rule))) },
})
const importRules = createRoute({ getParentRoute: () => tenant, path: '/import-rules', component: ImportRulesPage })
const inForce = createRoute({
  ...inPlace,
  getParentRoute: () => tenant,
  path: '/in-force',
  component: InForcePage,
  validateSearch: only('asOf', 'only', 'text'),
  loaderDeps: ({ search }: { search: Search }) => ({ asOf: search.asOf }),
  loader: async ({ context, params, deps }) => { orNotFound(await context.queryClient.ensureQueryData(inForceQuery(params.tenant, deps))) },
})
const changes = createRoute({
  ...inPlace,
  getParentRoute: () => tenant,
  path: '/changes',
  component: ChangesPage,
  validateSearch: only('aggregate', 'range', 'from', 'until'),
  loaderDeps: ({ search }) => search,
  loader: async ({ context, params, deps }) => { await context.queryClient.ensureInfiniteQueryData(changesQuery(params.tenant, deps)) },
})
const settings = createRoute({ getParentRoute: () => tenant, path: '/settings', component: SettingsLayout })
const tokens = createRoute({
  ...inPlace,
  getParentRoute: () => settings,
  path: '/tokens',
  component: TokensPage,
  loader: async ({ context, params }) => { await context.queryClient.ensureInfiniteQueryData(tokensQuery(params.tenant)) },
})
const setAside = createRoute({
  ...inPlace,
  getParentRoute: () => settings,
  path: '/set-aside',
  component: SetAsidePage,
  validateSearch: only('show'),
  loaderDeps: ({ search }) => search,
  loader: async ({ context, params, deps }) => { await context.queryClient.ensureInfiniteQueryData(setAsideQuery(params.tenant, deps)) },
})
const setAsideRecord = createRoute({
  ...inPlace,
  getParentRoute: () => tenant,
  path: '/settings/set-aside/$id',
  component: SetAsideRecordPage,
  loader: async ({ context, params }) => { orNotFound(await context.queryClient.ensureQueryData(setAsideRecordQuery(params.tenant, params.id))) },
})
const password = createRoute({ getParentRoute: () => settings, path: '/password', component: PasswordPage })

const tree = root.addChildren([
  login,
  home,
  tenant.addChildren([overview, findings, finding, cases, kase, activity, nodes, node, rules, rule, importRules, inForce, changes, setAsideRecord, settings.addChildren([tokens, setAside, password])]),
])

export function makeRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queryClient },
    defaultErrorComponent: ErrorPage,
    defaultNotFoundComponent: NotFoundPage,
    defaultPreload: 'intent',
    // The query cache decides what is stale, not the router.
    defaultPreloadStaleTime: 0,
    defaultPendingMs: 60_000,
    scrollRestoration: true,
    parseSearch,
    stringifySearch,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
