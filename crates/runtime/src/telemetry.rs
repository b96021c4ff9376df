//! The process's own log lines.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::config::{LogFormat, LogOutput, Telemetry};

/// What engines and drivers tell of their inner life is for who asks for it by name. What a call to the database failed of is
/// in its error.
const ENGINES: &str = "fjall=warn,lsm_tree=warn,scylla=off";

/// Starts logging. A second call in one process changes nothing.
pub fn init(config: &Telemetry) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(format!("{ENGINES},{}", config.log))
        .map_err(|e| anyhow::anyhow!("setting telemetry.log = `{}`: {e}", config.log))?;
    let _ = match config.output {
        LogOutput::Stderr => {
            subscribe(filter, config.format, std::io::stderr().is_terminal(), std::io::stderr)
        }
        LogOutput::Stdout => {
            subscribe(filter, config.format, std::io::stdout().is_terminal(), std::io::stdout)
        }
    };
    Ok(())
}

/// Says why a process ends: for people, or as the last line for whoever reads the log.
pub fn say_failure(config: &Telemetry, error: &anyhow::Error) {
    match config.format {
        LogFormat::Text => eprintln!("error: {error:#}"),
        LogFormat::Json => tracing::error!("{error:#}"),
    }
}

fn subscribe<W>(
    filter: EnvFilter,
    format: LogFormat,
    colours: bool,
    writer: W,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // A line that can't be written, for instance into a file on a full disk, is lost. Telling so would be a write to
    // standard error as well, which panics.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(colours)
        .log_internal_errors(false);
    match format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    }
}
