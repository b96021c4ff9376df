/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** See `addRuleException`. */
export type AddRuleExceptionInput = {
  exception: RuleExceptionInput;
  reason?: string | null | undefined;
  rule: string;
  tenant: string;
};

/** `toMe: false` takes the case from whoever has it. */
export type AssignCaseInput = {
  caseId: string | number;
  toMe: boolean;
};

/** Which cases. */
export type CaseFilter = {
  /** Somebody's. */
  assigneeId?: string | number | null | undefined;
  /** On this node. */
  nodeId?: string | number | null | undefined;
  /** One of these. */
  severities?: Array<Severity> | null | undefined;
  /** One of these. */
  states?: Array<CaseState> | null | undefined;
  /** Substring of the title, any case. */
  text?: string | null | undefined;
};

/** Where the work on a case stands. */
export type CaseState =
  /** Done; see the disposition. */
  | 'CLOSED'
  /** Somebody does. */
  | 'IN_PROGRESS'
  /** Nobody works on it yet. */
  | 'OPEN';

/** Which decisions. */
export type ChangeFilter = {
  /** About this kind of thing: tenant, user, token, node, rule_set, case, dead_letter. */
  aggregate?: string | null | undefined;
  /** Not before. */
  from?: string | null | undefined;
  /** About this one. */
  stream?: string | null | undefined;
  /** Before. */
  until?: string | null | undefined;
};

/** See `changePassword`. */
export type ChangePasswordInput = {
  current: string;
  new: string;
};

/** See `commentCase`. */
export type CommentCaseInput = {
  caseId: string | number;
  text: string;
};

/** See `createEnrollmentToken`. */
export type CreateEnrollmentTokenInput = {
  label: string;
  maxUses: number;
  tenant: string;
  validSeconds: number;
};

/** What became of a record that was put aside. */
export type DeadLetterState =
  /** Somebody saw it and left it. */
  | 'DISMISSED'
  /** Somebody has still to look at it. */
  | 'OPEN'
  /** It was sent again. */
  | 'RESUBMITTED';

/** Up to 50 of them. */
export type DismissDeadLettersInput = {
  deadLetterIds: Array<string | number>;
  reason?: string | null | undefined;
};

/** What a case turned out to be. */
export type Disposition =
  /** Real, and meant. */
  | 'BENIGN'
  /** The rule was wrong. */
  | 'FALSE_POSITIVE'
  /** A real attack or misuse. */
  | 'TRUE_POSITIVE';

/** Which findings. */
export type FindingFilter = {
  /** In this case. */
  caseId?: string | number | null | undefined;
  /** Not before. */
  from?: string | null | undefined;
  /** On this node. */
  nodeId?: string | number | null | undefined;
  /** Of this rule. */
  rule?: string | null | undefined;
  /** One of these. */
  severities?: Array<Severity> | null | undefined;
  /** Of this MITRE ATT&CK technique. */
  technique?: string | null | undefined;
  /** Substring of message, process name or command line, any case. */
  text?: string | null | undefined;
  /** Before. */
  until?: string | null | undefined;
};

/** See `importRules`. */
export type ImportRulesInput = {
  files: Array<RuleFileInput>;
  tenant: string;
};

/** Where events can be lost. */
export type LossStage =
  /** The agent could not decode what the kernel program sent. */
  | 'DECODE'
  /** The kernel program could not read what it needed. */
  | 'KERNEL'
  /** The ring between kernel and agent was full. */
  | 'RING'
  /** The server refused the batch for good. */
  | 'SERVER'
  /** The spool on disk was full, or broken. */
  | 'SPOOL';

/** How a node is. */
export type NodeHealth =
  /** It reports and loses nothing. */
  | 'HEALTHY'
  /** It lost events a moment ago. */
  | 'LOSING'
  /** It enrolled and never reported. */
  | 'NEVER_SEEN'
  /** It may no longer send. */
  | 'REMOVED'
  /** It should report and doesn't. */
  | 'SILENT'
  /** Its agent ended in good order. */
  | 'STOPPED';

/** What a person may do in a tenant. */
export type Permission =
  /** Create users, change limits. */
  | 'ADMINISTER'
  /** Create and revoke enrollment tokens, remove nodes. */
  | 'MANAGE_NODES'
  /** Change rules and exceptions. */
  | 'MANAGE_RULES'
  /** See findings, cases, nodes, rules. */
  | 'READ'
  /** Work on cases. */
  | 'TRIAGE';

/** See `removeNode`. */
export type RemoveNodeInput = {
  nodeId: string | number;
  reason?: string | null | undefined;
};

/** See `removeRuleException`. */
export type RemoveRuleExceptionInput = {
  name: string;
  reason?: string | null | undefined;
  rule: string;
  tenant: string;
};

/** Up to 50 of them. */
export type ResubmitDeadLettersInput = {
  deadLetterIds: Array<string | number>;
};

/** See `revokeEnrollmentToken`. */
export type RevokeEnrollmentTokenInput = {
  reason?: string | null | undefined;
  tokenId: string | number;
};

/** A hole in a rule. */
export type RuleExceptionInput = {
  comps: Array<string>;
  fields: Array<string>;
  name: string;
  values: Array<Array<string>>;
};

/** A rule file. */
export type RuleFileInput = {
  name: string;
  text: string;
};

