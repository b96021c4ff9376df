//! What may be given, by flag, environment or file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use serde::Deserialize;

use super::Token;

/// Stands below `--help`.
pub const EXIT_CODES: &str = "\
Examples:
  vedetta-agent --server https://ingest.example:7443 --ca-pin sha256:… --token vde_…
  vedetta-agent enroll --server https://ingest.example:7443 --ca-pin sha256:… --token-file -
  vedetta-agent --source replay:events.jsonl --exit-at-end

The first start enrolls this machine with the token; later ones need neither token nor pin.
Each setting may also stand in the environment (VEDETTA_AGENT_SERVER …) or in a TOML file named by
--config, under the name of its flag (server = \"…\"). Flags go before environment, environment before file.

Exit codes:
  0    stopped in good order
  1    failed; the last line says why
  2    a flag or setting is wrong
  3    enrollment was refused; the message is the server's and says what to do
  4    events cannot be observed: rights or kernel support are missing, or the recording is wrong
  130  a second signal ended it at once";

/// The node agent: observes this machine and reports to Vedetta. It never judges and never changes
/// what it sees.
#[derive(Debug, Clone, Parser)]
#[command(name = "vedetta-agent", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do; `run` when left out.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Settings.
    #[command(flatten)]
    pub options: Options,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Subcommand)]
pub enum Command {
    /// Enroll if need be, then observe and report until a signal.
    #[default]
    Run,
    /// Enroll this machine and stop; enrolls again if it was enrolled before, and keeps its id.
    Enroll,
    /// Show who this machine is enrolled as and what waits in the spool.
    Status,
}

