//! One process: from a configuration to running roles, and back down in order.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use prometheus_client::registry::Registry;
use tokio::task::{JoinError, JoinSet};
use vedetta_backends::Backends;
use vedetta_model::Clock;

use crate::{
    Addresses, Config, Context, Role,
    admin::Ready,
    begun::Begun,
    listeners::Listeners,
    opening::{self, Plan},
};

/// A task's name, and how it ended.
pub type Outcome = (&'static str, anyhow::Result<()>);

/// A started process: all listeners are bound and all roles run.
#[derive(Debug)]
pub struct Process {
    pub(crate) addresses: Addresses,
    pub(crate) context: Context,
    pub(crate) backends: Arc<Backends>,
    /// Lent by another process object that closes them.
    pub(crate) lent: bool,
    pub(crate) ready: Ready,
    pub(crate) tasks: JoinSet<Outcome>,
    pub(crate) grace: Duration,
}

impl Process {
    /// Binds all listeners, answers for its health, opens the log and the store, builds the roles in the order given, starts
    /// them. A cluster that does not answer is waited for, for as long as that takes; dropping the future gives up.
    pub async fn start(config: &Config, roles: &[Role], clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        refuse_foreign_sections(config, roles)?;
        let plan = Plan::make(config, roles, &*clock)?;
        let (listeners, addresses) = Listeners::bind(config, roles).await?;
        let mut begun = Begun::new(config, roles, plan.secrets, clock.clone(), addresses);
        let listeners = begun.answer(listeners);
        let mut registry = Registry::default();
        let opened = opening::open(&plan.places, &mut registry, clock, &begun.ready).await?;
        *begun.registry.lock().await = registry;
        let backends = Arc::new(opened);
        let started = begun.assemble(backends.clone(), listeners).await;
        if started.is_err() {
            backends.close().await;
        }
        started
    }

    /// The same on a log and a store that another [`Process`] of this program opened and will close.
    pub async fn start_on(
        config: &Config,
        roles: &[Role],
        clock: Arc<dyn Clock>,
        backends: Arc<Backends>,
    ) -> anyhow::Result<Self> {
        refuse_foreign_sections(config, roles)?;
        let plan = Plan::make(config, roles, &*clock)?;
        let (listeners, addresses) = Listeners::bind(config, roles).await?;
        let mut begun = Begun::new(config, roles, plan.secrets, clock, addresses);
        let listeners = begun.answer(listeners);
        let mut process = begun.assemble(backends, listeners).await?;
        process.lent = true;
        Ok(process)
    }

    /// Where it listens.
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The shared parts, for whoever starts a process and wants to talk to its roles.
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// The log and the store, to start another [`Process`] on them.
    pub const fn backends(&self) -> &Arc<Backends> {
        &self.backends
    }

    /// Runs until `stop` is done or a task ends by itself, then drains. An error names the task that failed.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let failure = tokio::select! {
            () = stop => None,
            Some(ended) = self.tasks.join_next() => Some(unexpected(ended)),
        };
        let drained = self.drain().await;
        match failure {
            Some(error) => Err(error),
            None => drained,
        }
    }

    /// Stops in order: no new work, finish and commit what was taken, then close log and store.
    async fn drain(mut self) -> anyhow::Result<()> {
        self.ready.set(false);
        self.context.drain.call();
        let mut result = Ok(());
        let finished = tokio::time::timeout(self.grace, async {
            while let Some(ended) = self.tasks.join_next().await {
                if let Err(error) = flatten(ended) {
                    tracing::error!(error = format!("{error:#}"), "a task failed while draining");
                    result = Err(error);
                }
            }
        })
        .await;
        if finished.is_err() {
            let left = self.tasks.len();
            self.tasks.shutdown().await;
            result = Err(anyhow::anyhow!(
                "{left} tasks did not finish within {:?} and were cut off; what they had not committed comes again at the next start",
                self.grace
            ));
        }
        if !self.lent {
            self.backends.close().await;
        }
        result
    }
}

fn flatten(ended: Result<Outcome, JoinError>) -> anyhow::Result<&'static str> {
    let (name, result) = ended.context("a task panicked")?;
    result.with_context(|| name.to_owned())?;
    Ok(name)
}

fn unexpected(ended: Result<Outcome, JoinError>) -> anyhow::Error {
    match flatten(ended) {
        Ok(name) => anyhow::anyhow!("{name} ended by itself"),
        Err(error) => error,
    }
}

fn refuse_foreign_sections(config: &Config, roles: &[Role]) -> anyhow::Result<()> {
    let known = ["ingest", "detect", "query", "tenant"];
    for section in config.sections.keys() {
        let present = roles.iter().any(|r| r.name == section) || known.contains(&section.as_str());
        anyhow::ensure!(present, "configuration section [{section}] belongs to no role");
    }
    Ok(())
}
