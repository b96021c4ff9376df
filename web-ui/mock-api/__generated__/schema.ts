import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { TenantRow, FindingRow, CaseRow, NodeRow, RuleRow, ChangeRow, CommentRow, TokenRow, DeadLetterRow, DeadLetterHeaderRow, UserRow } from '../world';
import type { Context } from '../context';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  DateTime: { input: string; output: string; }
  /** A scalar that can represent any JSON value. */
  JSON: { input: unknown; output: unknown; }
};

/** Events counted by the values of fields. */
export type ActivityCounts = {
  __typename?: 'ActivityCounts';
  /** Everything asked for was looked at. */
  complete: Scalars['Boolean']['output'];
  /** The most frequent first. */
  groups: Array<ActivityGroup>;
  /** What is known to be missing. */
  lost: LostAmount;
  /** Everything asked for from this time on was looked at. */
  reached: Scalars['DateTime']['output'];
  /** What was looked at. */
  searched: SearchedAmount;
  /** All events that were counted, also of groups not listed. */
  total: Scalars['Float']['output'];
};

export type ActivityEvent = {
  __typename?: 'ActivityEvent';
  event: Event;
  /** The process that did it, then its parent, and so on up. */
  lineage: Array<Process>;
  /** The process that did it. */
  process?: Maybe<Process>;
  watchedNode?: Maybe<WatchedNode>;
};

/** How many events have these values. */
export type ActivityGroup = {
  __typename?: 'ActivityGroup';
  /** How many. */
  count: Scalars['Float']['output'];
  /** One for each field asked for; empty where an event has none. */
  values: Array<Scalars['String']['output']>;
};

/** Some events and how far the search came. */
export type ActivityPage = {
  __typename?: 'ActivityPage';
  /** Newest first. */
  events: Array<ActivityEvent>;
  /** What is known to be missing. */
  lost: LostAmount;
  /** Pass it as `after` to go on; null when everything was looked at. A page may be short, even empty, and still go on. */
  next?: Maybe<Scalars['String']['output']>;
  /** Everything asked for from this time on was looked at. */
  reached: Scalars['DateTime']['output'];
  /** What was looked at. */
  searched: SearchedAmount;
};

/** A piece of a running search. */
export type ActivityStep = {
  __typename?: 'ActivityStep';
  /** This was the last step. */
  done: Scalars['Boolean']['output'];
  /** Found since the step before, newest first. */
  events: Array<ActivityEvent>;
  /** What is known to be missing, as far as the search came. */
  lost: LostAmount;
  /** Everything asked for from this time on was looked at. */
  reached: Scalars['DateTime']['output'];
  /** What was looked at since the search began. */
  searched: SearchedAmount;
};

/** See `addRuleException`. */
export type AddRuleExceptionInput = {
  exception: RuleExceptionInput;
  reason?: InputMaybe<Scalars['String']['input']>;
  rule: Scalars['String']['input'];
  tenant: Scalars['String']['input'];
};

/** `toMe: false` takes the case from whoever has it. */
export type AssignCaseInput = {
  caseId: Scalars['ID']['input'];
  toMe: Scalars['Boolean']['input'];
};

export type Case = Node & {
  __typename?: 'Case';
  assigneeName?: Maybe<Scalars['String']['output']>;
  disposition?: Maybe<Disposition>;
  findingCount: Scalars['Int']['output'];
  findings: FindingConnection;
  firstSeen: Scalars['DateTime']['output'];
  hostname: Scalars['String']['output'];
  /** Global: good for `node(id:)`. */
  id: Scalars['ID']['output'];
  lastSeen: Scalars['DateTime']['output'];
  /** Per rule: how many findings. */
  rules: Array<RuleCount>;
  /** The highest of its findings. */
  severity: Severity;
  state: CaseState;
  techniques: Array<Scalars['String']['output']>;
  /** Findings, comments and decisions in order of time, oldest first. Of a long one, the newest 500 of each. */
  timeline: Array<TimelineEntry>;
  title: Scalars['String']['output'];
  watchedNode?: Maybe<WatchedNode>;
};


export type CaseFindingsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

export type CaseConnection = {
  __typename?: 'CaseConnection';
  /** Each with its cursor. */
  edges: Array<CaseEdge>;
  /** The same without cursors. */
  nodes: Array<Case>;
  /** Where this page lies. */
  pageInfo: PageInfo;
};

/** One of a page of cases. */
export type CaseEdge = {
  __typename?: 'CaseEdge';
  /** Its place in the list. */
  cursor: Scalars['String']['output'];
  /** It. */
  node: Case;
};

/** Which cases. */
export type CaseFilter = {
  /** Somebody's. */
  assigneeId?: InputMaybe<Scalars['ID']['input']>;
  /** On this node. */
  nodeId?: InputMaybe<Scalars['ID']['input']>;
  /** One of these. */
  severities?: InputMaybe<Array<Severity>>;
  /** One of these. */
  states?: InputMaybe<Array<CaseState>>;
  /** Substring of the title, any case. */
  text?: InputMaybe<Scalars['String']['input']>;
};

/** The case afterwards. */
export type CasePayload = {
  __typename?: 'CasePayload';
  case?: Maybe<Case>;
  userErrors: Array<UserError>;
};

/** Where the work on a case stands. */
export type CaseState =
  /** Done; see the disposition. */
  | 'CLOSED'
  /** Somebody does. */
  | 'IN_PROGRESS'
  /** Nobody works on it yet. */
  | 'OPEN';

export type Change = {
  __typename?: 'Change';
  actor: Scalars['String']['output'];
  after?: Maybe<Scalars['JSON']['output']>;
  aggregate: Scalars['String']['output'];
  before?: Maybe<Scalars['JSON']['output']>;
  id: Scalars['ID']['output'];
  /** Past tense, such as RuleDisabled. */
  name: Scalars['String']['output'];
  stream: Scalars['String']['output'];
  summary: Scalars['String']['output'];
  time: Scalars['DateTime']['output'];
  version: Scalars['Int']['output'];
};

export type ChangeConnection = {
  __typename?: 'ChangeConnection';
  /** Each with its cursor. */
  edges: Array<ChangeEdge>;
  /** The same without cursors. */
  nodes: Array<Change>;
  /** Where this page lies. */
  pageInfo: PageInfo;
};

/** One of a page of decisions. */
export type ChangeEdge = {
  __typename?: 'ChangeEdge';
  /** Its place in the list. */
  cursor: Scalars['String']['output'];
  /** It. */
  node: Change;
};

/** Which decisions. */
export type ChangeFilter = {
  /** About this kind of thing: tenant, user, token, node, rule_set, case, dead_letter. */
  aggregate?: InputMaybe<Scalars['String']['input']>;
  /** Not before. */
  from?: InputMaybe<Scalars['DateTime']['input']>;
  /** About this one. */
  stream?: InputMaybe<Scalars['String']['input']>;
  /** Before. */
  until?: InputMaybe<Scalars['DateTime']['input']>;
};

/** See `changePassword`. */
export type ChangePasswordInput = {
  current: Scalars['String']['input'];
  new: Scalars['String']['input'];
};

/** What somebody wrote about a case. */
export type Comment = {
  __typename?: 'Comment';
  author: Scalars['String']['output'];
  text: Scalars['String']['output'];
  time: Scalars['DateTime']['output'];
};

/** See `commentCase`. */
export type CommentCaseInput = {
  caseId: Scalars['ID']['input'];
  text: Scalars['String']['input'];
};

/** A span in which a node was watched, or not. */
export type CoverageSpan = {
  __typename?: 'CoverageSpan';
  events: Scalars['Float']['output'];
  from: Scalars['DateTime']['output'];
  lost: Scalars['Float']['output'];
  until: Scalars['DateTime']['output'];
  watched: Scalars['Boolean']['output'];
};

/** See `createEnrollmentToken`. */
export type CreateEnrollmentTokenInput = {
  label: Scalars['String']['input'];
  maxUses: Scalars['Int']['input'];
  tenant: Scalars['String']['input'];
  validSeconds: Scalars['Int']['input'];
};

/** The token afterwards, and its secret. */
export type CreateEnrollmentTokenPayload = {
  __typename?: 'CreateEnrollmentTokenPayload';
  /** What to run on the new node. */
  command?: Maybe<Scalars['String']['output']>;
  /** Shown this once. */
  secret?: Maybe<Scalars['String']['output']>;
  token?: Maybe<EnrollmentToken>;
  userErrors: Array<UserError>;
};

export type DeadLetter = Node & {
  __typename?: 'DeadLetter';
  /** How often this record had been sent again before it came here. */
  attempts: Scalars['Int']['output'];
  /** Its size, whether or not it was kept. */
  bytes: Scalars['Float']['output'];
  /** Who saw it and left it. */
  dismissed?: Maybe<DeadLetterDecision>;
  /** What it came back as when it was sent again and failed again. */
  failedAgain?: Maybe<DeadLetter>;
  /** What its header says, where that can be read. */
  header?: Maybe<DeadLetterHeader>;
  id: Scalars['ID']['output'];
  /** Why it can't be sent again; null when it can. */
  obstacle?: Maybe<Scalars['String']['output']>;
  offset: Scalars['Float']['output'];
  partition: Scalars['Int']['output'];
  /** Topic, partition and offset it lay at. */
  place: Scalars['String']['output'];
  /** The letter that was sent again and came back as this one. */
  resubmissionOf?: Maybe<DeadLetter>;
  /** Who sent it again. */
  resubmitted?: Maybe<DeadLetterDecision>;
  /** Who could not use it, for instance detect. With several the last. */
  stage: Scalars['String']['output'];
  /** What became of it. */
  state: DeadLetterState;
  /** When it was put aside. */
  time: Scalars['DateTime']['output'];
  /** The topic it lay in. */
  topic: Scalars['String']['output'];
  /** Why its header can't be read. */
  unreadable?: Maybe<Scalars['String']['output']>;
  /** What was wrong with it. */
  why: Scalars['String']['output'];
};

