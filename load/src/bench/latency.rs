//! From a system call in the kernel to its finding on a subscription, through a real agent.
//!
//! The time is that of the event as the kernel's clock gave it, to the arrival of the finding in
//! this process. Beside each sample one durable write of [`WRITE`] bytes to the same disk: events,
//! findings and views each wait for at least one such write on the way.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use vedetta_model::{Clock as _, SystemClock, Timestamp};

use super::say;
use crate::{
    agents::{Fleet, Manner, Pace, enrollment_token},
    client::Subscription,
    probe::Probe,
    report::{Machine, percentiles},
    system::{System, Tenant},
};

const SAMPLES: usize = 300;
const WRITE: usize = 16 << 10;
/// Events a second that other agents offer in the second case.
const BESIDE: f64 = 20_000.0;
const AGENTS: u32 = 4;
/// Quiet time before each sample, in milliseconds, by chance in this range: what is measured is an
/// event that comes on its own, at any point of the agent's rhythm.
const QUIET: std::ops::Range<u64> = 60..120;
/// A finding that takes longer will not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures and prints.
pub(super) async fn measure() -> anyhow::Result<()> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "system call → finding needs root, for the agent's kernel programs"
    );
    let system = System::start(1, false).await?;
    let tenant = system.tenants.first().context("one tenant")?;
    let mut bench = Bench::start(&system, tenant).await?;
    say("system call → finding, on a quiet system");
    bench.sample("syscall_to_finding").await?;
    let probe = Probe::start(&system).await?;
    let fleet = Fleet::start(&system, AGENTS, Duration::from_millis(50), &probe, Manner::OpenLoop).await?;
    fleet.pace(Pace { events: BESIDE / f64::from(AGENTS), planted: 0.0 });
    say(&format!("the same beside {BESIDE} events/s"));
    bench.sample("syscall_to_finding_beside_load").await?;
    fleet.finish().await?;
    drop(bench);
    system.stop().map(drop)
}

struct Bench {
    findings: Subscription,
    reader: PathBuf,
    bare: File,
    /// Numbers the reads.
    next: u64,
    rng: StdRng,
    _agent: Agent,
    _scratch: tempfile::TempDir,
}

impl Bench {
    async fn start(system: &System, tenant: &Tenant) -> anyhow::Result<Self> {
        let findings = tenant
            .client
            .subscribe(
                "subscription($tenant: String!) { findingRaised(tenant: $tenant) { time lineage { commandLine } } }",
                json!({ "tenant": tenant.name }),
            )
            .await?;
        let scratch = tempfile::tempdir()?;
        // A program of an own name, which no exception of a rule can mean.
        let reader = scratch.path().join("latency-reader");
        std::fs::copy("/bin/cat", &reader)?;
        let agent = Agent::start(system, &enrollment_token(tenant, 1).await?, &scratch.path().join("agent"))?;
        let bare = File::create(system.dir().join("bare"))?;
        let mut bench = Self {
            findings,
            reader,
            bare,
            next: 0,
            rng: StdRng::seed_from_u64(1),
            _agent: agent,
            _scratch: scratch,
        };
        bench.first().await?;
        Ok(bench)
    }

    /// Reads until the agent, which has just begun to start, sees it.
    async fn first(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mark = self.read()?;
            match tokio::time::timeout(Duration::from_millis(500), self.found(&mark)).await {
                Ok(found) => return found.map(drop),
                Err(_) => ensure!(Instant::now() < deadline, "the agent saw nothing; its words are above"),
            }
        }
    }

    async fn sample(&mut self, case: &str) -> anyhow::Result<()> {
        let (mut lags, mut bare) = (Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES));
        for _ in 0..SAMPLES {
            tokio::time::sleep(Duration::from_millis(self.rng.random_range(QUIET))).await;
            let began = Instant::now();
            self.bare.write_all(&[0x5a; WRITE])?;
            self.bare.sync_data()?;
            bare.push(began.elapsed());
            let mark = self.read()?;
            let found = tokio::time::timeout(PATIENCE, self.found(&mark));
            let (happened, heard) = found.await.with_context(|| format!("no finding of {mark}"))??;
            lags.push(heard.since(happened));
        }
        let (lag, sync) = (percentiles(&mut lags), percentiles(&mut bare));
        println!(
            "{}",
            json!({
                "case": case, "meaning": "system call → finding on the subscription", "samples": SAMPLES,
                "ms_p50": lag[0], "ms_p99": lag[1], "ms_max": lag[2],
                "baseline": "write + fdatasync of 16 KiB", "baseline_ms_p50": sync[0], "baseline_ms_p99": sync[1],
                "ratio_p50": lag[0] / sync[0], "ratio_p99": lag[1] / sync[1], "machine": Machine::here(),
            })
        );
        Ok(())
    }

    /// Does what a rule finds, and gives what marks it.
    fn read(&mut self) -> anyhow::Result<String> {
        self.next += 1;
        // There is no such file; the reader says so and goes on.
        let mark = format!("/latency-{}", self.next);
        Command::new(&self.reader)
            .arg("/etc/shadow")
            .arg(&mark)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        Ok(mark)
    }

    /// When it happened, and when its finding arrived.
    async fn found(&mut self, mark: &str) -> anyhow::Result<(Timestamp, Timestamp)> {
        loop {
            let data = self.findings.next().await?;
            let heard = SystemClock.now();
            let finding = &data["findingRaised"];
            let line = finding["lineage"][0]["commandLine"].as_str().unwrap_or_default();
            if line.split_whitespace().any(|word| word == mark) {
                return Ok((time_of(finding)?, heard));
            }
        }
    }
}

fn time_of(finding: &Value) -> anyhow::Result<Timestamp> {
    let text = finding["time"].as_str().with_context(|| finding.to_string())?;
    text.parse().with_context(|| text.to_owned())
}

/// The real agent, as a child.
struct Agent(Child);

impl Agent {
    fn start(system: &System, token: &str, state: &Path) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?.with_file_name("vedetta-agent");
        ensure!(
            program.exists(),
            "{} is not there: build it as this program was built, with `-p vedetta-node-agent`",
            program.display()
        );
        let child = Command::new(program)
            .args(["run", "--source", "kernel", "--ca-pin", &system.pin])
            .args(["--server", &format!("https://{}", system.agents)])
            .arg("--state-dir")
            .arg(state)
            .env("VEDETTA_AGENT_TOKEN", token)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self(child))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
