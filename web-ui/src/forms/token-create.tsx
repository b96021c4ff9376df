import { useState } from 'react'

import { refusalAt, useDecision } from '~/hooks/useDecision'
import { useTenant } from '~/hooks/useTenant'
import { Button } from '~/ui/Button'
import { Code } from '~/ui/Code'
import { Dialog, DialogActions } from '~/ui/Dialog'
import { Notice } from '~/ui/Empty'
import { SelectField, TextField } from '~/ui/Field'

import { CreateToken } from './documents'

const VALID = [
  { seconds: 3600, text: '1 hour' },
  { seconds: 86_400, text: '1 day' },
  { seconds: 604_800, text: '7 days' },
  { seconds: 2_592_000, text: '30 days' },
]

/** Makes an enrollment token; its secret is shown here and never again. */
export function TokenCreateForm({ onClose }: { onClose: () => void }) {
  const { tenant } = useTenant()
  const [label, setLabel] = useState('')
  const [seconds, setSeconds] = useState('86400')
  const [uses, setUses] = useState('1')
  const create = useDecision(CreateToken, (d) => d.createEnrollmentToken, { tenant, stale: ['tokens'], shows: ['label', 'validSeconds', 'maxUses', ''] })

  if (create.data?.secret) {
    return (
      <Dialog title={`Token “${create.data.token?.label ?? label}” is ready`} wide onClose={onClose}>
        <div className="stack">
          <Notice>Copy it now: the secret is shown this once and kept nowhere.</Notice>
          {create.data.command && (
            <div className="stack-s">
              <h3>Run this on the new node, as root</h3>
              <Code label="Command" text={create.data.command} wrap />
            </div>
          )}
          <div className="stack-s">
            <h3>Or use the token by itself</h3>
            <Code label="Secret" text={create.data.secret} wrap />
          </div>
        </div>
        <DialogActions>
          <Button kind="primary" onClick={onClose} data-autofocus>
            I have copied it
          </Button>
        </DialogActions>
      </Dialog>
    )
  }
  return (
    <Dialog title="Create an enrollment token" onClose={onClose}>
      <form
        className="stack"
        noValidate
        onSubmit={(e) => {
          e.preventDefault()
          create.mutate({ input: { tenant, label, validSeconds: Number(seconds), maxUses: Math.max(1, Math.floor(Number(uses)) || 1) } })
        }}
      >
        <TextField label="Label" hint="What it is for, such as “web servers”." required value={label} error={refusalAt(create.error, 'label')} onChange={(e) => { setLabel(e.target.value) }} />
        <SelectField label="Valid for" value={seconds} error={refusalAt(create.error, 'validSeconds')} onChange={(e) => { setSeconds(e.target.value) }}>
          {VALID.map((v) => (
            <option key={v.seconds} value={v.seconds}>
              {v.text}
            </option>
          ))}
        </SelectField>
        <TextField label="Nodes it may enroll" type="number" min={1} max={10_000} value={uses} error={refusalAt(create.error, 'maxUses')} onChange={(e) => { setUses(e.target.value) }} />
        {refusalAt(create.error, '') && <Notice tone="danger">{refusalAt(create.error, '')}</Notice>}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={create.isPending}>
            Create token
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
