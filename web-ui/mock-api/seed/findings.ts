// Makes findings out of scenarios.
import type { FindingRow, NodeRow, RuleRow } from '../world.ts'

import { hex } from './random.ts'
import { techniquesIn } from './rules.ts'
import { scenarios, type Scenario } from './scenarios.ts'

export interface Place {
  node: NodeRow
  rules: RuleRow[]
  caseId: string | null
  time: number
  next: () => number
}

export function scenarioFor(rule: string): Scenario {
  const found = scenarios.find((s) => s.rule === rule)
  if (!found) throw new Error(`no scenario for ${rule}`)
  return found
}

function ruleNamed(rules: RuleRow[], name: string): RuleRow {
  const rule = rules.find((r) => r.name === name)
  if (!rule) throw new Error(`no rule ${name}`)
  return rule
}

const atMatch = (rule: RuleRow) => ({
  name: rule.name,
  version: rule.version,
  description: rule.description,
  condition: rule.condition,
  tags: rule.tags,
  ruleSetVersion: 3,
})

export function finding(scenario: Scenario, { node, rules, caseId, time, next }: Place): FindingRow {
  const rule = ruleNamed(rules, scenario.rule)
  const happened = new Date(time).toISOString()
  const pids = scenario.processes.map((_, i) => (i === 0 ? 20_000 + Math.floor(next() * 9000) : 1200 + 97 * (scenario.processes.length - i)))
  const lineage = [...scenario.processes, { name: 'systemd', exe: '/usr/lib/systemd/systemd', args: ['/sbin/init'], user: 'root', uid: 0, cwd: '/' }].map((p, i) => ({
    __typename: 'Process' as const,
    pid: pids[i] ?? 1,
    ppid: pids[i] === undefined ? 0 : (pids[i + 1] ?? 1),
    start: new Date(time - (i + 1) ** 3 * 41_000).toISOString(),
    name: p.name,
    exe: p.exe,
    args: p.args,
    commandLine: [p.name, ...p.args.slice(1)].join(' '),
    cwd: p.cwd,
    uid: p.uid,
    euid: p.uid,
    gid: p.uid,
    user: p.user,
    loginuid: p.user === 'www-data' || p.name === 'systemd' ? null : 1000,
    tty: p.name === 'bash' ? 34816 : 0,
    sid: pids.at(-1) ?? 1,
    containerId: 'container' in p ? (p.container ?? null) : null,
  }))
  const values = new Map(scenario.fields.map((f) => [f.name, f.value]))
  const seq = Math.floor(next() * 1e6)
  return {
    id: `fnd_${hex(next)}`,
    time: happened,
    detected: new Date(time + 180).toISOString(),
    severity: rule.severity,
    message: rule.output.replace(/%([a-z.]+)/g, (_, name: string) => values.get(name) ?? '<NA>'),
    rule: atMatch(rule),
    techniques: techniquesIn(rule.tags),
    fields: scenario.fields,
    hostname: node.hostname,
    nodeId: node.id,
    caseId,
    event: {
      id: `evt_${node.id.slice(4, 12)}_${hex(next, 8)}_${String(seq)}`,
      kind: scenario.kind,
      time: happened,
      tid: pids[0] ?? 1,
      result: scenario.result,
      summary: scenario.summary,
      raw: { seq, time: happened, tid: pids[0], result: scenario.result, payload: scenario.payload, process: lineage[0] && { pid: lineage[0].pid, exe: lineage[0].exe, args: lineage[0].args } },
    },
    lineage,
  }
}

/** A finding about the node itself: it has no event and no process. */
export function silence({ node, rules, caseId, time, next }: Place): FindingRow {
  const rule = ruleNamed(rules, 'Node is silent')
  return {
    id: `fnd_${hex(next)}`,
    time: new Date(time).toISOString(),
    detected: new Date(time).toISOString(),
    severity: rule.severity,
    message: `No heartbeat from ${node.hostname} since ${node.lastSeen ?? 'it enrolled'}`,
    rule: atMatch(rule),
    techniques: techniquesIn(rule.tags),
    fields: [
      { name: 'node.hostname', value: node.hostname },
      { name: 'node.last_seen', value: node.lastSeen ?? '' },
    ],
    hostname: node.hostname,
    nodeId: node.id,
    caseId,
    event: null,
    lineage: [],
  }
}
