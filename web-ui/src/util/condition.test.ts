import { describe, expect, it } from 'vitest'

import { isWord, narrowed, quoted } from './condition'

describe('a search text', () => {
  it('is a word when nothing in it compares', () => {
    for (const text of ['nc', '/etc/shadow', '10.0.0.1:53', '"nc -e"', "'a b'"]) expect(isWord(text), text).toBe(true)
    for (const text of ['proc.name = nc', 'not proc.name', '"a" or "b"', 'fd.num>3']) expect(isWord(text), text).toBe(false)
  })
  it('quotes what would not stand alone', () => {
    expect(quoted('/usr/bin/nc')).toBe('/usr/bin/nc')
    expect(quoted('a "b" \\c')).toBe('"a \\"b\\" \\\\c"')
    expect(quoted('')).toBe('""')
  })
  it('is narrowed by one comparison at a time', () => {
    expect(narrowed('', 'proc.name', 'nc')).toBe('proc.name = nc')
    expect(narrowed('proc.name = nc', 'user.name', 'root')).toBe('proc.name = nc and user.name = root')
    expect(narrowed('a = 1 or b = 2', 'user.name', 'my user')).toBe('(a = 1 or b = 2) and user.name = "my user"')
    expect(narrowed('(a = 1 or b = 2)', 'c', '3')).toBe('(a = 1 or b = 2) and c = 3')
    expect(narrowed('user.name = root', 'user.name', 'root')).toBe('user.name = root')
  })
  it('becomes a condition when it was a word', () => {
    expect(narrowed('"nc -e"', 'user.name', 'root')).toMatch(/^\(proc\.name contains "nc -e" or .* contains "nc -e"\) and user\.name = root$/)
  })
})
