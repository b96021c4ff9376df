//! The process's own log lines.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::config::{LogFormat, Telemetry};

/// What the storage engine tells of its inner life is for who asks for it by name.
const ENGINES: &str = "fjall=warn,lsm_tree=warn";

/// Starts logging to standard error. A second call in one process changes nothing.
pub fn init(config: &Telemetry) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(format!("{ENGINES},{}", config.log))
        .map_err(|e| anyhow::anyhow!("setting telemetry.log = `{}`: {e}", config.log))?;
    let colours = std::io::stderr().is_terminal();
    let _ = subscribe(filter, config.format, colours, std::io::stderr);
    Ok(())
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
