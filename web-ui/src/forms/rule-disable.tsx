import { useDecision } from '~/hooks/useDecision'
import { useTenant } from '~/hooks/useTenant'

import { ConfirmForm } from './confirm'
import { SetRuleEnabled } from './documents'

export function RuleDisableForm({ rule, onClose }: { rule: string; onClose: () => void }) {
  const { tenant } = useTenant()
  const off = useDecision(SetRuleEnabled, (d) => d.setRuleEnabled, { tenant, stale: ['rules', 'findings'], done: `“${rule}” is off from the next event.`, onDone: onClose })
  return (
    <ConfirmForm title="Turn this rule off?" verb="Turn rule off" busy={off.isPending} onClose={onClose} onConfirm={(reason) => { off.mutate({ input: { tenant, rule, enabled: false, reason: reason || null } }) }}>
      <p>
        <strong>{rule}</strong> will find nothing more on any node of this tenant, from the next event on. If only some programs are wrong about it, an exception is safer.
      </p>
    </ConfirmForm>
  )
}
