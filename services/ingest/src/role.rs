//! Composition of the role.

use std::sync::Arc;

use anyhow::Context as _;
use futures::StreamExt;
use tokio::sync::Semaphore;
use tonic::service::Routes;
use vedetta_api::agent::v1::{agent_server::AgentServer, enrollment_server::EnrollmentServer};
use vedetta_block::MAX_BLOCK_BYTES;
use vedetta_log::{Offset, Partition, Position, ReadLimit, Topic};
use vedetta_model::control::Envelope;
use vedetta_runtime::{BuildFuture, Context, Drained, Role, Running};

use crate::{
    Config,
    admission::Admission,
    buckets::Buckets,
    control::Control,
    grpc::{AgentService, EnrollmentService},
    metrics::Metrics,
    progress::Progress,
    stream::Shared,
};

/// Agents to log.
pub const ROLE: Role = Role::new("ingest", build);

/// Room in a record for its key and headers.
const RECORD_OVERHEAD: usize = 512;
/// A message of this size is still read, so that a block over the limit is refused and not the stream.
const MAX_MESSAGE_BYTES: usize = 2 * MAX_BLOCK_BYTES;

fn build(context: &Context) -> BuildFuture<'_> {
    Box::pin(async move {
        let config: Config = context.section("ingest")?;
        config.check()?;
        let metrics = context.metrics("ingest", Metrics::register).await;
        let control = Arc::new(Control::default());

        // Decisions first: a removed node must not get in because this process has just begun.
        let mut running = Running::default();
        for index in 0..context.log.partitions(&Topic::CONTROL).await? {
            let partition = Partition { topic: Topic::CONTROL, index };
            let from = catch_up(context, &partition, &control, &metrics).await?;
            running = running
                .task("ingest control", follow(context.clone(), from, control.clone(), metrics.clone()));
        }

        let max_record = context.log.describe().capabilities.max_record_bytes;
        let admission = Admission {
            control,
            buckets: Buckets::default(),
            progress: Progress::default(),
            max_block_bytes: max_record.saturating_sub(RECORD_OVERHEAD).min(MAX_BLOCK_BYTES),
            burst_seconds: config.burst_seconds,
        };
        let tenant = context.clients.tenant()?;
        let enrollment = EnrollmentService::new(
            tenant.clone(),
            context.keys.clone(),
            context.clock.clone(),
            metrics.clone(),
            config.enrollments_per_second,
        );
        let kibibytes = config.mebibytes_in_flight.saturating_mul(1024).min(Semaphore::MAX_PERMITS);
        let shared = Arc::new(Shared {
            room: Arc::new(Semaphore::new(kibibytes)),
            log: context.log.clone(),
            admission,
            clock: context.clock.clone(),
            drain: context.drain.clone(),
            config,
            metrics,
        });
        let agent = AgentServer::new(AgentService::new(tenant, context.keys.clone(), shared))
            .max_decoding_message_size(MAX_MESSAGE_BYTES);
        running.agents = Some(Routes::new(EnrollmentServer::new(enrollment)).add_service(agent));
        Ok(running)
    })
}

/// Reads a control partition up to where it ends now; returns where to go on.
async fn catch_up(
    context: &Context,
    partition: &Partition,
    control: &Control,
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
                take(control, metrics, &record.payload, record.position.offset);
            }
        }
    }
    Ok(Position { partition: partition.clone(), offset: next })
}

/// Follows a control partition until the drain.
async fn follow(
    context: Context,
    from: Position,
    control: Arc<Control>,
    metrics: Metrics,
) -> anyhow::Result<()> {
    let mut records = context.log.read(from, ReadLimit::default()).await?;
    loop {
        match context.drain.or(records.next()).await {
            Drained::Called => return Ok(()),
            Drained::Done(None) => anyhow::bail!("the control feed ended"),
            Drained::Done(Some(batch)) => {
                for record in batch? {
                    take(&control, &metrics, &record.payload, record.position.offset);
                }
            }
        }
    }
}

fn take(control: &Control, metrics: &Metrics, payload: &[u8], offset: Offset) {
    match Envelope::decode(payload) {
        Ok(envelope) => control.apply(&envelope),
        Err(error) => {
            metrics.poison.inc();
            tracing::error!(%error, %offset, "a control record was skipped");
        }
    }
}
