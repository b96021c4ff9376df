//! Things that look different now.

use async_graphql::Error;
use futures::Stream;
use tokio::sync::broadcast::error::RecvError;
use vedetta_model::TenantId;

use super::{Listener, missed, still_allowed};
use crate::{
    graphql::{
        errors::Failure,
        model::{Case, Rule, WatchedNode},
        scope::Scope,
    },
    projections::Changed,
    readers::ReadError,
};

/// Cases of the listener's tenant.
pub(super) fn cases(listener: Listener) -> impl Stream<Item = Result<Case, Error>> {
    let pick = |changed| match changed {
        Changed::Case(tenant, id) => Some((tenant, id)),
        _ => None,
    };
    stream(listener, pick, async |scope: &Scope, id| {
        Ok(scope.views().case(&id).await?.map(|case| Case::of(scope, case)))
    })
}

/// Nodes of the listener's tenant.
pub(super) fn nodes(listener: Listener) -> impl Stream<Item = Result<WatchedNode, Error>> {
    let pick = |changed| match changed {
        Changed::Node(tenant, id) => Some((tenant, id)),
        _ => None,
    };
    stream(listener, pick, async |scope: &Scope, id| {
        Ok(scope.views().watched_node(&id).await?.map(|node| WatchedNode::of(scope, node)))
    })
}

/// Rules of the listener's tenant.
pub(super) fn rules(listener: Listener) -> impl Stream<Item = Result<Rule, Error>> {
    let pick = |changed| match changed {
        Changed::Rule(tenant, name) => Some((tenant, name)),
        _ => None,
    };
    stream(listener, pick, async |scope: &Scope, name: String| {
        Ok(scope.views().rule(&name).await?.map(|row| Rule::of(scope, row)))
    })
}

fn stream<K, T>(
    listener: Listener,
    pick: impl Fn(Changed) -> Option<(TenantId, K)> + Send,
    read: impl AsyncFn(&Scope, K) -> Result<Option<T>, ReadError> + Send,
) -> impl Stream<Item = Result<T, Error>> {
    let mut changes = listener.scope.state().progress.changes();
    async_stream::stream! {
        // Moved in as a whole: its slot is taken for as long as this stream lives.
        let held = listener;
        let scope = &held.scope;
        loop {
            let changed = match changes.recv().await {
                Ok(changed) => changed,
                Err(RecvError::Lagged(_)) => {
                    yield Err(missed(scope));
                    return;
                }
                Err(RecvError::Closed) => return,
            };
            let Some((tenant, key)) = pick(changed) else { continue };
            if tenant != *scope.tenant() {
                continue;
            }
            if let Err(error) = still_allowed(scope).await {
                yield Err(error);
                return;
            }
            match read(scope, key).await {
                Ok(Some(thing)) => yield Ok(thing),
                Ok(None) => {}
                Err(failure) => yield Err(Failure::from(failure).0),
            }
        }
    }
}
