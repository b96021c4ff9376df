//! All agents of a run.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use vedetta_auth::client;
use vedetta_model::{Clock as _, SystemClock};
use vedetta_node_agent::{
    config::{ServerUrl, Token},
    enroll::{Applicant, pinned_channel},
    identity::Identity,
};

use super::{Agent, Counts, Manner, Pace, TRIES};
use crate::{
    probe::Probe,
    system::{System, Tenant},
};

/// Enrollments under way at a time, and as many agents that have not connected yet.
const ENROLLING: usize = 8;
/// Descriptors that are not agents' connections.
const OTHER_DESCRIPTORS: u64 = 512;

/// An agent looks at its pace at least this often, for it makes a block this often.
const SETTLED: Duration = Duration::from_millis(500);

/// Agents to be.
#[derive(Debug, Clone)]
pub struct Crew<'a> {
    /// Whose.
    pub tenants: &'a [Tenant],
    /// How many each has. The first of each plants.
    pub per_tenant: u32,
    /// Age at which they seal a block.
    pub block_age: Duration,
    /// What they do when the system goes away.
    pub manner: Manner,
    /// What they play instead of making events up.
    pub recording: Option<PathBuf>,
}

/// Running agents. Dropping it stops them hard.
#[derive(Debug)]
pub struct Fleet {
    pace: watch::Sender<Option<Pace>>,
    counts: Arc<Counts>,
    tasks: JoinSet<anyhow::Result<()>>,
}

impl Fleet {
    /// Enrolls `per_tenant` agents in each tenant and waits until they are connected. The first of each tenant plants.
    /// They offer nothing until told a pace.
    pub async fn start(
        system: &System,
        per_tenant: u32,
        block_age: Duration,
        probe: &Arc<Probe>,
        manner: Manner,
    ) -> anyhow::Result<Self> {
        let tenants = &system.tenants;
        Self::of(Crew { tenants, per_tenant, block_age, manner, recording: None }, system, probe).await
    }

    /// The same with all that can be chosen.
    pub async fn of(crew: Crew<'_>, system: &System, probe: &Arc<Probe>) -> anyhow::Result<Self> {
        let Crew { tenants, per_tenant, block_age, manner, recording } = crew;
        allow_descriptors(tenants.len() as u64 * u64::from(per_tenant))?;
        let counts = Arc::new(Counts::default());
        let (pace, receiver) = watch::channel(Some(Pace::default()));
        let (connected, mut connecting) = mpsc::channel(ENROLLING);
        let mut tasks = JoinSet::new();
        let mut waited_for = 0;
        for tenant in tenants {
            // Seeds follow the tenant's place in the system, so that no two agents of several fleets are alike.
            let index = system.tenants.iter().position(|other| other.name == tenant.name);
            let index = index.unwrap_or_default() as u64;
            let token = enrollment_token(tenant, per_tenant).await?;
            let enrolled = stream::iter(0..per_tenant).map(|number| {
                let (hostname, token) = (format!("{}-{number}", tenant.name), &token);
                async move {
                    let identity = enroll_patiently(system, token, &hostname).await;
                    let identity = identity.with_context(|| hostname.clone())?;
                    anyhow::Ok((number, hostname, identity))
                }
            });
            let mut enrolled = enrolled.buffer_unordered(ENROLLING);
            while let Some((number, hostname, identity)) = enrolled.try_next().await? {
                let agent = Agent {
                    identity,
                    hostname,
                    seed: (index << 32) | u64::from(number),
                    block_age,
                    manner,
                    pace: receiver.clone(),
                    counts: counts.clone(),
                    probe: (number == 0).then(|| probe.clone()),
                    recording: recording.clone(),
                    connected: Some(connected.clone()),
                };
                tasks.spawn(agent.run());
                waited_for += 1;
                if waited_for >= ENROLLING {
                    one_connects(&mut connecting, &mut tasks).await?;
                    waited_for -= 1;
                }
            }
        }
        for _ in 0..waited_for {
            one_connects(&mut connecting, &mut tasks).await?;
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

/// Enrolls, again when another try may help.
async fn enroll_patiently(system: &System, token: &str, hostname: &str) -> anyhow::Result<Identity> {
    let mut tries = 1;
    loop {
        match enroll(system.agents, &system.pin, token, hostname).await {
            Err(error)
                if tries < TRIES
                    && error
                        .downcast_ref()
                        .is_some_and(vedetta_node_agent::enroll::EnrollError::is_passing) =>
            {
                tries += 1;
            }
            done => return done,
        }
    }
}

/// Waits until one more agent is connected; fails when an agent fails.
async fn one_connects(
    connecting: &mut mpsc::Receiver<()>,
    tasks: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    tokio::select! {
        _ = connecting.recv() => Ok(()),
        Some(ended) = tasks.join_next() => {
            ended??;
            anyhow::bail!("an agent has ended before its time")
        }
    }
}

/// Each agent holds a connection, here and in the system that was started from here.
fn allow_descriptors(agents: u64) -> anyhow::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = agents + OTHER_DESCRIPTORS;
    if current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    ensure!(
        maximum.is_none_or(|maximum| maximum >= wanted),
        "{agents} agents need {wanted} open files, and this process may open {}; raise it, `ulimit -Hn {wanted}` as root",
        maximum.unwrap_or(u64::MAX)
    );
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?)
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
