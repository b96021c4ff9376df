import { useState } from 'react'

import { Refused } from '~/api/errors'
import { refusalAt, useDecision } from '~/hooks/useDecision'
import { useTenant } from '~/hooks/useTenant'
import { Button } from '~/ui/Button'
import { Dialog, DialogActions } from '~/ui/Dialog'
import { Notice } from '~/ui/Empty'
import { SelectField, TextField } from '~/ui/Field'
import { Icon } from '~/ui/Icon'
import { inWords, OPERATORS, toInput, type Condition, type ExceptionDraft } from '~/util/exception'

import { AddException } from './documents'
import css from './exception.module.css'

interface Props {
  rule: string
  initial: ExceptionDraft
  onClose: () => void
}

/** A named hole in a rule. It takes effect on the next event. */
export function ExceptionForm({ rule, initial, onClose }: Props) {
  const { tenant } = useTenant()
  const [draft, setDraft] = useState(initial)
  const save = useDecision(AddException, (d) => d.addRuleException, { tenant, stale: ['rules'], done: `Exception added to “${rule}”. It holds from the next event.`, onDone: onClose, shows: 'all' })

  const setCondition = (at: number, some: Partial<Condition>) => { setDraft((d) => ({ ...d, conditions: d.conditions.map((c, i) => (i === at ? { ...c, ...some } : c)) })) }
  const setValue = (row: number, at: number, value: string) => { setDraft((d) => ({ ...d, rows: d.rows.map((r, i) => (i === row ? d.conditions.map((_, j) => (j === at ? value : (r[j] ?? ''))) : r)) })) }
  const removeCondition = (at: number) => { setDraft((d) => ({ ...d, conditions: d.conditions.filter((_, i) => i !== at), rows: d.rows.map((r) => r.filter((_, i) => i !== at)) })) }

  const errorOf = (path: string) => refusalAt(save.error, path)
  const shown = ['exception.name', ...draft.conditions.flatMap((_, i) => [`exception.fields.${String(i)}`, `exception.comps.${String(i)}`]), ...draft.rows.map((_, i) => `exception.values.${String(i)}`)]
  const other = save.error instanceof Refused ? save.error.errors.filter((e) => !shown.includes(e.field.join('.'))) : []

  return (
    <Dialog title={`Add an exception to “${rule}”`} wide onClose={onClose}>
      <form
        noValidate
        className="stack"
        onSubmit={(e) => {
          e.preventDefault()
          save.mutate({ input: { tenant, rule, exception: toInput(draft), reason: draft.reason || null } })
        }}
      >
        {other.map((e) => (
          <Notice key={e.message} tone="danger">
            {e.message}
          </Notice>
        ))}
        <TextField label="Exception name" hint="Letters, digits, _ and -. An exception of the same name is replaced." required value={draft.name} error={errorOf('exception.name')} onChange={(e) => { setDraft({ ...draft, name: e.target.value }) }} />
        {draft.rows.map((row, r) => (
          <fieldset key={String(r)} className={css.row}>
            <legend>{r === 0 ? 'Let through what agrees with all of these' : 'or with all of these'}</legend>
            {draft.conditions.map((c, i) => (
              <div key={String(i)} className={css.condition}>
                <TextField label={`Field ${String(i + 1)}`} hideLabel list="exception-fields" className="mono" value={c.field} disabled={r > 0} error={r === 0 ? errorOf(`exception.fields.${String(i)}`) : undefined} onChange={(e) => { setCondition(i, { field: e.target.value }) }} />
                <SelectField label={`Operator ${String(i + 1)}`} hideLabel value={c.comp} disabled={r > 0} error={r === 0 ? errorOf(`exception.comps.${String(i)}`) : undefined} onChange={(e) => { setCondition(i, { comp: e.target.value }) }}>
                  {OPERATORS.map((o) => (
                    <option key={o}>{o}</option>
                  ))}
                </SelectField>
                <TextField label={`Value ${String(i + 1)}${r > 0 ? ` of row ${String(r + 1)}` : ''}`} hideLabel value={row[i] ?? ''} onChange={(e) => { setValue(r, i, e.target.value) }} />
                {r === 0 && (
                  <Button kind="quiet" aria-label={`Remove condition ${String(i + 1)}`} blocked={draft.conditions.length === 1 ? 'An exception compares at least one field.' : undefined} onClick={() => { removeCondition(i) }} icon={<Icon name="close" size={13} />} />
                )}
              </div>
            ))}
            {errorOf(`exception.values.${String(r)}`) && <Notice tone="danger">{errorOf(`exception.values.${String(r)}`)}</Notice>}
            {r > 0 && (
              <Button kind="quiet" onClick={() => { setDraft((d) => ({ ...d, rows: d.rows.filter((_, i) => i !== r) })) }}>
                Remove row
              </Button>
            )}
          </fieldset>
        ))}
        <div className="row">
          <Button icon={<Icon name="plus" size={13} />} onClick={() => { setDraft((d) => ({ ...d, conditions: [...d.conditions, { field: '', comp: '=' }], rows: d.rows.map((r) => [...r, '']) })) }}>
            Add field
          </Button>
          <Button icon={<Icon name="plus" size={13} />} onClick={() => { setDraft((d) => ({ ...d, rows: [...d.rows, d.conditions.map(() => '')] })) }}>
            Add another row of values
          </Button>
        </div>
        <datalist id="exception-fields">
          {['proc.name', 'proc.exepath', 'proc.cmdline', 'proc.pname', 'proc.aname', 'proc.cwd', 'fd.name', 'fd.sip', 'fd.sport', 'user.name', 'user.loginuid', 'container.id', 'evt.type'].map((f) => (
            <option key={f} value={f} />
          ))}
        </datalist>
        <TextField label="Reason" hint="Stands in the audit log." value={draft.reason} onChange={(e) => { setDraft({ ...draft, reason: e.target.value }) }} />
        <p className={css.preview}>
          No finding of this rule any more when <code>{inWords(toInput(draft))}</code>
        </p>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={save.isPending}>
            Save exception
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
