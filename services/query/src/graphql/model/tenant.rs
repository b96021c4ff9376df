//! A tenant: where everything else hangs.

use std::time::Duration;

use async_graphql::{ID, Object};
use vedetta_api::{Code, tenant::v1};
use vedetta_model::Timestamp;

use super::{
    Rule,
    activity::{ActivityCounts, ActivityEvent, ActivityGroup, ActivityPage, Asked, encode, searching},
    case::{CaseConnection, CaseFilter},
    change::{ChangeConnection, ChangeFilter},
    dead_letter::{DeadLetter, DeadLetterConnection},
    finding::{FindingConnection, FindingFilter},
    freshness::Freshness,
    node::WatchedNodeConnection,
    overview::Overview,
    rule::{RuleConnection, RuleFilter},
    rule_set::RuleSetState,
    token::EnrollmentTokenConnection,
};
use crate::{
    graphql::{
        connection::{PageArgs, cost},
        errors::{Answer, Failure, error},
        ids::Kind,
        scalars::DateTime,
        scope::Scope,
    },
    readers::{Slice, activity::field},
    session::with_bearer,
};

/// Most fields that events are grouped by.
const MOST_FIELDS: usize = 4;

/// The time an overview covers unless told otherwise.
pub const DAY: Duration = Duration::from_secs(24 * 3600);

/// A customer.
#[derive(Debug, Clone)]
pub struct Tenant {
    scope: Scope,
}

impl Tenant {
    /// The caller's own.
    pub const fn of(scope: Scope) -> Self {
        Self { scope }
    }
}