export type DeadLetterConnection = {
  __typename?: 'DeadLetterConnection';
  /** Each with its cursor. */
  edges: Array<DeadLetterEdge>;
  /** The same without cursors. */
  nodes: Array<DeadLetter>;
  /** Where this page lies. */
  pageInfo: PageInfo;
};

/** Who decided about a record that was put aside, and when. */
export type DeadLetterDecision = {
  __typename?: 'DeadLetterDecision';
  /** Who, by name. */
  by: Scalars['String']['output'];
  /** Why; may be empty. */
  reason: Scalars['String']['output'];
  /** When. */
  time: Scalars['DateTime']['output'];
};

/** One of a page of records that were put aside. */
export type DeadLetterEdge = {
  __typename?: 'DeadLetterEdge';
  /** Its place in the list. */
  cursor: Scalars['String']['output'];
  /** It. */
  node: DeadLetter;
};

export type DeadLetterHeader = {
  __typename?: 'DeadLetterHeader';
  /** The agent run that numbered them. */
  bootId: Scalars['String']['output'];
  /** Time of the earliest. */
  earliest: Scalars['DateTime']['output'];
  /** How many events are in it. */
  events: Scalars['Int']['output'];
  /** Number of its first event. */
  first: Scalars['Float']['output'];
  /** Which kinds of event, such as process.exec; the number of one that has no name here. */
  kinds: Array<Scalars['String']['output']>;
  /** Number of its last event. */
  last: Scalars['Float']['output'];
  /** Time of the latest. */
  latest: Scalars['DateTime']['output'];
  /** The node's own id (nod_…). */
  nodeId: Scalars['String']['output'];
  /** Whose events they are; null for a node that the tenant does not have. */
  watchedNode?: Maybe<WatchedNode>;
};

/** What became of a record that was put aside. */
export type DeadLetterState =
  /** Somebody saw it and left it. */
  | 'DISMISSED'
  /** Somebody has still to look at it. */
  | 'OPEN'
  /** It was sent again. */
  | 'RESUBMITTED';

/**
 * The letters afterwards. One that was refused does not keep the others from being decided: its reason names its place
 * in the input.
 */
export type DeadLettersPayload = {
  __typename?: 'DeadLettersPayload';
  deadLetters: Array<DeadLetter>;
  userErrors: Array<UserError>;
};

/** Up to 50 of them. */
export type DismissDeadLettersInput = {
  deadLetterIds: Array<Scalars['ID']['input']>;
  reason?: InputMaybe<Scalars['String']['input']>;
};

/** What a case turned out to be. */
export type Disposition =
  /** Real, and meant. */
  | 'BENIGN'
  /** The rule was wrong. */
  | 'FALSE_POSITIVE'
  /** A real attack or misuse. */
  | 'TRUE_POSITIVE';

export type EnrollmentToken = Node & {
  __typename?: 'EnrollmentToken';
  created: Scalars['DateTime']['output'];
  expires: Scalars['DateTime']['output'];
  /** Global: good for `node(id:)`. */
  id: Scalars['ID']['output'];
  label: Scalars['String']['output'];
  maxUses: Scalars['Int']['output'];
  state: TokenState;
  uses: Scalars['Int']['output'];
};

export type EnrollmentTokenConnection = {
  __typename?: 'EnrollmentTokenConnection';
  /** Each with its cursor. */
  edges: Array<EnrollmentTokenEdge>;
  /** The same without cursors. */
  nodes: Array<EnrollmentToken>;
  /** Where this page lies. */
  pageInfo: PageInfo;
};

/** One of a page of enrollment tokens. */
export type EnrollmentTokenEdge = {
  __typename?: 'EnrollmentTokenEdge';
  /** Its place in the list. */
  cursor: Scalars['String']['output'];
  /** It. */
  node: EnrollmentToken;
};

/** The token afterwards. */
export type EnrollmentTokenPayload = {
  __typename?: 'EnrollmentTokenPayload';
  token?: Maybe<EnrollmentToken>;
  userErrors: Array<UserError>;
};

export type Event = {
  __typename?: 'Event';
  /** evt_… : node, agent run and number. */
  id: Scalars['String']['output'];
  /** For instance process.exec, file.open, net.connect. */
  kind: Scalars['String']['output'];
  /** The whole event as recorded. */
  raw: Scalars['JSON']['output'];
  result: Scalars['Float']['output'];
  /** What stands out of it in a line: path, address, target. */
  summary: Scalars['String']['output'];
  tid: Scalars['Int']['output'];
  time: Scalars['DateTime']['output'];
};

/** A field of a rule's output. */
export type Field = {
  __typename?: 'Field';
  name: Scalars['String']['output'];
  value: Scalars['String']['output'];
};

export type Finding = Node & {
  __typename?: 'Finding';
  case?: Maybe<Case>;
  /** When it was found. */
  detected: Scalars['DateTime']['output'];
  /** Null for a condition such as a silent node. */
  event?: Maybe<Event>;
  /** Fields of the rule's output, in its order. */
  fields: Array<Field>;
  hostname: Scalars['String']['output'];
  /** Global: good for `node(id:)`. */
  id: Scalars['ID']['output'];
  /** The process that did it, then its parent, and so on up. */
  lineage: Array<Process>;
  message: Scalars['String']['output'];
  rule: FindingRule;
  severity: Severity;
  /** MITRE ATT&CK technique ids. */
  techniques: Array<Scalars['String']['output']>;
  /** When the event happened, by the node's clock. */
  time: Scalars['DateTime']['output'];
  watchedNode?: Maybe<WatchedNode>;
};

export type FindingConnection = {
  __typename?: 'FindingConnection';
  /** Each with its cursor. */
  edges: Array<FindingEdge>;
  /** The same without cursors. */
  nodes: Array<Finding>;
  /** Where this page lies. */
  pageInfo: PageInfo;
};

/** One of a page of findings. */
export type FindingEdge = {
  __typename?: 'FindingEdge';
  /** Its place in the list. */
  cursor: Scalars['String']['output'];
  /** It. */
  node: Finding;
};

/** Which findings. */
export type FindingFilter = {
  /** In this case. */
  caseId?: InputMaybe<Scalars['ID']['input']>;
  /** Not before. */
  from?: InputMaybe<Scalars['DateTime']['input']>;
  /** On this node. */
  nodeId?: InputMaybe<Scalars['ID']['input']>;
  /** Of this rule. */
  rule?: InputMaybe<Scalars['String']['input']>;
  /** One of these. */
  severities?: InputMaybe<Array<Severity>>;
  /** Of this MITRE ATT&CK technique. */
  technique?: InputMaybe<Scalars['String']['input']>;
  /** Substring of message, process name or command line, any case. */
  text?: InputMaybe<Scalars['String']['input']>;
  /** Before. */
  until?: InputMaybe<Scalars['DateTime']['input']>;
};

/** The rule as it was when it matched. */
export type FindingRule = {
  __typename?: 'FindingRule';
  condition: Scalars['String']['output'];
  description: Scalars['String']['output'];
  name: Scalars['String']['output'];
  ruleSetVersion: Scalars['Int']['output'];
  tags: Array<Scalars['String']['output']>;
  version: Scalars['String']['output'];
};

/** Up to when answers are complete. What is newer may be missing from them still. */
export type Freshness = {
  __typename?: 'Freshness';
  /** How long ago that is. */
  ageSeconds?: Maybe<Scalars['Float']['output']>;
  /** All that was received before this can be asked for; null while it is not known. */
  asOf?: Maybe<Scalars['DateTime']['output']>;
  /** Why it is longer ago than usual; null when it is not. */
  stale?: Maybe<StaleReason>;
};

/** Nodes of a health. */
export type HealthCount = {
  __typename?: 'HealthCount';
  count: Scalars['Int']['output'];
  health: NodeHealth;
};

/** See `importRules`. */
export type ImportRulesInput = {
  files: Array<RuleFileInput>;
  tenant: Scalars['String']['input'];
};

/** The rule set afterwards. */
export type ImportRulesPayload = {
  __typename?: 'ImportRulesPayload';
  ruleSet?: Maybe<RuleSetState>;
  userErrors: Array<UserError>;
  warnings: Array<UserError>;
};

