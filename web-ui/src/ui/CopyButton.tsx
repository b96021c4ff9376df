import { useEffect, useState } from 'react'

import { Button } from './Button'
import { Icon } from './Icon'

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (!said) return
    const timer = setTimeout(() => { setSaid('') }, 2000)
    return () => { clearTimeout(timer) }
  }, [said])
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setSaid('Copied')
    } catch {
      setSaid('Not allowed: select the text and copy it')
    }
  }
  return (
    <>
      <Button aria-label={label} title={label} icon={<Icon name="copy" size={14} />} onClick={() => void copy()}>
        {said || 'Copy'}
      </Button>
      <span className="sr-only" role="status">
        {said}
      </span>
    </>
  )
}
