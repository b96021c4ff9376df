// Fails when the checked-in generated code differs from what schema.graphql and the documents give.
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const folders = ['src/api/__generated__', 'mock-api/__generated__']
const read = () => Object.fromEntries(folders.flatMap((f) => readdirSync(f).map((n) => [join(f, n), readFileSync(join(f, n), 'utf8')])))

const before = read()
execFileSync('npm', ['run', '--silent', 'gen'], { stdio: 'inherit' })
const after = read()
const stale = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((n) => before[n] !== after[n])
if (stale.length > 0) {
  console.error(`generated code was stale and is now written anew; review and commit it:\n  ${stale.join('\n  ')}`)
  process.exit(1)
}