/** Events that were lost. */
export type LossEntry = {
  __typename?: 'LossEntry';
  count: Scalars['Float']['output'];
  cpu?: Maybe<Scalars['Int']['output']>;
  hook: Scalars['String']['output'];
  since: Scalars['DateTime']['output'];
  stage: LossStage;
  until: Scalars['DateTime']['output'];
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

/** What agents reported as lost of the time searched: it can't be found here. */
export type LostAmount = {
  __typename?: 'LostAmount';
  /** Events that they count. */
  events: Scalars['Float']['output'];
  /** Reports of a loss. */
  reports: Scalars['Float']['output'];
};

/** Deciding. */
export type Mutation = {
  __typename?: 'Mutation';
  addRuleException: RulePayload;
  assignCase: CasePayload;
  /** Ends every session begun before; the answer carries the cookie of a new one. */
  changePassword: ViewerPayload;
  commentCase: CasePayload;
  createEnrollmentToken: CreateEnrollmentTokenPayload;
  /** Says that records were seen and need nothing more. */
  dismissDeadLetters: DeadLettersPayload;
  importRules: ImportRulesPayload;
  removeNode: WatchedNodePayload;
  removeRuleException: RulePayload;
  /**
   * Sends records again to where they came from, so that whatever failed tries again. A record is sent once: asking
   * again changes nothing, and one that fails again comes back as another letter.
   */
  resubmitDeadLetters: DeadLettersPayload;
  revokeEnrollmentToken: EnrollmentTokenPayload;
  setCaseState: CasePayload;
  setRuleEnabled: RulePayload;
};


/** Deciding. */
export type MutationAddRuleExceptionArgs = {
  input: AddRuleExceptionInput;
};


/** Deciding. */
export type MutationAssignCaseArgs = {
  input: AssignCaseInput;
};


/** Deciding. */
export type MutationChangePasswordArgs = {
  input: ChangePasswordInput;
};


/** Deciding. */
export type MutationCommentCaseArgs = {
  input: CommentCaseInput;
};


/** Deciding. */
export type MutationCreateEnrollmentTokenArgs = {
  input: CreateEnrollmentTokenInput;
};


/** Deciding. */
export type MutationDismissDeadLettersArgs = {
  input: DismissDeadLettersInput;
};


/** Deciding. */
export type MutationImportRulesArgs = {
  input: ImportRulesInput;
};


/** Deciding. */
export type MutationRemoveNodeArgs = {
  input: RemoveNodeInput;
};


/** Deciding. */
export type MutationRemoveRuleExceptionArgs = {
  input: RemoveRuleExceptionInput;
};


/** Deciding. */
export type MutationResubmitDeadLettersArgs = {
  input: ResubmitDeadLettersInput;
};


/** Deciding. */
export type MutationRevokeEnrollmentTokenArgs = {
  input: RevokeEnrollmentTokenInput;
};


/** Deciding. */
export type MutationSetCaseStateArgs = {
  input: SetCaseStateInput;
};


/** Deciding. */
export type MutationSetRuleEnabledArgs = {
  input: SetRuleEnabledInput;
};

/** What has a global id and can be fetched by `node(id:)`. */
export type Node = {
  id: Scalars['ID']['output'];
};

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

export type Overview = {
  __typename?: 'Overview';
  eventsLost: Scalars['Float']['output'];
  eventsRead: Scalars['Float']['output'];
  findings: Scalars['Int']['output'];
  findingsBySeverity: Array<SeverityCount>;
  /** Findings per step, oldest first; steps without findings are there with 0. */
  findingsOverTime: Array<TimeCount>;
  nodesByHealth: Array<HealthCount>;
  openCases: Scalars['Int']['output'];
  /** The beginning of the first span that was counted. */
  since: Scalars['DateTime']['output'];
  topRules: Array<RuleCount>;
};

/** Where a page lies in its list. */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** How many items are missing from this page because what was stored of them is damaged. */
  damaged: Scalars['Int']['output'];
  /** Where to go on. */
  endCursor?: Maybe<Scalars['String']['output']>;
  /** There may be more after this page. A page may be short, even empty, and still go on. */
  hasNextPage: Scalars['Boolean']['output'];
  /** There is something before this page. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** The first edge's cursor. */
  startCursor?: Maybe<Scalars['String']['output']>;
};

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

export type Process = {
  __typename?: 'Process';
  args: Array<Scalars['String']['output']>;
  commandLine: Scalars['String']['output'];
  containerId?: Maybe<Scalars['String']['output']>;
  cwd: Scalars['String']['output'];
  euid: Scalars['Int']['output'];
  exe: Scalars['String']['output'];
  gid: Scalars['Int']['output'];
  /** Null when nobody signed in. */
  loginuid?: Maybe<Scalars['Int']['output']>;
  name: Scalars['String']['output'];
  pid: Scalars['Int']['output'];
  ppid: Scalars['Int']['output'];
  sid: Scalars['Int']['output'];
  start: Scalars['DateTime']['output'];
  tty: Scalars['Int']['output'];
  uid: Scalars['Int']['output'];
  user: Scalars['String']['output'];
};

export type Query = {
  __typename?: 'Query';
  /** The signed-in person; null without a session. */
  me?: Maybe<Viewer>;
  /** Anything by its global id; null for another tenant's, as for an unknown one. */
  node?: Maybe<Node>;
  /** A tenant that the viewer belongs to; null for any other, whether it exists or not. */
  tenant?: Maybe<Tenant>;
};


export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


export type QueryTenantArgs = {
  id: Scalars['String']['input'];
};

/** See `removeNode`. */
export type RemoveNodeInput = {
  nodeId: Scalars['ID']['input'];
  reason?: InputMaybe<Scalars['String']['input']>;
};

/** See `removeRuleException`. */
export type RemoveRuleExceptionInput = {
  name: Scalars['String']['input'];
  reason?: InputMaybe<Scalars['String']['input']>;
  rule: Scalars['String']['input'];
  tenant: Scalars['String']['input'];
};

/** Up to 50 of them. */
export type ResubmitDeadLettersInput = {
  deadLetterIds: Array<Scalars['ID']['input']>;
};

/** See `revokeEnrollmentToken`. */
export type RevokeEnrollmentTokenInput = {
  reason?: InputMaybe<Scalars['String']['input']>;
  tokenId: Scalars['ID']['input'];
};

export type Rule = Node & {
  __typename?: 'Rule';
  changes: ChangeConnection;
  condition: Scalars['String']['output'];
  description: Scalars['String']['output'];
  enabled: Scalars['Boolean']['output'];
  /** Exceptions that people added; those in the file are part of `text`. */
  exceptions: Array<RuleException>;
  file: Scalars['String']['output'];
  /** Since a day ago unless told otherwise. */
  findingCount: Scalars['Int']['output'];
  /** Global: good for `node(id:)`. */
  id: Scalars['ID']['output'];
  name: Scalars['String']['output'];
  output: Scalars['String']['output'];
  severity: Severity;
  source: Scalars['String']['output'];
  tags: Array<Scalars['String']['output']>;
  techniques: Array<Scalars['String']['output']>;
  /** The rule as it stands in its file. */
  text: Scalars['String']['output'];
  version: Scalars['String']['output'];
};


export type RuleChangesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type RuleFindingCountArgs = {
  since?: InputMaybe<Scalars['DateTime']['input']>;
};

export type RuleConnection = {
  __typename?: 'RuleConnection';
  /** Each with its cursor. */
  edges: Array<RuleEdge>;
  /** The same without cursors. */
  nodes: Array<Rule>;
  /** Where this page lies. */
  pageInfo: PageInfo;
};

/** Findings of a rule. */
export type RuleCount = {
  __typename?: 'RuleCount';
  /** How many. */
  count: Scalars['Int']['output'];
  /** The rule's name. */
  rule: Scalars['String']['output'];
  /** The highest of its findings. */
  severity: Severity;
};

/** One of a page of rules. */
export type RuleEdge = {
  __typename?: 'RuleEdge';
  /** Its place in the list. */
  cursor: Scalars['String']['output'];
  /** It. */
  node: Rule;
};

/** A hole in a rule that somebody made. */
export type RuleException = {
  __typename?: 'RuleException';
  added: Scalars['DateTime']['output'];
  addedBy: Scalars['String']['output'];
  comps: Array<Scalars['String']['output']>;
  fields: Array<Scalars['String']['output']>;
  name: Scalars['String']['output'];
  reason: Scalars['String']['output'];
  values: Array<Array<Scalars['String']['output']>>;
};

/** A hole in a rule. */
export type RuleExceptionInput = {
  comps: Array<Scalars['String']['input']>;
  fields: Array<Scalars['String']['input']>;
  name: Scalars['String']['input'];
  values: Array<Array<Scalars['String']['input']>>;
};

/** A rule file. */
export type RuleFileInput = {
  name: Scalars['String']['input'];
  text: Scalars['String']['input'];
};

/** Which rules. */
export type RuleFilter = {
  /** On or off. */
  enabled?: InputMaybe<Scalars['Boolean']['input']>;
  /** One of these. */
  severities?: InputMaybe<Array<Severity>>;
  /** Of this MITRE ATT&CK technique. */
  technique?: InputMaybe<Scalars['String']['input']>;
  /** Substring of name, description or condition, any case. */
  text?: InputMaybe<Scalars['String']['input']>;
};

/** A rule at that time. */
export type RuleInForce = {
  __typename?: 'RuleInForce';
  enabled: Scalars['Boolean']['output'];
  exceptions: Array<Scalars['String']['output']>;
  name: Scalars['String']['output'];
  severity: Severity;
  version: Scalars['String']['output'];
};

/** The rule afterwards. */
export type RulePayload = {
  __typename?: 'RulePayload';
  rule?: Maybe<Rule>;
  userErrors: Array<UserError>;
};

export type RuleSetState = {
  __typename?: 'RuleSetState';
  asOf: Scalars['DateTime']['output'];
  /** The change that made it so; null before the first. */
  lastChange?: Maybe<Change>;
  rules: Array<RuleInForce>;
  version: Scalars['Int']['output'];
};

/** What a search looked at. */
export type SearchedAmount = {
  __typename?: 'SearchedAmount';
  /** Blocks of the time that were considered. */
  blocks: Scalars['Float']['output'];
  /** Bytes read. */
  bytes: Scalars['Float']['output'];
  /** Events in the blocks considered. */
  events: Scalars['Float']['output'];
  /** Of these, those that were passed over by their digests, unread. */
  skipped: Scalars['Float']['output'];
  /** Events that were looked at one by one. */
  tried: Scalars['Float']['output'];
  /** Blocks that can't be read: what was in them is missing here. */
  unreadable: Scalars['Float']['output'];
};

