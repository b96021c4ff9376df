//! What this role counts.

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use vedetta_api::Code;

type Labels = [(&'static str, String); 1];

/// Counters of the tenant role; all names begin with `vedetta_tenant_`.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    decisions: Family<Labels, Counter>,
    /// Decisions that were taken again because another one came first.
    pub conflicts: Counter,
    sign_ins: Family<Labels, Counter>,
    enrollments: Family<Labels, Counter>,
    /// Decisions copied to the log.
    pub relayed: Counter,
    /// Times the relay could not go on.
    pub relay_failures: Counter,
    relay_backlog: Family<Labels, Gauge>,
}

/// How a sign-in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// With the right password.
    Right,
    /// With a wrong one, or a name that is not there.
    Wrong,
    /// It was too early to try again.
    Throttled,
}

impl Metrics {
    /// Registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register("decisions", "Domain events appended, by aggregate", metrics.decisions.clone());
        registry.register(
            "conflicts",
            "Decisions taken again because another came first",
            metrics.conflicts.clone(),
        );
        registry.register("sign_ins", "Passwords checked, by outcome", metrics.sign_ins.clone());
        registry.register(
            "enrollments",
            "Nodes that asked to be enrolled, by outcome",
            metrics.enrollments.clone(),
        );
        registry.register("relayed", "Decisions copied to the control feed", metrics.relayed.clone());
        registry.register(
            "relay_failures",
            "Times the relay could not go on",
            metrics.relay_failures.clone(),
        );
        registry.register(
            "relay_backlog",
            "Decisions waiting for the relay at the last look, up to a page, by shard",
            metrics.relay_backlog.clone(),
        );
        metrics
    }

    /// Events were appended.
    pub fn decided(&self, aggregate: &str, events: usize) {
        self.decisions.get_or_create(&[("aggregate", aggregate.to_owned())]).inc_by(events as u64);
    }

    /// A password was looked at.
    pub fn sign_in(&self, outcome: SignIn) {
        let word = match outcome {
            SignIn::Right => "right",
            SignIn::Wrong => "wrong",
            SignIn::Throttled => "throttled",
        };
        self.sign_ins.get_or_create(&[("outcome", word.to_owned())]).inc();
    }

    /// A node asked to be enrolled; `refused` says why it was not.
    pub fn enrollment(&self, refused: Option<Code>) {
        let word = refused.map_or_else(|| "enrolled".to_owned(), |code| code.as_str().to_ascii_lowercase());
        self.enrollments.get_or_create(&[("outcome", word)]).inc();
    }

    /// So many decisions wait in a shard.
    pub fn backlog(&self, shard: u16, waiting: usize) {
        let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
        self.relay_backlog.get_or_create(&[("shard", shard.to_string())]).set(waiting);
    }
}
