import { readdirSync, readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { techniqueName } from './attack'

test('every technique that a built-in rule names is shown by its name', () => {
  const rules = new URL('../../../rules/', import.meta.url)
  const files = readdirSync(rules, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'))
  const tags = files.flatMap((file) => readFileSync(new URL(file, rules), 'utf8').match(/^ *tags: .*$/gm) ?? [])
  const used = new Set(tags.flatMap((line) => line.match(/\bT\d{4}(\.\d{3})?\b/g) ?? []))
  expect(used.size).toBeGreaterThan(20)
  expect([...used].filter((id) => !techniqueName(id))).toEqual([])
})
