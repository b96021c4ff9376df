//! What comes by itself. Each event is checked against tenant, filter and session before it goes out.

mod activity;
mod changes;
mod findings;

use std::sync::Arc;

use async_graphql::{Context, Error, Subscription as Derive};
use futures::Stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vedetta_api::Code;
use vedetta_model::control::Permission;

use super::{
    connection::PageArgs,
    errors::{Answer, Failure, error},
    model::{
        Case, Finding, Rule, WatchedNode,
        activity::{ActivityStep, Asked},
        finding::FindingFilter,
    },
    scalars::DateTime,
    scope::Scope,
};

/// Listening.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subscription;

/// How many more subscriptions a connection may begin.
#[derive(Debug, Clone)]
pub struct Slots(Arc<Semaphore>);

impl Slots {
    /// For a connection with at most `most` subscriptions.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }
}

/// Somebody who listens, and the slot that their connection gave them.
#[derive(Debug)]
struct Listener {
    scope: Scope,
    _slot: Option<OwnedSemaphorePermit>,
}

/// Who listens. Another tenant is refused like one that does not exist.
fn listener(context: &Context<'_>, tenant: &str) -> Answer<Listener> {
    let scope = Scope::allowed(context, Permission::Read)?;
    if scope.tenant().as_str() != tenant {
        return Err(Failure(error(Code::NotFound, "no such tenant")));
    }
    let slot = context.data_opt::<Slots>().map(|slots| slots.0.clone().try_acquire_owned()).transpose();
    let slot = slot.map_err(|_| {
        Failure(error(
            Code::Exhausted,
            "too many subscriptions on this connection; end one before you begin another",
        ))
    })?;
    Ok(Listener { scope, _slot: slot })
}

/// The listener still has its rights: asked before each event, answered from memory most of the time.
async fn still_allowed(scope: &Scope) -> Result<(), Error> {
    let session =
        scope.state().sessions.open(scope.session().token()).await.map_err(|e| Failure::from(e).0)?;
    if session.may(Permission::Read) {
        Ok(())
    } else {
        Err(error(Code::Forbidden, "you may not read this tenant any more"))
    }
}

/// Something was missed.
fn missed(scope: &Scope) -> Error {
    scope.state().metrics.lagged.inc();
    error(Code::Exhausted, "some events were missed: fetch the list again and subscribe anew")
}

#[Derive]
impl Subscription {
    /// Findings as they are made.
    async fn finding_raised(
        &self,
        context: &Context<'_>,
        tenant: String,
        filter: Option<FindingFilter>,
    ) -> Result<impl Stream<Item = Result<Finding, Error>> + use<>, Failure> {
        let listener = listener(context, &tenant)?;
        let query = filter.unwrap_or_default().query(&listener.scope);
        Ok(findings::stream(listener, query))
    }

    /// A search for events, as in `activity`, piece by piece: what was found so far, newest first, and how far it came. Ends
    /// by itself.
    async fn activity_search(
        &self,
        context: &Context<'_>,
        tenant: String,
        query: Option<String>,
        since: Option<DateTime>,
        until: Option<DateTime>,
        #[graphql(default = 500)] first: Option<i32>,
    ) -> Result<impl Stream<Item = Result<ActivityStep, Error>> + use<>, Failure> {
        let listener = listener(context, &tenant)?;
        let want = PageArgs::new(first, 500, None)?.first;
        activity::stream(listener, Asked { query, since, until, after: None }, want)
    }

    /// Cases whose findings or decisions changed.
    async fn case_changed(
        &self,
        context: &Context<'_>,
        tenant: String,
    ) -> Result<impl Stream<Item = Result<Case, Error>> + use<>, Failure> {
        Ok(changes::cases(listener(context, &tenant)?))
    }

    /// Nodes that reported or were decided about.
    async fn node_changed(
        &self,
        context: &Context<'_>,
        tenant: String,
    ) -> Result<impl Stream<Item = Result<WatchedNode, Error>> + use<>, Failure> {
        Ok(changes::nodes(listener(context, &tenant)?))
    }

    /// Rules that were turned on or off, changed or excepted.
    async fn rule_changed(
        &self,
        context: &Context<'_>,
        tenant: String,
    ) -> Result<impl Stream<Item = Result<Rule, Error>> + use<>, Failure> {
        Ok(changes::rules(listener(context, &tenant)?))
    }
}
