/* eslint-disable */
import * as types from './graphql';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query Me {\n    me {\n      id\n      name\n      permissions\n      mustChangePassword\n      tenants {\n        id\n        slug\n        name\n      }\n    }\n  }\n": typeof types.MeDocument,
    "\n  query Freshness($tenant: String!) {\n    tenant(id: $tenant) {\n      freshness { asOf ageSeconds stale }\n    }\n  }\n": typeof types.FreshnessDocument,
    "\n  query Watch($tenant: String!, $since: DateTime) {\n    tenant(id: $tenant) {\n      overview(since: $since) {\n        nodesByHealth { health count }\n        eventsRead\n        eventsLost\n      }\n    }\n  }\n": typeof types.WatchDocument,
    "\n  mutation SetRuleEnabled($input: SetRuleEnabledInput!) {\n    setRuleEnabled(input: $input) {\n      rule { id enabled }\n      userErrors { code message field }\n    }\n  }\n": typeof types.SetRuleEnabledDocument,
    "\n  mutation AddException($input: AddRuleExceptionInput!) {\n    addRuleException(input: $input) {\n      rule { id }\n      userErrors { code message field }\n    }\n  }\n": typeof types.AddExceptionDocument,
    "\n  mutation RemoveException($input: RemoveRuleExceptionInput!) {\n    removeRuleException(input: $input) {\n      rule { id }\n      userErrors { code message field }\n    }\n  }\n": typeof types.RemoveExceptionDocument,
    "\n  mutation ImportRules($input: ImportRulesInput!) {\n    importRules(input: $input) {\n      ruleSet { version }\n      warnings { code message field line column }\n      userErrors { code message field line column }\n    }\n  }\n": typeof types.ImportRulesDocument,
    "\n  mutation SetCaseState($input: SetCaseStateInput!) {\n    setCaseState(input: $input) {\n      case { id }\n      userErrors { code message field }\n    }\n  }\n": typeof types.SetCaseStateDocument,
    "\n  mutation AssignCase($input: AssignCaseInput!) {\n    assignCase(input: $input) {\n      case { id }\n      userErrors { code message field }\n    }\n  }\n": typeof types.AssignCaseDocument,
    "\n  mutation CommentCase($input: CommentCaseInput!) {\n    commentCase(input: $input) {\n      case { id }\n      userErrors { code message field }\n    }\n  }\n": typeof types.CommentCaseDocument,
    "\n  mutation CreateToken($input: CreateEnrollmentTokenInput!) {\n    createEnrollmentToken(input: $input) {\n      token { id label }\n      secret\n      command\n      userErrors { code message field }\n    }\n  }\n": typeof types.CreateTokenDocument,
    "\n  mutation RevokeToken($input: RevokeEnrollmentTokenInput!) {\n    revokeEnrollmentToken(input: $input) {\n      token { id }\n      userErrors { code message field }\n    }\n  }\n": typeof types.RevokeTokenDocument,
    "\n  mutation RemoveNode($input: RemoveNodeInput!) {\n    removeNode(input: $input) {\n      watchedNode { id }\n      userErrors { code message field }\n    }\n  }\n": typeof types.RemoveNodeDocument,
    "\n  mutation ResubmitDeadLetters($input: ResubmitDeadLettersInput!) {\n    resubmitDeadLetters(input: $input) {\n      deadLetters { id state }\n      userErrors { code message field }\n    }\n  }\n": typeof types.ResubmitDeadLettersDocument,
    "\n  mutation DismissDeadLetters($input: DismissDeadLettersInput!) {\n    dismissDeadLetters(input: $input) {\n      deadLetters { id state }\n      userErrors { code message field }\n    }\n  }\n": typeof types.DismissDeadLettersDocument,
    "\n  mutation ChangePassword($input: ChangePasswordInput!) {\n    changePassword(input: $input) {\n      viewer { id }\n      userErrors { code message field }\n    }\n  }\n": typeof types.ChangePasswordDocument,
    "subscription FindingRaised($tenant: String!) { findingRaised(tenant: $tenant) { id } }": typeof types.FindingRaisedDocument,
    "subscription CaseChanged($tenant: String!) { caseChanged(tenant: $tenant) { id } }": typeof types.CaseChangedDocument,
    "subscription NodeChanged($tenant: String!) { nodeChanged(tenant: $tenant) { id } }": typeof types.NodeChangedDocument,
    "subscription RuleChanged($tenant: String!) { ruleChanged(tenant: $tenant) { id } }": typeof types.RuleChangedDocument,
    "\n  query Overview($tenant: String!, $since: DateTime) {\n    tenant(id: $tenant) {\n      overview(since: $since) {\n        since\n        findings\n        findingsBySeverity { severity count }\n        findingsOverTime { time count }\n        topRules { rule severity count }\n        openCases\n        nodesByHealth { health count }\n        eventsRead\n        eventsLost\n      }\n      cases(filter: { states: [OPEN, IN_PROGRESS] }, first: 6) {\n        nodes { id title severity state assigneeName lastSeen findingCount hostname }\n      }\n    }\n  }\n": typeof types.OverviewDocument,
    "\n  query Activity($tenant: String!, $query: String, $since: DateTime, $until: DateTime, $after: String) {\n    tenant(id: $tenant) {\n      activity(query: $query, since: $since, until: $until, first: 50, after: $after) {\n        events {\n          event { id time kind summary result raw }\n          watchedNode { id hostname }\n          lineage { pid ppid start name exe args commandLine cwd uid euid gid user loginuid tty sid containerId }\n        }\n        next\n        reached\n        searched { blocks skipped bytes events unreadable }\n        lost { reports events }\n      }\n    }\n  }\n": typeof types.ActivityDocument,
    "\n  query ActivityCounts($tenant: String!, $query: String, $since: DateTime, $until: DateTime, $by: [String!]!) {\n    tenant(id: $tenant) {\n      activityCounts(query: $query, since: $since, until: $until, by: $by, first: 20) {\n        groups { values count }\n        total\n        complete\n        reached\n      }\n    }\n  }\n": typeof types.ActivityCountsDocument,
    "\n  query Case($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on Case {\n        id\n        title\n        severity\n        state\n        disposition\n        assigneeName\n        firstSeen\n        lastSeen\n        findingCount\n        rules { rule severity count }\n        techniques\n        hostname\n        watchedNode { id health }\n        findings(first: 100) { nodes { ...FindingRow } }\n        timeline {\n          __typename\n          ... on Finding { id time severity message techniques rule { name } }\n          ... on Comment { time author text }\n          ... on Change { id time actor name summary }\n        }\n      }\n    }\n  }\n": typeof types.CaseDocument,
    "\n  query Cases($tenant: String!, $filter: CaseFilter, $after: String) {\n    tenant(id: $tenant) {\n      cases(filter: $filter, first: 50, after: $after) {\n        nodes { id title severity state disposition assigneeName firstSeen lastSeen findingCount hostname }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n": typeof types.CasesDocument,
    "\n  query Changes($tenant: String!, $filter: ChangeFilter, $after: String) {\n    tenant(id: $tenant) {\n      changes(filter: $filter, first: 50, after: $after) {\n        nodes { id time actor aggregate stream version name summary before after }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n": typeof types.ChangesDocument,
    "\n  query Finding($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on Finding {\n        id\n        time\n        detected\n        severity\n        message\n        rule { name version description condition tags ruleSetVersion }\n        techniques\n        fields { name value }\n        hostname\n        watchedNode { id hostname health }\n        case { id title state disposition }\n        event { id kind time tid result summary raw }\n        lineage { pid ppid start name exe args commandLine cwd uid euid gid user loginuid tty sid containerId }\n      }\n    }\n  }\n": typeof types.FindingDocument,
    "\n  query RuleNow($tenant: String!, $name: String!) {\n    tenant(id: $tenant) { rule(name: $name) { id enabled version } }\n  }\n": typeof types.RuleNowDocument,
    "\n  query Findings($tenant: String!, $filter: FindingFilter, $after: String) {\n    tenant(id: $tenant) {\n      findings(filter: $filter, first: 50, after: $after) {\n        nodes { ...FindingRow }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n  fragment FindingRow on Finding {\n    id\n    time\n    severity\n    message\n    hostname\n    techniques\n    rule { name }\n    case { id }\n    lineage { name user }\n  }\n": typeof types.FindingsDocument,
    "\n  query FindingChoices($tenant: String!) {\n    tenant(id: $tenant) {\n      nodes(first: 100) { nodes { id hostname } }\n      rules(first: 100) { nodes { name } }\n    }\n  }\n": typeof types.FindingChoicesDocument,
    "\n  subscription LiveFindings($tenant: String!, $filter: FindingFilter) {\n    findingRaised(tenant: $tenant, filter: $filter) { ...FindingRow }\n  }\n": typeof types.LiveFindingsDocument,
    "\n  query WatchedNode($id: ID!, $from: DateTime) {\n    node(id: $id) {\n      __typename\n      ... on WatchedNode {\n        id\n        hostname\n        health\n        enrolled\n        lastSeen\n        agentVersion\n        kernel\n        hooks\n        certificateExpires\n        eventsRead\n        eventsLost\n        spoolBytes\n        cpuMillis\n        rssBytes\n        ledger(from: $from, first: 100) { since until stage cpu hook count }\n        coverage(from: $from) { from until watched events lost }\n      }\n    }\n  }\n": typeof types.WatchedNodeDocument,
    "\n  query Nodes($tenant: String!, $after: String) {\n    tenant(id: $tenant) {\n      nodes(first: 100, after: $after) {\n        nodes { id hostname health lastSeen agentVersion kernel eventsRead eventsLost spoolBytes }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n": typeof types.NodesDocument,
    "\n  query InForce($tenant: String!, $asOf: DateTime!) {\n    tenant(id: $tenant) {\n      then: ruleSet(asOf: $asOf) { ...RuleSet }\n      now: ruleSet { ...RuleSet }\n      changes(filter: { aggregate: \"rule_set\", from: $asOf }, first: 50) {\n        nodes { id time actor aggregate version name summary before after }\n        pageInfo { hasNextPage }\n      }\n    }\n  }\n  fragment RuleSet on RuleSetState {\n    version\n    asOf\n    lastChange { id time actor summary }\n    rules { name version enabled severity exceptions }\n  }\n": typeof types.InForceDocument,
    "\n  query Rule($tenant: String!, $name: String!, $since: DateTime) {\n    tenant(id: $tenant) {\n      rule(name: $name) {\n        id\n        name\n        version\n        description\n        condition\n        output\n        severity\n        tags\n        techniques\n        source\n        file\n        enabled\n        exceptions { name fields comps values reason addedBy added }\n        text\n        findingCount(since: $since)\n        changes(first: 50) { nodes { id time actor aggregate version name summary before after } }\n      }\n    }\n  }\n": typeof types.RuleDocument,
    "\n  query Rules($tenant: String!, $filter: RuleFilter, $since: DateTime, $after: String) {\n    tenant(id: $tenant) {\n      rules(filter: $filter, first: 100, after: $after) {\n        nodes { id name description severity techniques enabled source file exceptions { name } findingCount(since: $since) }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n": typeof types.RulesDocument,
    "\n  query SetAside($tenant: String!, $open: Boolean, $after: String) {\n    tenant(id: $tenant) {\n      deadLetters(open: $open, first: 50, after: $after) {\n        nodes { id place time stage why bytes state header { events watchedNode { hostname } } failedAgain { id } }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n": typeof types.SetAsideDocument,
    "\n  query SetAsideRecord($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on DeadLetter {\n        id\n        place\n        topic\n        partition\n        offset\n        time\n        stage\n        why\n        bytes\n        state\n        obstacle\n        attempts\n        unreadable\n        header { nodeId bootId first last events earliest latest kinds watchedNode { id hostname } }\n        resubmitted { by time }\n        dismissed { by time reason }\n        resubmissionOf { id place }\n        failedAgain { id place time }\n      }\n    }\n  }\n": typeof types.SetAsideRecordDocument,
    "\n  query Tokens($tenant: String!, $after: String) {\n    tenant(id: $tenant) {\n      enrollmentTokens(first: 50, after: $after) {\n        nodes { id label state created expires maxUses uses }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n": typeof types.TokensDocument,
};
const documents: Documents = {
    "\n  query Me {\n    me {\n      id\n      name\n      permissions\n      mustChangePassword\n      tenants {\n        id\n        slug\n        name\n      }\n    }\n  }\n": types.MeDocument,
    "\n  query Freshness($tenant: String!) {\n    tenant(id: $tenant) {\n      freshness { asOf ageSeconds stale }\n    }\n  }\n": types.FreshnessDocument,
    "\n  query Watch($tenant: String!, $since: DateTime) {\n    tenant(id: $tenant) {\n      overview(since: $since) {\n        nodesByHealth { health count }\n        eventsRead\n        eventsLost\n      }\n    }\n  }\n": types.WatchDocument,
    "\n  mutation SetRuleEnabled($input: SetRuleEnabledInput!) {\n    setRuleEnabled(input: $input) {\n      rule { id enabled }\n      userErrors { code message field }\n    }\n  }\n": types.SetRuleEnabledDocument,
    "\n  mutation AddException($input: AddRuleExceptionInput!) {\n    addRuleException(input: $input) {\n      rule { id }\n      userErrors { code message field }\n    }\n  }\n": types.AddExceptionDocument,
    "\n  mutation RemoveException($input: RemoveRuleExceptionInput!) {\n    removeRuleException(input: $input) {\n      rule { id }\n      userErrors { code message field }\n    }\n  }\n": types.RemoveExceptionDocument,
    "\n  mutation ImportRules($input: ImportRulesInput!) {\n    importRules(input: $input) {\n      ruleSet { version }\n      warnings { code message field line column }\n      userErrors { code message field line column }\n    }\n  }\n": types.ImportRulesDocument,
    "\n  mutation SetCaseState($input: SetCaseStateInput!) {\n    setCaseState(input: $input) {\n      case { id }\n      userErrors { code message field }\n    }\n  }\n": types.SetCaseStateDocument,
    "\n  mutation AssignCase($input: AssignCaseInput!) {\n    assignCase(input: $input) {\n      case { id }\n      userErrors { code message field }\n    }\n  }\n": types.AssignCaseDocument,
    "\n  mutation CommentCase($input: CommentCaseInput!) {\n    commentCase(input: $input) {\n      case { id }\n      userErrors { code message field }\n    }\n  }\n": types.CommentCaseDocument,
    "\n  mutation CreateToken($input: CreateEnrollmentTokenInput!) {\n    createEnrollmentToken(input: $input) {\n      token { id label }\n      secret\n      command\n      userErrors { code message field }\n    }\n  }\n": types.CreateTokenDocument,
    "\n  mutation RevokeToken($input: RevokeEnrollmentTokenInput!) {\n    revokeEnrollmentToken(input: $input) {\n      token { id }\n      userErrors { code message field }\n    }\n  }\n": types.RevokeTokenDocument,
    "\n  mutation RemoveNode($input: RemoveNodeInput!) {\n    removeNode(input: $input) {\n      watchedNode { id }\n      userErrors { code message field }\n    }\n  }\n": types.RemoveNodeDocument,
    "\n  mutation ResubmitDeadLetters($input: ResubmitDeadLettersInput!) {\n    resubmitDeadLetters(input: $input) {\n      deadLetters { id state }\n      userErrors { code message field }\n    }\n  }\n": types.ResubmitDeadLettersDocument,
    "\n  mutation DismissDeadLetters($input: DismissDeadLettersInput!) {\n    dismissDeadLetters(input: $input) {\n      deadLetters { id state }\n      userErrors { code message field }\n    }\n  }\n": types.DismissDeadLettersDocument,
    "\n  mutation ChangePassword($input: ChangePasswordInput!) {\n    changePassword(input: $input) {\n      viewer { id }\n      userErrors { code message field }\n    }\n  }\n": types.ChangePasswordDocument,
    "subscription FindingRaised($tenant: String!) { findingRaised(tenant: $tenant) { id } }": types.FindingRaisedDocument,
    "subscription CaseChanged($tenant: String!) { caseChanged(tenant: $tenant) { id } }": types.CaseChangedDocument,
    "subscription NodeChanged($tenant: String!) { nodeChanged(tenant: $tenant) { id } }": types.NodeChangedDocument,
    "subscription RuleChanged($tenant: String!) { ruleChanged(tenant: $tenant) { id } }": types.RuleChangedDocument,
    "\n  query Overview($tenant: String!, $since: DateTime) {\n    tenant(id: $tenant) {\n      overview(since: $since) {\n        since\n        findings\n        findingsBySeverity { severity count }\n        findingsOverTime { time count }\n        topRules { rule severity count }\n        openCases\n        nodesByHealth { health count }\n        eventsRead\n        eventsLost\n      }\n      cases(filter: { states: [OPEN, IN_PROGRESS] }, first: 6) {\n        nodes { id title severity state assigneeName lastSeen findingCount hostname }\n      }\n    }\n  }\n": types.OverviewDocument,
    "\n  query Activity($tenant: String!, $query: String, $since: DateTime, $until: DateTime, $after: String) {\n    tenant(id: $tenant) {\n      activity(query: $query, since: $since, until: $until, first: 50, after: $after) {\n        events {\n          event { id time kind summary result raw }\n          watchedNode { id hostname }\n          lineage { pid ppid start name exe args commandLine cwd uid euid gid user loginuid tty sid containerId }\n        }\n        next\n        reached\n        searched { blocks skipped bytes events unreadable }\n        lost { reports events }\n      }\n    }\n  }\n": types.ActivityDocument,
    "\n  query ActivityCounts($tenant: String!, $query: String, $since: DateTime, $until: DateTime, $by: [String!]!) {\n    tenant(id: $tenant) {\n      activityCounts(query: $query, since: $since, until: $until, by: $by, first: 20) {\n        groups { values count }\n        total\n        complete\n        reached\n      }\n    }\n  }\n": types.ActivityCountsDocument,
    "\n  query Case($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on Case {\n        id\n        title\n        severity\n        state\n        disposition\n        assigneeName\n        firstSeen\n        lastSeen\n        findingCount\n        rules { rule severity count }\n        techniques\n        hostname\n        watchedNode { id health }\n        findings(first: 100) { nodes { ...FindingRow } }\n        timeline {\n          __typename\n          ... on Finding { id time severity message techniques rule { name } }\n          ... on Comment { time author text }\n          ... on Change { id time actor name summary }\n        }\n      }\n    }\n  }\n": types.CaseDocument,
    "\n  query Cases($tenant: String!, $filter: CaseFilter, $after: String) {\n    tenant(id: $tenant) {\n      cases(filter: $filter, first: 50, after: $after) {\n        nodes { id title severity state disposition assigneeName firstSeen lastSeen findingCount hostname }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n": types.CasesDocument,
    "\n  query Changes($tenant: String!, $filter: ChangeFilter, $after: String) {\n    tenant(id: $tenant) {\n      changes(filter: $filter, first: 50, after: $after) {\n        nodes { id time actor aggregate stream version name summary before after }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n": types.ChangesDocument,
    "\n  query Finding($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on Finding {\n        id\n        time\n        detected\n        severity\n        message\n        rule { name version description condition tags ruleSetVersion }\n        techniques\n        fields { name value }\n        hostname\n        watchedNode { id hostname health }\n        case { id title state disposition }\n        event { id kind time tid result summary raw }\n        lineage { pid ppid start name exe args commandLine cwd uid euid gid user loginuid tty sid containerId }\n      }\n    }\n  }\n": types.FindingDocument,
    "\n  query RuleNow($tenant: String!, $name: String!) {\n    tenant(id: $tenant) { rule(name: $name) { id enabled version } }\n  }\n": types.RuleNowDocument,
    "\n  query Findings($tenant: String!, $filter: FindingFilter, $after: String) {\n    tenant(id: $tenant) {\n      findings(filter: $filter, first: 50, after: $after) {\n        nodes { ...FindingRow }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n  fragment FindingRow on Finding {\n    id\n    time\n    severity\n    message\n    hostname\n    techniques\n    rule { name }\n    case { id }\n    lineage { name user }\n  }\n": types.FindingsDocument,
    "\n  query FindingChoices($tenant: String!) {\n    tenant(id: $tenant) {\n      nodes(first: 100) { nodes { id hostname } }\n      rules(first: 100) { nodes { name } }\n    }\n  }\n": types.FindingChoicesDocument,
    "\n  subscription LiveFindings($tenant: String!, $filter: FindingFilter) {\n    findingRaised(tenant: $tenant, filter: $filter) { ...FindingRow }\n  }\n": types.LiveFindingsDocument,
    "\n  query WatchedNode($id: ID!, $from: DateTime) {\n    node(id: $id) {\n      __typename\n      ... on WatchedNode {\n        id\n        hostname\n        health\n        enrolled\n        lastSeen\n        agentVersion\n        kernel\n        hooks\n        certificateExpires\n        eventsRead\n        eventsLost\n        spoolBytes\n        cpuMillis\n        rssBytes\n        ledger(from: $from, first: 100) { since until stage cpu hook count }\n        coverage(from: $from) { from until watched events lost }\n      }\n    }\n  }\n": types.WatchedNodeDocument,
    "\n  query Nodes($tenant: String!, $after: String) {\n    tenant(id: $tenant) {\n      nodes(first: 100, after: $after) {\n        nodes { id hostname health lastSeen agentVersion kernel eventsRead eventsLost spoolBytes }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n": types.NodesDocument,
    "\n  query InForce($tenant: String!, $asOf: DateTime!) {\n    tenant(id: $tenant) {\n      then: ruleSet(asOf: $asOf) { ...RuleSet }\n      now: ruleSet { ...RuleSet }\n      changes(filter: { aggregate: \"rule_set\", from: $asOf }, first: 50) {\n        nodes { id time actor aggregate version name summary before after }\n        pageInfo { hasNextPage }\n      }\n    }\n  }\n  fragment RuleSet on RuleSetState {\n    version\n    asOf\n    lastChange { id time actor summary }\n    rules { name version enabled severity exceptions }\n  }\n": types.InForceDocument,
    "\n  query Rule($tenant: String!, $name: String!, $since: DateTime) {\n    tenant(id: $tenant) {\n      rule(name: $name) {\n        id\n        name\n        version\n        description\n        condition\n        output\n        severity\n        tags\n        techniques\n        source\n        file\n        enabled\n        exceptions { name fields comps values reason addedBy added }\n        text\n        findingCount(since: $since)\n        changes(first: 50) { nodes { id time actor aggregate version name summary before after } }\n      }\n    }\n  }\n": types.RuleDocument,
    "\n  query Rules($tenant: String!, $filter: RuleFilter, $since: DateTime, $after: String) {\n    tenant(id: $tenant) {\n      rules(filter: $filter, first: 100, after: $after) {\n        nodes { id name description severity techniques enabled source file exceptions { name } findingCount(since: $since) }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n": types.RulesDocument,
    "\n  query SetAside($tenant: String!, $open: Boolean, $after: String) {\n    tenant(id: $tenant) {\n      deadLetters(open: $open, first: 50, after: $after) {\n        nodes { id place time stage why bytes state header { events watchedNode { hostname } } failedAgain { id } }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n": types.SetAsideDocument,
    "\n  query SetAsideRecord($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on DeadLetter {\n        id\n        place\n        topic\n        partition\n        offset\n        time\n        stage\n        why\n        bytes\n        state\n        obstacle\n        attempts\n        unreadable\n        header { nodeId bootId first last events earliest latest kinds watchedNode { id hostname } }\n        resubmitted { by time }\n        dismissed { by time reason }\n        resubmissionOf { id place }\n        failedAgain { id place time }\n      }\n    }\n  }\n": types.SetAsideRecordDocument,
    "\n  query Tokens($tenant: String!, $after: String) {\n    tenant(id: $tenant) {\n      enrollmentTokens(first: 50, after: $after) {\n        nodes { id label state created expires maxUses uses }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n": types.TokensDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Me {\n    me {\n      id\n      name\n      permissions\n      mustChangePassword\n      tenants {\n        id\n        slug\n        name\n      }\n    }\n  }\n"): typeof import('./graphql').MeDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Freshness($tenant: String!) {\n    tenant(id: $tenant) {\n      freshness { asOf ageSeconds stale }\n    }\n  }\n"): typeof import('./graphql').FreshnessDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Watch($tenant: String!, $since: DateTime) {\n    tenant(id: $tenant) {\n      overview(since: $since) {\n        nodesByHealth { health count }\n        eventsRead\n        eventsLost\n      }\n    }\n  }\n"): typeof import('./graphql').WatchDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SetRuleEnabled($input: SetRuleEnabledInput!) {\n    setRuleEnabled(input: $input) {\n      rule { id enabled }\n      userErrors { code message field }\n    }\n  }\n"): typeof import('./graphql').SetRuleEnabledDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation AddException($input: AddRuleExceptionInput!) {\n    addRuleException(input: $input) {\n      rule { id }\n      userErrors { code message field }\n    }\n  }\n"): typeof import('./graphql').AddExceptionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RemoveException($input: RemoveRuleExceptionInput!) {\n    removeRuleException(input: $input) {\n      rule { id }\n      userErrors { code message field }\n    }\n  }\n"): typeof import('./graphql').RemoveExceptionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ImportRules($input: ImportRulesInput!) {\n    importRules(input: $input) {\n      ruleSet { version }\n      warnings { code message field line column }\n      userErrors { code message field line column }\n    }\n  }\n"): typeof import('./graphql').ImportRulesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SetCaseState($input: SetCaseStateInput!) {\n    setCaseState(input: $input) {\n      case { id }\n      userErrors { code message field }\n    }\n  }\n"): typeof import('./graphql').SetCaseStateDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation AssignCase($input: AssignCaseInput!) {\n    assignCase(input: $input) {\n      case { id }\n      userErrors { code message field }\n    }\n  }\n"): typeof import('./graphql').AssignCaseDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CommentCase($input: CommentCaseInput!) {\n    commentCase(input: $input) {\n      case { id }\n      userErrors { code message field }\n    }\n  }\n"): typeof import('./graphql').CommentCaseDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateToken($input: CreateEnrollmentTokenInput!) {\n    createEnrollmentToken(input: $input) {\n      token { id label }\n      secret\n      command\n      userErrors { code message field }\n    }\n  }\n"): typeof import('./graphql').CreateTokenDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RevokeToken($input: RevokeEnrollmentTokenInput!) {\n    revokeEnrollmentToken(input: $input) {\n      token { id }\n      userErrors { code message field }\n    }\n  }\n"): typeof import('./graphql').RevokeTokenDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RemoveNode($input: RemoveNodeInput!) {\n    removeNode(input: $input) {\n      watchedNode { id }\n      userErrors { code message field }\n    }\n  }\n"): typeof import('./graphql').RemoveNodeDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ResubmitDeadLetters($input: ResubmitDeadLettersInput!) {\n    resubmitDeadLetters(input: $input) {\n      deadLetters { id state }\n      userErrors { code message field }\n    }\n  }\n"): typeof import('./graphql').ResubmitDeadLettersDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DismissDeadLetters($input: DismissDeadLettersInput!) {\n    dismissDeadLetters(input: $input) {\n      deadLetters { id state }\n      userErrors { code message field }\n    }\n  }\n"): typeof import('./graphql').DismissDeadLettersDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ChangePassword($input: ChangePasswordInput!) {\n    changePassword(input: $input) {\n      viewer { id }\n      userErrors { code message field }\n    }\n  }\n"): typeof import('./graphql').ChangePasswordDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription FindingRaised($tenant: String!) { findingRaised(tenant: $tenant) { id } }"): typeof import('./graphql').FindingRaisedDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription CaseChanged($tenant: String!) { caseChanged(tenant: $tenant) { id } }"): typeof import('./graphql').CaseChangedDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription NodeChanged($tenant: String!) { nodeChanged(tenant: $tenant) { id } }"): typeof import('./graphql').NodeChangedDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription RuleChanged($tenant: String!) { ruleChanged(tenant: $tenant) { id } }"): typeof import('./graphql').RuleChangedDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Overview($tenant: String!, $since: DateTime) {\n    tenant(id: $tenant) {\n      overview(since: $since) {\n        since\n        findings\n        findingsBySeverity { severity count }\n        findingsOverTime { time count }\n        topRules { rule severity count }\n        openCases\n        nodesByHealth { health count }\n        eventsRead\n        eventsLost\n      }\n      cases(filter: { states: [OPEN, IN_PROGRESS] }, first: 6) {\n        nodes { id title severity state assigneeName lastSeen findingCount hostname }\n      }\n    }\n  }\n"): typeof import('./graphql').OverviewDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Activity($tenant: String!, $query: String, $since: DateTime, $until: DateTime, $after: String) {\n    tenant(id: $tenant) {\n      activity(query: $query, since: $since, until: $until, first: 50, after: $after) {\n        events {\n          event { id time kind summary result raw }\n          watchedNode { id hostname }\n          lineage { pid ppid start name exe args commandLine cwd uid euid gid user loginuid tty sid containerId }\n        }\n        next\n        reached\n        searched { blocks skipped bytes events unreadable }\n        lost { reports events }\n      }\n    }\n  }\n"): typeof import('./graphql').ActivityDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ActivityCounts($tenant: String!, $query: String, $since: DateTime, $until: DateTime, $by: [String!]!) {\n    tenant(id: $tenant) {\n      activityCounts(query: $query, since: $since, until: $until, by: $by, first: 20) {\n        groups { values count }\n        total\n        complete\n        reached\n      }\n    }\n  }\n"): typeof import('./graphql').ActivityCountsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Case($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on Case {\n        id\n        title\n        severity\n        state\n        disposition\n        assigneeName\n        firstSeen\n        lastSeen\n        findingCount\n        rules { rule severity count }\n        techniques\n        hostname\n        watchedNode { id health }\n        findings(first: 100) { nodes { ...FindingRow } }\n        timeline {\n          __typename\n          ... on Finding { id time severity message techniques rule { name } }\n          ... on Comment { time author text }\n          ... on Change { id time actor name summary }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql').CaseDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Cases($tenant: String!, $filter: CaseFilter, $after: String) {\n    tenant(id: $tenant) {\n      cases(filter: $filter, first: 50, after: $after) {\n        nodes { id title severity state disposition assigneeName firstSeen lastSeen findingCount hostname }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n"): typeof import('./graphql').CasesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Changes($tenant: String!, $filter: ChangeFilter, $after: String) {\n    tenant(id: $tenant) {\n      changes(filter: $filter, first: 50, after: $after) {\n        nodes { id time actor aggregate stream version name summary before after }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n"): typeof import('./graphql').ChangesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Finding($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on Finding {\n        id\n        time\n        detected\n        severity\n        message\n        rule { name version description condition tags ruleSetVersion }\n        techniques\n        fields { name value }\n        hostname\n        watchedNode { id hostname health }\n        case { id title state disposition }\n        event { id kind time tid result summary raw }\n        lineage { pid ppid start name exe args commandLine cwd uid euid gid user loginuid tty sid containerId }\n      }\n    }\n  }\n"): typeof import('./graphql').FindingDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RuleNow($tenant: String!, $name: String!) {\n    tenant(id: $tenant) { rule(name: $name) { id enabled version } }\n  }\n"): typeof import('./graphql').RuleNowDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Findings($tenant: String!, $filter: FindingFilter, $after: String) {\n    tenant(id: $tenant) {\n      findings(filter: $filter, first: 50, after: $after) {\n        nodes { ...FindingRow }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n  fragment FindingRow on Finding {\n    id\n    time\n    severity\n    message\n    hostname\n    techniques\n    rule { name }\n    case { id }\n    lineage { name user }\n  }\n"): typeof import('./graphql').FindingsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FindingChoices($tenant: String!) {\n    tenant(id: $tenant) {\n      nodes(first: 100) { nodes { id hostname } }\n      rules(first: 100) { nodes { name } }\n    }\n  }\n"): typeof import('./graphql').FindingChoicesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription LiveFindings($tenant: String!, $filter: FindingFilter) {\n    findingRaised(tenant: $tenant, filter: $filter) { ...FindingRow }\n  }\n"): typeof import('./graphql').LiveFindingsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WatchedNode($id: ID!, $from: DateTime) {\n    node(id: $id) {\n      __typename\n      ... on WatchedNode {\n        id\n        hostname\n        health\n        enrolled\n        lastSeen\n        agentVersion\n        kernel\n        hooks\n        certificateExpires\n        eventsRead\n        eventsLost\n        spoolBytes\n        cpuMillis\n        rssBytes\n        ledger(from: $from, first: 100) { since until stage cpu hook count }\n        coverage(from: $from) { from until watched events lost }\n      }\n    }\n  }\n"): typeof import('./graphql').WatchedNodeDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Nodes($tenant: String!, $after: String) {\n    tenant(id: $tenant) {\n      nodes(first: 100, after: $after) {\n        nodes { id hostname health lastSeen agentVersion kernel eventsRead eventsLost spoolBytes }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n"): typeof import('./graphql').NodesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query InForce($tenant: String!, $asOf: DateTime!) {\n    tenant(id: $tenant) {\n      then: ruleSet(asOf: $asOf) { ...RuleSet }\n      now: ruleSet { ...RuleSet }\n      changes(filter: { aggregate: \"rule_set\", from: $asOf }, first: 50) {\n        nodes { id time actor aggregate version name summary before after }\n        pageInfo { hasNextPage }\n      }\n    }\n  }\n  fragment RuleSet on RuleSetState {\n    version\n    asOf\n    lastChange { id time actor summary }\n    rules { name version enabled severity exceptions }\n  }\n"): typeof import('./graphql').InForceDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Rule($tenant: String!, $name: String!, $since: DateTime) {\n    tenant(id: $tenant) {\n      rule(name: $name) {\n        id\n        name\n        version\n        description\n        condition\n        output\n        severity\n        tags\n        techniques\n        source\n        file\n        enabled\n        exceptions { name fields comps values reason addedBy added }\n        text\n        findingCount(since: $since)\n        changes(first: 50) { nodes { id time actor aggregate version name summary before after } }\n      }\n    }\n  }\n"): typeof import('./graphql').RuleDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Rules($tenant: String!, $filter: RuleFilter, $since: DateTime, $after: String) {\n    tenant(id: $tenant) {\n      rules(filter: $filter, first: 100, after: $after) {\n        nodes { id name description severity techniques enabled source file exceptions { name } findingCount(since: $since) }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n"): typeof import('./graphql').RulesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SetAside($tenant: String!, $open: Boolean, $after: String) {\n    tenant(id: $tenant) {\n      deadLetters(open: $open, first: 50, after: $after) {\n        nodes { id place time stage why bytes state header { events watchedNode { hostname } } failedAgain { id } }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n"): typeof import('./graphql').SetAsideDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SetAsideRecord($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on DeadLetter {\n        id\n        place\n        topic\n        partition\n        offset\n        time\n        stage\n        why\n        bytes\n        state\n        obstacle\n        attempts\n        unreadable\n        header { nodeId bootId first last events earliest latest kinds watchedNode { id hostname } }\n        resubmitted { by time }\n        dismissed { by time reason }\n        resubmissionOf { id place }\n        failedAgain { id place time }\n      }\n    }\n  }\n"): typeof import('./graphql').SetAsideRecordDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Tokens($tenant: String!, $after: String) {\n    tenant(id: $tenant) {\n      enrollmentTokens(first: 50, after: $after) {\n        nodes { id label state created expires maxUses uses }\n        pageInfo { hasNextPage endCursor damaged }\n      }\n    }\n  }\n"): typeof import('./graphql').TokensDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
