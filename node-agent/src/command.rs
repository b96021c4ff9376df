//! What the program does, put together from the library.

use std::{os::unix::fs::MetadataExt, path::Path, process::ExitCode, sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::StdRng};
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use vedetta_auth::client::Pin;
use vedetta_model::{BootId, Clock, SystemClock};
use vedetta_node_agent::{
    batch::{self, Origin},
    config::{Config, ConfigError, ServerUrl, SourceSpec},
    enroll::{Applicant, EnrollError, Keeper, enroll as ask, pinned_channel},
    identity::{Identity, StateDir, StateError},
    privileges,
    run::{Agent, Parts, Settings},
    ship::{Backoff, Tls},
    source::{Interest, KernelSource, Replay, Source, SourceError, Synthetic, kernel},
    spool::{Limits, OpenError, Spool},
};

/// Why the program ends early.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("--{name}: {reason}")]
    Setting { name: &'static str, reason: String },
    #[error(
        "this machine is not enrolled; give --server, --ca-pin and --token, as printed when the token was created"
    )]
    NotEnrolled,
    #[error(transparent)]
    Enroll(#[from] EnrollError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Spool(#[from] OpenError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("cannot give up rights that are not needed: {0}; --keep-privileges goes on with them")]
    Privileges(rustix::io::Errno),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Failure {
    /// See `--help`.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Config(_) | Self::Setting { .. } | Self::NotEnrolled => 2,
            Self::Enroll(EnrollError::Token(_) | EnrollError::Untrusted(_)) => 2,
            Self::Enroll(EnrollError::Refused(_)) => 3,
            Self::Source(_) => 4,
            _ => 1,
        })
    }
}

/// Enrolls if need be, then observes until a signal.
pub fn run(config: &Config) -> Result<(), Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut rng = StdRng::from_os_rng();
    let state = StateDir::open(&config.state_dir)?;
    let applicant = applicant(config, &state, &mut rng)?;
    let identity = match state.identity()? {
        Some(identity) => match &config.server {
            Some(server) => identity.at(server.clone()),
            None => identity,
        },
        None => patient_enroll(config, &state, applicant.clone(), &*clock, &mut rng)?,
    };
    tracing::info!(tenant = %identity.tenant(), node = %identity.node(), server = %identity.server(), "enrolled");

    let spool = Spool::open(&state.spool(), Limits::of(config.spool_bytes))?;
    let interest = Interest { reads: config.reads.clone(), ..Interest::default() };
    let source = source(config, interest.clone(), Arc::clone(&clock))?;
    // There is only this thread so far; those to come inherit what it keeps.
    drop_privileges(config)?;

    let origin =
        Origin { tenant: identity.tenant().clone(), node: identity.node(), boot: BootId::random(&mut rng) };
    let keeper = Keeper::new(state, identity, applicant, Arc::clone(&clock), &mut rng);
    let dial = Arc::new(Tls { identity: keeper.identity(), clock: Arc::clone(&clock) });
    let settings = Settings {
        batch: batch::Limits { age: config.batch_age, ..batch::Limits::default() },
        grace: config.grace,
        interest,
        exit_at_end: config.exit_at_end,
        ..Settings::default()
    };
    let parts = Parts { origin, hostname: config.hostname.clone(), spool, dial, clock, settings };
    let ended = runtime()?.block_on(async {
        let stop = stop_signal()?;
        let agent = Agent::start(source, parts, &mut rng)?;
        let keeping = CancellationToken::new();
        let keeper = tokio::spawn(keeper.run(keeping.clone()));
        let ended = agent.run_until(stop).await;
        keeping.cancel();
        let _ = keeper.await;
        Ok::<_, std::io::Error>(ended)
    })?;
    Ok(ended.source?)
}

/// Enrolls and tells who this machine is.
pub fn enroll(config: &Config) -> Result<(), Failure> {
    let state = StateDir::open(&config.state_dir)?;
    let mut rng = StdRng::from_os_rng();
    let (pin, applicant) = applicant(config, &state, &mut rng)?.ok_or(Failure::NotEnrolled)?;
    let known = state.identity()?.map(|identity| identity.server().clone());
    let server = config.server.clone().or(known).ok_or(Failure::NotEnrolled)?;
    let identity = runtime()?.block_on(enroll_once(&state, &server, pin, applicant, &SystemClock))?;
    println!("enrolled as {} of tenant {}", identity.node(), identity.tenant());
    println!("certificate good until {}; the running agent renews it", identity.expires());
    Ok(())
}

