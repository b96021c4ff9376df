import { useState, type ReactNode } from 'react'

import { Button } from '~/ui/Button'
import { Dialog, DialogActions } from '~/ui/Dialog'
import { TextField } from '~/ui/Field'

interface Props {
  title: string
  /** The word on the button that does it. */
  verb: string
  children: ReactNode
  busy: boolean
  /** It takes nothing away. */
  harmless?: boolean
  onClose: () => void
  onConfirm: (reason: string) => void
}

/** Asks before something that takes protection away, and for the reason that stands in the audit log. */
export function ConfirmForm({ title, verb, children, busy, harmless = false, onClose, onConfirm }: Props) {
  const [reason, setReason] = useState('')
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(e) => {
          e.preventDefault()
          onConfirm(reason)
        }}
      >
        <div>{children}</div>
        <TextField label="Reason" hint="Stands in the audit log." value={reason} onChange={(e) => { setReason(e.target.value) }} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind={harmless ? 'primary' : 'danger'} type="submit" busy={busy}>
            {verb}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
