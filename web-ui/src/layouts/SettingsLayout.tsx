import { Link as RouterLink, Outlet } from '@tanstack/react-router'

import { Page } from '~/components/Page'
import { useTenant } from '~/hooks/useTenant'

import css from './SettingsLayout.module.css'

export function SettingsLayout() {
  const { to } = useTenant()
  return (
    <Page title="Settings">
      <nav aria-label="Settings" className={css.tabs}>
        {[
          { to: to.tokens(), text: 'Enrollment tokens' },
          { to: to.setAside(), text: 'Set aside' },
          { to: to.password(), text: 'Password' },
        ].map((tab) => (
          <RouterLink key={tab.to} to={tab.to} activeProps={{ 'aria-current': 'page' }}>
            {tab.text}
          </RouterLink>
        ))}
      </nav>
      <Outlet />
    </Page>
  )
}
