import { PasswordForm } from '~/forms/password-change'
import { useTitle } from '~/hooks/useTitle'
import { useViewer } from '~/hooks/useViewer'
import { Card } from '~/ui/Card'

import css from './PasswordPage.module.css'

export function PasswordPage() {
  useTitle('Password')
  const viewer = useViewer()
  return (
    <div className={css.narrow}>
      <Card title="Change your password" hint={`signed in as ${viewer.name}`}>
        <PasswordForm />
      </Card>
    </div>
  )
}
