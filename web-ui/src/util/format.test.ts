import { describe, expect, it } from 'vitest'

import { bytes, duration, share, short, words } from './format'
import { fromLocalInput, relativeTime, shortTime, toLocalInput } from './time'

describe('numbers and times as people read them', () => {
  it('shortens large numbers only', () => {
    expect([short(9999), short(12_345), short(4_200_000)]).toEqual(['9,999', '12.3K', '4.2M'])
  })

  it('never rounds a loss to nothing', () => {
    expect([share(0, 10), share(1, 1e9), share(3, 1000), share(1, 2)]).toEqual(['0%', '<0.01%', '0.30%', '50.0%'])
  })

  it('names bytes, lengths of time and constants', () => {
    expect([bytes(512), bytes(18_400_000), bytes(21e9)]).toEqual(['512 B', '17.5 MiB', '19.6 GiB'])
    expect([duration(420), duration(59_999), duration(90_000_000)]).toEqual(['420 ms', '59 s', '1 d'])
    expect(words('TRUE_POSITIVE')).toBe('True positive')
  })

  it('says times relative to now and without the date of today', () => {
    const now = new Date(2026, 0, 31, 12, 0, 0).getTime()
    expect(relativeTime(new Date(now - 61_000).toISOString(), now)).toBe('1 min ago')
    expect(relativeTime(new Date(now + 8_000).toISOString(), now)).toBe('just now')
    expect(relativeTime(new Date(now + 7_200_000).toISOString(), now)).toBe('in 2 h')
    expect(shortTime(new Date(2026, 0, 31, 8, 5, 9).toISOString(), now)).toBe('08:05:09')
    expect(shortTime(new Date(2026, 0, 30, 8, 5, 9).toISOString(), now)).toBe('Jan 30, 08:05:09')
  })

  it('brings a time through a local input and back', () => {
    const iso = '2026-01-31T08:05:09.000Z'
    expect(fromLocalInput(toLocalInput(iso))).toBe(iso)
    expect(fromLocalInput('')).toBeUndefined()
  })
})