/// Tells who this machine is and what waits.
pub fn status(config: &Config) -> Result<(), Failure> {
    let state = StateDir::open(&config.state_dir)?;
    match state.identity()? {
        Some(identity) => {
            let expired = if identity.has_expired(SystemClock.now()) { " (expired)" } else { "" };
            println!("node         {}", identity.node());
            println!("tenant       {}", identity.tenant());
            println!("server       {}", identity.server());
            println!("certificate  good until {}{expired}", identity.expires());
        }
        None => println!("not enrolled"),
    }
    match Spool::open(&state.spool(), Limits::of(config.spool_bytes)) {
        Ok((spool, found)) => {
            println!("agent        not running");
            println!(
                "spool        {} events in {} blocks, {} bytes",
                found.events,
                found.blocks,
                spool.waiting_bytes()
            );
        }
        Err(OpenError::InUse { .. }) => println!("agent        running"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// What to enroll with, where pin and token are given.
fn applicant(
    config: &Config,
    state: &StateDir,
    rng: &mut StdRng,
) -> Result<Option<(Pin, Applicant)>, Failure> {
    let (Some(pin), Some(token)) = (config.ca_pin, config.token.clone()) else { return Ok(None) };
    let machine_id = match &config.machine_id {
        Some(id) => id.clone(),
        None => state.machine_id(Path::new("/etc/machine-id"), rng)?,
    };
    Ok(Some((pin, Applicant { token, hostname: config.hostname.clone(), machine_id })))
}

/// Tries until the server is there. Refusals end it.
fn patient_enroll(
    config: &Config,
    state: &StateDir,
    applicant: Option<(Pin, Applicant)>,
    clock: &dyn Clock,
    rng: &mut StdRng,
) -> Result<Identity, Failure> {
    let (Some(server), Some((pin, applicant))) = (&config.server, applicant) else {
        return Err(Failure::NotEnrolled);
    };
    let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(60), rng);
    // A runtime of one thread: rights are given up later, and belong to threads.
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        loop {
            match enroll_once(state, server, pin, applicant.clone(), clock).await {
                Err(Failure::Enroll(error)) if error.is_passing() => {
                    let wait = backoff.next_wait();
                    tracing::warn!(%error, retry_in = ?wait, "not enrolled yet");
                    sleep(wait).await;
                }
                outcome => return outcome,
            }
        }
    })
}

async fn enroll_once(
    state: &StateDir,
    server: &ServerUrl,
    pin: Pin,
    applicant: Applicant,
    clock: &dyn Clock,
) -> Result<Identity, Failure> {
    let key = state.key()?;
    let channel = pinned_channel(server, pin).map_err(EnrollError::from)?;
    let certificates = ask(channel, &key, applicant).await?;
    let identity =
        Identity::new(key, server.clone(), certificates, clock.now()).map_err(EnrollError::from)?;
    state.store(&identity)?;
    Ok(identity)
}

fn source(
    config: &Config,
    interest: Interest,
    clock: Arc<dyn Clock>,
) -> Result<Box<dyn Source>, SourceError> {
    let mut source: Box<dyn Source> = match &config.source {
        SourceSpec::Kernel => {
            let config = kernel::Config { interest, ..kernel::Config::default() };
            return Ok(Box::new(KernelSource::start(config, clock)?));
        }
        SourceSpec::Replay { path, times } => Box::new(Replay::open(path, *times, clock)?),
        SourceSpec::Synthetic(config) => Box::new(Synthetic::new(config.clone(), clock)),
    };
    source.set_interest(interest)?;
    Ok(source)
}

fn drop_privileges(config: &Config) -> Result<(), Failure> {
    if config.keep_privileges {
        tracing::warn!("all rights are kept, as --keep-privileges says");
        return Ok(());
    }
    let keep = match config.source {
        SourceSpec::Kernel => privileges::WATCHING,
        SourceSpec::Replay { .. } | SourceSpec::Synthetic(_) => privileges::NONE,
    };
    // A state folder that another user owns can be written only with this right: under `sudo`, for
    // instance. The agent's own folder under /var/lib needs none.
    let owner = std::fs::metadata(&config.state_dir)?.uid();
    let foreign = owner != rustix::process::geteuid().as_raw();
    let keep = if foreign { keep | privileges::FOREIGN_FILES } else { keep };
    let kept = privileges::keep_only(keep).map_err(Failure::Privileges)?;
    tracing::info!(?kept, "gave up all other capabilities");
    Ok(())
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).max_blocking_threads(4).enable_all().build()
}

/// Done at the first SIGTERM or SIGINT, with its name. A second one ends the process at once.
fn stop_signal() -> std::io::Result<impl Future<Output = String>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let name = tokio::select! { _ = terminate.recv() => "SIGTERM", _ = interrupt.recv() => "SIGINT" };
        tokio::spawn(async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            eprintln!("second signal: stopping at once; what reached the spool is sent at the next start");
            std::process::exit(130);
        });
        name.to_owned()
    })
}
