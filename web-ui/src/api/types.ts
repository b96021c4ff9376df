// The closed sets of the API with their order. The assertions below fail to compile when the schema gains a member.
import type * as Schema from './__generated__/graphql'

export type { CaseState, DeadLetterState, Disposition, LossStage, NodeHealth, Permission, Severity, TokenState } from './__generated__/graphql'

function all<T extends string>() {
  return <const A extends readonly T[]>(members: A & ([T] extends [A[number]] ? unknown : ['a member is missing', Exclude<T, A[number]>])): A => members
}

export const SEVERITIES = all<Schema.Severity>()(['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL'])
export const CASE_STATES = all<Schema.CaseState>()(['OPEN', 'IN_PROGRESS', 'CLOSED'])
export const DISPOSITIONS = all<Schema.Disposition>()(['TRUE_POSITIVE', 'FALSE_POSITIVE', 'BENIGN'])
export const NODE_HEALTHS = all<Schema.NodeHealth>()(['HEALTHY', 'LOSING', 'SILENT', 'STOPPED', 'NEVER_SEEN', 'REMOVED'])