#[Object]
impl Tenant {
    /// Global: good for `node(id:)`.
    pub(super) async fn id(&self) -> ID {
        self.scope.id(Kind::Tenant, self.scope.tenant())
    }
    /// Stands in URLs and in `tenant(id:)`.
    async fn slug(&self) -> &str {
        self.scope.tenant().as_str()
    }
    async fn name(&self) -> Answer<String> {
        let name = self.scope.views().tenant_name().await?;
        Ok(name.unwrap_or_else(|| self.scope.tenant().to_string()))
    }
    /// Up to when answers are complete.
    async fn freshness(&self) -> Freshness {
        Freshness::of(self.scope.state().freshness.known(), self.scope.now())
    }
    /// Since a day ago unless told otherwise.
    #[graphql(complexity = "10 + child_complexity * 10")]
    async fn overview(&self, since: Option<DateTime>) -> Answer<Overview> {
        let now = self.scope.now();
        Overview::read(&self.scope, since.map_or_else(|| now.before(DAY), |since| since.0), now).await
    }
    #[graphql(complexity = "cost(first, 50, child_complexity)")]
    async fn findings(
        &self,
        filter: Option<FindingFilter>,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
    ) -> Answer<FindingConnection> {
        let args = PageArgs::new(first, 50, after.as_deref())?;
        let slice = match filter.unwrap_or_default().query(&self.scope) {
            Some(query) => self.scope.views().findings(&query, args.after(), args.first).await?,
            None => Slice::default(),
        };
        Ok(FindingConnection::of(&args, slice, |row| super::Finding::of(&self.scope, row)))
    }
    #[graphql(complexity = "cost(first, 50, child_complexity)")]
    async fn cases(
        &self,
        filter: Option<CaseFilter>,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
    ) -> Answer<CaseConnection> {
        let args = PageArgs::new(first, 50, after.as_deref())?;
        let slice = match filter.unwrap_or_default().query(&self.scope) {
            Some(query) => self.scope.views().cases(&query, args.after(), args.first).await?,
            None => Slice::default(),
        };
        Ok(CaseConnection::of(&args, slice, |case| super::Case::of(&self.scope, case)))
    }
    #[graphql(complexity = "cost(first, 50, child_complexity)")]
    async fn nodes(
        &self,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
    ) -> Answer<WatchedNodeConnection> {
        let args = PageArgs::new(first, 50, after.as_deref())?;
        let slice = self.scope.views().nodes(args.after(), args.first).await?;
        Ok(WatchedNodeConnection::of(&args, slice, |node| super::WatchedNode::of(&self.scope, node)))
    }
    #[graphql(complexity = "cost(first, 100, child_complexity)")]
    async fn rules(
        &self,
        filter: Option<RuleFilter>,
        #[graphql(default = 100)] first: Option<i32>,
        after: Option<String>,
    ) -> Answer<RuleConnection> {
        let args = PageArgs::new(first, 100, after.as_deref())?;
        let slice =
            self.scope.views().rules(&filter.unwrap_or_default().query(), args.after(), args.first).await?;
        Ok(RuleConnection::of(&args, slice, |rule| Rule::of(&self.scope, rule)))
    }
    async fn rule(&self, name: String) -> Answer<Option<Rule>> {
        Ok(self.scope.views().rule(&name).await?.map(|row| Rule::of(&self.scope, row)))
    }
    /// Events as recorded, newest first. `query` is a condition of the rule language, such as
    /// `proc.name = nc and evt.type = connect`, or a word that is looked for in names, command lines, files and users.
    /// Since a day ago unless told otherwise.
    #[graphql(complexity = "cost(first, 50, child_complexity)")]
    async fn activity(
        &self,
        query: Option<String>,
        since: Option<DateTime>,
        until: Option<DateTime>,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
    ) -> Answer<ActivityPage> {
        let want = PageArgs::new(first, 50, None)?.first;
        let query = Asked { query, since, until, after }.query(&self.scope)?;
        let (activity, _permit) = searching(&self.scope)?;
        let found = activity.find(query, want).await?;
        Ok(ActivityPage {
            events: found.events.into_iter().map(|hit| ActivityEvent::of(&self.scope, hit.item)).collect(),
            reached: found.reached.into(),
            next: found.next.map(encode),
            searched: found.scanned.into(),
            lost: found.lost.into(),
        })
    }
    /// One event by its id (evt_…), for as long as events are kept.
    #[graphql(complexity = "10 + child_complexity")]
    async fn activity_event(&self, id: String) -> Answer<Option<ActivityEvent>> {
        let Ok(id) = id.parse() else { return Ok(None) };
        let (activity, _permit) = searching(&self.scope)?;
        Ok(activity.event(&id).await?.map(|occurrence| ActivityEvent::of(&self.scope, occurrence)))
    }
    /// How many events there are, by the values of fields, such as `proc.name` or `evt.type`.
    #[graphql(complexity = "cost(first, 50, child_complexity)")]
    async fn activity_counts(
        &self,
        query: Option<String>,
        since: Option<DateTime>,
        until: Option<DateTime>,
        by: Vec<String>,
        #[graphql(default = 50)] first: Option<i32>,
    ) -> Answer<ActivityCounts> {
        let want = PageArgs::new(first, 50, None)?.first;
        if by.len() > MOST_FIELDS {
            let message = format!("{} fields to group by: ask for {MOST_FIELDS} at most", by.len());
            return Err(Failure(error(Code::Invalid, message)));
        }
        let by = by.iter().map(|name| field(name)).collect::<Result<_, _>>()?;
        let query = Asked { query, since, until, after: None }.query(&self.scope)?;
        let (activity, _permit) = searching(&self.scope)?;
        let counts = activity.count(query, by, want).await?;
        let group = |(values, count)| ActivityGroup { values, count: count as f64 };
        Ok(ActivityCounts {
            groups: counts.groups.into_iter().map(group).collect(),
            total: counts.total as f64,
            complete: counts.complete,
            reached: counts.reached.into(),
            searched: counts.scanned.into(),
            lost: counts.lost.into(),
        })
    }
    /// Which rules were in force at a time, from the event stream itself. Without `asOf`: now.
    #[graphql(complexity = "50 + child_complexity * 50")]
    async fn rule_set(&self, as_of: Option<DateTime>) -> Answer<RuleSetState> {
        let as_of_text = as_of.map(|time| time.0.to_string()).unwrap_or_default();
        let request = with_bearer(v1::GetRuleSetRequest { as_of: as_of_text }, self.scope.session().token())?;
        let answer = super::rule_set::tenant_client(&self.scope)?
            .get_rule_set(request)
            .await
            .map_err(vedetta_api::Error::from)?
            .into_inner();
        let as_of: Timestamp = as_of.map_or_else(|| self.scope.now(), |time| time.0);
        RuleSetState::read(&self.scope, &answer, as_of).await
    }
    /// Every decision, newest first. Those about people are for who administers the tenant.
    #[graphql(complexity = "cost(first, 50, child_complexity)")]
    async fn changes(
        &self,
        filter: Option<ChangeFilter>,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
    ) -> Answer<ChangeConnection> {
        let args = PageArgs::new(first, 50, after.as_deref())?;
        let query = filter.unwrap_or_default().query(&self.scope);
        let slice = self.scope.views().changes(&query, args.after(), args.first).await?;
        Ok(ChangeConnection::of(&args, slice, |row| super::change::Change::of(&self.scope, row)))
    }
    /// Records that were put aside because nobody could use them. `open`: those that somebody has still to look at, or
    /// the others; without it all.
    #[graphql(complexity = "cost(first, 50, child_complexity)")]
    async fn dead_letters(
        &self,
        open: Option<bool>,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
    ) -> Answer<DeadLetterConnection> {
        let args = PageArgs::new(first, 50, after.as_deref())?;
        let slice = self.scope.views().dead_letters(open, args.after(), args.first).await?;
        Ok(DeadLetterConnection::of(&args, slice, |view| DeadLetter::of(&self.scope, view)))
    }
    #[graphql(complexity = "cost(first, 50, child_complexity)")]
    async fn enrollment_tokens(
        &self,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
    ) -> Answer<EnrollmentTokenConnection> {
        let args = PageArgs::new(first, 50, after.as_deref())?;
        let slice = self.scope.views().tokens(args.after(), args.first).await?;
        Ok(EnrollmentTokenConnection::of(&args, slice, |token| {
            super::EnrollmentToken::of(&self.scope, token)
        }))
    }
}
