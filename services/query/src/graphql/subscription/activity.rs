//! A search that shows what it found while it goes on.

use async_graphql::Error;
use futures::{Stream, StreamExt as _};
use vedetta_search::{Lost, Scanned};

use super::Listener;
use crate::{
    graphql::{
        errors::{Answer, Failure},
        model::activity::{ActivityEvent, ActivityStep, Asked, searching},
    },
    readers::activity::ActivityQuery,
};

/// The newest events, at most `want`. Ends by itself; whoever unsubscribes ends it earlier.
pub(super) fn stream(
    listener: Listener,
    asked: Asked,
    want: usize,
) -> Answer<impl Stream<Item = Result<ActivityStep, Error>>> {
    let query: ActivityQuery = asked.query(&listener.scope)?;
    let since = query.since;
    let (activity, permit) = searching(&listener.scope)?;
    Ok(async_stream::stream! {
        // Moved in as a whole: slot and leave are taken for as long as this stream lives.
        let (held, _permit) = (listener, permit);
        let scope = &held.scope;
        let (mut scanned, mut lost, mut left) = (Scanned::default(), Lost::default(), want);
        let mut steps = Box::pin(activity.stream(query, want));
        while let Some(step) = steps.next().await {
            let mut step = match step {
                Ok(step) => step,
                Err(failure) => {
                    yield Err(Failure::from(failure).0);
                    return;
                }
            };
            scanned += step.scanned;
            lost += step.lost;
            let full = step.hits.len() >= left;
            step.hits.truncate(left);
            left -= step.hits.len();
            let reached = if full { step.hits.last().map_or(step.reached, |hit| hit.place.time) } else { step.reached };
            let done = full || reached <= since;
            yield Ok(ActivityStep {
                events: step.hits.into_iter().map(|hit| ActivityEvent::of(scope, hit.item)).collect(),
                reached: reached.into(),
                done,
                searched: scanned.into(),
                lost: lost.into(),
            });
            if done {
                return;
            }
        }
    })
}
