import { Outlet } from '@tanstack/react-router'

import { Toasts } from '~/components/Toasts'
import { useHotkeys } from '~/hooks/useHotkeys'

export function RootLayout() {
  useHotkeys()
  return (
    <>
      <Outlet />
      <Toasts />
    </>
  )
}
