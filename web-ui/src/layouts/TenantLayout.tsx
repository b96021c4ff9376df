import { useQueryClient } from '@tanstack/react-query'
import { Link as RouterLink, Outlet, useNavigate } from '@tanstack/react-router'
import { useSyncExternalStore } from 'react'

import { logout } from '~/api/client'
import { messageOf } from '~/api/errors'
import { disconnect } from '~/api/live'
import { Freshness } from '~/components/Freshness'
import { Link } from '~/components/Link'
import { LiveBadge } from '~/components/LiveBadge'
import { useLiveTenant } from '~/hooks/useLiveTenant'
import { useTenant } from '~/hooks/useTenant'
import { useViewer } from '~/hooks/useViewer'
import { themeStore, THEMES } from '~/stores/theme'
import { toast } from '~/stores/toasts'
import { Notice } from '~/ui/Empty'
import { Icon, type IconName } from '~/ui/Icon'
import { words } from '~/util/format'
import { loginPath, paths } from '~/util/paths'

import css from './TenantLayout.module.css'

export function TenantLayout() {
  const { tenant, to } = useTenant()
  const viewer = useViewer()
  useLiveTenant(tenant)
  const nav: { to: string; text: string; icon: IconName; exact?: boolean }[] = [
    { to: to.overview(), text: 'Overview', icon: 'overview', exact: true },
    { to: to.findings(), text: 'Findings', icon: 'findings' },
    { to: to.cases(), text: 'Cases', icon: 'cases' },
    { to: to.activity(), text: 'Activity', icon: 'activity' },
    { to: to.nodes(), text: 'Nodes', icon: 'nodes' },
    { to: to.rules(), text: 'Rules', icon: 'rules' },
    { to: to.inForce(), text: 'In force at', icon: 'inForce' },
    { to: to.changes(), text: 'Changes', icon: 'changes' },
    { to: to.tokens(), text: 'Settings', icon: 'settings' },
  ]
  return (
    <div className={css.layout}>
      <a className={css.skip} href="#content">
        Skip to the content
      </a>
      <aside className={css.side} aria-label="Vedetta">
        <div className={css.brand}>
          <img src="/favicon.svg" alt="" width="22" height="22" />
          <strong>Vedetta</strong>
        </div>
        <TenantSwitcher />
        <nav aria-label="Main">
          <ul>
            {nav.map((item) => (
              <li key={item.text}>
                <RouterLink to={item.to} className={css.link} activeOptions={{ exact: item.exact ?? false, includeSearch: false }} activeProps={{ 'aria-current': 'page' }}>
                  <Icon name={item.icon} />
                  {item.text}
                </RouterLink>
              </li>
            ))}
          </ul>
        </nav>
        <div className={css.foot}>
          <LiveBadge />
          <ThemeButton />
          <SignOut name={viewer.name} />
        </div>
      </aside>
      <main id="content" className={css.main} tabIndex={-1}>
        {viewer.mustChangePassword && (
          <div className={css.notice}>
            <Notice>
              You still use the password that was generated for you. <Link to={to.password()}>Choose your own</Link>.
            </Notice>
          </div>
        )}
        <div className={css.notice} aria-live="polite">
          <Freshness tenant={tenant} />
        </div>
        <Outlet />
      </main>
    </div>
  )
}

const OTHER = '\u0000other'

function TenantSwitcher() {
  const { tenant } = useTenant()
  const { tenants } = useViewer()
  const navigate = useNavigate()
  return (
    <select
      className={css.tenant}
      aria-label="Tenant"
      value={tenant}
      onChange={(e) => { void navigate({ to: e.target.value === OTHER ? loginPath() : paths(e.target.value).overview() }) }}
    >
      {tenants.map((t) => (
        <option key={t.id} value={t.slug}>
          {t.name}
        </option>
      ))}
      <option value={OTHER}>Sign in to another…</option>
    </select>
  )
}

function ThemeButton() {
  const theme = useSyncExternalStore(themeStore.watch, themeStore.get)
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
  return (
    <button type="button" className={css.tool} onClick={() => { themeStore.set(next) }} title={`Switch to ${next}`}>
      <Icon name="theme" />
      Theme: {words(theme)}
    </button>
  )
}

function SignOut({ name }: { name: string }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const leave = async () => {
    try {
      await logout()
    } catch (error) {
      toast('danger', messageOf(error))
      return
    }
    disconnect()
    await navigate({ to: loginPath() })
    client.clear()
  }
  return (
    <button type="button" className={css.tool} onClick={() => void leave()} aria-label={`Sign out ${name}`}>
      <Icon name="signOut" />
      <span className={css.who}>Sign out {name}</span>
    </button>
  )
}