/** See `setCaseState`. */
export type SetCaseStateInput = {
  caseId: Scalars['ID']['input'];
  disposition?: InputMaybe<Disposition>;
  state: CaseState;
};

/** See `setRuleEnabled`. */
export type SetRuleEnabledInput = {
  enabled: Scalars['Boolean']['input'];
  reason?: InputMaybe<Scalars['String']['input']>;
  rule: Scalars['String']['input'];
  tenant: Scalars['String']['input'];
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

/** Findings of a severity. */
export type SeverityCount = {
  __typename?: 'SeverityCount';
  count: Scalars['Int']['output'];
  severity: Severity;
};

/** Why answers are not up to date. */
export type StaleReason =
  /** What is received is not made into answers as fast as it comes. */
  | 'CATCHING_UP'
  /** The event log can't be reached, so that it is not known what there is. */
  | 'LOG_UNREACHABLE';

export type Subscription = {
  __typename?: 'Subscription';
  /**
   * A search for events, as in `activity`, piece by piece: what was found so far, newest first, and how far it came. Ends
   * by itself.
   */
  activitySearch: ActivityStep;
  /** Cases whose findings or decisions changed. */
  caseChanged: Case;
  /** Findings as they are made. */
  findingRaised: Finding;
  /** Nodes that reported or were decided about. */
  nodeChanged: WatchedNode;
  /** Rules that were turned on or off, changed or excepted. */
  ruleChanged: Rule;
};


export type SubscriptionActivitySearchArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  query?: InputMaybe<Scalars['String']['input']>;
  since?: InputMaybe<Scalars['DateTime']['input']>;
  tenant: Scalars['String']['input'];
  until?: InputMaybe<Scalars['DateTime']['input']>;
};


export type SubscriptionCaseChangedArgs = {
  tenant: Scalars['String']['input'];
};


export type SubscriptionFindingRaisedArgs = {
  filter?: InputMaybe<FindingFilter>;
  tenant: Scalars['String']['input'];
};


export type SubscriptionNodeChangedArgs = {
  tenant: Scalars['String']['input'];
};


export type SubscriptionRuleChangedArgs = {
  tenant: Scalars['String']['input'];
};

export type Tenant = Node & {
  __typename?: 'Tenant';
  /**
   * Events as recorded, newest first. `query` is a condition of the rule language, such as
   * `proc.name = nc and evt.type = connect`, or a word that is looked for in names, command lines, files and users.
   * Since a day ago unless told otherwise.
   */
  activity: ActivityPage;
  /** How many events there are, by the values of fields, such as `proc.name` or `evt.type`. */
  activityCounts: ActivityCounts;
  /** One event by its id (evt_…), for as long as events are kept. */
  activityEvent?: Maybe<ActivityEvent>;
  cases: CaseConnection;
  /** Every decision, newest first. Those about people are for who administers the tenant. */
  changes: ChangeConnection;
  /**
   * Records that were put aside because nobody could use them. `open`: those that somebody has still to look at, or
   * the others; without it all.
   */
  deadLetters: DeadLetterConnection;
  enrollmentTokens: EnrollmentTokenConnection;
  findings: FindingConnection;
  /** Up to when answers are complete. */
  freshness: Freshness;
  /** Global: good for `node(id:)`. */
  id: Scalars['ID']['output'];
  name: Scalars['String']['output'];
  nodes: WatchedNodeConnection;
  /** Since a day ago unless told otherwise. */
  overview: Overview;
  rule?: Maybe<Rule>;
  /** Which rules were in force at a time, from the event stream itself. Without `asOf`: now. */
  ruleSet: RuleSetState;
  rules: RuleConnection;
  /** Stands in URLs and in `tenant(id:)`. */
  slug: Scalars['String']['output'];
};


export type TenantActivityArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  query?: InputMaybe<Scalars['String']['input']>;
  since?: InputMaybe<Scalars['DateTime']['input']>;
  until?: InputMaybe<Scalars['DateTime']['input']>;
};


export type TenantActivityCountsArgs = {
  by: Array<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  query?: InputMaybe<Scalars['String']['input']>;
  since?: InputMaybe<Scalars['DateTime']['input']>;
  until?: InputMaybe<Scalars['DateTime']['input']>;
};


export type TenantActivityEventArgs = {
  id: Scalars['String']['input'];
};


export type TenantCasesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<CaseFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type TenantChangesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ChangeFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type TenantDeadLettersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  open?: InputMaybe<Scalars['Boolean']['input']>;
};


export type TenantEnrollmentTokensArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type TenantFindingsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<FindingFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type TenantNodesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type TenantOverviewArgs = {
  since?: InputMaybe<Scalars['DateTime']['input']>;
};


export type TenantRuleArgs = {
  name: Scalars['String']['input'];
};


export type TenantRuleSetArgs = {
  asOf?: InputMaybe<Scalars['DateTime']['input']>;
};


export type TenantRulesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<RuleFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** Findings of a step. */
export type TimeCount = {
  __typename?: 'TimeCount';
  count: Scalars['Int']['output'];
  time: Scalars['DateTime']['output'];
};

/** What stands in a case's timeline. */
export type TimelineEntry = Change | Comment | Finding;

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

/** Why a mutation was refused. */
export type UserError = {
  __typename?: 'UserError';
  /** Closed set: NOT_FOUND, INVALID, CONFLICT, FORBIDDEN, EXHAUSTED, UNAVAILABLE. */
  code: Scalars['String']['output'];
  /** Column in a rule file. */
  column?: Maybe<Scalars['Int']['output']>;
  /** Path in the input, such as ["exception", "fields", "0"]. */
  field: Array<Scalars['String']['output']>;
  /** Line in a rule file. */
  line?: Maybe<Scalars['Int']['output']>;
  /** In words. */
  message: Scalars['String']['output'];
};

export type Viewer = {
  __typename?: 'Viewer';
  id: Scalars['ID']['output'];
  /** A generated password is still in use. */
  mustChangePassword: Scalars['Boolean']['output'];
  name: Scalars['String']['output'];
  permissions: Array<Permission>;
  tenants: Array<Tenant>;
};

/** The person afterwards. */
export type ViewerPayload = {
  __typename?: 'ViewerPayload';
  userErrors: Array<UserError>;
  viewer?: Maybe<Viewer>;
};

export type WatchedNode = Node & {
  __typename?: 'WatchedNode';
  agentVersion: Scalars['String']['output'];
  certificateExpires?: Maybe<Scalars['DateTime']['output']>;
  /** Watched spans and gaps, oldest first: what "nothing found" is worth. Nothing before it enrolled. */
  coverage: Array<CoverageSpan>;
  cpuMillis: Scalars['Float']['output'];
  enrolled: Scalars['DateTime']['output'];
  /** All agent runs together. */
  eventsLost: Scalars['Float']['output'];
  /** All agent runs together. */
  eventsRead: Scalars['Float']['output'];
  health: NodeHealth;
  hooks: Array<Scalars['String']['output']>;
  hostname: Scalars['String']['output'];
  /** Global: good for `node(id:)`. */
  id: Scalars['ID']['output'];
  kernel?: Maybe<Scalars['String']['output']>;
  lastSeen?: Maybe<Scalars['DateTime']['output']>;
  /** Every loss that was reported, newest first. */
  ledger: Array<LossEntry>;
  rssBytes: Scalars['Float']['output'];
  spoolBytes: Scalars['Float']['output'];
};


export type WatchedNodeCoverageArgs = {
  from?: InputMaybe<Scalars['DateTime']['input']>;
  until?: InputMaybe<Scalars['DateTime']['input']>;
};


export type WatchedNodeLedgerArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  from?: InputMaybe<Scalars['DateTime']['input']>;
  until?: InputMaybe<Scalars['DateTime']['input']>;
};

export type WatchedNodeConnection = {
  __typename?: 'WatchedNodeConnection';
  /** Each with its cursor. */
  edges: Array<WatchedNodeEdge>;
  /** The same without cursors. */
  nodes: Array<WatchedNode>;
  /** Where this page lies. */
  pageInfo: PageInfo;
};

/** One of a page of nodes. */
export type WatchedNodeEdge = {
  __typename?: 'WatchedNodeEdge';
  /** Its place in the list. */
  cursor: Scalars['String']['output'];
  /** It. */
  node: WatchedNode;
};

/** The node afterwards. */
export type WatchedNodePayload = {
  __typename?: 'WatchedNodePayload';
  userErrors: Array<UserError>;
  watchedNode?: Maybe<WatchedNode>;
};



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;



