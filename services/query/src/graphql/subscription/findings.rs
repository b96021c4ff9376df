//! New findings.

use async_graphql::Error;
use futures::Stream;
use tokio::sync::broadcast::error::RecvError;

use super::{Listener, missed, still_allowed};
use crate::{graphql::model::Finding, readers::findings::FindingQuery, tail::Raised};

/// Findings of the listener's tenant that the query admits; none at all without a query.
pub(super) fn stream(
    listener: Listener,
    query: Option<FindingQuery>,
) -> impl Stream<Item = Result<Finding, Error>> {
    let mut raised = listener.scope.state().tail.listen();
    async_stream::stream! {
        // Moved in as a whole: its slot is taken for as long as this stream lives.
        let held = listener;
        let scope = &held.scope;
        loop {
            let row = match raised.recv().await {
                Ok(Raised::Finding(row)) => row,
                Ok(Raised::Missed) | Err(RecvError::Lagged(_)) => {
                    yield Err(missed(scope));
                    return;
                }
                Err(RecvError::Closed) => return,
            };
            let wanted = row.finding.tenant == *scope.tenant() && query.as_ref().is_some_and(|query| query.admits(&row));
            if wanted {
                if let Err(error) = still_allowed(scope).await {
                    yield Err(error);
                    return;
                }
                yield Ok(Finding::of(scope, row));
            }
        }
    }
}