/** Which rules. */
export type RuleFilter = {
  /** On or off. */
  enabled?: boolean | null | undefined;
  /** One of these. */
  severities?: Array<Severity> | null | undefined;
  /** Of this MITRE ATT&CK technique. */
  technique?: string | null | undefined;
  /** Substring of name, description or condition, any case. */
  text?: string | null | undefined;
};

/** See `setCaseState`. */
export type SetCaseStateInput = {
  caseId: string | number;
  disposition?: Disposition | null | undefined;
  state: CaseState;
};

/** See `setRuleEnabled`. */
export type SetRuleEnabledInput = {
  enabled: boolean;
  reason?: string | null | undefined;
  rule: string;
  tenant: string;
};

/** How bad. */
export type Severity =
  /** Look at it now. */
  | 'CRITICAL'
  /** Look at it today. */
  | 'HIGH'
  /** Worth knowing, no action asked. */
  | 'INFORMATIONAL'
  /** Rarely a problem by itself. */
  | 'LOW'
  /** Look at it when there is time. */
  | 'MEDIUM';

/** Why answers are not up to date. */
export type StaleReason =
  /** What is received is not made into answers as fast as it comes. */
  | 'CATCHING_UP'
  /** The event log can't be reached, so that it is not known what there is. */
  | 'LOG_UNREACHABLE';

/** Whether an enrollment token still enrolls. */
export type TokenState =
  /** Its time is over. */
  | 'EXPIRED'
  /** It was taken back. */
  | 'REVOKED'
  /** It has enrolled as many nodes as it may. */
  | 'USED_UP'
  /** It does. */
  | 'VALID';

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { me: { id: string, name: string, permissions: Array<Permission>, mustChangePassword: boolean, tenants: Array<{ id: string, slug: string, name: string }> } | null };

export type FreshnessQueryVariables = Exact<{
  tenant: string;
}>;


export type FreshnessQuery = { tenant: { freshness: { asOf: string | null, ageSeconds: number | null, stale: StaleReason | null } } | null };

export type WatchQueryVariables = Exact<{
  tenant: string;
  since?: string | null | undefined;
}>;


export type WatchQuery = { tenant: { overview: { eventsRead: number, eventsLost: number, nodesByHealth: Array<{ health: NodeHealth, count: number }> } } | null };

export type SetRuleEnabledMutationVariables = Exact<{
  input: SetRuleEnabledInput;
}>;


export type SetRuleEnabledMutation = { setRuleEnabled: { rule: { id: string, enabled: boolean } | null, userErrors: Array<{ code: string, message: string, field: Array<string> }> } };

export type AddExceptionMutationVariables = Exact<{
  input: AddRuleExceptionInput;
}>;


export type AddExceptionMutation = { addRuleException: { rule: { id: string } | null, userErrors: Array<{ code: string, message: string, field: Array<string> }> } };

export type RemoveExceptionMutationVariables = Exact<{
  input: RemoveRuleExceptionInput;
}>;


export type RemoveExceptionMutation = { removeRuleException: { rule: { id: string } | null, userErrors: Array<{ code: string, message: string, field: Array<string> }> } };

export type ImportRulesMutationVariables = Exact<{
  input: ImportRulesInput;
}>;


export type ImportRulesMutation = { importRules: { ruleSet: { version: number } | null, warnings: Array<{ code: string, message: string, field: Array<string>, line: number | null, column: number | null }>, userErrors: Array<{ code: string, message: string, field: Array<string>, line: number | null, column: number | null }> } };

export type SetCaseStateMutationVariables = Exact<{
  input: SetCaseStateInput;
}>;


export type SetCaseStateMutation = { setCaseState: { case: { id: string } | null, userErrors: Array<{ code: string, message: string, field: Array<string> }> } };

export type AssignCaseMutationVariables = Exact<{
  input: AssignCaseInput;
}>;


export type AssignCaseMutation = { assignCase: { case: { id: string } | null, userErrors: Array<{ code: string, message: string, field: Array<string> }> } };

export type CommentCaseMutationVariables = Exact<{
  input: CommentCaseInput;
}>;


export type CommentCaseMutation = { commentCase: { case: { id: string } | null, userErrors: Array<{ code: string, message: string, field: Array<string> }> } };

export type CreateTokenMutationVariables = Exact<{
  input: CreateEnrollmentTokenInput;
}>;


export type CreateTokenMutation = { createEnrollmentToken: { secret: string | null, command: string | null, token: { id: string, label: string } | null, userErrors: Array<{ code: string, message: string, field: Array<string> }> } };

export type RevokeTokenMutationVariables = Exact<{
  input: RevokeEnrollmentTokenInput;
}>;


export type RevokeTokenMutation = { revokeEnrollmentToken: { token: { id: string } | null, userErrors: Array<{ code: string, message: string, field: Array<string> }> } };

export type RemoveNodeMutationVariables = Exact<{
  input: RemoveNodeInput;
}>;


export type RemoveNodeMutation = { removeNode: { watchedNode: { id: string } | null, userErrors: Array<{ code: string, message: string, field: Array<string> }> } };

export type ResubmitDeadLettersMutationVariables = Exact<{
  input: ResubmitDeadLettersInput;
}>;


export type ResubmitDeadLettersMutation = { resubmitDeadLetters: { deadLetters: Array<{ id: string, state: DeadLetterState }>, userErrors: Array<{ code: string, message: string, field: Array<string> }> } };

