//! All services: started together, started again when they end, stopped in order.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use futures::future::{select_all, try_join_all};
use vedetta_runtime::Config;

use super::{child::Running, leftovers, services::Service};

/// Rest before an ended process is started again; doubled for each that ended soon after.
const REST: Duration = Duration::from_secs(1);
/// Longest rest.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// Who ran for so long did not end soon.
const LONG: Duration = Duration::from_secs(60);
/// What a stop may take beyond the drain's own limit.
const SLACK: Duration = Duration::from_secs(5);
/// In which order they stop: who takes in first, whom others call last.
pub const STOP_ORDER: [&str; 5] = ["ingest", "detect-1", "detect-2", "query", "tenant"];

/// The services.
#[derive(Debug)]
pub struct Fleet {
    data_dir: PathBuf,
    grace: Duration,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    service: Service,
    /// `None` while it rests.
    running: Option<Running>,
    since: Instant,
    rest: Duration,
}

impl Fleet {
    /// None yet.
    pub fn new(config: &Config) -> Self {
        let grace = Duration::from_secs(config.common.drain.grace_seconds) + SLACK;
        Self { data_dir: config.common.data_dir.clone(), grace, members: Vec::new() }
    }

    /// Where its files are.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// How long stopping all of it may take: services, agent and servers.
    pub fn longest_stop(config: &Config) -> Duration {
        let grace = Duration::from_secs(config.common.drain.grace_seconds) + SLACK;
        grace * 5 + Duration::from_secs(60)
    }

    /// Starts some, and waits until all of these are ready. One that ends instead fails it.
    pub async fn start(&mut self, services: Vec<Service>) -> anyhow::Result<()> {
        let at = self.members.len();
        for service in services {
            let running = Some(Running::start(&service, &self.data_dir)?);
            self.members.push(Member { service, running, since: Instant::now(), rest: REST });
        }
        let waits =
            self.members[at..].iter_mut().filter_map(|member| member.running.as_mut()).map(Running::ready);
        try_join_all(waits).await.map(drop)
    }

    /// Their names.
    pub fn names(&self) -> Vec<&'static str> {
        self.members.iter().map(|member| member.service.name).collect()
    }

    /// Where each answers for its health: an address, then ports beside it.
    pub fn addresses(&self) -> String {
        let mut places = Vec::new();
        for Member { service, .. } in &self.members {
            let admin = service.admin;
            let place = if places.is_empty() { admin.to_string() } else { admin.port().to_string() };
            places.push(format!("{place} {}", service.name));
        }
        places.join(", ")
    }

    /// Starts again what ends, for as long as it is polled. Ends when a program can't be run any more.
    pub async fn watch(&mut self) -> anyhow::Error {
        loop {
            let watches = self.members.iter_mut().map(|member| Box::pin(member.watch(&self.data_dir)));
            if let (Err(error), ..) = select_all(watches).await {
                return error;
            }
        }
    }

    /// Stops all in order.
    pub async fn stop(&mut self) {
        for name in STOP_ORDER {
            let Some(at) = self.members.iter().position(|member| member.service.name == name) else {
                continue;
            };
            let member = self.members.remove(at);
            if let Some(running) = member.running {
                eprintln!("stopping {name}");
                running.stop(self.grace).await;
                leftovers::forget(&self.data_dir, name);
            }
        }
    }
}

impl Member {
    /// One step: waits until it ends, or starts it again. May be dropped at any await.
    async fn watch(&mut self, data_dir: &Path) -> anyhow::Result<()> {
        let name = self.service.name;
        match &mut self.running {
            Some(running) => {
                let how = running.ended().await?;
                if self.since.elapsed() > LONG {
                    self.rest = REST;
                }
                tracing::warn!(
                    "{name} has ended ({how}) and is started again in {:?}; its lines: {}",
                    self.rest,
                    running.lines().display()
                );
                self.running = None;
                self.since = Instant::now();
            }
            None => {
                tokio::time::sleep(self.rest.saturating_sub(self.since.elapsed())).await;
                self.running = Some(Running::start(&self.service, data_dir)?);
                self.since = Instant::now();
                self.rest = (self.rest * 2).min(LONGEST_REST);
            }
        }
        Ok(())
    }
}
