//! The first-time set-up of an installation whose processes run apart: keys, topics, schema, tenant. All of it may be done
//! again, and by several at once; what is there stays.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use backon::{ExponentialBuilder, Retryable as _};
use prometheus_client::registry::Registry;
use tokio::sync::oneshot;
use vedetta_backends::{Backends, Migrated, OpenError, Part, Places};
use vedetta_model::{Clock, TenantId};
use vedetta_runtime::{Clients, Config, Drain, Process, Secrets, make_topics};
use vedetta_tenant::bootstrap::{self, Bootstrapped};

const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Keys, topics and schema are there, and log and store are open.
pub struct Prepared {
    /// Log and store.
    pub backends: Arc<Backends>,
    /// Where they are.
    pub places: Places,
    /// What all processes share.
    pub secrets: Secrets,
    /// Whether the keys were missing.
    pub made_keys: bool,
    /// What was done to the store's schema; `None` for a store that has none.
    pub migrated: Option<Migrated>,
    clock: Arc<dyn Clock>,
}

impl Prepared {
    /// Makes what is missing. A cluster that does not answer is waited for, for as long as that takes.
    pub async fn make(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let common = &config.common;
        let places = common.places()?;
        let made_keys = Secrets::open(common, &*clock).is_err();
        let secrets = Secrets::open_or_create(common, &*clock)?;
        let migrate = || Backends::migrate(&common.store.url, &*clock);
        let migrated = migrate
            .retry(pauses())
            .when(OpenError::is_unreachable)
            .notify(|error: &OpenError, _| tracing::warn!(%error, "the store is not there yet; trying again until it is"))
            .await?;
        let told = |part: Part, error: Option<&OpenError>| {
            if let Some(error) = error {
                tracing::warn!(%error, ?part, "not there yet; trying again until it is");
            }
        };
        let mut registry = Registry::default();
        let opened = Backends::open_places(&places, &mut registry, clock.clone(), Some(&told)).await?;
        let backends = Arc::new(opened);
        if let Err(error) = make_topics(config, &backends.log, &Drain::new()).await {
            backends.close().await;
            return Err(error);
        }
        Ok(Self { backends, places, secrets, made_keys, migrated, clock })
    }

    /// Makes the tenant, its administrator and its rules, where they are missing. It goes through the tenant service: the one
    /// that `clients.internal_url` names, or, without it, one that runs in this process for the moment.
    pub async fn tenant(&self, config: &Config, tenant: &TenantId) -> anyhow::Result<Bootstrapped> {
        let url = &config.common.clients.internal_url;
        if url.is_empty() { self.here(config, tenant).await } else { self.there(url, tenant).await }
    }

    async fn there(&self, url: &str, tenant: &TenantId) -> anyhow::Result<Bootstrapped> {
        let clients = Clients::default();
        clients.set_internal(Clients::remote(url)?);
        let through =
            async || bootstrap::through(clients.tenant()?, &self.secrets.keys, &*self.clock, tenant).await;
        (|| through())
            .retry(pauses())
            .when(|error: &anyhow::Error| code(error) == Some(vedetta_api::Code::Unavailable))
            .notify(|error: &anyhow::Error, _| {
                tracing::warn!("the tenant service at {url} does not answer yet: {error:#}")
            })
            .await
            .with_context(|| format!("through the tenant service at {url}"))
    }

    async fn here(&self, config: &Config, tenant: &TenantId) -> anyhow::Result<Bootstrapped> {
        let mut config = config.clone();
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let listen = &mut config.common.listen;
        (listen.public, listen.agents, listen.admin, listen.internal) = (free, free, free, None);
        let role = [vedetta_tenant::ROLE];
        let process = Process::start_on(&config, &role, self.clock.clone(), self.backends.clone()).await?;
        let context = process.context().clone();
        let (done, asked) = oneshot::channel::<()>();
        let serving = tokio::spawn(process.run(async {
            let _ = asked.await;
        }));
        let first = bootstrap::run(&context, tenant).await;
        drop(done);
        // Whatever goes wrong now: what was made is there, and its password is shown this once.
        if let Err(error) = serving.await? {
            tracing::warn!("after the set-up: {error:#}");
        }
        first
    }

    /// Lets go of log and store.
    pub async fn close(&self) {
        self.backends.close().await;
    }
}

/// Between two tries of what does not answer.
fn pauses() -> ExponentialBuilder {
    ExponentialBuilder::default().with_max_delay(LONGEST_PAUSE).without_max_times()
}

fn code(error: &anyhow::Error) -> Option<vedetta_api::Code> {
    error.chain().find_map(|cause| cause.downcast_ref::<vedetta_api::Error>()).map(|error| error.code)
}

/// What a migration did, for people.
pub fn migrated(done: &Migrated) -> String {
    if done.applied.is_empty() {
        format!("{} is at version {} already", done.place, done.version)
    } else {
        format!("{} is at version {} now; applied: {:?}", done.place, done.version, done.applied)
    }
}
