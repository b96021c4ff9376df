import { count, duration, plural } from '~/util/format'
import { fullTime, shortTime } from '~/util/time'

import css from './CoverageStrip.module.css'

export interface Span {
  from: string
  until: string
  watched: boolean
  events: number
  lost: number
}

const kindOf = (s: Span) => (!s.watched ? 'gap' : s.lost > 0 ? 'lost' : 'watched')
const TEXT = { watched: 'Watched', lost: 'Watched, with loss', gap: 'Not watched' } as const

/** Watched spans and gaps over a time range: what "nothing found" is worth. */
export function CoverageStrip({ spans, from, until }: { spans: Span[]; from: number; until: number }) {
  const length = Math.max(1, until - from)
  const x = (iso: string) => (1000 * (Math.min(until, Math.max(from, Date.parse(iso))) - from)) / length
  const gaps = spans.filter((s) => !s.watched)
  const gapTime = gaps.reduce((sum, s) => sum + Math.min(until, Date.parse(s.until)) - Math.max(from, Date.parse(s.from)), 0)
  const lost = spans.reduce((sum, s) => sum + s.lost, 0)
  const summary = `${gapTime === 0 ? 'No gap' : `${plural(gaps.length, 'gap')}, ${duration(gapTime)} not watched`}; ${lost === 0 ? 'nothing lost' : `${plural(lost, 'event')} lost`}.`
  return (
    <div className="stack-s">
      <svg className={css.strip} viewBox="0 0 1000 28" preserveAspectRatio="none" role="img" aria-label={`Coverage: ${summary}`}>
        <rect className={css.unknown} width="1000" height="28" />
        {spans.map((s) => (
          <rect key={`${s.from}${s.until}`} className={css.span} data-kind={kindOf(s)} x={x(s.from)} width={Math.max(kindOf(s) === 'watched' ? 0 : 3, x(s.until) - x(s.from))} height="28">
            <title>{`${TEXT[kindOf(s)]}: ${fullTime(s.from)} to ${fullTime(s.until)}, ${count(s.events)} events, ${count(s.lost)} lost`}</title>
          </rect>
        ))}
      </svg>
      <div className={css.ends} aria-hidden="true">
        <span>{shortTime(new Date(from).toISOString(), until)}</span>
        <span>{shortTime(new Date((from + until) / 2).toISOString(), until)}</span>
        <span>{shortTime(new Date(until).toISOString(), until)}</span>
      </div>
      <div className={css.legend}>
        {(['watched', 'lost', 'gap'] as const).map((kind) => (
          <span key={kind}>
            <i data-kind={kind} aria-hidden="true" />
            {TEXT[kind]}
          </span>
        ))}
        <span className="end muted">{summary}</span>
      </div>
    </div>
  )
}
