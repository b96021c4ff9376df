//! `vedetta rebuild`: rows that people query, made again from the log.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context as _;
use clap::Args;
use prometheus_client::registry::Registry;
use vedetta_backends::Backends;
use vedetta_log::Group;
use vedetta_model::SystemClock;
use vedetta_query::{
    metrics::Metrics,
    projections::{self, Engine, Progress, Projection},
};
use vedetta_runtime::{Config, Drain};

use crate::{cli::failed, up::tokio};

/// What to make again.
#[derive(Debug, Clone, Args)]
pub struct RebuildArgs {
    /// Which projections; all of them when not given. A wrong name is answered with the right ones.
    #[arg(value_name = "PROJECTION")]
    only: Vec<String>,
}

/// Drops views and makes them again; says how each went.
pub fn run(config: &Config, args: &RebuildArgs) -> ExitCode {
    let outcome = vedetta_runtime::init_telemetry(config).and_then(|()| tokio());
    match outcome.and_then(|tokio| tokio.block_on(rebuild(config, args))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => failed(&error),
    }
}

/// Whether all of them were made again.
async fn rebuild(config: &Config, args: &RebuildArgs) -> anyhow::Result<bool> {
    let query: vedetta_query::Config = config.section("query")?;
    let all = vedetta_query::projections(&query);
    let names: Vec<&str> = all.iter().map(|projection| projection.name()).collect();
    if let Some(unknown) = args.only.iter().find(|name| !names.contains(&name.as_str())) {
        anyhow::bail!("no projection {unknown}; there are {}", names.join(", "));
    }
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    let common = &config.common;
    let opened =
        Backends::open(&common.log.url, &common.store.url, &mut registry, Arc::new(SystemClock)).await;
    let backends = opened.context("stop what uses it first: `vedetta down`; on a cluster, all of query")?;
    let mut is_whole = true;
    for projection in all {
        let name = projection.name();
        if !args.only.is_empty() && !args.only.iter().any(|only| only == name) {
            continue;
        }
        match projections::rebuild(&engine(&backends, &query, projection, &metrics)).await {
            Ok(()) => println!("{name}: made again"),
            Err(error) => {
                is_whole = false;
                println!("{error}");
            }
        }
    }
    backends.close().await;
    Ok(is_whole)
}

fn engine(
    backends: &Backends,
    config: &vedetta_query::Config,
    projection: Arc<dyn Projection>,
    metrics: &Metrics,
) -> Engine {
    Engine {
        log: backends.log.clone(),
        store: backends.views.clone(),
        clock: Arc::new(SystemClock),
        drain: Drain::new(),
        group: Group::named(&format!("{}-{}", config.group, projection.name())),
        projection,
        progress: Progress::new(config.subscription_buffer),
        metrics: metrics.clone(),
    }
}