export type DismissDeadLettersMutationVariables = Exact<{
  input: DismissDeadLettersInput;
}>;


export type DismissDeadLettersMutation = { dismissDeadLetters: { deadLetters: Array<{ id: string, state: DeadLetterState }>, userErrors: Array<{ code: string, message: string, field: Array<string> }> } };

export type ChangePasswordMutationVariables = Exact<{
  input: ChangePasswordInput;
}>;


export type ChangePasswordMutation = { changePassword: { viewer: { id: string } | null, userErrors: Array<{ code: string, message: string, field: Array<string> }> } };

export type FindingRaisedSubscriptionVariables = Exact<{
  tenant: string;
}>;


export type FindingRaisedSubscription = { findingRaised: { id: string } };

export type CaseChangedSubscriptionVariables = Exact<{
  tenant: string;
}>;


export type CaseChangedSubscription = { caseChanged: { id: string } };

export type NodeChangedSubscriptionVariables = Exact<{
  tenant: string;
}>;


export type NodeChangedSubscription = { nodeChanged: { id: string } };

export type RuleChangedSubscriptionVariables = Exact<{
  tenant: string;
}>;


export type RuleChangedSubscription = { ruleChanged: { id: string } };

export type OverviewQueryVariables = Exact<{
  tenant: string;
  since?: string | null | undefined;
}>;


export type OverviewQuery = { tenant: { overview: { since: string, findings: number, openCases: number, eventsRead: number, eventsLost: number, findingsBySeverity: Array<{ severity: Severity, count: number }>, findingsOverTime: Array<{ time: string, count: number }>, topRules: Array<{ rule: string, severity: Severity, count: number }>, nodesByHealth: Array<{ health: NodeHealth, count: number }> }, cases: { nodes: Array<{ id: string, title: string, severity: Severity, state: CaseState, assigneeName: string | null, lastSeen: string, findingCount: number, hostname: string }> } } | null };

export type ActivityQueryVariables = Exact<{
  tenant: string;
  query?: string | null | undefined;
  since?: string | null | undefined;
  until?: string | null | undefined;
  after?: string | null | undefined;
}>;


export type ActivityQuery = { tenant: { activity: { next: string | null, reached: string, events: Array<{ event: { id: string, time: string, kind: string, summary: string, result: number, raw: unknown }, watchedNode: { id: string, hostname: string } | null, lineage: Array<{ pid: number, ppid: number, start: string, name: string, exe: string, args: Array<string>, commandLine: string, cwd: string, uid: number, euid: number, gid: number, user: string, loginuid: number | null, tty: number, sid: number, containerId: string | null }> }>, searched: { blocks: number, skipped: number, bytes: number, events: number, unreadable: number }, lost: { reports: number, events: number } } } | null };

export type ActivityCountsQueryVariables = Exact<{
  tenant: string;
  query?: string | null | undefined;
  since?: string | null | undefined;
  until?: string | null | undefined;
  by: Array<string> | string;
}>;


export type ActivityCountsQuery = { tenant: { activityCounts: { total: number, complete: boolean, reached: string, groups: Array<{ values: Array<string>, count: number }> } } | null };

export type CaseQueryVariables = Exact<{
  id: string | number;
}>;


export type CaseQuery = { node:
    | { __typename: 'Case', id: string, title: string, severity: Severity, state: CaseState, disposition: Disposition | null, assigneeName: string | null, firstSeen: string, lastSeen: string, findingCount: number, techniques: Array<string>, hostname: string, rules: Array<{ rule: string, severity: Severity, count: number }>, watchedNode: { id: string, health: NodeHealth } | null, findings: { nodes: Array<{ id: string, time: string, severity: Severity, message: string, hostname: string, techniques: Array<string>, rule: { name: string }, case: { id: string } | null, lineage: Array<{ name: string, user: string }> }> }, timeline: Array<
        | { __typename: 'Change', id: string, time: string, actor: string, name: string, summary: string }
        | { __typename: 'Comment', time: string, author: string, text: string }
        | { __typename: 'Finding', id: string, time: string, severity: Severity, message: string, techniques: Array<string>, rule: { name: string } }
      > }
    | { __typename: 'DeadLetter' }
    | { __typename: 'EnrollmentToken' }
    | { __typename: 'Finding' }
    | { __typename: 'Rule' }
    | { __typename: 'Tenant' }
    | { __typename: 'WatchedNode' }
   | null };

export type CasesQueryVariables = Exact<{
  tenant: string;
  filter?: CaseFilter | null | undefined;
  after?: string | null | undefined;
}>;


export type CasesQuery = { tenant: { cases: { nodes: Array<{ id: string, title: string, severity: Severity, state: CaseState, disposition: Disposition | null, assigneeName: string | null, firstSeen: string, lastSeen: string, findingCount: number, hostname: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null, damaged: number } } } | null };

export type ChangesQueryVariables = Exact<{
  tenant: string;
  filter?: ChangeFilter | null | undefined;
  after?: string | null | undefined;
}>;


export type ChangesQuery = { tenant: { changes: { nodes: Array<{ id: string, time: string, actor: string, aggregate: string, stream: string, version: number, name: string, summary: string, before: unknown, after: unknown }>, pageInfo: { hasNextPage: boolean, endCursor: string | null, damaged: number } } } | null };

