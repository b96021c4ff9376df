export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'vedetta.theme'
const watchers = new Set<() => void>()

function stored(): Theme {
  const set = document.documentElement.dataset.theme
  return set === 'light' || set === 'dark' ? set : 'system'
}

/** The chosen theme is an attribute of the document; `public/theme.js` restores it before the first paint. */
export const themeStore = {
  get: stored,
  watch: (listener: () => void): (() => void) => {
    watchers.add(listener)
    return () => watchers.delete(listener)
  },
  set: (theme: Theme): void => {
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
    try {
      localStorage.setItem(KEY, theme)
    } catch {
      // Storage may be blocked; the choice then lasts until the page is closed.
    }
    for (const watch of watchers) watch()
  },
}
