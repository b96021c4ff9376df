//! Composition of the role.

use std::{sync::Arc, time::Duration};

use vedetta_model::control::Envelope;
use vedetta_runtime::{BuildFuture, Context, ControlFeed, ControlSink, DeadLetters, Role, Running};
use vedetta_store::Shard;

use crate::{
    Config, Service,
    application::{CaseDirectory, Commands, Passwords, Random, Streams},
    metrics::Metrics,
    relay::Relay,
    throttle::Throttle,
    token_index::TokenIndex,
};

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

        // Where the feed ends is noted before the tokens are loaded, so that none falls between.
        let feed = ControlFeed::from_now(context).await?;
        let tokens = Arc::new(TokenIndex::load(&streams).await?);
        let mut running = Running::default().task("tenant tokens", feed.follow(NewTokens(tokens.clone())));

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
            dead_letters: DeadLetters::new(context.log.clone()),
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
struct NewTokens(Arc<TokenIndex>);

impl ControlSink for NewTokens {
    fn take(&self, envelope: &Envelope) {
        self.0.take(envelope);
    }
}
