const SHAPES = {
  overview: 'M3 3h6v8H3zM11 3h6v4h-6zM11 9h6v8h-6zM3 13h6v4H3z',
  findings: 'M10 3 18 17H2zM10 8v4M10 14.5v.5',
  cases: 'M3 6h14v11H3zM7 6V3.5h6V6M3 10.5h14',
  activity: 'M2 10h3.5l2.5-6 4 12 2.5-6H18',
  nodes: 'M3 3.5h14v5H3zM3 11.5h14v5H3zM6 6h.01M6 14h.01',
  rules: 'M10 2.5 17 5v5c0 4-3 6.5-7 8-4-1.5-7-4-7-8V5zM7 10l2 2 4-4',
  inForce: 'M10 3a7 7 0 1 0 .01 0M10 6v4l3 2',
  changes: 'M4 5h12M4 10h12M4 15h7',
  settings: 'M10 7a3 3 0 1 0 .01 0M10 2v2.5M10 15.5V18M2 10h2.5M15.5 10H18M4.3 4.3l1.8 1.8M13.9 13.9l1.8 1.8M4.3 15.7l1.8-1.8M13.9 6.1l1.8-1.8',
  close: 'M5 5l10 10M15 5 5 15',
  search: 'M9 3.5a5.5 5.5 0 1 0 .01 0M13 13l4 4',
  pause: 'M7 4v12M13 4v12',
  play: 'M6 4l10 6-10 6z',
  copy: 'M7 7h9v10H7zM4 13V3h9',
  theme: 'M10 3a7 7 0 1 0 .01 0M10 3v14M13 4.7v10.6M15.5 6.5v7',
  signOut: 'M12 4V3H4v14h8v-1M8 10h9M14 7l3 3-3 3',
  plus: 'M10 4v12M4 10h12',
  external: 'M11 4h5v5M16 4l-7 7M8 5H4v11h11v-4',
  comment: 'M3 4h14v9H9l-4 3.5V13H3z',
  change: 'M4 7h11l-3-3M16 13H5l3 3',
} as const

export type IconName = keyof typeof SHAPES

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={SHAPES[name]} />
    </svg>
  )
}
