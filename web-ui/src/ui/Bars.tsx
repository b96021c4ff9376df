import css from './Bars.module.css'

export interface Bar {
  key: string
  value: number
  title: string
}

const W = 960
const H = 150

/** Values over time as bars. Each bar's title says its value; `summary` says the whole to those who can not see it. */
export function Bars({ bars, summary, ticks }: { bars: Bar[]; summary: string; ticks: string[] }) {
  const top = niceTop(Math.max(1, ...bars.map((b) => b.value)))
  const step = W / Math.max(1, bars.length)
  return (
    <figure className={css.chart}>
      <div className={css.plot}>
        <div className={css.scale} aria-hidden="true">
          <span>{top}</span>
          <span>{top % 2 === 0 ? top / 2 : ''}</span>
          <span>0</span>
        </div>
        <svg className={css.svg} viewBox={`0 0 ${String(W)} ${String(H)}`} preserveAspectRatio="none" role="img" aria-label={summary}>
          <path className={css.grid} d={`M0 .5H${String(W)}M0 ${String(H / 2)}H${String(W)}M0 ${String(H - 0.5)}H${String(W)}`} />
          {bars.map((b, i) => {
            const height = (b.value / top) * (H - 2)
            return (
              <g key={b.key} className={css.slot}>
                <title>{b.title}</title>
                <rect className={css.hit} x={i * step} y={0} width={step} height={H} />
                <rect className={css.bar} x={i * step + 1.5} y={H - height - 1} width={Math.max(1, step - 3)} height={height} />
              </g>
            )
          })}
        </svg>
      </div>
      <div className={css.ticks} aria-hidden="true">
        {ticks.map((t, i) => (
          <span key={`${String(i)}${t}`}>{t}</span>
        ))}
      </div>
    </figure>
  )
}

/** The next of 1, 2, 4, 6, 10, 20, 40 …: an axis that people read easily. */
export function niceTop(max: number): number {
  for (let unit = 1; ; unit *= 10) for (const n of [1, 2, 4, 6, 10]) if (n * unit >= max) return n * unit
}

/** Names with a bar each, largest first. */
export function Meters({ items, total }: { items: { key: string; label: React.ReactNode; value: number; text: string; tone?: string }[]; total: number }) {
  return (
    <ul className={css.meters}>
      {items.map((item) => (
        <li key={item.key}>
          <div className={css.meterLabel}>{item.label}</div>
          <svg className={css.meter} viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
            <rect className={css.track} width="100" height="6" />
            <rect className={css.fill} data-tone={item.tone} width={total > 0 ? Math.max(item.value > 0 ? 1 : 0, (100 * item.value) / total) : 0} height="6" />
          </svg>
          <div className={css.meterValue}>{item.text}</div>
        </li>
      ))}
    </ul>
  )
}