/** Mapping of union types */
export type ResolversUnionTypes<_RefType extends Record<string, unknown>> = {
  TimelineEntry:
    | ( ChangeRow )
    | ( CommentRow )
    | ( FindingRow )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Node:
    | ( CaseRow )
    | ( DeadLetterRow )
    | ( TokenRow )
    | ( FindingRow )
    | ( RuleRow )
    | ( TenantRow )
    | ( NodeRow )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  ActivityCounts: ResolverTypeWrapper<ActivityCounts>;
  ActivityEvent: ResolverTypeWrapper<FindingRow>;
  ActivityGroup: ResolverTypeWrapper<ActivityGroup>;
  ActivityPage: ResolverTypeWrapper<Omit<ActivityPage, 'events'> & { events: Array<ResolversTypes['ActivityEvent']> }>;
  ActivityStep: ResolverTypeWrapper<Omit<ActivityStep, 'events'> & { events: Array<ResolversTypes['ActivityEvent']> }>;
  AddRuleExceptionInput: AddRuleExceptionInput;
  AssignCaseInput: AssignCaseInput;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  Case: ResolverTypeWrapper<CaseRow>;
  CaseConnection: ResolverTypeWrapper<Omit<CaseConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['CaseEdge']>, nodes: Array<ResolversTypes['Case']> }>;
  CaseEdge: ResolverTypeWrapper<Omit<CaseEdge, 'node'> & { node: ResolversTypes['Case'] }>;
  CaseFilter: CaseFilter;
  CasePayload: ResolverTypeWrapper<Omit<CasePayload, 'case'> & { case?: Maybe<ResolversTypes['Case']> }>;
  CaseState: CaseState;
  Change: ResolverTypeWrapper<ChangeRow>;
  ChangeConnection: ResolverTypeWrapper<Omit<ChangeConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['ChangeEdge']>, nodes: Array<ResolversTypes['Change']> }>;
  ChangeEdge: ResolverTypeWrapper<Omit<ChangeEdge, 'node'> & { node: ResolversTypes['Change'] }>;
  ChangeFilter: ChangeFilter;
  ChangePasswordInput: ChangePasswordInput;
  Comment: ResolverTypeWrapper<CommentRow>;
  CommentCaseInput: CommentCaseInput;
  CoverageSpan: ResolverTypeWrapper<CoverageSpan>;
  CreateEnrollmentTokenInput: CreateEnrollmentTokenInput;
  CreateEnrollmentTokenPayload: ResolverTypeWrapper<Omit<CreateEnrollmentTokenPayload, 'token'> & { token?: Maybe<ResolversTypes['EnrollmentToken']> }>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  DeadLetter: ResolverTypeWrapper<DeadLetterRow>;
  DeadLetterConnection: ResolverTypeWrapper<Omit<DeadLetterConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['DeadLetterEdge']>, nodes: Array<ResolversTypes['DeadLetter']> }>;
  DeadLetterDecision: ResolverTypeWrapper<DeadLetterDecision>;
  DeadLetterEdge: ResolverTypeWrapper<Omit<DeadLetterEdge, 'node'> & { node: ResolversTypes['DeadLetter'] }>;
  DeadLetterHeader: ResolverTypeWrapper<DeadLetterHeaderRow>;
  DeadLetterState: DeadLetterState;
  DeadLettersPayload: ResolverTypeWrapper<Omit<DeadLettersPayload, 'deadLetters'> & { deadLetters: Array<ResolversTypes['DeadLetter']> }>;
  DismissDeadLettersInput: DismissDeadLettersInput;
  Disposition: Disposition;
  EnrollmentToken: ResolverTypeWrapper<TokenRow>;
  EnrollmentTokenConnection: ResolverTypeWrapper<Omit<EnrollmentTokenConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['EnrollmentTokenEdge']>, nodes: Array<ResolversTypes['EnrollmentToken']> }>;
  EnrollmentTokenEdge: ResolverTypeWrapper<Omit<EnrollmentTokenEdge, 'node'> & { node: ResolversTypes['EnrollmentToken'] }>;
  EnrollmentTokenPayload: ResolverTypeWrapper<Omit<EnrollmentTokenPayload, 'token'> & { token?: Maybe<ResolversTypes['EnrollmentToken']> }>;
  Event: ResolverTypeWrapper<Event>;
  Field: ResolverTypeWrapper<Field>;
  Finding: ResolverTypeWrapper<FindingRow>;
  FindingConnection: ResolverTypeWrapper<Omit<FindingConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['FindingEdge']>, nodes: Array<ResolversTypes['Finding']> }>;
  FindingEdge: ResolverTypeWrapper<Omit<FindingEdge, 'node'> & { node: ResolversTypes['Finding'] }>;
  FindingFilter: FindingFilter;
  FindingRule: ResolverTypeWrapper<FindingRule>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  Freshness: ResolverTypeWrapper<Freshness>;
  HealthCount: ResolverTypeWrapper<HealthCount>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  ImportRulesInput: ImportRulesInput;
  ImportRulesPayload: ResolverTypeWrapper<Omit<ImportRulesPayload, 'ruleSet'> & { ruleSet?: Maybe<ResolversTypes['RuleSetState']> }>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  JSON: ResolverTypeWrapper<Scalars['JSON']['output']>;
  LossEntry: ResolverTypeWrapper<LossEntry>;
  LossStage: LossStage;
  LostAmount: ResolverTypeWrapper<LostAmount>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Node: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Node']>;
  NodeHealth: NodeHealth;
  Overview: ResolverTypeWrapper<Omit<Overview, 'topRules'> & { topRules: Array<ResolversTypes['RuleCount']> }>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Permission: Permission;
  Process: ResolverTypeWrapper<Process>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RemoveNodeInput: RemoveNodeInput;
  RemoveRuleExceptionInput: RemoveRuleExceptionInput;
  ResubmitDeadLettersInput: ResubmitDeadLettersInput;
  RevokeEnrollmentTokenInput: RevokeEnrollmentTokenInput;
  Rule: ResolverTypeWrapper<RuleRow>;
  RuleConnection: ResolverTypeWrapper<Omit<RuleConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['RuleEdge']>, nodes: Array<ResolversTypes['Rule']> }>;
  RuleCount: ResolverTypeWrapper<RuleCount>;
  RuleEdge: ResolverTypeWrapper<Omit<RuleEdge, 'node'> & { node: ResolversTypes['Rule'] }>;
  RuleException: ResolverTypeWrapper<RuleException>;
  RuleExceptionInput: RuleExceptionInput;
  RuleFileInput: RuleFileInput;
  RuleFilter: RuleFilter;
  RuleInForce: ResolverTypeWrapper<RuleInForce>;
  RulePayload: ResolverTypeWrapper<Omit<RulePayload, 'rule'> & { rule?: Maybe<ResolversTypes['Rule']> }>;
  RuleSetState: ResolverTypeWrapper<Omit<RuleSetState, 'lastChange'> & { lastChange?: Maybe<ResolversTypes['Change']> }>;
  SearchedAmount: ResolverTypeWrapper<SearchedAmount>;
  SetCaseStateInput: SetCaseStateInput;
  SetRuleEnabledInput: SetRuleEnabledInput;
  Severity: Severity;
  SeverityCount: ResolverTypeWrapper<SeverityCount>;
  StaleReason: StaleReason;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Tenant: ResolverTypeWrapper<TenantRow>;
  TimeCount: ResolverTypeWrapper<TimeCount>;
  TimelineEntry: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['TimelineEntry']>;
  TokenState: TokenState;
  UserError: ResolverTypeWrapper<UserError>;
  Viewer: ResolverTypeWrapper<UserRow>;
  ViewerPayload: ResolverTypeWrapper<Omit<ViewerPayload, 'viewer'> & { viewer?: Maybe<ResolversTypes['Viewer']> }>;
  WatchedNode: ResolverTypeWrapper<NodeRow>;
  WatchedNodeConnection: ResolverTypeWrapper<Omit<WatchedNodeConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['WatchedNodeEdge']>, nodes: Array<ResolversTypes['WatchedNode']> }>;
  WatchedNodeEdge: ResolverTypeWrapper<Omit<WatchedNodeEdge, 'node'> & { node: ResolversTypes['WatchedNode'] }>;
  WatchedNodePayload: ResolverTypeWrapper<Omit<WatchedNodePayload, 'watchedNode'> & { watchedNode?: Maybe<ResolversTypes['WatchedNode']> }>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  ActivityCounts: ActivityCounts;
  ActivityEvent: FindingRow;
  ActivityGroup: ActivityGroup;
  ActivityPage: Omit<ActivityPage, 'events'> & { events: Array<ResolversParentTypes['ActivityEvent']> };
  ActivityStep: Omit<ActivityStep, 'events'> & { events: Array<ResolversParentTypes['ActivityEvent']> };
  AddRuleExceptionInput: AddRuleExceptionInput;
  AssignCaseInput: AssignCaseInput;
  Boolean: Scalars['Boolean']['output'];
  Case: CaseRow;
  CaseConnection: Omit<CaseConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['CaseEdge']>, nodes: Array<ResolversParentTypes['Case']> };
  CaseEdge: Omit<CaseEdge, 'node'> & { node: ResolversParentTypes['Case'] };
  CaseFilter: CaseFilter;
  CasePayload: Omit<CasePayload, 'case'> & { case?: Maybe<ResolversParentTypes['Case']> };
  Change: ChangeRow;
  ChangeConnection: Omit<ChangeConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['ChangeEdge']>, nodes: Array<ResolversParentTypes['Change']> };
  ChangeEdge: Omit<ChangeEdge, 'node'> & { node: ResolversParentTypes['Change'] };
  ChangeFilter: ChangeFilter;
  ChangePasswordInput: ChangePasswordInput;
  Comment: CommentRow;
  CommentCaseInput: CommentCaseInput;
  CoverageSpan: CoverageSpan;
  CreateEnrollmentTokenInput: CreateEnrollmentTokenInput;
  CreateEnrollmentTokenPayload: Omit<CreateEnrollmentTokenPayload, 'token'> & { token?: Maybe<ResolversParentTypes['EnrollmentToken']> };
  DateTime: Scalars['DateTime']['output'];
  DeadLetter: DeadLetterRow;
  DeadLetterConnection: Omit<DeadLetterConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['DeadLetterEdge']>, nodes: Array<ResolversParentTypes['DeadLetter']> };
  DeadLetterDecision: DeadLetterDecision;
  DeadLetterEdge: Omit<DeadLetterEdge, 'node'> & { node: ResolversParentTypes['DeadLetter'] };
  DeadLetterHeader: DeadLetterHeaderRow;
  DeadLettersPayload: Omit<DeadLettersPayload, 'deadLetters'> & { deadLetters: Array<ResolversParentTypes['DeadLetter']> };
  DismissDeadLettersInput: DismissDeadLettersInput;
  EnrollmentToken: TokenRow;
  EnrollmentTokenConnection: Omit<EnrollmentTokenConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['EnrollmentTokenEdge']>, nodes: Array<ResolversParentTypes['EnrollmentToken']> };
  EnrollmentTokenEdge: Omit<EnrollmentTokenEdge, 'node'> & { node: ResolversParentTypes['EnrollmentToken'] };
  EnrollmentTokenPayload: Omit<EnrollmentTokenPayload, 'token'> & { token?: Maybe<ResolversParentTypes['EnrollmentToken']> };
  Event: Event;
  Field: Field;
  Finding: FindingRow;
  FindingConnection: Omit<FindingConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['FindingEdge']>, nodes: Array<ResolversParentTypes['Finding']> };
  FindingEdge: Omit<FindingEdge, 'node'> & { node: ResolversParentTypes['Finding'] };
  FindingFilter: FindingFilter;
  FindingRule: FindingRule;
  Float: Scalars['Float']['output'];
  Freshness: Freshness;
  HealthCount: HealthCount;
  ID: Scalars['ID']['output'];
  ImportRulesInput: ImportRulesInput;
  ImportRulesPayload: Omit<ImportRulesPayload, 'ruleSet'> & { ruleSet?: Maybe<ResolversParentTypes['RuleSetState']> };
  Int: Scalars['Int']['output'];
  JSON: Scalars['JSON']['output'];
  LossEntry: LossEntry;
  LostAmount: LostAmount;
  Mutation: Record<PropertyKey, never>;
  Node: ResolversInterfaceTypes<ResolversParentTypes>['Node'];
  Overview: Omit<Overview, 'topRules'> & { topRules: Array<ResolversParentTypes['RuleCount']> };
  PageInfo: PageInfo;
  Process: Process;
  Query: Record<PropertyKey, never>;
  RemoveNodeInput: RemoveNodeInput;
  RemoveRuleExceptionInput: RemoveRuleExceptionInput;
  ResubmitDeadLettersInput: ResubmitDeadLettersInput;
  RevokeEnrollmentTokenInput: RevokeEnrollmentTokenInput;
  Rule: RuleRow;
  RuleConnection: Omit<RuleConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['RuleEdge']>, nodes: Array<ResolversParentTypes['Rule']> };
  RuleCount: RuleCount;
  RuleEdge: Omit<RuleEdge, 'node'> & { node: ResolversParentTypes['Rule'] };
  RuleException: RuleException;
  RuleExceptionInput: RuleExceptionInput;
  RuleFileInput: RuleFileInput;
  RuleFilter: RuleFilter;
  RuleInForce: RuleInForce;
  RulePayload: Omit<RulePayload, 'rule'> & { rule?: Maybe<ResolversParentTypes['Rule']> };
  RuleSetState: Omit<RuleSetState, 'lastChange'> & { lastChange?: Maybe<ResolversParentTypes['Change']> };
  SearchedAmount: SearchedAmount;
  SetCaseStateInput: SetCaseStateInput;
  SetRuleEnabledInput: SetRuleEnabledInput;
  SeverityCount: SeverityCount;
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
  Tenant: TenantRow;
  TimeCount: TimeCount;
  TimelineEntry: ResolversUnionTypes<ResolversParentTypes>['TimelineEntry'];
  UserError: UserError;
  Viewer: UserRow;
  ViewerPayload: Omit<ViewerPayload, 'viewer'> & { viewer?: Maybe<ResolversParentTypes['Viewer']> };
  WatchedNode: NodeRow;
  WatchedNodeConnection: Omit<WatchedNodeConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['WatchedNodeEdge']>, nodes: Array<ResolversParentTypes['WatchedNode']> };
  WatchedNodeEdge: Omit<WatchedNodeEdge, 'node'> & { node: ResolversParentTypes['WatchedNode'] };
  WatchedNodePayload: Omit<WatchedNodePayload, 'watchedNode'> & { watchedNode?: Maybe<ResolversParentTypes['WatchedNode']> };
};

