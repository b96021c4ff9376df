//! Composition of the role.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tonic::service::Routes;
use vedetta_api::agent::v1::{agent_server::AgentServer, enrollment_server::EnrollmentServer};
use vedetta_block::MAX_BLOCK_BYTES;
use vedetta_model::control::Envelope;
use vedetta_runtime::{BuildFuture, Context, ControlFeed, ControlSink, DeadLetters, Role, Running};

use crate::{
    Config,
    admission::Admission,
    buckets::Buckets,
    control::Control,
    grpc::{AgentService, EnrollmentService},
    metrics::Metrics,
    progress::Progress,
    quarantine::Quarantine,
    resubmit::Resubmitter,
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
        let control = Arc::new(Control::new(config.usual_limits()));

        // Decisions first: a removed node must not get in because this process has just begun.
        let sink = Sink { control: control.clone(), metrics: metrics.clone() };
        let feed = ControlFeed::caught_up(context, &sink).await?;
        let mut running = Running::default().task("ingest control", feed.follow(sink));

        let resubmitter =
            Resubmitter { log: context.log.clone(), drain: context.drain.clone(), metrics: metrics.clone() };
        running = running.task("ingest resubmit", resubmitter.run());

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
            quarantine: Quarantine::new(DeadLetters::new(context.log.clone())),
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

/// Takes in what concerns agents.
struct Sink {
    control: Arc<Control>,
    metrics: Metrics,
}

impl ControlSink for Sink {
    fn take(&self, envelope: &Envelope) {
        self.control.apply(envelope);
    }

    fn skipped(&self) {
        self.metrics.poison.inc();
    }
}
