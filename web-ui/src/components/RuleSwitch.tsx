import { can } from '~/api/can'
import { SetRuleEnabled } from '~/forms/documents'
import { useDecision } from '~/hooks/useDecision'
import { useTenant } from '~/hooks/useTenant'
import { useViewer } from '~/hooks/useViewer'
import { Switch } from '~/ui/Switch'

/** Turns a rule on or off, from the next event on. */
export function RuleSwitch({ rule }: { rule: { name: string; enabled: boolean } }) {
  const { tenant } = useTenant()
  const viewer = useViewer()
  const set = useDecision(SetRuleEnabled, (d) => d.setRuleEnabled, {
    tenant,
    stale: ['rules', 'findings'],
    done: ({ rule: now }) => `“${rule.name}” is ${now?.enabled ? 'on' : 'off'} from the next event.`,
  })
  return (
    <Switch
      label={`Enabled: ${rule.name}`}
      on={set.isPending ? set.variables.input.enabled : rule.enabled}
      busy={set.isPending}
      blocked={can.changeRules(viewer)}
      onChange={(enabled) => { set.mutate({ input: { tenant, rule: rule.name, enabled } }) }}
    />
  )
}
