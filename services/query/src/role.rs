//! Composition of the role.

use std::{sync::Arc, time::Duration};

use vedetta_log::Group;
use vedetta_runtime::{BuildFuture, Context, Role, Running};

use crate::{
    config::Config,
    graphql, http,
    metrics::Metrics,
    projections::{Engine, Progress, Projection, control::Control, findings::Findings, nodes::Nodes},
    session::Sessions,
    state::State,
    tail::FindingTail,
};

/// Log to views to people.
pub const ROLE: Role = Role::new("query", build);

/// All projections.
pub fn projections(config: &Config) -> [Arc<dyn Projection>; 3] {
    [Arc::new(Control), Arc::new(Findings { window: config.case_window() }), Arc::new(Nodes)]
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
                group: Group::named(&format!("{}-{name}", config.group)),
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
        let sessions = Sessions::new(
            context.keys.clone(),
            context.clients.clone(),
            context.clock.clone(),
            Duration::from_secs(config.session_cache_seconds),
        );
        let state = Arc::new(State {
            store: context.views.clone(),
            clock: context.clock.clone(),
            keys: context.keys.clone(),
            clients: context.clients.clone(),
            sessions,
            progress,
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
