import { useTenant } from '~/hooks/useTenant'
import type { Severity } from '~/api/types'
import { Table } from '~/ui/Table'

import { SeverityBadge } from './Badges'
import css from './FindingsTable.module.css'
import { Link } from './Link'
import { TechniqueTags } from './Techniques'
import { Time } from './Time'

export interface FindingRow {
  id: string
  time: string
  severity: Severity
  message: string
  hostname: string
  techniques: string[]
  rule: { name: string }
  case?: { id: string } | null
  lineage: { name: string; user: string }[]
}

interface Props {
  name: string
  findings: FindingRow[]
  fresh?: ReadonlySet<string>
}

export function FindingsTable({ name, findings, fresh }: Props) {
  const { to } = useTenant()
  return (
    <Table
      name={name}
      rows={findings}
      rowKey={(f) => f.id}
      isFresh={(f) => fresh?.has(f.id) ?? false}
      minWidth="980px"
      columns={[
        { key: 'severity', header: 'Severity', width: '112px', cell: (f) => <SeverityBadge severity={f.severity} /> },
        { key: 'time', header: 'Time', width: '124px', cell: (f) => <Time at={f.time} /> },
        {
          key: 'what',
          header: 'Finding',
          cell: (f) => (
            <>
              <Link to={to.finding(f.id)} row className={css.rule}>
                {f.rule.name}
              </Link>
              <span className="clip muted" title={f.message}>
                {f.message}
              </span>
            </>
          ),
        },
        {
          key: 'process',
          header: 'Process',
          width: '132px',
          cell: (f) => {
            const process = f.lineage[0]
            return process ? (
              <>
                <span className="clip">{process.name}</span>
                <span className="clip muted">{process.user}</span>
              </>
            ) : (
              <span className="muted">–</span>
            )
          },
        },
        { key: 'node', header: 'Node', width: '140px', cell: (f) => <span className="clip" title={f.hostname}>{f.hostname}</span> },
        { key: 'technique', header: 'Technique', width: '112px', cell: (f) => <TechniqueTags ids={f.techniques} /> },
        { key: 'case', header: 'Case', width: '64px', cell: (f) => (f.case ? <Link to={to.case(f.case.id)}>Case</Link> : <span className="muted">–</span>) },
      ]}
    />
  )
}
