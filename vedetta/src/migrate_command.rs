//! `vedetta migrate`: the schema of a store that needs one.

use std::process::ExitCode;

use anyhow::Context as _;
use vedetta_backends::Backends;
use vedetta_model::SystemClock;
use vedetta_runtime::Config;

use crate::cli::failed;

/// Brings the store that a URL names, or the settings, to this build's version.
pub fn run(config: &Config, url: Option<&str>) -> ExitCode {
    match migrate(url.unwrap_or(&config.common.store.url)) {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error),
    }
}

fn migrate(url: &str) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let migrated = runtime.block_on(Backends::migrate(url, &SystemClock))?;
    Ok(match migrated {
        None => "this store has no schema to migrate".into(),
        Some(done) if done.applied.is_empty() => {
            format!("{} is at version {} already", done.place, done.version)
        }
        Some(done) => {
            format!("{} is at version {} now; applied: {:?}", done.place, done.version, done.applied)
        }
    })
}
