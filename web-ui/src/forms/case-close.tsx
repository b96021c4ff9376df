import { useState } from 'react'

import { DISPOSITIONS, type Disposition } from '~/api/types'
import { refusalAt, useDecision } from '~/hooks/useDecision'
import { useTenant } from '~/hooks/useTenant'
import { Button } from '~/ui/Button'
import { Dialog, DialogActions } from '~/ui/Dialog'
import { SelectField } from '~/ui/Field'

import { SetCaseState } from './documents'

const TEXT: Record<Disposition, string> = {
  TRUE_POSITIVE: 'True positive: a real attack or misuse',
  FALSE_POSITIVE: 'False positive: the rule was wrong',
  BENIGN: 'Benign: real, and meant',
}

export function CaseCloseForm({ caseId, onClose }: { caseId: string; onClose: () => void }) {
  const { tenant } = useTenant()
  const [disposition, setDisposition] = useState<Disposition | ''>('')
  const [missing, setMissing] = useState(false)
  const close = useDecision(SetCaseState, (d) => d.setCaseState, { tenant, stale: ['cases', 'overview'], done: 'Case closed.', onDone: onClose, shows: ['disposition'] })
  return (
    <Dialog title="Close this case" onClose={onClose}>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          setMissing(disposition === '')
          if (disposition !== '') close.mutate({ input: { caseId, state: 'CLOSED', disposition } })
        }}
      >
        <SelectField
          label="What did it turn out to be?"
          value={disposition}
          error={missing ? 'Choose one to close the case.' : refusalAt(close.error, 'disposition')}
          onChange={(e) => {
            setDisposition(DISPOSITIONS.find((d) => d === e.target.value) ?? '')
            setMissing(false)
          }}
        >
          <option value="">Choose…</option>
          {DISPOSITIONS.map((d) => (
            <option key={d} value={d}>
              {TEXT[d]}
            </option>
          ))}
        </SelectField>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={close.isPending}>
            Close case
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
