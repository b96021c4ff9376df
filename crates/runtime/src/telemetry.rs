//! The process's own log lines.

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::config::{LogFormat, Telemetry};

/// What the storage engine tells of its inner life is for who asks for it by name.
const ENGINES: &str = "fjall=warn,lsm_tree=warn";

/// Starts logging to standard error. A second call in one process changes nothing.
pub fn init(config: &Telemetry) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(format!("{ENGINES},{}", config.log))
        .map_err(|e| anyhow::anyhow!("setting telemetry.log = `{}`: {e}", config.log))?;
    let _ = subscribe(filter, config.format, std::io::stderr);
    Ok(())
}

fn subscribe<W>(
    filter: EnvFilter,
    format: LogFormat,
    writer: W,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    }
}
