//! All agents of a run.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde_json::json;
use tokio::{sync::watch, task::JoinSet};
use vedetta_auth::client;
use vedetta_model::{Clock as _, SystemClock};
use vedetta_node_agent::{
    config::{ServerUrl, Token},
    enroll::{Applicant, pinned_channel},
    identity::Identity,
};

use super::{Agent, Counts, Manner, Pace};
use crate::{
    probe::Probe,
    system::{System, Tenant},
};

/// An agent looks at its pace at least this often, for it makes a block this often.
const SETTLED: Duration = Duration::from_millis(500);

/// Running agents. Dropping it stops them hard.
#[derive(Debug)]
pub struct Fleet {
    pace: watch::Sender<Option<Pace>>,
    counts: Arc<Counts>,
    tasks: JoinSet<anyhow::Result<()>>,
}

impl Fleet {
    /// Enrolls `per_tenant` agents in each tenant and connects them. The first of each tenant plants.
    /// They offer nothing until told a pace.
    pub async fn start(
        system: &System,
        per_tenant: u32,
        block_age: Duration,
        probe: &Arc<Probe>,
        manner: Manner,
    ) -> anyhow::Result<Self> {
        Self::among(&system.tenants, system, per_tenant, block_age, probe, manner).await
    }

    /// The same in some tenants only.
    pub async fn among(
        tenants: &[Tenant],
        system: &System,
        per_tenant: u32,
        block_age: Duration,
        probe: &Arc<Probe>,
        manner: Manner,
    ) -> anyhow::Result<Self> {
        let counts = Arc::new(Counts::default());
        let (pace, receiver) = watch::channel(Some(Pace::default()));
        let mut tasks = JoinSet::new();
        for (tenant, index) in tenants.iter().zip(0_u64..) {
            let token = enrollment_token(tenant, per_tenant).await?;
            for number in 0..per_tenant {
                let hostname = format!("{}-{number}", tenant.name);
                let identity = enroll(system.agents, &system.pin, &token, &hostname)
                    .await
                    .with_context(|| hostname.clone())?;
                let agent = Agent {
                    identity,
                    hostname,
                    seed: (index << 32) | u64::from(number),
                    block_age,
                    manner,
                    pace: receiver.clone(),
                    counts: counts.clone(),
                    probe: (number == 0).then(|| probe.clone()),
                };
                tasks.spawn(agent.run());
            }
        }
        Ok(Self { pace, counts, tasks })
    }

    /// From now on this fast.
    pub fn pace(&self, pace: Pace) {
        self.pace.send_replace(Some(pace));
    }

    /// What became of events.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Waits; fails at once when an agent fails.
    pub async fn run_for(&mut self, time: Duration) -> anyhow::Result<()> {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            Some(ended) = self.tasks.join_next() => {
                ended??;
                anyhow::bail!("an agent has ended before its time")
            }
        }
    }

    /// Offers no more for now, and waits until everything that was offered is answered; `false` when patience ends before. Only
    /// for agents that last.
    pub async fn quiet(&mut self, patience: Duration) -> anyhow::Result<bool> {
        self.pace(Pace::default());
        let deadline = Instant::now() + patience;
        loop {
            // What was due before the pace changed may still be offered: it has to stand still for a while.
            let before = self.counts.now();
            self.run_for(SETTLED).await?;
            let now = self.counts.now();
            if now.offered == before.offered && now.accepted == now.offered {
                return Ok(true);
            }
            if Instant::now() > deadline {
                return Ok(false);
            }
        }
    }

    /// Offers no more, sends what is kept, and gives the counts once everything is answered.
    pub async fn finish(mut self) -> anyhow::Result<Arc<Counts>> {
        self.pace.send_replace(None);
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        Ok(self.counts.clone())
    }
}

/// A token that this many agents can use.
pub async fn enrollment_token(tenant: &Tenant, uses: u32) -> anyhow::Result<String> {
    let made = tenant
        .client
        .ask(
            "mutation($input: CreateEnrollmentTokenInput!) {
                createEnrollmentToken(input: $input) { secret userErrors { message } } }",
            json!({ "input": { "tenant": tenant.name, "label": "load", "validSeconds": 600, "maxUses": uses } }),
        )
        .await?;
    let secret = &made["createEnrollmentToken"]["secret"];
    Ok(secret.as_str().with_context(|| made.to_string())?.to_owned())
}

/// An identity for an agent on a machine of its own.
pub async fn enroll(agents: SocketAddr, pin: &str, token: &str, hostname: &str) -> anyhow::Result<Identity> {
    let server: ServerUrl = format!("https://{agents}").parse().map_err(anyhow::Error::msg)?;
    let key = Arc::new(client::generate_key()?);
    let applicant = Applicant {
        token: Token::new(token.to_owned()),
        hostname: hostname.to_owned(),
        machine_id: key.key_sha256().chars().filter(char::is_ascii_hexdigit).take(32).collect(),
    };
    let channel = pinned_channel(&server, pin.parse()?)?;
    let certificates = vedetta_node_agent::enroll::enroll(channel, &key, applicant).await?;
    Ok(Identity::new(key, server, certificates, SystemClock.now())?)
}
