//! `vedetta migrate`: the schema of a store that needs one.

use std::process::ExitCode;

use anyhow::Context as _;
use vedetta_backends::Backends;
use vedetta_model::SystemClock;
use vedetta_runtime::Config;

use crate::{cli::failed, first_time::migrated as told};

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
    Ok(migrated.map_or_else(|| "this store has no schema to migrate".into(), |done| told(&done)))
}