/// Settings as given; see [`super::Config`] for what becomes of them.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Options {
    /// Settings file in TOML.
    #[arg(long, short, value_name = "FILE", env = "VEDETTA_AGENT_CONFIG", global = true)]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Where ingest listens for agents: https://HOST:PORT. Needed once, to enroll.
    #[arg(long, value_name = "URL", env = "VEDETTA_AGENT_SERVER", global = true)]
    pub server: Option<String>,
    /// The certificate authority to trust, as printed beside the token. Needed once, to enroll.
    #[arg(long, value_name = "sha256:HEX", env = "VEDETTA_AGENT_CA_PIN", global = true)]
    pub ca_pin: Option<String>,
    /// Enrollment token (vde_…). Needed once. Others on this machine can see flags: prefer --token-file or the environment.
    #[arg(long, value_name = "TOKEN", env = "VEDETTA_AGENT_TOKEN", hide_env_values = true, global = true)]
    pub token: Option<Token>,
    /// File that holds the enrollment token; `-` reads standard input. May be gone once enrolled.
    #[arg(long, value_name = "FILE", env = "VEDETTA_AGENT_TOKEN_FILE", global = true)]
    pub token_file: Option<PathBuf>,
    /// Folder for key, certificate and spool [default: /var/lib/vedetta-agent].
    #[arg(long, value_name = "DIR", env = "VEDETTA_AGENT_STATE_DIR", global = true)]
    pub state_dir: Option<PathBuf>,
    /// Where events come from: kernel, replay:FILE or synthetic:EVENTS_PER_SECOND [default: kernel].
    #[arg(long, value_name = "SOURCE", env = "VEDETTA_AGENT_SOURCE", global = true)]
    pub source: Option<String>,
    /// Which opens for reading to observe: sensitive, all, or absolute paths with commas between; opens for writing always are [default: sensitive].
    #[arg(long, value_name = "WHICH", env = "VEDETTA_AGENT_OPEN_READS", global = true)]
    pub open_reads: Option<String>,
    /// Most bytes kept on disk while the server is away; beyond that events are lost and counted [default: 256MiB].
    #[arg(long, value_name = "SIZE", env = "VEDETTA_AGENT_SPOOL_LIMIT", global = true)]
    pub spool_limit: Option<String>,
    /// Longest time an event waits for company before it is sent, in milliseconds [default: 50].
    #[arg(long, value_name = "MS", env = "VEDETTA_AGENT_BATCH_AGE_MS", global = true)]
    pub batch_age_ms: Option<u64>,
    /// How long to wait for acknowledgements at the end; what is left is sent at the next start [default: 5].
    #[arg(long, value_name = "SECONDS", env = "VEDETTA_AGENT_GRACE_SECONDS", global = true)]
    pub grace_seconds: Option<u64>,
    /// What to call this machine [default: its host name].
    #[arg(long, value_name = "NAME", env = "VEDETTA_AGENT_HOSTNAME", global = true)]
    pub hostname: Option<String>,
    /// What identifies this machine when it enrolls again [default: /etc/machine-id].
    #[arg(long, value_name = "ID", env = "VEDETTA_AGENT_MACHINE_ID", global = true)]
    pub machine_id: Option<String>,
    /// Stop once the source has ended and everything is acknowledged (for recordings).
    #[arg(long, env = "VEDETTA_AGENT_EXIT_AT_END", global = true)]
    pub exit_at_end: bool,
    /// Keep all rights after the start, instead of giving up those that are not needed any more.
    #[arg(long, env = "VEDETTA_AGENT_KEEP_PRIVILEGES", global = true)]
    pub keep_privileges: bool,
    /// Times of replayed events: shift (the first one happens now) or keep [default: shift].
    #[arg(long, value_name = "HOW", env = "VEDETTA_AGENT_REPLAY_TIMES", global = true)]
    pub replay_times: Option<String>,
    /// Seed of synthetic events [default: 0].
    #[arg(long, value_name = "NUMBER", env = "VEDETTA_AGENT_SYNTHETIC_SEED", global = true)]
    pub synthetic_seed: Option<u64>,
    /// Plant suspicious synthetic events that carry this text in their arguments.
    #[arg(long, value_name = "TEXT", env = "VEDETTA_AGENT_SYNTHETIC_MARK", global = true)]
    pub synthetic_mark: Option<String>,
    /// Time from one planted event to the next, in milliseconds [default: 1000].
    #[arg(long, value_name = "MS", env = "VEDETTA_AGENT_SYNTHETIC_MARK_EVERY_MS", global = true)]
    pub synthetic_mark_every_ms: Option<u64>,
    /// What to log, in tracing's filter language [default: info].
    #[arg(long, value_name = "FILTER", env = "VEDETTA_AGENT_LOG", global = true)]
    pub log: Option<String>,
}

impl Options {
    /// These settings, and those of `other` where these have none.
    pub fn or(self, other: Self) -> Self {
        // A token is one setting in two forms: the nearer source wins as a whole.
        let has_token = self.token.is_some() || self.token_file.is_some();
        let token_of =
            if has_token { (self.token, self.token_file) } else { (other.token, other.token_file) };
        Self {
            config: self.config,
            server: self.server.or(other.server),
            ca_pin: self.ca_pin.or(other.ca_pin),
            token: token_of.0,
            token_file: token_of.1,
            state_dir: self.state_dir.or(other.state_dir),
            source: self.source.or(other.source),
            open_reads: self.open_reads.or(other.open_reads),
            spool_limit: self.spool_limit.or(other.spool_limit),
            batch_age_ms: self.batch_age_ms.or(other.batch_age_ms),
            grace_seconds: self.grace_seconds.or(other.grace_seconds),
            hostname: self.hostname.or(other.hostname),
            machine_id: self.machine_id.or(other.machine_id),
            exit_at_end: self.exit_at_end || other.exit_at_end,
            keep_privileges: self.keep_privileges || other.keep_privileges,
            replay_times: self.replay_times.or(other.replay_times),
            synthetic_seed: self.synthetic_seed.or(other.synthetic_seed),
            synthetic_mark: self.synthetic_mark.or(other.synthetic_mark),
            synthetic_mark_every_ms: self.synthetic_mark_every_ms.or(other.synthetic_mark_every_ms),
            log: self.log.or(other.log),
        }
    }
}
