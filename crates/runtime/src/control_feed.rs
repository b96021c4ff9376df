//! `log:control` as every role but query reads it: all partitions from the beginning or from now,
//! without a group, into a fold in memory. Query keeps views of it instead, with a group of its own.

use std::time::Duration;

use anyhow::Context as _;
use futures::{StreamExt as _, future::try_join_all};
use vedetta_log::{Offset, Partition, Position, ReadError, ReadLimit, Record, Topic};
use vedetta_model::control::Envelope;

use crate::{Context, Drained};

/// How long to wait before the feed is read again after a failure.
const RETRY: Duration = Duration::from_secs(1);

/// Takes decisions in. Repeats come after failures, so it must know them by their version.
pub trait ControlSink: Send + Sync + 'static {
    /// A decision, in the order of its stream.
    fn take(&self, envelope: &Envelope);
    /// A record was skipped, because it can't be read.
    fn skipped(&self) {}
}

/// Where the feed goes on, partition by partition.
#[derive(Debug)]
pub struct ControlFeed {
    context: Context,
    next: Vec<Position>,
}

impl ControlFeed {
    /// What is decided from now on.
    pub async fn from_now(context: &Context) -> anyhow::Result<Self> {
        let mut next = Vec::new();
        for index in 0..context.log.partitions(&Topic::CONTROL).await? {
            let partition = Partition { topic: Topic::CONTROL, index };
            let offset = context.log.bounds(&partition).await?.end;
            next.push(Position { partition, offset });
        }
        Ok(Self { context: context.clone(), next })
    }

    /// Everything that was decided so far is taken in before this returns; the rest follows.
    pub async fn caught_up(context: &Context, sink: &dyn ControlSink) -> anyhow::Result<Self> {
        let mut feed = Self::from_now(context).await?;
        for next in &mut feed.next {
            let end = next.offset;
            next.offset = context.log.bounds(&next.partition).await?.start;
            while let Err(failure) = read_until(context, next, end, sink).await {
                pass_over(&failure, sink, next).then_some(()).ok_or(failure)?;
            }
        }
        Ok(feed)
    }

    /// Follows it until the drain, through failures that may pass. Any other ends the process: it would
    /// go on with what was decided before and nobody would notice.
    pub async fn follow(self, sink: impl ControlSink) -> anyhow::Result<()> {
        let follow = |next| follow(&self.context, next, &sink);
        try_join_all(self.next.into_iter().map(follow)).await.map(drop)
    }
}

async fn follow(context: &Context, mut next: Position, sink: &dyn ControlSink) -> anyhow::Result<()> {
    loop {
        let Err(failure) = read_on(context, &mut next, sink).await else { return Ok(()) };
        if pass_over(&failure, sink, &mut next) {
            continue;
        }
        if !failure.is_transient() {
            return Err(failure).with_context(|| format!("the control feed ended at {}", next.partition));
        }
        tracing::warn!(error = %failure, partition = %next.partition, "the control feed can't be read; trying again");
        if context.drain.or(tokio::time::sleep(RETRY)).await == Drained::Called {
            return Ok(());
        }
    }
}

async fn read_until(
    context: &Context,
    next: &mut Position,
    end: Offset,
    sink: &dyn ControlSink,
) -> Result<(), ReadError> {
    if next.offset >= end {
        return Ok(());
    }
    let mut records = context.log.read(next.clone(), ReadLimit::default()).await?;
    while next.offset < end {
        for record in records.next().await.ok_or(ReadError::Closed)?? {
            take(sink, &record, next);
        }
    }
    Ok(())
}

/// Goes on behind a decision that is lost, because its record is damaged; `false` when it is something else.
fn pass_over(failure: &ReadError, sink: &dyn ControlSink, next: &mut Position) -> bool {
    let Some(behind) = failure.behind() else { return false };
    sink.skipped();
    tracing::error!(error = %failure, "passed over a decision that is lost");
    next.offset = next.offset.max(behind);
    true
}

async fn read_on(context: &Context, next: &mut Position, sink: &dyn ControlSink) -> Result<(), ReadError> {
    let mut records = context.log.read(next.clone(), ReadLimit::default()).await?;
    loop {
        match context.drain.or(records.next()).await {
            Drained::Called => return Ok(()),
            Drained::Done(batch) => {
                for record in batch.ok_or(ReadError::Closed)?? {
                    take(sink, &record, next);
                }
            }
        }
    }
}

fn take(sink: &dyn ControlSink, record: &Record, next: &mut Position) {
    match Envelope::decode(&record.payload) {
        Ok(envelope) => sink.take(&envelope),
        Err(error) => {
            sink.skipped();
            tracing::error!(%error, partition = %next.partition, offset = %record.position.offset, "a control record was skipped");
        }
    }
    next.offset = record.position.offset.next();
}
