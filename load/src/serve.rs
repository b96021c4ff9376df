//! A system to drive, as a process of its own so that its processor time is its own.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use vedetta_model::{SystemClock, TenantId};
use vedetta_runtime::{Config, Process, Role, config::Sources};

/// What to serve.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Folder for log, store and keys.
    #[arg(long)]
    pub data_dir: PathBuf,
    /// How many tenants.
    #[arg(long)]
    pub tenants: u32,
    /// Settings, KEY=VALUE.
    #[arg(long = "set")]
    pub settings: Vec<String>,
}

/// How to reach a served system. Printed as one line of JSON once it is ready.
#[derive(Debug, Serialize, Deserialize)]
pub struct Served {
    /// Console and API.
    pub public: SocketAddr,
    /// Agents.
    pub agents: SocketAddr,
    /// The authority's pin.
    pub pin: String,
    /// Its tenants.
    pub tenants: Vec<ServedTenant>,
}

/// A tenant with its administrator.
#[derive(Debug, Serialize, Deserialize)]
pub struct ServedTenant {
    /// Its name.
    pub tenant: String,
    /// The administrator's sign-in name.
    pub user: String,
    /// Their password.
    pub password: String,
}

const ROLES: [Role; 4] =
    [vedetta_tenant::ROLE, vedetta_ingest::ROLE, vedetta_detect::ROLE, vedetta_query::ROLE];

/// Serves until standard input ends: when the driver goes away, so does what it drove.
pub fn run(args: &ServeArgs) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(args))
}

async fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    let mut overrides: Vec<(String, String)> = ["public", "agents", "admin", "internal"]
        .map(|l| (format!("listen.{l}"), "127.0.0.1:0".to_owned()))
        .into();
    overrides.push(("data_dir".into(), args.data_dir.display().to_string()));
    for setting in &args.settings {
        let (key, value) =
            setting.split_once('=').ok_or_else(|| anyhow::anyhow!("{setting}: expected KEY=VALUE"))?;
        overrides.push((key.to_owned(), value.to_owned()));
    }
    let config = Config::load(&Sources { overrides, ..Sources::default() })?;
    vedetta_runtime::init_telemetry(&config)?;
    let process = Process::start(&config, &ROLES, Arc::new(SystemClock)).await?;
    let mut tenants = Vec::new();
    for number in 0..args.tenants {
        let tenant: TenantId = format!("load-{number}").parse()?;
        let made = vedetta_tenant::bootstrap::run(process.context(), &tenant).await?;
        let admin =
            made.admin.ok_or_else(|| anyhow::anyhow!("{} was used before", args.data_dir.display()))?;
        tenants.push(ServedTenant {
            tenant: tenant.to_string(),
            user: admin.name,
            password: admin.password.to_string(),
        });
    }
    let addresses = process.addresses();
    let served = Served {
        public: addresses.public,
        agents: addresses.agents,
        pin: process.context().authority.pin(),
        tenants,
    };
    println!("{}", serde_json::to_string(&served)?);
    process
        .run(async {
            let mut rest = Vec::new();
            let _ = tokio::io::stdin().read_to_end(&mut rest).await;
        })
        .await
}
