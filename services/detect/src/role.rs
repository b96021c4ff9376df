//! Composition of the role.

use std::sync::Arc;

use anyhow::Context as _;
use futures::StreamExt;
use vedetta_log::{Offset, Partition, Position, ReadLimit, Topic};
use vedetta_model::control::Envelope;
use vedetta_runtime::{BuildFuture, Context, Drained, Role, Running};

use crate::{Config, RuleSets, liveness::Liveness, metrics::Metrics, worker::Worker};

/// Log to findings.
pub const ROLE: Role = Role::new("detect", build);

fn build(context: &Context) -> BuildFuture<'_> {
    Box::pin(async move {
        let config: Config = context.section("detect")?;
        let metrics = context.metrics("detect", Metrics::register).await;
        let rules = Arc::new(RuleSets::default());

        // Rules first: no event may be judged by fewer rules than were in force when this process began.
        let mut running = Running::default();
        for index in 0..context.log.partitions(&Topic::CONTROL).await? {
            let partition = Partition { topic: Topic::CONTROL, index };
            let from = catch_up(context, &partition, &rules, &metrics).await?;
            running =
                running.task("detect control", follow(context.clone(), from, rules.clone(), metrics.clone()));
        }

        let liveness = Arc::new(Liveness::load(context, &config, &rules, metrics.clone()).await?);
        let worker = Worker::new(context, &config, rules, liveness.clone(), metrics);
        Ok(running.task("detect", worker.run()).task("detect liveness", liveness.run(context.clone())))
    })
}

/// Reads a control partition up to where it ends now; returns where to go on.
async fn catch_up(
    context: &Context,
    partition: &Partition,
    rules: &RuleSets,
    metrics: &Metrics,
) -> anyhow::Result<Position> {
    let bounds = context.log.bounds(partition).await?;
    let mut next = bounds.start;
    if next < bounds.end {
        let from = Position { partition: partition.clone(), offset: next };
        let mut records = context.log.read(from, ReadLimit::default()).await?;
        while next < bounds.end {
            let batch = records.next().await.context("the control feed ended")??;
            for record in batch {
                next = record.position.offset.next();
                take(rules, metrics, &record.payload, record.position.offset);
            }
        }
    }
    Ok(Position { partition: partition.clone(), offset: next })
}

/// Follows a control partition until the drain.
async fn follow(
    context: Context,
    from: Position,
    rules: Arc<RuleSets>,
    metrics: Metrics,
) -> anyhow::Result<()> {
    let mut records = context.log.read(from, ReadLimit::default()).await?;
    loop {
        match context.drain.or(records.next()).await {
            Drained::Called => return Ok(()),
            Drained::Done(None) => anyhow::bail!("the control feed ended"),
            Drained::Done(Some(batch)) => {
                for record in batch? {
                    take(&rules, &metrics, &record.payload, record.position.offset);
                }
            }
        }
    }
}

fn take(rules: &RuleSets, metrics: &Metrics, payload: &[u8], offset: Offset) {
    match Envelope::decode(payload) {
        Err(error) => {
            metrics.poison.inc();
            tracing::error!(%error, %offset, "a control record was skipped");
        }
        Ok(envelope) => {
            if let Err(error) = rules.apply(&envelope) {
                metrics.rejected_rule_sets.inc();
                tracing::error!(%error, "rules were not taken over");
            }
        }
    }
}
