//! A real agent as a process of its own, with its spool on disk, and the exact account of its events.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use vedetta_load::{
    agents::{Run, enrollment_token},
    held::events,
    system::{Process, System, Tenant},
};
use vedetta_model::{NodeId, Numbers, Ranges};

/// Time to enroll.
const ENROLLMENT: Duration = Duration::from_secs(30);

/// What one of them is like.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// Its host's name.
    pub name: &'static str,
    /// Whether it may be killed: then nobody knows how many events were on their way into its spool.
    pub may_be_killed: bool,
    /// Events a second that it makes up.
    pub rate: u32,
    /// The most that its spool takes, as its option has it.
    pub spool: &'static str,
}

/// See the module. Dropping it kills it.
#[derive(Debug)]
pub struct Spooling {
    habits: Habits,
    program: PathBuf,
    server: String,
    pin: String,
    token: String,
    state: PathBuf,
    log: PathBuf,
    process: Option<Process>,
}

/// What an agent said of a run at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Events that it numbered.
    pub events: u64,
    /// Events that it lost and counted.
    pub lost: u64,
}

impl Spooling {
    /// Enrolls one and starts it.
    pub async fn start(
        program: &Path,
        system: &System,
        tenant: &Tenant,
        habits: Habits,
    ) -> anyhow::Result<Self> {
        let name = habits.name;
        let state = system.dir().join("agents").join(name);
        std::fs::create_dir_all(&state)?;
        let mut agent = Self {
            habits,
            program: program.to_owned(),
            server: format!("https://{}", system.agents),
            pin: system.pin.clone(),
            token: enrollment_token(tenant, 1).await?,
            log: state.join("agent.log"),
            state,
            process: None,
        };
        agent.launch()?;
        let begin = Instant::now();
        while !agent.is_enrolled() {
            ensure!(
                begin.elapsed() < ENROLLMENT,
                "{name} does not enroll; its words are in {}",
                agent.log.display()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(agent)
    }

    fn is_enrolled(&self) -> bool {
        self.state.join("identity.json").exists()
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        self.habits.name
    }

    /// Where its words are.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Whether it may be killed.
    pub const fn may_be_killed(&self) -> bool {
        self.habits.may_be_killed
    }

    /// Starts it, again if it was there before.
    pub fn launch(&mut self) -> anyhow::Result<()> {
        let Habits { name, rate, spool, .. } = self.habits;
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.program);
        command.args(["run", "--server", &self.server, "--ca-pin", &self.pin, "--hostname", name]);
        command.args(["--source", &format!("synthetic:{rate}"), "--spool-limit", spool]);
        // Machines of their own, for the same machine keeps its node.
        command.args(["--machine-id", &machine_id(name), "--grace-seconds", "60", "--batch-age-ms", "500"]);
        command.arg("--state-dir").arg(&self.state);
        if !self.is_enrolled() {
            command.env("VEDETTA_AGENT_TOKEN", &self.token);
        }
        command.env("NO_COLOR", "1").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let spawned = command.spawn().with_context(|| self.program.display().to_string())?;
        self.process = Some(spawned.into());
        Ok(())
    }

    /// SIGKILL.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        ensure!(self.may_be_killed(), "{} keeps an exact account", self.name());
        self.process.take().map_or(Ok(()), Process::kill)
    }

    /// SIGSTOP.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.running()?.pause()
    }

    /// SIGCONT.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.running()?.resume()
    }

    fn running(&self) -> anyhow::Result<&Process> {
        self.process.as_ref().with_context(|| format!("{} does not run", self.name()))
    }

    /// Asks it to stop, and waits until it has sent what it can; its account of this run. Blocks.
    pub fn drain(&mut self) -> anyhow::Result<Account> {
        self.running()?.terminate()?;
        let status = self.process.take().context("it runs")?.wait()?;
        ensure!(status.success(), "{} ended with {status}", self.name());
        let words = std::fs::read_to_string(&self.log)?;
        let last = words.lines().rfind(|line| line.contains("stopped;")).context("its last words")?;
        let number = |name: &str| {
            let rest = last.split_whitespace().find_map(|word| word.strip_prefix(&format!("{name}=")));
            rest.and_then(|number| number.parse().ok()).with_context(|| format!("{name} in: {last}"))
        };
        Ok(Account { events: number("events")?, lost: number("lost")? })
    }

    /// What is wrong with what is stored of it, now that it has been drained: of each run all numbers from the first on, but
    /// for those of the last run that it counted as lost by its spool. `ledger` is what the system says that it lost.
    pub fn balances(
        &self,
        node: NodeId,
        stored: &BTreeMap<Run, Ranges>,
        account: Account,
        ledger: &BTreeMap<String, u64>,
    ) -> anyhow::Result<u64> {
        let runs: Vec<_> = stored.iter().filter(|(run, _)| run.node == node).collect();
        ensure!(!runs.is_empty(), "nothing is stored of {}", self.name());
        let told: u64 = ledger.values().sum();
        ensure!(told == account.lost, "{} lost {account:?}, and the system says {ledger:?}", self.name());
        if self.may_be_killed() {
            for (run, ranges) in &runs {
                // Its spool takes blocks in order, so a kill can only end a run.
                let last = last(ranges);
                ensure!(
                    events(ranges) == last,
                    "{} of {last} events of {} are stored",
                    events(ranges),
                    run.boot
                );
            }
            return Ok(runs.iter().map(|(_, ranges)| events(ranges)).sum());
        }
        ensure!(runs.len() == 1, "{} ran {} times", self.name(), runs.len());
        let stored: u64 = runs.iter().map(|(_, ranges)| events(ranges)).sum();
        let spool = ledger.get("SPOOL").copied().unwrap_or(0);
        ensure!(
            account.events == stored + spool,
            "{} offered {}, {stored} are stored and {spool} counted as lost",
            self.name(),
            account.events
        );
        Ok(stored)
    }
}

fn last(ranges: &Ranges) -> u64 {
    ranges.within(Numbers { first: 0, last: u64::MAX }).last().map_or(0, |part| part.last)
}

fn machine_id(name: &str) -> String {
    let sum = name.bytes().fold(0_u128, |sum, byte| sum.wrapping_mul(257).wrapping_add(byte.into()));
    format!("{sum:032x}")
}