export type ActivityCountsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ActivityCounts'] = ResolversParentTypes['ActivityCounts']> = {
  complete?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  groups?: Resolver<Array<ResolversTypes['ActivityGroup']>, ParentType, ContextType>;
  lost?: Resolver<ResolversTypes['LostAmount'], ParentType, ContextType>;
  reached?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  searched?: Resolver<ResolversTypes['SearchedAmount'], ParentType, ContextType>;
  total?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type ActivityEventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ActivityEvent'] = ResolversParentTypes['ActivityEvent']> = {
  event?: Resolver<ResolversTypes['Event'], ParentType, ContextType>;
  lineage?: Resolver<Array<ResolversTypes['Process']>, ParentType, ContextType>;
  process?: Resolver<Maybe<ResolversTypes['Process']>, ParentType, ContextType>;
  watchedNode?: Resolver<Maybe<ResolversTypes['WatchedNode']>, ParentType, ContextType>;
};

export type ActivityGroupResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ActivityGroup'] = ResolversParentTypes['ActivityGroup']> = {
  count?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  values?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ActivityPageResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ActivityPage'] = ResolversParentTypes['ActivityPage']> = {
  events?: Resolver<Array<ResolversTypes['ActivityEvent']>, ParentType, ContextType>;
  lost?: Resolver<ResolversTypes['LostAmount'], ParentType, ContextType>;
  next?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  reached?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  searched?: Resolver<ResolversTypes['SearchedAmount'], ParentType, ContextType>;
};

export type ActivityStepResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ActivityStep'] = ResolversParentTypes['ActivityStep']> = {
  done?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  events?: Resolver<Array<ResolversTypes['ActivityEvent']>, ParentType, ContextType>;
  lost?: Resolver<ResolversTypes['LostAmount'], ParentType, ContextType>;
  reached?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  searched?: Resolver<ResolversTypes['SearchedAmount'], ParentType, ContextType>;
};

export type CaseResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Case'] = ResolversParentTypes['Case']> = {
  assigneeName?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  disposition?: Resolver<Maybe<ResolversTypes['Disposition']>, ParentType, ContextType>;
  findingCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  findings?: Resolver<ResolversTypes['FindingConnection'], ParentType, ContextType, RequireFields<CaseFindingsArgs, 'first'>>;
  firstSeen?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  hostname?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lastSeen?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  rules?: Resolver<Array<ResolversTypes['RuleCount']>, ParentType, ContextType>;
  severity?: Resolver<ResolversTypes['Severity'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['CaseState'], ParentType, ContextType>;
  techniques?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  timeline?: Resolver<Array<ResolversTypes['TimelineEntry']>, ParentType, ContextType>;
  title?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  watchedNode?: Resolver<Maybe<ResolversTypes['WatchedNode']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CaseConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CaseConnection'] = ResolversParentTypes['CaseConnection']> = {
  edges?: Resolver<Array<ResolversTypes['CaseEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Case']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type CaseEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CaseEdge'] = ResolversParentTypes['CaseEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Case'], ParentType, ContextType>;
};

export type CasePayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CasePayload'] = ResolversParentTypes['CasePayload']> = {
  case?: Resolver<Maybe<ResolversTypes['Case']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type ChangeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Change'] = ResolversParentTypes['Change']> = {
  actor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  after?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
  aggregate?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  before?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  stream?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  summary?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  time?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ChangeConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ChangeConnection'] = ResolversParentTypes['ChangeConnection']> = {
  edges?: Resolver<Array<ResolversTypes['ChangeEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Change']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type ChangeEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ChangeEdge'] = ResolversParentTypes['ChangeEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Change'], ParentType, ContextType>;
};

export type CommentResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Comment'] = ResolversParentTypes['Comment']> = {
  author?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  text?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  time?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CoverageSpanResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CoverageSpan'] = ResolversParentTypes['CoverageSpan']> = {
  events?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  from?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  lost?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  until?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  watched?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type CreateEnrollmentTokenPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CreateEnrollmentTokenPayload'] = ResolversParentTypes['CreateEnrollmentTokenPayload']> = {
  command?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  secret?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  token?: Resolver<Maybe<ResolversTypes['EnrollmentToken']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DeadLetterResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeadLetter'] = ResolversParentTypes['DeadLetter']> = {
  attempts?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  bytes?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  dismissed?: Resolver<Maybe<ResolversTypes['DeadLetterDecision']>, ParentType, ContextType>;
  failedAgain?: Resolver<Maybe<ResolversTypes['DeadLetter']>, ParentType, ContextType>;
  header?: Resolver<Maybe<ResolversTypes['DeadLetterHeader']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  obstacle?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  offset?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  partition?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  place?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  resubmissionOf?: Resolver<Maybe<ResolversTypes['DeadLetter']>, ParentType, ContextType>;
  resubmitted?: Resolver<Maybe<ResolversTypes['DeadLetterDecision']>, ParentType, ContextType>;
  stage?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['DeadLetterState'], ParentType, ContextType>;
  time?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  topic?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  unreadable?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  why?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type DeadLetterConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeadLetterConnection'] = ResolversParentTypes['DeadLetterConnection']> = {
  edges?: Resolver<Array<ResolversTypes['DeadLetterEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['DeadLetter']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type DeadLetterDecisionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeadLetterDecision'] = ResolversParentTypes['DeadLetterDecision']> = {
  by?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  time?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type DeadLetterEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeadLetterEdge'] = ResolversParentTypes['DeadLetterEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['DeadLetter'], ParentType, ContextType>;
};

