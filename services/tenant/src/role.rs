//! Composition of the role.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use vedetta_log::{Partition, Position, ReadError, ReadLimit, RecordStream, Topic};
use vedetta_model::control::Envelope;
use vedetta_runtime::{BuildFuture, Context, Drained, Role, Running};
use vedetta_store::Shard;

use crate::{
    Config, Service,
    application::{CaseDirectory, Commands, Passwords, Random, Streams},
    metrics::Metrics,
    relay::Relay,
    throttle::Throttle,
    token_index::TokenIndex,
};

/// How long to wait before the control feed is read again after a failure.
const RETRY: Duration = Duration::from_secs(1);

/// What people decide.
pub const ROLE: Role = Role::new("tenant", build);

fn build(context: &Context) -> BuildFuture<'_> {
    Box::pin(async move {
        let config: Config = context.section("tenant")?;
        config.check()?;
        let metrics = context.metrics("tenant", Metrics::register).await;
        let random = Random::from_system();
        let streams =
            Streams::new(context.events.clone(), context.clock.clone(), random.clone(), metrics.clone());
        let mut running = Running::default();

        // Where the feed ends is noted before the tokens are loaded, so that none falls between.
        let mut ends = Vec::new();
        for index in 0..context.log.partitions(&Topic::CONTROL).await? {
            let partition = Partition { topic: Topic::CONTROL, index };
            let offset = context.log.bounds(&partition).await?.end;
            ends.push(Position { partition, offset });
        }
        let tokens = Arc::new(TokenIndex::load(&streams).await?);
        for from in ends {
            running = running.task("tenant tokens", follow(context.clone(), from, tokens.clone()));
        }

        for shard in 0..context.events.shards() {
            let relay = Relay {
                shard: Shard(shard),
                store: context.events.clone(),
                log: context.log.clone(),
                drain: context.drain.clone(),
                metrics: metrics.clone(),
            };
            running = running.task("tenant relay", relay.run());
        }

        let commands = Commands {
            streams,
            passwords: Passwords::new(config.password_checks, random.clone()),
            random,
            census: Arc::default(),
            cases: CaseDirectory::new(context.views.clone()),
            metrics,
            authority: context.authority.clone(),
            tokens,
            throttle: Arc::new(Throttle::new(config.password_tries)),
            certificate_ttl: Duration::from_secs(config.node_certificate_hours * 3600),
            token_longest: Duration::from_secs(config.token_max_days * 86_400),
        };
        let service = Service::new(commands, context.keys.clone(), context.clock.clone());
        running.internal = Some(tonic::service::Routes::new(service.into_server()));
        Ok(running)
    })
}

/// Takes in tokens that other instances create.
async fn follow(context: Context, mut from: Position, tokens: Arc<TokenIndex>) -> anyhow::Result<()> {
    loop {
        let failure = match context.log.read(from.clone(), ReadLimit::default()).await {
            Ok(records) => match take(&context, records, &mut from, &tokens).await {
                None => return Ok(()),
                Some(failure) => failure,
            },
            Err(failure) => failure,
        };
        tracing::warn!(error = %failure, partition = %from.partition, "the control feed can't be read; trying again");
        if context.drain.or(tokio::time::sleep(RETRY)).await == Drained::Called {
            return Ok(());
        }
    }
}

/// Reads on until the drain or a failure.
async fn take(
    context: &Context,
    mut records: RecordStream,
    from: &mut Position,
    tokens: &TokenIndex,
) -> Option<ReadError> {
    loop {
        match context.drain.or(records.next()).await {
            Drained::Called => return None,
            Drained::Done(None) => return Some(ReadError::Closed),
            Drained::Done(Some(Err(failure))) => return Some(failure),
            Drained::Done(Some(Ok(batch))) => {
                for record in batch {
                    match Envelope::decode(&record.payload) {
                        Ok(envelope) => tokens.take(&envelope),
                        Err(error) => {
                            tracing::error!(%error, offset = %record.position.offset, "a control record was skipped");
                        }
                    }
                    from.offset = record.position.offset.next();
                }
            }
        }
    }
}
