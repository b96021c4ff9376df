//! Settings: flags, then environment, then a file, then defaults.

mod options;
mod values;

use std::{
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use vedetta_auth::{PkiError, client::Pin};

pub use self::{
    options::{Cli, Command, EXIT_CODES, Options},
    values::{ServerUrl, SourceSpec, Token, parse_size},
};
use crate::source::{
    Reads,
    replay::Times,
    synthetic::{self, Mark},
};

/// Where a node keeps its key, its certificate and its spool.
pub const STATE_DIR: &str = "/var/lib/vedetta-agent";
const SPOOL_LIMIT: &str = "256MiB";
const SMALLEST_SPOOL: u64 = 1024 * 1024;

/// What the agent is to do, checked and complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where ingest listens for agents. Known from enrollment when it is not given.
    pub server: Option<ServerUrl>,
    /// The authority's public key, hashed. Needed to enroll.
    pub ca_pin: Option<Pin>,
    /// The right to enroll.
    pub token: Option<Token>,
    /// Key, certificate and spool.
    pub state_dir: PathBuf,
    /// Where events come from.
    pub source: SourceSpec,
    /// Which opens for reading are observed.
    pub reads: Reads,
    /// Most bytes in the spool.
    pub spool_bytes: u64,
    /// Longest time that an event waits for company while the server is there.
    pub batch_age: Duration,
    /// How long to wait for acknowledgements at the end.
    pub grace: Duration,
    /// What to call this machine.
    pub hostname: String,
    /// Instead of `/etc/machine-id`.
    pub machine_id: Option<String>,
    /// Stop when the source has come to its end.
    pub exit_at_end: bool,
    /// Keep all rights after the start.
    pub keep_privileges: bool,
    /// What to log.
    pub log: String,
}

/// A setting does not make sense.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A value is wrong.
    #[error("--{name}: {reason}")]
    Value {
        /// The flag.
        name: &'static str,
        /// What is wrong, and what would be right.
        reason: String,
    },
}

impl Config {
    /// Completes what was given on the command line and in the environment by the file it names.
    pub fn resolve(given: Options) -> Result<Self, ConfigError> {
        let options = match &given.config {
            Some(path) => {
                let file = read_file(path)?;
                given.or(file)
            }
            None => given,
        };
        let wrong = |name| move |reason: String| ConfigError::Value { name, reason };
        let server = options.server.as_deref().map(str::parse).transpose().map_err(wrong("server"))?;
        let ca_pin = options.ca_pin.as_deref().map(pin).transpose().map_err(wrong("ca-pin"))?;
        let source =
            values::source(options.source.as_deref().unwrap_or("kernel")).map_err(wrong("source"))?;
        let source = refine(source, &options).map_err(wrong("source"))?;
        let reads = values::reads(options.open_reads.as_deref().unwrap_or("sensitive"))
            .map_err(wrong("open-reads"))?;
        let spool_bytes = parse_size(options.spool_limit.as_deref().unwrap_or(SPOOL_LIMIT))
            .map_err(wrong("spool-limit"))?;
        if spool_bytes < SMALLEST_SPOOL {
            return Err(wrong("spool-limit")("at least 1MiB is needed".to_owned()));
        }
        Ok(Self {
            server,
            ca_pin,
            token: token(&options)?,
            state_dir: options.state_dir.unwrap_or_else(|| STATE_DIR.into()),
            source,
            reads,
            spool_bytes,
            batch_age: Duration::from_millis(options.batch_age_ms.unwrap_or(50)),
            grace: Duration::from_secs(options.grace_seconds.unwrap_or(5)),
            hostname: options.hostname.unwrap_or_else(hostname),
            machine_id: options.machine_id,
            exit_at_end: options.exit_at_end,
            keep_privileges: options.keep_privileges,
            log: options.log.unwrap_or_else(|| "info".to_owned()),
        })
    }
}

fn pin(text: &str) -> Result<Pin, String> {
    text.parse().map_err(|error: PkiError| format!("{error}, as printed beside the token"))
}

fn read_file(path: &Path) -> Result<Options, ConfigError> {
    let failed = |reason: String| ConfigError::File { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    toml::from_str(&text).map_err(|error| failed(error.to_string()))
}

fn token(options: &Options) -> Result<Option<Token>, ConfigError> {
    if let Some(token) = &options.token {
        return Ok(Some(token.clone()));
    }
    let Some(path) = &options.token_file else { return Ok(None) };
    let mut text = String::new();
    // `-` keeps the secret out of files and of the process list.
    let read = if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text)).map(drop)
    };
    match read {
        Ok(()) => Ok(Some(Token::new(text.trim().to_owned()))),
        // A token is used once; whoever provides it may take it away afterwards.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ConfigError::File { path: path.clone(), reason: error.to_string() }),
    }
}

fn refine(source: SourceSpec, options: &Options) -> Result<SourceSpec, String> {
    Ok(match source {
        SourceSpec::Replay { path, .. } => {
            let times = match options.replay_times.as_deref() {
                None | Some("shift") => Times::Shift,
                Some("keep") => Times::Keep,
                Some(other) => return Err(format!("--replay-times {other}: expected `shift` or `keep`")),
            };
            SourceSpec::Replay { path, times }
        }
        SourceSpec::Synthetic(config) => {
            let every = Duration::from_millis(options.synthetic_mark_every_ms.unwrap_or(1000));
            let mark = options.synthetic_mark.clone().map(|text| Mark { text, every });
            let seed = options.synthetic_seed.unwrap_or(0);
            SourceSpec::Synthetic(synthetic::Config { seed, mark, ..config })
        }
        SourceSpec::Kernel => SourceSpec::Kernel,
    })
}

fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