export type DeadLetterHeaderResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeadLetterHeader'] = ResolversParentTypes['DeadLetterHeader']> = {
  bootId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  earliest?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  events?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  first?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  kinds?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  last?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  latest?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  nodeId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  watchedNode?: Resolver<Maybe<ResolversTypes['WatchedNode']>, ParentType, ContextType>;
};

export type DeadLettersPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeadLettersPayload'] = ResolversParentTypes['DeadLettersPayload']> = {
  deadLetters?: Resolver<Array<ResolversTypes['DeadLetter']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type EnrollmentTokenResolvers<ContextType = Context, ParentType extends ResolversParentTypes['EnrollmentToken'] = ResolversParentTypes['EnrollmentToken']> = {
  created?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  expires?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  label?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  maxUses?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['TokenState'], ParentType, ContextType>;
  uses?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type EnrollmentTokenConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['EnrollmentTokenConnection'] = ResolversParentTypes['EnrollmentTokenConnection']> = {
  edges?: Resolver<Array<ResolversTypes['EnrollmentTokenEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['EnrollmentToken']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type EnrollmentTokenEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['EnrollmentTokenEdge'] = ResolversParentTypes['EnrollmentTokenEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['EnrollmentToken'], ParentType, ContextType>;
};

export type EnrollmentTokenPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['EnrollmentTokenPayload'] = ResolversParentTypes['EnrollmentTokenPayload']> = {
  token?: Resolver<Maybe<ResolversTypes['EnrollmentToken']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type EventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Event'] = ResolversParentTypes['Event']> = {
  id?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  raw?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  result?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  summary?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  tid?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  time?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type FieldResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Field'] = ResolversParentTypes['Field']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  value?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type FindingResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Finding'] = ResolversParentTypes['Finding']> = {
  case?: Resolver<Maybe<ResolversTypes['Case']>, ParentType, ContextType>;
  detected?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  event?: Resolver<Maybe<ResolversTypes['Event']>, ParentType, ContextType>;
  fields?: Resolver<Array<ResolversTypes['Field']>, ParentType, ContextType>;
  hostname?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lineage?: Resolver<Array<ResolversTypes['Process']>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  rule?: Resolver<ResolversTypes['FindingRule'], ParentType, ContextType>;
  severity?: Resolver<ResolversTypes['Severity'], ParentType, ContextType>;
  techniques?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  time?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  watchedNode?: Resolver<Maybe<ResolversTypes['WatchedNode']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type FindingConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['FindingConnection'] = ResolversParentTypes['FindingConnection']> = {
  edges?: Resolver<Array<ResolversTypes['FindingEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Finding']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type FindingEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['FindingEdge'] = ResolversParentTypes['FindingEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Finding'], ParentType, ContextType>;
};

export type FindingRuleResolvers<ContextType = Context, ParentType extends ResolversParentTypes['FindingRule'] = ResolversParentTypes['FindingRule']> = {
  condition?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  description?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  ruleSetVersion?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  tags?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  version?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type FreshnessResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Freshness'] = ResolversParentTypes['Freshness']> = {
  ageSeconds?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  asOf?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  stale?: Resolver<Maybe<ResolversTypes['StaleReason']>, ParentType, ContextType>;
};

export type HealthCountResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HealthCount'] = ResolversParentTypes['HealthCount']> = {
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  health?: Resolver<ResolversTypes['NodeHealth'], ParentType, ContextType>;
};

export type ImportRulesPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ImportRulesPayload'] = ResolversParentTypes['ImportRulesPayload']> = {
  ruleSet?: Resolver<Maybe<ResolversTypes['RuleSetState']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  warnings?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export interface JsonScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['JSON'], any> {
  name: 'JSON';
}

export type LossEntryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LossEntry'] = ResolversParentTypes['LossEntry']> = {
  count?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  cpu?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  hook?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  since?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  stage?: Resolver<ResolversTypes['LossStage'], ParentType, ContextType>;
  until?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type LostAmountResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LostAmount'] = ResolversParentTypes['LostAmount']> = {
  events?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  reports?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  addRuleException?: Resolver<ResolversTypes['RulePayload'], ParentType, ContextType, RequireFields<MutationAddRuleExceptionArgs, 'input'>>;
  assignCase?: Resolver<ResolversTypes['CasePayload'], ParentType, ContextType, RequireFields<MutationAssignCaseArgs, 'input'>>;
  changePassword?: Resolver<ResolversTypes['ViewerPayload'], ParentType, ContextType, RequireFields<MutationChangePasswordArgs, 'input'>>;
  commentCase?: Resolver<ResolversTypes['CasePayload'], ParentType, ContextType, RequireFields<MutationCommentCaseArgs, 'input'>>;
  createEnrollmentToken?: Resolver<ResolversTypes['CreateEnrollmentTokenPayload'], ParentType, ContextType, RequireFields<MutationCreateEnrollmentTokenArgs, 'input'>>;
  dismissDeadLetters?: Resolver<ResolversTypes['DeadLettersPayload'], ParentType, ContextType, RequireFields<MutationDismissDeadLettersArgs, 'input'>>;
  importRules?: Resolver<ResolversTypes['ImportRulesPayload'], ParentType, ContextType, RequireFields<MutationImportRulesArgs, 'input'>>;
  removeNode?: Resolver<ResolversTypes['WatchedNodePayload'], ParentType, ContextType, RequireFields<MutationRemoveNodeArgs, 'input'>>;
  removeRuleException?: Resolver<ResolversTypes['RulePayload'], ParentType, ContextType, RequireFields<MutationRemoveRuleExceptionArgs, 'input'>>;
  resubmitDeadLetters?: Resolver<ResolversTypes['DeadLettersPayload'], ParentType, ContextType, RequireFields<MutationResubmitDeadLettersArgs, 'input'>>;
  revokeEnrollmentToken?: Resolver<ResolversTypes['EnrollmentTokenPayload'], ParentType, ContextType, RequireFields<MutationRevokeEnrollmentTokenArgs, 'input'>>;
  setCaseState?: Resolver<ResolversTypes['CasePayload'], ParentType, ContextType, RequireFields<MutationSetCaseStateArgs, 'input'>>;
  setRuleEnabled?: Resolver<ResolversTypes['RulePayload'], ParentType, ContextType, RequireFields<MutationSetRuleEnabledArgs, 'input'>>;
};

export type NodeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType: TypeResolveFn<'Case' | 'DeadLetter' | 'EnrollmentToken' | 'Finding' | 'Rule' | 'Tenant' | 'WatchedNode', ParentType, ContextType>;
};

export type OverviewResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Overview'] = ResolversParentTypes['Overview']> = {
  eventsLost?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  eventsRead?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  findings?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  findingsBySeverity?: Resolver<Array<ResolversTypes['SeverityCount']>, ParentType, ContextType>;
  findingsOverTime?: Resolver<Array<ResolversTypes['TimeCount']>, ParentType, ContextType>;
  nodesByHealth?: Resolver<Array<ResolversTypes['HealthCount']>, ParentType, ContextType>;
  openCases?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  since?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  topRules?: Resolver<Array<ResolversTypes['RuleCount']>, ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  damaged?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ProcessResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Process'] = ResolversParentTypes['Process']> = {
  args?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  commandLine?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  containerId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  cwd?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  euid?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  exe?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  gid?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  loginuid?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  pid?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  ppid?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sid?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  start?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  tty?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  uid?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  me?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QueryNodeArgs, 'id'>>;
  tenant?: Resolver<Maybe<ResolversTypes['Tenant']>, ParentType, ContextType, RequireFields<QueryTenantArgs, 'id'>>;
};

export type RuleResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Rule'] = ResolversParentTypes['Rule']> = {
  changes?: Resolver<ResolversTypes['ChangeConnection'], ParentType, ContextType, RequireFields<RuleChangesArgs, 'first'>>;
  condition?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  description?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  enabled?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  exceptions?: Resolver<Array<ResolversTypes['RuleException']>, ParentType, ContextType>;
  file?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  findingCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType, Partial<RuleFindingCountArgs>>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  output?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  severity?: Resolver<ResolversTypes['Severity'], ParentType, ContextType>;
  source?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  tags?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  techniques?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  text?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RuleConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RuleConnection'] = ResolversParentTypes['RuleConnection']> = {
  edges?: Resolver<Array<ResolversTypes['RuleEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Rule']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type RuleCountResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RuleCount'] = ResolversParentTypes['RuleCount']> = {
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  rule?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  severity?: Resolver<ResolversTypes['Severity'], ParentType, ContextType>;
};

export type RuleEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RuleEdge'] = ResolversParentTypes['RuleEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Rule'], ParentType, ContextType>;
};

export type RuleExceptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RuleException'] = ResolversParentTypes['RuleException']> = {
  added?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  addedBy?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  comps?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  fields?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  values?: Resolver<Array<Array<ResolversTypes['String']>>, ParentType, ContextType>;
};

