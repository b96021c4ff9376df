export interface Toast {
  id: number
  tone: 'good' | 'danger'
  text: string
}

const KEPT = 4
let toasts: readonly Toast[] = []
let last = 0
const watchers = new Set<() => void>()

function become(next: readonly Toast[]): void {
  toasts = next
  for (const watch of watchers) watch()
}

export function dismiss(id: number): void {
  become(toasts.filter((t) => t.id !== id))
}

/** Says something briefly. Errors stay until they are dismissed. */
export function toast(tone: Toast['tone'], text: string): void {
  last += 1
  const id = last
  become([...toasts, { id, tone, text }].slice(-KEPT))
  if (tone === 'good') setTimeout(() => { dismiss(id) }, 5000)
}

export const toastStore = {
  get: (): readonly Toast[] => toasts,
  watch: (listener: () => void): (() => void) => {
    watchers.add(listener)
    return () => watchers.delete(listener)
  },
}
