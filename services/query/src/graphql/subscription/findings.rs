//! New findings.

use async_graphql::Error;
use futures::Stream;
use tokio::sync::broadcast::error::RecvError;

use super::{missed, still_allowed};
use crate::{
    graphql::{model::Finding, scope::Scope},
    readers::findings::FindingQuery,
    tail::Raised,
};

/// Findings of the listener's tenant that the query admits; none at all without a query.
pub fn stream(scope: Scope, query: Option<FindingQuery>) -> impl Stream<Item = Result<Finding, Error>> {
    let mut raised = scope.state().tail.listen();
    async_stream::stream! {
        loop {
            let row = match raised.recv().await {
                Ok(Raised::Finding(row)) => row,
                Ok(Raised::Missed) | Err(RecvError::Lagged(_)) => {
                    yield Err(missed(&scope));
                    return;
                }
                Err(RecvError::Closed) => return,
            };
            let wanted = row.finding.tenant == *scope.tenant() && query.as_ref().is_some_and(|query| query.admits(&row));
            if wanted {
                if let Err(error) = still_allowed(&scope).await {
                    yield Err(error);
                    return;
                }
                yield Ok(Finding::of(&scope, row));
            }
        }
    }
}
