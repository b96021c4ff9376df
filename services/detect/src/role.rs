//! Composition of the role.

use std::sync::Arc;

use vedetta_model::control::Envelope;
use vedetta_runtime::{BuildFuture, Context, ControlFeed, ControlSink, Role, Running};

use crate::{Config, RuleSets, liveness::Liveness, metrics::Metrics, worker::Worker};

/// Log to findings.
pub const ROLE: Role = Role::new("detect", build);

fn build(context: &Context) -> BuildFuture<'_> {
    Box::pin(async move {
        let config: Config = context.section("detect")?;
        let metrics = context.metrics("detect", Metrics::register).await;
        let rules = Arc::new(RuleSets::default());

        // Rules first: no event may be judged by fewer rules than were in force when this process began.
        let sink = Sink { rules: rules.clone(), metrics: metrics.clone() };
        let feed = ControlFeed::caught_up(context, &sink).await?;
        let running = Running::default().task("detect control", feed.follow(sink));

        let liveness = Arc::new(Liveness::new(context, &config, &rules, metrics.clone()).await?);
        let worker = Worker::new(context, &config, rules, liveness.clone(), metrics);
        Ok(running.task("detect", worker.run()).task("detect liveness", liveness.run(context.clone())))
    })
}

/// Takes in rule sets.
struct Sink {
    rules: Arc<RuleSets>,
    metrics: Metrics,
}

impl ControlSink for Sink {
    fn take(&self, envelope: &Envelope) {
        if let Err(error) = self.rules.apply(envelope) {
            self.metrics.rejected_rule_sets.inc();
            tracing::error!(%error, "rules were not taken over");
        }
    }

    fn skipped(&self) {
        self.metrics.poison.inc();
    }
}