export type RuleInForceResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RuleInForce'] = ResolversParentTypes['RuleInForce']> = {
  enabled?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  exceptions?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  severity?: Resolver<ResolversTypes['Severity'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type RulePayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RulePayload'] = ResolversParentTypes['RulePayload']> = {
  rule?: Resolver<Maybe<ResolversTypes['Rule']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type RuleSetStateResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RuleSetState'] = ResolversParentTypes['RuleSetState']> = {
  asOf?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  lastChange?: Resolver<Maybe<ResolversTypes['Change']>, ParentType, ContextType>;
  rules?: Resolver<Array<ResolversTypes['RuleInForce']>, ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type SearchedAmountResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SearchedAmount'] = ResolversParentTypes['SearchedAmount']> = {
  blocks?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  bytes?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  events?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  skipped?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  tried?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  unreadable?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type SeverityCountResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SeverityCount'] = ResolversParentTypes['SeverityCount']> = {
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  severity?: Resolver<ResolversTypes['Severity'], ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  activitySearch?: SubscriptionResolver<ResolversTypes['ActivityStep'], "activitySearch", ParentType, ContextType, RequireFields<SubscriptionActivitySearchArgs, 'first' | 'tenant'>>;
  caseChanged?: SubscriptionResolver<ResolversTypes['Case'], "caseChanged", ParentType, ContextType, RequireFields<SubscriptionCaseChangedArgs, 'tenant'>>;
  findingRaised?: SubscriptionResolver<ResolversTypes['Finding'], "findingRaised", ParentType, ContextType, RequireFields<SubscriptionFindingRaisedArgs, 'tenant'>>;
  nodeChanged?: SubscriptionResolver<ResolversTypes['WatchedNode'], "nodeChanged", ParentType, ContextType, RequireFields<SubscriptionNodeChangedArgs, 'tenant'>>;
  ruleChanged?: SubscriptionResolver<ResolversTypes['Rule'], "ruleChanged", ParentType, ContextType, RequireFields<SubscriptionRuleChangedArgs, 'tenant'>>;
};

export type TenantResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Tenant'] = ResolversParentTypes['Tenant']> = {
  activity?: Resolver<ResolversTypes['ActivityPage'], ParentType, ContextType, RequireFields<TenantActivityArgs, 'first'>>;
  activityCounts?: Resolver<ResolversTypes['ActivityCounts'], ParentType, ContextType, RequireFields<TenantActivityCountsArgs, 'by' | 'first'>>;
  activityEvent?: Resolver<Maybe<ResolversTypes['ActivityEvent']>, ParentType, ContextType, RequireFields<TenantActivityEventArgs, 'id'>>;
  cases?: Resolver<ResolversTypes['CaseConnection'], ParentType, ContextType, RequireFields<TenantCasesArgs, 'first'>>;
  changes?: Resolver<ResolversTypes['ChangeConnection'], ParentType, ContextType, RequireFields<TenantChangesArgs, 'first'>>;
  deadLetters?: Resolver<ResolversTypes['DeadLetterConnection'], ParentType, ContextType, RequireFields<TenantDeadLettersArgs, 'first'>>;
  enrollmentTokens?: Resolver<ResolversTypes['EnrollmentTokenConnection'], ParentType, ContextType, RequireFields<TenantEnrollmentTokensArgs, 'first'>>;
  findings?: Resolver<ResolversTypes['FindingConnection'], ParentType, ContextType, RequireFields<TenantFindingsArgs, 'first'>>;
  freshness?: Resolver<ResolversTypes['Freshness'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  nodes?: Resolver<ResolversTypes['WatchedNodeConnection'], ParentType, ContextType, RequireFields<TenantNodesArgs, 'first'>>;
  overview?: Resolver<ResolversTypes['Overview'], ParentType, ContextType, Partial<TenantOverviewArgs>>;
  rule?: Resolver<Maybe<ResolversTypes['Rule']>, ParentType, ContextType, RequireFields<TenantRuleArgs, 'name'>>;
  ruleSet?: Resolver<ResolversTypes['RuleSetState'], ParentType, ContextType, Partial<TenantRuleSetArgs>>;
  rules?: Resolver<ResolversTypes['RuleConnection'], ParentType, ContextType, RequireFields<TenantRulesArgs, 'first'>>;
  slug?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type TimeCountResolvers<ContextType = Context, ParentType extends ResolversParentTypes['TimeCount'] = ResolversParentTypes['TimeCount']> = {
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  time?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type TimelineEntryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['TimelineEntry'] = ResolversParentTypes['TimelineEntry']> = {
  __resolveType: TypeResolveFn<'Change' | 'Comment' | 'Finding', ParentType, ContextType>;
};

export type UserErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  column?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  field?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  line?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ViewerResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Viewer'] = ResolversParentTypes['Viewer']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  mustChangePassword?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  permissions?: Resolver<Array<ResolversTypes['Permission']>, ParentType, ContextType>;
  tenants?: Resolver<Array<ResolversTypes['Tenant']>, ParentType, ContextType>;
};

export type ViewerPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ViewerPayload'] = ResolversParentTypes['ViewerPayload']> = {
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  viewer?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
};

export type WatchedNodeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['WatchedNode'] = ResolversParentTypes['WatchedNode']> = {
  agentVersion?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  certificateExpires?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  coverage?: Resolver<Array<ResolversTypes['CoverageSpan']>, ParentType, ContextType, Partial<WatchedNodeCoverageArgs>>;
  cpuMillis?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  enrolled?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  eventsLost?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  eventsRead?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  health?: Resolver<ResolversTypes['NodeHealth'], ParentType, ContextType>;
  hooks?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  hostname?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  kernel?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  lastSeen?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  ledger?: Resolver<Array<ResolversTypes['LossEntry']>, ParentType, ContextType, RequireFields<WatchedNodeLedgerArgs, 'first'>>;
  rssBytes?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  spoolBytes?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type WatchedNodeConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['WatchedNodeConnection'] = ResolversParentTypes['WatchedNodeConnection']> = {
  edges?: Resolver<Array<ResolversTypes['WatchedNodeEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['WatchedNode']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type WatchedNodeEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['WatchedNodeEdge'] = ResolversParentTypes['WatchedNodeEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['WatchedNode'], ParentType, ContextType>;
};

export type WatchedNodePayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['WatchedNodePayload'] = ResolversParentTypes['WatchedNodePayload']> = {
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  watchedNode?: Resolver<Maybe<ResolversTypes['WatchedNode']>, ParentType, ContextType>;
};

export type Resolvers<ContextType = Context> = {
  ActivityCounts?: ActivityCountsResolvers<ContextType>;
  ActivityEvent?: ActivityEventResolvers<ContextType>;
  ActivityGroup?: ActivityGroupResolvers<ContextType>;
  ActivityPage?: ActivityPageResolvers<ContextType>;
  ActivityStep?: ActivityStepResolvers<ContextType>;
  Case?: CaseResolvers<ContextType>;
  CaseConnection?: CaseConnectionResolvers<ContextType>;
  CaseEdge?: CaseEdgeResolvers<ContextType>;
  CasePayload?: CasePayloadResolvers<ContextType>;
  Change?: ChangeResolvers<ContextType>;
  ChangeConnection?: ChangeConnectionResolvers<ContextType>;
  ChangeEdge?: ChangeEdgeResolvers<ContextType>;
  Comment?: CommentResolvers<ContextType>;
  CoverageSpan?: CoverageSpanResolvers<ContextType>;
  CreateEnrollmentTokenPayload?: CreateEnrollmentTokenPayloadResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  DeadLetter?: DeadLetterResolvers<ContextType>;
  DeadLetterConnection?: DeadLetterConnectionResolvers<ContextType>;
  DeadLetterDecision?: DeadLetterDecisionResolvers<ContextType>;
  DeadLetterEdge?: DeadLetterEdgeResolvers<ContextType>;
  DeadLetterHeader?: DeadLetterHeaderResolvers<ContextType>;
  DeadLettersPayload?: DeadLettersPayloadResolvers<ContextType>;
  EnrollmentToken?: EnrollmentTokenResolvers<ContextType>;
  EnrollmentTokenConnection?: EnrollmentTokenConnectionResolvers<ContextType>;
  EnrollmentTokenEdge?: EnrollmentTokenEdgeResolvers<ContextType>;
  EnrollmentTokenPayload?: EnrollmentTokenPayloadResolvers<ContextType>;
  Event?: EventResolvers<ContextType>;
  Field?: FieldResolvers<ContextType>;
  Finding?: FindingResolvers<ContextType>;
  FindingConnection?: FindingConnectionResolvers<ContextType>;
  FindingEdge?: FindingEdgeResolvers<ContextType>;
  FindingRule?: FindingRuleResolvers<ContextType>;
  Freshness?: FreshnessResolvers<ContextType>;
  HealthCount?: HealthCountResolvers<ContextType>;
  ImportRulesPayload?: ImportRulesPayloadResolvers<ContextType>;
  JSON?: GraphQLScalarType;
  LossEntry?: LossEntryResolvers<ContextType>;
  LostAmount?: LostAmountResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Node?: NodeResolvers<ContextType>;
  Overview?: OverviewResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Process?: ProcessResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Rule?: RuleResolvers<ContextType>;
  RuleConnection?: RuleConnectionResolvers<ContextType>;
  RuleCount?: RuleCountResolvers<ContextType>;
  RuleEdge?: RuleEdgeResolvers<ContextType>;
  RuleException?: RuleExceptionResolvers<ContextType>;
  RuleInForce?: RuleInForceResolvers<ContextType>;
  RulePayload?: RulePayloadResolvers<ContextType>;
  RuleSetState?: RuleSetStateResolvers<ContextType>;
  SearchedAmount?: SearchedAmountResolvers<ContextType>;
  SeverityCount?: SeverityCountResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  Tenant?: TenantResolvers<ContextType>;
  TimeCount?: TimeCountResolvers<ContextType>;
  TimelineEntry?: TimelineEntryResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
  Viewer?: ViewerResolvers<ContextType>;
  ViewerPayload?: ViewerPayloadResolvers<ContextType>;
  WatchedNode?: WatchedNodeResolvers<ContextType>;
  WatchedNodeConnection?: WatchedNodeConnectionResolvers<ContextType>;
  WatchedNodeEdge?: WatchedNodeEdgeResolvers<ContextType>;
  WatchedNodePayload?: WatchedNodePayloadResolvers<ContextType>;
};