export type FindingQueryVariables = Exact<{
  id: string | number;
}>;


export type FindingQuery = { node:
    | { __typename: 'Case' }
    | { __typename: 'DeadLetter' }
    | { __typename: 'EnrollmentToken' }
    | { __typename: 'Finding', id: string, time: string, detected: string, severity: Severity, message: string, techniques: Array<string>, hostname: string, rule: { name: string, version: string, description: string, condition: string, tags: Array<string>, ruleSetVersion: number }, fields: Array<{ name: string, value: string }>, watchedNode: { id: string, hostname: string, health: NodeHealth } | null, case: { id: string, title: string, state: CaseState, disposition: Disposition | null } | null, event: { id: string, kind: string, time: string, tid: number, result: number, summary: string, raw: unknown } | null, lineage: Array<{ pid: number, ppid: number, start: string, name: string, exe: string, args: Array<string>, commandLine: string, cwd: string, uid: number, euid: number, gid: number, user: string, loginuid: number | null, tty: number, sid: number, containerId: string | null }> }
    | { __typename: 'Rule' }
    | { __typename: 'Tenant' }
    | { __typename: 'WatchedNode' }
   | null };

export type RuleNowQueryVariables = Exact<{
  tenant: string;
  name: string;
}>;


export type RuleNowQuery = { tenant: { rule: { id: string, enabled: boolean, version: string } | null } | null };

export type FindingsQueryVariables = Exact<{
  tenant: string;
  filter?: FindingFilter | null | undefined;
  after?: string | null | undefined;
}>;


export type FindingsQuery = { tenant: { findings: { nodes: Array<{ id: string, time: string, severity: Severity, message: string, hostname: string, techniques: Array<string>, rule: { name: string }, case: { id: string } | null, lineage: Array<{ name: string, user: string }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null, damaged: number } } } | null };

export type FindingRowFragment = { id: string, time: string, severity: Severity, message: string, hostname: string, techniques: Array<string>, rule: { name: string }, case: { id: string } | null, lineage: Array<{ name: string, user: string }> };

export type FindingChoicesQueryVariables = Exact<{
  tenant: string;
}>;


export type FindingChoicesQuery = { tenant: { nodes: { nodes: Array<{ id: string, hostname: string }> }, rules: { nodes: Array<{ name: string }> } } | null };

export type LiveFindingsSubscriptionVariables = Exact<{
  tenant: string;
  filter?: FindingFilter | null | undefined;
}>;


export type LiveFindingsSubscription = { findingRaised: { id: string, time: string, severity: Severity, message: string, hostname: string, techniques: Array<string>, rule: { name: string }, case: { id: string } | null, lineage: Array<{ name: string, user: string }> } };

export type WatchedNodeQueryVariables = Exact<{
  id: string | number;
  from?: string | null | undefined;
}>;


export type WatchedNodeQuery = { node:
    | { __typename: 'Case' }
    | { __typename: 'DeadLetter' }
    | { __typename: 'EnrollmentToken' }
    | { __typename: 'Finding' }
    | { __typename: 'Rule' }
    | { __typename: 'Tenant' }
    | { __typename: 'WatchedNode', id: string, hostname: string, health: NodeHealth, enrolled: string, lastSeen: string | null, agentVersion: string, kernel: string | null, hooks: Array<string>, certificateExpires: string | null, eventsRead: number, eventsLost: number, spoolBytes: number, cpuMillis: number, rssBytes: number, ledger: Array<{ since: string, until: string, stage: LossStage, cpu: number | null, hook: string, count: number }>, coverage: Array<{ from: string, until: string, watched: boolean, events: number, lost: number }> }
   | null };

export type NodesQueryVariables = Exact<{
  tenant: string;
  after?: string | null | undefined;
}>;


export type NodesQuery = { tenant: { nodes: { nodes: Array<{ id: string, hostname: string, health: NodeHealth, lastSeen: string | null, agentVersion: string, kernel: string | null, eventsRead: number, eventsLost: number, spoolBytes: number }>, pageInfo: { hasNextPage: boolean, endCursor: string | null, damaged: number } } } | null };

export type InForceQueryVariables = Exact<{
  tenant: string;
  asOf: string;
}>;


export type InForceQuery = { tenant: { then: { version: number, asOf: string, lastChange: { id: string, time: string, actor: string, summary: string } | null, rules: Array<{ name: string, version: string, enabled: boolean, severity: Severity, exceptions: Array<string> }> }, now: { version: number, asOf: string, lastChange: { id: string, time: string, actor: string, summary: string } | null, rules: Array<{ name: string, version: string, enabled: boolean, severity: Severity, exceptions: Array<string> }> }, changes: { nodes: Array<{ id: string, time: string, actor: string, aggregate: string, version: number, name: string, summary: string, before: unknown, after: unknown }>, pageInfo: { hasNextPage: boolean } } } | null };

export type RuleSetFragment = { version: number, asOf: string, lastChange: { id: string, time: string, actor: string, summary: string } | null, rules: Array<{ name: string, version: string, enabled: boolean, severity: Severity, exceptions: Array<string> }> };

export type RuleQueryVariables = Exact<{
  tenant: string;
  name: string;
  since?: string | null | undefined;
}>;


