import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'

import { login } from '~/api/client'
import { ApiError, messageOf } from '~/api/errors'
import { disconnect } from '~/api/live'
import { useTitle } from '~/hooks/useTitle'
import { Button } from '~/ui/Button'
import { Notice } from '~/ui/Empty'
import { TextField } from '~/ui/Field'
import { plural } from '~/util/format'
import { paths, safeNext, type Search } from '~/util/paths'

import css from './LoginPage.module.css'

export function LoginPage() {
  useTitle('Sign in')
  const { next }: Search = useSearch({ strict: false })
  const navigate = useNavigate()
  const client = useQueryClient()
  const [values, setValues] = useState({ tenant: /^\/t\/([a-z0-9-]+)/.exec(next ?? '')?.[1] ?? 'default', name: '', password: '' })
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)

  const submit = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await login(values)
      disconnect()
      client.clear()
      const wanted = safeNext(next)
      const home = paths(values.tenant).overview()
      await navigate({ href: wanted.startsWith(home) ? wanted : home, replace: true })
    } catch (e) {
      setError(said(e))
      setValues((v) => ({ ...v, password: '' }))
    } finally {
      setBusy(false)
    }
  }
  const set = (name: keyof typeof values) => (e: React.ChangeEvent<HTMLInputElement>) => { setValues({ ...values, [name]: e.target.value }) }

  return (
    <main className={css.page}>
      <form
        className={css.form}
        aria-label="Sign in"
        onSubmit={(e) => {
          e.preventDefault()
          if (!busy) void submit()
        }}
      >
        <div className={css.brand}>
          <img src="/favicon.svg" alt="" width="34" height="34" />
          <h1>Vedetta</h1>
        </div>
        {error && (
          <div role="alert">
            <Notice tone="danger">{error}</Notice>
          </div>
        )}
        <TextField label="Name" autoComplete="username" autoCapitalize="none" spellCheck={false} required autoFocus value={values.name} onChange={set('name')} />
        <TextField label="Password" type="password" autoComplete="current-password" required value={values.password} onChange={set('password')} />
        <TextField label="Tenant" autoCapitalize="none" spellCheck={false} required value={values.tenant} onChange={set('tenant')} />
        <Button kind="primary" type="submit" busy={busy}>
          Sign in
        </Button>
        <p className={css.help}>
          First time here? <code>make up</code> printed the user and a password, once.
        </p>
      </form>
    </main>
  )
}

function said(error: unknown): string {
  const wait = error instanceof ApiError ? error.retryAfterSeconds : undefined
  return messageOf(error) + (wait ? ` Try again in ${plural(wait, 'second')}.` : '')
}
