import type { CoverageSpan, LossEntry, NodeHealth } from '../__generated__/schema.ts'
import type { NodeRow } from '../world.ts'

import { ago, DAY, hex, HOUR, MINUTE } from './random.ts'

const hooks = ['sched_process_exec', 'sched_process_exit', 'sched_process_fork', 'sys_exit_openat', 'sys_exit_connect', 'sys_exit_accept4', 'sys_exit_unlinkat', 'sys_exit_renameat2', 'sys_exit_fchmodat', 'sys_exit_ptrace', 'sys_exit_setns', 'sys_exit_bpf']

interface Draft {
  hostname: string
  health: NodeHealth
  seenAgo: number | null
  gaps?: [number, number][]
  losses?: LossEntry[]
  kernel?: string
}

/** Watched spans and gaps of the last day, from the gaps alone (minutes ago, begin and end). */
function spans(now: number, gaps: [number, number][], losses: LossEntry[]): CoverageSpan[] {
  const out: CoverageSpan[] = []
  const push = (fromAgo: number, untilAgo: number, watched: boolean) => {
    if (fromAgo <= untilAgo) return
    const from = ago(now, fromAgo * MINUTE)
    const until = ago(now, untilAgo * MINUTE)
    const lost = losses.filter((l) => l.since >= from && l.since < until).reduce((n, l) => n + l.count, 0)
    out.push({ from, until, watched, events: watched ? Math.round((fromAgo - untilAgo) * 412) : 0, lost })
  }
  let at = 24 * 60
  for (const [begin, end] of gaps) {
    // Hourly spans, as the server cuts them where something was lost.
    for (; at > begin; at = Math.max(begin, at - 60)) push(at, Math.max(begin, at - 60), true)
    push(begin, end, false)
    at = end
  }
  for (; at > 0; at = Math.max(0, at - 60)) push(at, Math.max(0, at - 60), true)
  return out
}

function node(now: number, next: () => number, d: Draft): NodeRow {
  const losses = d.losses ?? []
  const lost = losses.reduce((n, l) => n + l.count, 0)
  return {
    id: `nod_${hex(next)}`,
    hostname: d.hostname,
    health: d.health,
    enrolled: ago(now, 6 * DAY + Math.floor(next() * 5 * HOUR)),
    lastSeen: d.seenAgo === null ? null : ago(now, d.seenAgo),
    agentVersion: d.seenAgo === null ? '' : '0.1.0',
    kernel: d.seenAgo === null ? null : (d.kernel ?? '6.12.57+deb13-cloud-amd64'),
    hooks: d.seenAgo === null ? [] : hooks,
    certificateExpires: ago(now, -20 * HOUR),
    eventsRead: d.seenAgo === null ? 0 : 580_000 + Math.floor(next() * 9_000_000),
    eventsLost: lost,
    spoolBytes: d.health === 'LOSING' ? 18_400_000 : 0,
    cpuMillis: 41_000 + Math.floor(next() * 90_000),
    rssBytes: 21_000_000 + Math.floor(next() * 6_000_000),
    losses,
    spans: d.seenAgo === null ? [] : spans(now, d.gaps ?? [], losses),
  }
}

export function nodes(now: number, next: () => number): NodeRow[] {
  const loss = (minutesAgo: number, seconds: number, stage: LossEntry['stage'], hook: string, count: number, cpu: number | null): LossEntry => ({
    since: ago(now, minutesAgo * MINUTE),
    until: ago(now, minutesAgo * MINUTE - seconds * 1000),
    stage,
    cpu,
    hook,
    count,
  })
  return [
    node(now, next, { hostname: 'laptop', health: 'HEALTHY', seenAgo: 3000 }),
    node(now, next, {
      hostname: 'web-1',
      health: 'LOSING',
      seenAgo: 2000,
      gaps: [[611, 604]],
      losses: [
        loss(4, 2, 'RING', 'sys_exit_openat', 1204, 3),
        loss(4, 2, 'RING', 'sys_exit_openat', 377, 1),
        loss(190, 1, 'KERNEL', 'sys_exit_connect', 12, 0),
        loss(607, 240, 'SPOOL', '', 8120, null),
      ],
    }),
    node(now, next, { hostname: 'db-1', health: 'SILENT', seenAgo: 17 * MINUTE, gaps: [[17, 0]], kernel: '6.1.0-40-amd64' }),
    node(now, next, { hostname: 'edge-3.ams.example.net', health: 'HEALTHY', seenAgo: 4000, gaps: [[900, 840]] }),
    node(now, next, { hostname: 'build-7', health: 'STOPPED', seenAgo: 5 * HOUR, gaps: [[300, 0]] }),
    node(now, next, { hostname: 'web-2', health: 'NEVER_SEEN', seenAgo: null }),
  ]
}

export function gateway(now: number, next: () => number): NodeRow[] {
  return [node(now, next, { hostname: 'acme-gw', health: 'HEALTHY', seenAgo: 2500 })]
}
