import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { viewerQuery } from '~/api/session'
import { refusalAt, useDecision } from '~/hooks/useDecision'
import { useTenant } from '~/hooks/useTenant'
import { Button } from '~/ui/Button'
import { Notice } from '~/ui/Empty'
import { TextField } from '~/ui/Field'

import { ChangePassword } from './documents'

const nothing = { current: '', next: '', again: '' }

export function PasswordForm() {
  const { tenant } = useTenant()
  const client = useQueryClient()
  const [values, setValues] = useState(nothing)
  const [differ, setDiffer] = useState(false)
  const change = useDecision(ChangePassword, (d) => d.changePassword, {
    tenant,
    stale: [],
    done: 'Your password is changed.',
    onDone: () => {
      setValues(nothing)
      void client.invalidateQueries({ queryKey: viewerQuery.queryKey })
    },
    shows: ['current', 'new', ''],
  })
  const set = (name: keyof typeof values) => (e: React.ChangeEvent<HTMLInputElement>) => { setValues({ ...values, [name]: e.target.value }) }
  return (
    <form
      className="stack"
      noValidate
      onSubmit={(e) => {
        e.preventDefault()
        setDiffer(values.next !== values.again)
        if (values.next === values.again) change.mutate({ input: { current: values.current, new: values.next } })
      }}
    >
      {refusalAt(change.error, '') && <Notice tone="danger">{refusalAt(change.error, '')}</Notice>}
      <TextField label="Current password" type="password" autoComplete="current-password" value={values.current} error={refusalAt(change.error, 'current')} onChange={set('current')} />
      <TextField label="New password" type="password" autoComplete="new-password" hint="At least 12 characters; a sentence is best." value={values.next} error={refusalAt(change.error, 'new')} onChange={set('next')} />
      <TextField label="New password again" type="password" autoComplete="new-password" value={values.again} error={differ ? 'The two are not the same.' : undefined} onChange={set('again')} />
      <div className="row">
        <Button kind="primary" type="submit" busy={change.isPending}>
          Change password
        </Button>
      </div>
    </form>
  )
}
