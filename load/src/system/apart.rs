//! Every role a process of its own, on servers of their own.

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;
use tokio::task::block_in_place;

use super::{Balancer, Member, Servers, System};

/// How many processes there are of each role, and where they are. There is one of the tenant service.
#[derive(Debug, Clone)]
pub struct Apart {
    /// Processes of ingest.
    pub ingest: u32,
    /// Processes of detect.
    pub detect: u32,
    /// Processes of query.
    pub query: u32,
    /// Kafka nodes, 1 or 3; with 3 each record lies on all, and counts once it lies on 2.
    pub brokers: u32,
    /// Where processes are, by name (`tenant`, `ingest-1`, `broker-1`, `database-1` …); a loopback address for those not named.
    pub places: BTreeMap<String, Place>,
}

/// Where a process is.
#[derive(Debug, Clone)]
pub struct Place {
    /// At what it listens.
    pub address: IpAddr,
    /// The network namespace in which it runs; the machine's own when none.
    pub namespace: Option<String>,
}

impl Default for Apart {
    /// One of each on one broker, on loopback.
    fn default() -> Self {
        Self { ingest: 1, detect: 1, query: 1, brokers: 1, places: BTreeMap::new() }
    }
}

impl Apart {
    /// The names of its processes, in the order in which they are started.
    fn names(&self) -> Vec<(&'static str, String)> {
        let several =
            |role: &'static str, count| (1..=count).map(move |number| (role, format!("{role}-{number}")));
        let roles = [("ingest", self.ingest), ("detect", self.detect), ("query", self.query)];
        let first = std::iter::once(("tenant", "tenant".to_owned()));
        first.chain(roles.into_iter().flat_map(|(role, count)| several(role, count))).collect()
    }

    /// The names of everybody, servers included.
    pub fn all(&self) -> Vec<String> {
        let brokers = (1..=self.brokers).map(|number| format!("broker-{number}"));
        let processes = self.names().into_iter().map(|(_, name)| name);
        processes.chain(brokers).chain(["database-1".to_owned()]).collect()
    }

    /// Where the process is that is started as number `index`. Each has a loopback address of its own, so that none can take
    /// another's port while that is away.
    fn place(&self, name: &str, index: u8) -> Place {
        let loopback = || Place { address: [127, 0, 0, 10 + index].into(), namespace: None };
        self.places.get(name).cloned().unwrap_or_else(loopback)
    }

    pub(super) async fn launch(
        self,
        program: PathBuf,
        tenants: u32,
        mut settings: Vec<String>,
        dir: TempDir,
    ) -> anyhow::Result<System> {
        let counts = [("ingest", self.ingest), ("query", self.query)];
        ensure!(
            self.detect > 0 && counts.iter().all(|(_, count)| *count > 0),
            "at least one process of each role"
        );
        let servers = block_in_place(|| Servers::start(self.brokers, &self.places))?;
        servers.migrate().await?;
        settings.push(format!("log.url={}", servers.log_url()));
        settings.push(format!("store.url={}", servers.store_url()));

        let mut balancers = Vec::new();
        for (role, _) in counts.iter().filter(|(_, count)| *count > 1) {
            balancers.push(Balancer::start(role).await?);
        }
        if let Some(balancer) = balancers.iter().find(|balancer| balancer.role() == "ingest") {
            settings.push(format!("agents.advertise=https://{}", balancer.address()));
        }

        let logs = dir.path().join("logs");
        std::fs::create_dir_all(&logs)?;
        let mut members: Vec<Member> = Vec::new();
        let mut made = Vec::new();
        for ((role, name), index) in self.names().into_iter().zip(0..) {
            let place = self.place(&name, index);
            let mut own = settings.clone();
            for listener in ["public", "agents", "admin", "internal"] {
                own.push(format!("listen.{listener}={}:0", place.address));
            }
            if let Some(tenant) = members.first() {
                let internal = tenant.served().internal.context("the tenant role listens for the others")?;
                own.push(format!("clients.internal_url=http://{internal}"));
            }
            let log = logs.join(format!("{name}.log"));
            let member = Member::new(&name, program.clone(), dir.path().to_owned(), own);
            let mut member = member.apart(role, place.namespace, log);
            // The first makes keys and tenants for all, so the others wait for it.
            let is_first = members.is_empty();
            member.spawn(if is_first { tenants } else { 0 })?;
            if is_first {
                made = block_in_place(|| member.serves())?;
            }
            members.push(member);
        }
        for member in &mut members[1..] {
            block_in_place(|| member.serves())?;
        }

        for balancer in &balancers {
            let of_role = members.iter().filter(|member| member.has(balancer.role()));
            let target = |member: &Member| match balancer.role() {
                "ingest" => member.served().agents,
                _ => member.served().public,
            };
            balancer.point_at(of_role.map(target).collect());
        }
        System::of(members, balancers, Some(servers), made, dir).await
    }
}
