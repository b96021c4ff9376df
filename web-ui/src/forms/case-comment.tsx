import { useState } from 'react'

import { refusalAt, useDecision } from '~/hooks/useDecision'
import { useTenant } from '~/hooks/useTenant'
import { Button } from '~/ui/Button'
import { TextArea } from '~/ui/Field'

import { CommentCase } from './documents'

export function CaseCommentForm({ caseId, blocked }: { caseId: string; blocked?: string }) {
  const { tenant } = useTenant()
  const [text, setText] = useState('')
  const comment = useDecision(CommentCase, (d) => d.commentCase, { tenant, stale: ['cases'], onDone: () => { setText('') }, shows: ['text'] })
  return (
    <form
      className="stack-s"
      onSubmit={(e) => {
        e.preventDefault()
        comment.mutate({ input: { caseId, text } })
      }}
    >
      <TextArea label="Comment" placeholder="What did you see or do?" value={text} disabled={blocked !== undefined} error={refusalAt(comment.error, 'text')} onChange={(e) => { setText(e.target.value) }} />
      <div className="row">
        <Button type="submit" blocked={blocked} busy={comment.isPending}>
          Add comment
        </Button>
      </div>
    </form>
  )
}