export type RuleQuery = { tenant: { rule: { id: string, name: string, version: string, description: string, condition: string, output: string, severity: Severity, tags: Array<string>, techniques: Array<string>, source: string, file: string, enabled: boolean, text: string, findingCount: number, exceptions: Array<{ name: string, fields: Array<string>, comps: Array<string>, values: Array<Array<string>>, reason: string, addedBy: string, added: string }>, changes: { nodes: Array<{ id: string, time: string, actor: string, aggregate: string, version: number, name: string, summary: string, before: unknown, after: unknown }> } } | null } | null };

export type RulesQueryVariables = Exact<{
  tenant: string;
  filter?: RuleFilter | null | undefined;
  since?: string | null | undefined;
  after?: string | null | undefined;
}>;


export type RulesQuery = { tenant: { rules: { nodes: Array<{ id: string, name: string, description: string, severity: Severity, techniques: Array<string>, enabled: boolean, source: string, file: string, findingCount: number, exceptions: Array<{ name: string }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null, damaged: number } } } | null };

export type SetAsideQueryVariables = Exact<{
  tenant: string;
  open?: boolean | null | undefined;
  after?: string | null | undefined;
}>;


export type SetAsideQuery = { tenant: { deadLetters: { nodes: Array<{ id: string, place: string, time: string, stage: string, why: string, bytes: number, state: DeadLetterState, header: { events: number, watchedNode: { hostname: string } | null } | null, failedAgain: { id: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null, damaged: number } } } | null };

export type SetAsideRecordQueryVariables = Exact<{
  id: string | number;
}>;


export type SetAsideRecordQuery = { node:
    | { __typename: 'Case' }
    | { __typename: 'DeadLetter', id: string, place: string, topic: string, partition: number, offset: number, time: string, stage: string, why: string, bytes: number, state: DeadLetterState, obstacle: string | null, attempts: number, unreadable: string | null, header: { nodeId: string, bootId: string, first: number, last: number, events: number, earliest: string, latest: string, kinds: Array<string>, watchedNode: { id: string, hostname: string } | null } | null, resubmitted: { by: string, time: string } | null, dismissed: { by: string, time: string, reason: string } | null, resubmissionOf: { id: string, place: string } | null, failedAgain: { id: string, place: string, time: string } | null }
    | { __typename: 'EnrollmentToken' }
    | { __typename: 'Finding' }
    | { __typename: 'Rule' }
    | { __typename: 'Tenant' }
    | { __typename: 'WatchedNode' }
   | null };

export type TokensQueryVariables = Exact<{
  tenant: string;
  after?: string | null | undefined;
}>;


export type TokensQuery = { tenant: { enrollmentTokens: { nodes: Array<{ id: string, label: string, state: TokenState, created: string, expires: string, maxUses: number, uses: number }>, pageInfo: { hasNextPage: boolean, endCursor: string | null, damaged: number } } } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const FindingRowFragmentDoc = new TypedDocumentString(`
    fragment FindingRow on Finding {
  id
  time
  severity
  message
  hostname
  techniques
  rule {
    name
  }
  case {
    id
  }
  lineage {
    name
    user
  }
}
    `, {"fragmentName":"FindingRow"}) as unknown as TypedDocumentString<FindingRowFragment, unknown>;
export const RuleSetFragmentDoc = new TypedDocumentString(`
    fragment RuleSet on RuleSetState {
  version
  asOf
  lastChange {
    id
    time
    actor
    summary
  }
  rules {
    name
    version
    enabled
    severity
    exceptions
  }
}
    `, {"fragmentName":"RuleSet"}) as unknown as TypedDocumentString<RuleSetFragment, unknown>;
export const MeDocument = new TypedDocumentString(`
    query Me {
  me {
    id
    name
    permissions
    mustChangePassword
    tenants {
      id
      slug
      name
    }
  }
}
    `) as unknown as TypedDocumentString<MeQuery, MeQueryVariables>;
export const FreshnessDocument = new TypedDocumentString(`
    query Freshness($tenant: String!) {
  tenant(id: $tenant) {
    freshness {
      asOf
      ageSeconds
      stale
    }
  }
}
    `) as unknown as TypedDocumentString<FreshnessQuery, FreshnessQueryVariables>;
export const WatchDocument = new TypedDocumentString(`
    query Watch($tenant: String!, $since: DateTime) {
  tenant(id: $tenant) {
    overview(since: $since) {
      nodesByHealth {
        health
        count
      }
      eventsRead
      eventsLost
    }
  }
}
    `) as unknown as TypedDocumentString<WatchQuery, WatchQueryVariables>;
export const SetRuleEnabledDocument = new TypedDocumentString(`
    mutation SetRuleEnabled($input: SetRuleEnabledInput!) {
  setRuleEnabled(input: $input) {
    rule {
      id
      enabled
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<SetRuleEnabledMutation, SetRuleEnabledMutationVariables>;
export const AddExceptionDocument = new TypedDocumentString(`
    mutation AddException($input: AddRuleExceptionInput!) {
  addRuleException(input: $input) {
    rule {
      id
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<AddExceptionMutation, AddExceptionMutationVariables>;
export const RemoveExceptionDocument = new TypedDocumentString(`
    mutation RemoveException($input: RemoveRuleExceptionInput!) {
  removeRuleException(input: $input) {
    rule {
      id
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<RemoveExceptionMutation, RemoveExceptionMutationVariables>;
export const ImportRulesDocument = new TypedDocumentString(`
    mutation ImportRules($input: ImportRulesInput!) {
  importRules(input: $input) {
    ruleSet {
      version
    }
    warnings {
      code
      message
      field
      line
      column
    }
    userErrors {
      code
      message
      field
      line
      column
    }
  }
}
    `) as unknown as TypedDocumentString<ImportRulesMutation, ImportRulesMutationVariables>;
export const SetCaseStateDocument = new TypedDocumentString(`
    mutation SetCaseState($input: SetCaseStateInput!) {
  setCaseState(input: $input) {
    case {
      id
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<SetCaseStateMutation, SetCaseStateMutationVariables>;
export const AssignCaseDocument = new TypedDocumentString(`
    mutation AssignCase($input: AssignCaseInput!) {
  assignCase(input: $input) {
    case {
      id
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<AssignCaseMutation, AssignCaseMutationVariables>;
export const CommentCaseDocument = new TypedDocumentString(`
    mutation CommentCase($input: CommentCaseInput!) {
  commentCase(input: $input) {
    case {
      id
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<CommentCaseMutation, CommentCaseMutationVariables>;
export const CreateTokenDocument = new TypedDocumentString(`
    mutation CreateToken($input: CreateEnrollmentTokenInput!) {
  createEnrollmentToken(input: $input) {
    token {
      id
      label
    }
    secret
    command
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<CreateTokenMutation, CreateTokenMutationVariables>;
export const RevokeTokenDocument = new TypedDocumentString(`
    mutation RevokeToken($input: RevokeEnrollmentTokenInput!) {
  revokeEnrollmentToken(input: $input) {
    token {
      id
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<RevokeTokenMutation, RevokeTokenMutationVariables>;
export const RemoveNodeDocument = new TypedDocumentString(`
    mutation RemoveNode($input: RemoveNodeInput!) {
  removeNode(input: $input) {
    watchedNode {
      id
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<RemoveNodeMutation, RemoveNodeMutationVariables>;
export const ResubmitDeadLettersDocument = new TypedDocumentString(`
    mutation ResubmitDeadLetters($input: ResubmitDeadLettersInput!) {
  resubmitDeadLetters(input: $input) {
    deadLetters {
      id
      state
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<ResubmitDeadLettersMutation, ResubmitDeadLettersMutationVariables>;
export const DismissDeadLettersDocument = new TypedDocumentString(`
    mutation DismissDeadLetters($input: DismissDeadLettersInput!) {
  dismissDeadLetters(input: $input) {
    deadLetters {
      id
      state
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<DismissDeadLettersMutation, DismissDeadLettersMutationVariables>;
export const ChangePasswordDocument = new TypedDocumentString(`
    mutation ChangePassword($input: ChangePasswordInput!) {
  changePassword(input: $input) {
    viewer {
      id
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<ChangePasswordMutation, ChangePasswordMutationVariables>;
export const FindingRaisedDocument = new TypedDocumentString(`
    subscription FindingRaised($tenant: String!) {
  findingRaised(tenant: $tenant) {
    id
  }
}
    `) as unknown as TypedDocumentString<FindingRaisedSubscription, FindingRaisedSubscriptionVariables>;
export const CaseChangedDocument = new TypedDocumentString(`
    subscription CaseChanged($tenant: String!) {
  caseChanged(tenant: $tenant) {
    id
  }
}
    `) as unknown as TypedDocumentString<CaseChangedSubscription, CaseChangedSubscriptionVariables>;
export const NodeChangedDocument = new TypedDocumentString(`
    subscription NodeChanged($tenant: String!) {
  nodeChanged(tenant: $tenant) {
    id
  }
}
    `) as unknown as TypedDocumentString<NodeChangedSubscription, NodeChangedSubscriptionVariables>;
export const RuleChangedDocument = new TypedDocumentString(`
    subscription RuleChanged($tenant: String!) {
  ruleChanged(tenant: $tenant) {
    id
  }
}
    `) as unknown as TypedDocumentString<RuleChangedSubscription, RuleChangedSubscriptionVariables>;
export const OverviewDocument = new TypedDocumentString(`
    query Overview($tenant: String!, $since: DateTime) {
  tenant(id: $tenant) {
    overview(since: $since) {
      since
      findings
      findingsBySeverity {
        severity
        count
      }
      findingsOverTime {
        time
        count
      }
      topRules {
        rule
        severity
        count
      }
      openCases
      nodesByHealth {
        health
        count
      }
      eventsRead
      eventsLost
    }
    cases(filter: {states: [OPEN, IN_PROGRESS]}, first: 6) {
      nodes {
        id
        title
        severity
        state
        assigneeName
        lastSeen
        findingCount
        hostname
      }
    }
  }
}
    `) as unknown as TypedDocumentString<OverviewQuery, OverviewQueryVariables>;
export const ActivityDocument = new TypedDocumentString(`
    query Activity($tenant: String!, $query: String, $since: DateTime, $until: DateTime, $after: String) {
  tenant(id: $tenant) {
    activity(query: $query, since: $since, until: $until, first: 50, after: $after) {
      events {
        event {
          id
          time
          kind
          summary
          result
          raw
        }
        watchedNode {
          id
          hostname
        }
        lineage {
          pid
          ppid
          start
          name
          exe
          args
          commandLine
          cwd
          uid
          euid
          gid
          user
          loginuid
          tty
          sid
          containerId
        }
      }
      next
      reached
      searched {
        blocks
        skipped
        bytes
        events
        unreadable
      }
      lost {
        reports
        events
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ActivityQuery, ActivityQueryVariables>;
export const ActivityCountsDocument = new TypedDocumentString(`
    query ActivityCounts($tenant: String!, $query: String, $since: DateTime, $until: DateTime, $by: [String!]!) {
  tenant(id: $tenant) {
    activityCounts(query: $query, since: $since, until: $until, by: $by, first: 20) {
      groups {
        values
        count
      }
      total
      complete
      reached
    }
  }
}
    `) as unknown as TypedDocumentString<ActivityCountsQuery, ActivityCountsQueryVariables>;
export const CaseDocument = new TypedDocumentString(`
    query Case($id: ID!) {
  node(id: $id) {
    __typename
    ... on Case {
      id
      title
      severity
      state
      disposition
      assigneeName
      firstSeen
      lastSeen
      findingCount
      rules {
        rule
        severity
        count
      }
      techniques
      hostname
      watchedNode {
        id
        health
      }
      findings(first: 100) {
        nodes {
          ...FindingRow
        }
      }
      timeline {
        __typename
        ... on Finding {
          id
          time
          severity
          message
          techniques
          rule {
            name
          }
        }
        ... on Comment {
          time
          author
          text
        }
        ... on Change {
          id
          time
          actor
          name
          summary
        }
      }
    }
  }
}
    fragment FindingRow on Finding {
  id
  time
  severity
  message
  hostname
  techniques
  rule {
    name
  }
  case {
    id
  }
  lineage {
    name
    user
  }
}`) as unknown as TypedDocumentString<CaseQuery, CaseQueryVariables>;
export const CasesDocument = new TypedDocumentString(`
    query Cases($tenant: String!, $filter: CaseFilter, $after: String) {
  tenant(id: $tenant) {
    cases(filter: $filter, first: 50, after: $after) {
      nodes {
        id
        title
        severity
        state
        disposition
        assigneeName
        firstSeen
        lastSeen
        findingCount
        hostname
      }
      pageInfo {
        hasNextPage
        endCursor
        damaged
      }
    }
  }
}
    `) as unknown as TypedDocumentString<CasesQuery, CasesQueryVariables>;
export const ChangesDocument = new TypedDocumentString(`
    query Changes($tenant: String!, $filter: ChangeFilter, $after: String) {
  tenant(id: $tenant) {
    changes(filter: $filter, first: 50, after: $after) {
      nodes {
        id
        time
        actor
        aggregate
        stream
        version
        name
        summary
        before
        after
      }
      pageInfo {
        hasNextPage
        endCursor
        damaged
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ChangesQuery, ChangesQueryVariables>;
export const FindingDocument = new TypedDocumentString(`
    query Finding($id: ID!) {
  node(id: $id) {
    __typename
    ... on Finding {
      id
      time
      detected
      severity
      message
      rule {
        name
        version
        description
        condition
        tags
        ruleSetVersion
      }
      techniques
      fields {
        name
        value
      }
      hostname
      watchedNode {
        id
        hostname
        health
      }
      case {
        id
        title
        state
        disposition
      }
      event {
        id
        kind
        time
        tid
        result
        summary
        raw
      }
      lineage {
        pid
        ppid
        start
        name
        exe
        args
        commandLine
        cwd
        uid
        euid
        gid
        user
        loginuid
        tty
        sid
        containerId
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FindingQuery, FindingQueryVariables>;
export const RuleNowDocument = new TypedDocumentString(`
    query RuleNow($tenant: String!, $name: String!) {
  tenant(id: $tenant) {
    rule(name: $name) {
      id
      enabled
      version
    }
  }
}
    `) as unknown as TypedDocumentString<RuleNowQuery, RuleNowQueryVariables>;
export const FindingsDocument = new TypedDocumentString(`
    query Findings($tenant: String!, $filter: FindingFilter, $after: String) {
  tenant(id: $tenant) {
    findings(filter: $filter, first: 50, after: $after) {
      nodes {
        ...FindingRow
      }
      pageInfo {
        hasNextPage
        endCursor
        damaged
      }
    }
  }
}
    fragment FindingRow on Finding {
  id
  time
  severity
  message
  hostname
  techniques
  rule {
    name
  }
  case {
    id
  }
  lineage {
    name
    user
  }
}`) as unknown as TypedDocumentString<FindingsQuery, FindingsQueryVariables>;
export const FindingChoicesDocument = new TypedDocumentString(`
    query FindingChoices($tenant: String!) {
  tenant(id: $tenant) {
    nodes(first: 100) {
      nodes {
        id
        hostname
      }
    }
    rules(first: 100) {
      nodes {
        name
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FindingChoicesQuery, FindingChoicesQueryVariables>;
export const LiveFindingsDocument = new TypedDocumentString(`
    subscription LiveFindings($tenant: String!, $filter: FindingFilter) {
  findingRaised(tenant: $tenant, filter: $filter) {
    ...FindingRow
  }
}
    fragment FindingRow on Finding {
  id
  time
  severity
  message
  hostname
  techniques
  rule {
    name
  }
  case {
    id
  }
  lineage {
    name
    user
  }
}`) as unknown as TypedDocumentString<LiveFindingsSubscription, LiveFindingsSubscriptionVariables>;
export const WatchedNodeDocument = new TypedDocumentString(`
    query WatchedNode($id: ID!, $from: DateTime) {
  node(id: $id) {
    __typename
    ... on WatchedNode {
      id
      hostname
      health
      enrolled
      lastSeen
      agentVersion
      kernel
      hooks
      certificateExpires
      eventsRead
      eventsLost
      spoolBytes
      cpuMillis
      rssBytes
      ledger(from: $from, first: 100) {
        since
        until
        stage
        cpu
        hook
        count
      }
      coverage(from: $from) {
        from
        until
        watched
        events
        lost
      }
    }
  }
}
    `) as unknown as TypedDocumentString<WatchedNodeQuery, WatchedNodeQueryVariables>;
export const NodesDocument = new TypedDocumentString(`
    query Nodes($tenant: String!, $after: String) {
  tenant(id: $tenant) {
    nodes(first: 100, after: $after) {
      nodes {
        id
        hostname
        health
        lastSeen
        agentVersion
        kernel
        eventsRead
        eventsLost
        spoolBytes
      }
      pageInfo {
        hasNextPage
        endCursor
        damaged
      }
    }
  }
}
    `) as unknown as TypedDocumentString<NodesQuery, NodesQueryVariables>;
export const InForceDocument = new TypedDocumentString(`
    query InForce($tenant: String!, $asOf: DateTime!) {
  tenant(id: $tenant) {
    then: ruleSet(asOf: $asOf) {
      ...RuleSet
    }
    now: ruleSet {
      ...RuleSet
    }
    changes(filter: {aggregate: "rule_set", from: $asOf}, first: 50) {
      nodes {
        id
        time
        actor
        aggregate
        version
        name
        summary
        before
        after
      }
      pageInfo {
        hasNextPage
      }
    }
  }
}
    fragment RuleSet on RuleSetState {
  version
  asOf
  lastChange {
    id
    time
    actor
    summary
  }
  rules {
    name
    version
    enabled
    severity
    exceptions
  }
}`) as unknown as TypedDocumentString<InForceQuery, InForceQueryVariables>;
export const RuleDocument = new TypedDocumentString(`
    query Rule($tenant: String!, $name: String!, $since: DateTime) {
  tenant(id: $tenant) {
    rule(name: $name) {
      id
      name
      version
      description
      condition
      output
      severity
      tags
      techniques
      source
      file
      enabled
      exceptions {
        name
        fields
        comps
        values
        reason
        addedBy
        added
      }
      text
      findingCount(since: $since)
      changes(first: 50) {
        nodes {
          id
          time
          actor
          aggregate
          version
          name
          summary
          before
          after
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<RuleQuery, RuleQueryVariables>;
export const RulesDocument = new TypedDocumentString(`
    query Rules($tenant: String!, $filter: RuleFilter, $since: DateTime, $after: String) {
  tenant(id: $tenant) {
    rules(filter: $filter, first: 100, after: $after) {
      nodes {
        id
        name
        description
        severity
        techniques
        enabled
        source
        file
        exceptions {
          name
        }
        findingCount(since: $since)
      }
      pageInfo {
        hasNextPage
        endCursor
        damaged
      }
    }
  }
}
    `) as unknown as TypedDocumentString<RulesQuery, RulesQueryVariables>;
export const SetAsideDocument = new TypedDocumentString(`
    query SetAside($tenant: String!, $open: Boolean, $after: String) {
  tenant(id: $tenant) {
    deadLetters(open: $open, first: 50, after: $after) {
      nodes {
        id
        place
        time
        stage
        why
        bytes
        state
        header {
          events
          watchedNode {
            hostname
          }
        }
        failedAgain {
          id
        }
      }
      pageInfo {
        hasNextPage
        endCursor
        damaged
      }
    }
  }
}
    `) as unknown as TypedDocumentString<SetAsideQuery, SetAsideQueryVariables>;
export const SetAsideRecordDocument = new TypedDocumentString(`
    query SetAsideRecord($id: ID!) {
  node(id: $id) {
    __typename
    ... on DeadLetter {
      id
      place
      topic
      partition
      offset
      time
      stage
      why
      bytes
      state
      obstacle
      attempts
      unreadable
      header {
        nodeId
        bootId
        first
        last
        events
        earliest
        latest
        kinds
        watchedNode {
          id
          hostname
        }
      }
      resubmitted {
        by
        time
      }
      dismissed {
        by
        time
        reason
      }
      resubmissionOf {
        id
        place
      }
      failedAgain {
        id
        place
        time
      }
    }
  }
}
    `) as unknown as TypedDocumentString<SetAsideRecordQuery, SetAsideRecordQueryVariables>;
export const TokensDocument = new TypedDocumentString(`
    query Tokens($tenant: String!, $after: String) {
  tenant(id: $tenant) {
    enrollmentTokens(first: 50, after: $after) {
      nodes {
        id
        label
        state
        created
        expires
        maxUses
        uses
      }
      pageInfo {
        hasNextPage
        endCursor
        damaged
      }
    }
  }
}
    `) as unknown as TypedDocumentString<TokensQuery, TokensQueryVariables>;