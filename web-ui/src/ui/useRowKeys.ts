import { useEffect, type RefObject } from 'react'

/** True while somebody types: then letters are text, not commands. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
}

/** j and k move the focus to the next and previous element marked `data-row-link` inside `box`. */
export function useRowKeys(box: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.key !== 'j' && event.key !== 'k') || event.ctrlKey || event.metaKey || event.altKey) return
      if (isTyping(event.target) || document.querySelector('dialog[open]') || !box.current) return
      // With several tables on a page the first takes the keys, unless the focus is in another.
      const boxes = [...document.querySelectorAll('table')].map((t) => t.parentElement)
      const focused = boxes.find((b) => b?.contains(document.activeElement))
      if ((focused ?? boxes.find((b) => b?.querySelector('[data-row-link]'))) !== box.current) return
      const links = [...box.current.querySelectorAll<HTMLElement>('[data-row-link]')]
      const row = document.activeElement?.closest('tr')
      const at = row ? links.findIndex((link) => row.contains(link)) : -1
      const next = links[event.key === 'j' ? Math.min(at + 1, links.length - 1) : Math.max(at - 1, 0)]
      next?.focus()
      next?.closest('tr')?.scrollIntoView({ block: 'nearest' })
      if (next) event.preventDefault()
    }
    document.addEventListener('keydown', onKey)
    return () => { document.removeEventListener('keydown', onKey) }
  }, [box])
}
