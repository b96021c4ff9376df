//! `main` of a process that has only flags and roles.

use std::{path::PathBuf, pin::pin, process::ExitCode, sync::Arc};

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use vedetta_model::SystemClock;

use crate::{Config, Process, Role, config::Sources, telemetry};

/// Flags that every process understands.
#[derive(Debug, Clone, Default, Parser)]
pub struct ProcessArgs {
    /// Settings file; see `vedetta config show` for what it may hold.
    #[arg(long, short, value_name = "FILE", env = "VEDETTA_CONFIG", global = true)]
    pub config: Option<PathBuf>,
    /// Sets one value, such as `listen.public=127.0.0.1:8080`; may be given often.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value, global = true)]
    pub overrides: Vec<(String, String)>,
    /// Folder for key files and the embedded log and store; the same as `--set data_dir=…`.
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<PathBuf>,
}

impl ProcessArgs {
    /// Composes the configuration from defaults, file, environment and flags.
    pub fn load(&self) -> Result<Config, crate::ConfigError> {
        let mut overrides = self.overrides.clone();
        if let Some(dir) = &self.data_dir {
            overrides.push(("data_dir".into(), dir.display().to_string()));
        }
        Config::load(&Sources { file: self.config.clone(), env: std::env::vars().collect(), overrides })
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

/// Runs roles until a signal. Exit code 0 after an orderly stop, 1 after a failure, 2 for bad flags or settings.
pub fn run(roles: &[Role]) -> ExitCode {
    let args = ProcessArgs::parse();
    match args.load() {
        Ok(config) => run_with(&config, roles),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs roles with a configuration until a signal.
pub fn run_with(config: &Config, roles: &[Role]) -> ExitCode {
    let outcome = telemetry::init(&config.common.telemetry)
        .and_then(|()| Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?))
        .and_then(|tokio| {
            tokio.block_on(async {
                let mut stop = pin!(stop_signal()?);
                let process = tokio::select! {
                    started = Process::start(config, roles, Arc::new(SystemClock)) => started?,
                    () = &mut stop => {
                        tracing::info!("stopped before it was ready");
                        return Ok(());
                    }
                };
                tracing::info!(addresses = ?process.addresses(), ?roles, "ready");
                process.run(stop).await
            })
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            telemetry::say_failure(&config.common.telemetry, &error);
            ExitCode::FAILURE
        }
    }
}

/// Done at the first SIGTERM or SIGINT. A second one ends the process at once.
pub fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tokio::spawn(async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            eprintln!(
                "second signal: stopping at once; what was not committed comes again at the next start"
            );
            std::process::exit(130);
        });
    })
}
