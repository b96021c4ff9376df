//! `vedetta bootstrap`: what processes that run apart need before they can.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context as _;
use clap::Args;
use vedetta_model::{SystemClock, TenantId};
use vedetta_runtime::{Config, stop_signal};

use crate::{
    first_time::{Prepared, migrated},
    up::{TENANT, tokio},
    welcome::credentials,
};

/// What to set up.
#[derive(Debug, Clone, Args)]
pub struct BootstrapArgs {
    /// The tenant that people sign in to first.
    #[arg(long, value_name = "NAME", default_value = TENANT)]
    tenant: TenantId,
}

/// Sets up what is missing, and says what there is.
pub fn run(config: &Config, args: &BootstrapArgs) -> ExitCode {
    let outcome = vedetta_runtime::init_telemetry(config).and_then(|()| tokio()).and_then(|tokio| {
        tokio.block_on(async {
            let stop = stop_signal()?;
            tokio::select! {
                done = bootstrap(config, &args.tenant) => done,
                () = stop => anyhow::bail!("stopped before it was done: run it again, it goes on where it stopped"),
            }
        })
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            vedetta_runtime::say_failure(config, &error);
            ExitCode::FAILURE
        }
    }
}

async fn bootstrap(config: &Config, tenant: &TenantId) -> anyhow::Result<()> {
    let prepared = Prepared::make(config, Arc::new(SystemClock)).await?;
    let first = prepared.tenant(config, tenant).await.context("the tenant");
    let first = match first {
        Ok(first) => first,
        Err(error) => {
            prepared.close().await;
            return Err(error);
        }
    };
    let keys = config.common.keys_dir().display();
    println!("Keys      {keys}{}", if prepared.made_keys { " (made)" } else { "" });
    println!("Log       {}", prepared.places.log_shown());
    match &prepared.migrated {
        Some(done) => println!("Store     {}", migrated(done)),
        None => println!("Store     {}", prepared.places.store_shown()),
    }
    println!("Tenant    {tenant}");
    for line in credentials(&first) {
        println!("{line}");
    }
    prepared.close().await;
    Ok(())
}
