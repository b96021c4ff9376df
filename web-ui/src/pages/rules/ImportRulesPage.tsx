import { useState } from 'react'

import { can } from '~/api/can'
import { Refused, sentence, type UserError } from '~/api/errors'
import { Page } from '~/components/Page'
import { ImportRules } from '~/forms/documents'
import { useDecision } from '~/hooks/useDecision'
import { useTenant } from '~/hooks/useTenant'
import { useViewer } from '~/hooks/useViewer'
import { Button } from '~/ui/Button'
import { Card } from '~/ui/Card'
import { Notice } from '~/ui/Empty'
import { TextArea, TextField } from '~/ui/Field'

const EXAMPLE = `- rule: Shell history read by another program
  desc: Somebody looks through typed commands.
  condition: evt.type in (open, openat, openat2) and evt.is_open_read = true and fd.name endswith _history and not proc.name in (bash, zsh, fish)
  output: History read (file=%fd.name command=%proc.cmdline user=%user.name)
  priority: NOTICE
  tags: [T1552.003]`

const place = (e: UserError) => (e.line ? `Line ${String(e.line)}, column ${String(e.column ?? 1)}: ` : '')

/** A rule file that comes in whole, or not at all. */
export function ImportRulesPage() {
  const { tenant, to } = useTenant()
  const viewer = useViewer()
  const [name, setName] = useState('')
  const [text, setText] = useState('')
  const load = useDecision(ImportRules, (d) => d.importRules, { tenant, stale: ['rules'], done: (p) => `Imported. The rule set is now at version ${String(p.ruleSet?.version ?? '')}.`, shows: 'all' })
  const errors = load.error instanceof Refused ? load.error.errors : []
  const warnings = load.data?.warnings ?? []

  return (
    <Page title="Import rules" parent={{ to: to.rules(), text: 'Rules' }}>
      <Card title="A rule file" hint="Falco’s format; a file of the same name is replaced">
        <form
          className="stack"
          noValidate
          onSubmit={(e) => {
            e.preventDefault()
            load.mutate({ input: { tenant, files: [{ name, text }] } })
          }}
        >
          <div role="alert" className="stack-s">
            {errors.map((e) => (
              <Notice key={place(e) + e.message} tone="danger">
                {place(e) + sentence(e.message)}
              </Notice>
            ))}
            {warnings.map((e) => (
              <Notice key={place(e) + e.message}>{place(e) + sentence(e.message)}</Notice>
            ))}
          </div>
          <input
            type="file"
            aria-label="Choose a rule file"
            accept=".yaml,.yml"
            onChange={(e) => {
              const file = e.target.files?.[0]
              if (!file) return
              setName(file.name)
              void file.text().then(setText)
            }}
          />
          <TextField label="File name" placeholder="my_rules.yaml" value={name} onChange={(e) => { setName(e.target.value) }} />
          <TextArea label="Text" rows={16} className="mono" spellCheck={false} placeholder={EXAMPLE} value={text} onChange={(e) => { setText(e.target.value) }} />
          <div className="row">
            <Button kind="primary" type="submit" busy={load.isPending} blocked={can.changeRules(viewer) ?? (name && text ? undefined : 'Give the file a name and a text first.')}>
              Import
            </Button>
            <span className="muted">A file with an error changes nothing: the rules in force stay.</span>
          </div>
        </form>
      </Card>
    </Page>
  )
}
