// Applies the stored theme before the first paint. A file of its own because the policy refuses inline scripts.
try {
  const theme = localStorage.getItem('vedetta.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage may be blocked; the system's preference applies.
}
