//! Composition of the role.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;
use vedetta_log::{Group, Topic};
use vedetta_runtime::{BuildFuture, Context, DeadLetters, Role, Running};

use crate::{
    archive::{self, Archiver},
    compact::Compactor,
    config::Config,
    freshness::Freshness,
    graphql, http,
    metrics::Metrics,
    projections::{
        Engine, Progress, Projection, control::Control, dead_letters::DeadLetters as DeadLetterViews,
        findings::Findings, nodes::Nodes,
    },
    session::Sessions,
    state::State,
    tail::FindingTail,
    trim::Trimmer,
};

/// The group of one part of this role.
fn group(config: &Config, part: &str) -> Group {
    Group::named(&format!("{}-{part}", config.group))
}

/// Everybody who needs telemetry: the projections that read it, the archiver, and other roles.
fn telemetry_readers(config: &Config) -> Vec<Group> {
    let projections = projections(config).into_iter().filter(|it| it.source() == Topic::TELEMETRY);
    let own = projections.map(|it| group(config, it.name())).chain([group(config, ARCHIVE)]);
    own.chain(config.telemetry_readers.iter().map(|name| Group::named(name))).collect()
}

/// All consumer groups of this role, with the topic that each reads: where they go on is all they keep in the log.
pub fn groups(config: &Config) -> Vec<(Group, Topic)> {
    let own = projections(config).into_iter().map(|it| (group(config, it.name()), it.source()));
    own.chain([(group(config, ARCHIVE), Topic::TELEMETRY)]).collect()
}

/// Log to views to people.
pub const ROLE: Role = Role::new("query", build);

/// What the archiver's group is named after.
const ARCHIVE: &str = "archive";

/// All projections.
pub fn projections(config: &Config) -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(Control),
        Arc::new(Findings { window: config.case_window() }),
        Arc::new(Nodes),
        Arc::new(DeadLetterViews),
    ]
}

fn build(context: &Context) -> BuildFuture<'_> {
    Box::pin(async move {
        let config: Config = context.section("query")?;
        let metrics = context.metrics("query", Metrics::register).await;
        let progress = Progress::new(config.subscription_buffer);
        let tail = FindingTail::new(config.subscription_buffer);
        let mut running = Running::default();
        for projection in projections(&config) {
            let name = projection.name();
            let engine = Engine {
                log: context.log.clone(),
                store: context.views.clone(),
                clock: context.clock.clone(),
                drain: context.drain.clone(),
                group: group(&config, name),
                projection,
                progress: progress.clone(),
                metrics: metrics.clone(),
            };
            running = running.task(name, engine.run());
        }
        running = running.task(
            "finding tail",
            tail.clone().run(
                context.log.clone(),
                context.views.clone(),
                progress.clone(),
                metrics.clone(),
                context.drain.clone(),
            ),
        );
        let freshness = Freshness::default();
        running = running.task(
            "freshness",
            freshness.clone().run(
                context.log.clone(),
                groups(&config),
                context.clock.clone(),
                metrics.clone(),
                context.drain.clone(),
            ),
        );
        let archiver = Archiver {
            log: context.log.clone(),
            blocks: context.blocks.clone(),
            dead_letters: DeadLetters::new(context.log.clone()),
            drain: context.drain.clone(),
            group: group(&config, ARCHIVE),
            linger: Duration::from_millis(config.archive_linger_milliseconds),
            metrics: metrics.clone(),
        };
        running = running.task("archiver", archiver.run());
        let trimmer = Trimmer {
            log: context.log.clone(),
            topic: Topic::TELEMETRY,
            readers: telemetry_readers(&config),
            keep: config.telemetry(),
            clock: context.clock.clone(),
            drain: context.drain.clone(),
            metrics: metrics.clone(),
        };
        running = running.task("trimmer", trimmer.run());
        running = running.task(
            "retention",
            archive::retention(
                context.blocks.clone(),
                context.clock.clone(),
                config.retention(),
                context.drain.clone(),
            ),
        );
        let compactor = Compactor {
            blocks: context.blocks.clone(),
            clock: context.clock.clone(),
            after: config.compact_after(),
            drain: context.drain.clone(),
            metrics: metrics.clone(),
        };
        running = running.task("compactor", compactor.run());
        let sessions = Sessions::new(
            context.keys.clone(),
            context.clients.clone(),
            context.clock.clone(),
            Duration::from_secs(config.session_cache_seconds),
        );
        let state = Arc::new(State {
            store: context.views.clone(),
            blocks: context.blocks.clone(),
            searches: Arc::new(Semaphore::new(config.max_searches)),
            clock: context.clock.clone(),
            keys: context.keys.clone(),
            clients: context.clients.clone(),
            sessions,
            progress,
            freshness,
            tail,
            config,
            metrics,
            drain: context.drain.clone(),
            agents_url: context.agents_url.clone(),
            ca_pin: context.authority.pin(),
        });
        let schema = graphql::schema(state.clone());
        running.public = Some(http::router(state, schema));
        Ok(running)
    })
}
