//! A system to drive, as a process of its own so that its processor time is its own.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use futures::StreamExt as _;
use prometheus_client::registry::Registry;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use vedetta_backends::Backends;
use vedetta_block::Batch;
use vedetta_model::{Clock as _, Event, Kind, SystemClock, TenantId};
use vedetta_rules::{Catalogue, Condition, Filter};
use vedetta_runtime::{Config, Drain, Process, Role, Secrets, config::Sources, make_topics};
use vedetta_search::Search;
use vedetta_store::BlockStore;

/// As far back as the API looks unless told otherwise.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What to serve.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Folder for log, store and keys.
    #[arg(long)]
    pub data_dir: PathBuf,
    /// How many tenants to make; none when they are there from an earlier start.
    #[arg(long, default_value_t = 0)]
    pub tenants: u32,
    /// Settings, KEY=VALUE; the last of a key counts.
    #[arg(long = "set")]
    pub settings: Vec<String>,
    /// Roles of this process: tenant, ingest, detect, query. All when none is named.
    #[arg(long = "role")]
    pub roles: Vec<String>,
}

/// How to reach a served system. Printed as one line of JSON once it is ready.
#[derive(Debug, Serialize, Deserialize)]
pub struct Served {
    /// Console and API.
    pub public: SocketAddr,
    /// Agents.
    pub agents: SocketAddr,
    /// Health and metrics.
    pub admin: SocketAddr,
    /// Other roles, when it runs apart and has what they call.
    pub internal: Option<SocketAddr>,
    /// The authority's pin.
    pub pin: String,
    /// The tenants that it made.
    pub tenants: Vec<ServedTenant>,
}

impl Served {
    /// Its listeners by the name of their setting.
    pub fn listeners(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        let always = [("public", self.public), ("agents", self.agents), ("admin", self.admin)];
        always.into_iter().chain(self.internal.map(|address| ("internal", address)))
    }
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

/// A search for a tenant's newest events, straight at the store of the served system: what an answer of its API cannot
/// undercut. One line of JSON on its standard input, answered by [`Answered`] on its standard output.
#[derive(Debug, Serialize, Deserialize)]
pub struct Direct {
    /// Whose.
    pub tenant: String,
    /// What has to hold, in the rule language.
    pub condition: String,
    /// How many.
    pub newest: usize,
}

/// What a [`Direct`] search came to.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answered {
    /// How long it took.
    pub nanos: u64,
    /// How many events were found.
    pub found: usize,
}

/// Serves until standard input ends: when the driver goes away, so does what it drove.
pub fn run(args: &ServeArgs) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(args));
    // One that ended by itself must not wait for its standard input to end as well.
    runtime.shutdown_background();
    served
}

/// Makes what roles that run apart have to find: keys and topics.
pub async fn set_up(config: &Config) -> anyhow::Result<()> {
    let common = &config.common;
    Secrets::open_or_create(common, &SystemClock)?;
    let (log, store) = (&common.log.url, &common.store.url);
    let backends = Backends::open(log, store, &mut Registry::default(), Arc::new(SystemClock)).await?;
    let made = make_topics(config, &backends.log, &Drain::new()).await;
    backends.close().await;
    made.map(drop)
}

async fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    let mut overrides: Vec<(String, String)> = ["public", "agents", "admin", "internal"]
        .map(|listener| (format!("listen.{listener}"), "127.0.0.1:0".to_owned()))
        .into();
    overrides.push(("data_dir".into(), args.data_dir.display().to_string()));
    for setting in &args.settings {
        let (key, value) =
            setting.split_once('=').ok_or_else(|| anyhow::anyhow!("{setting}: expected KEY=VALUE"))?;
        overrides.push((key.to_owned(), value.to_owned()));
    }
    let config = Config::load(&Sources { overrides, ..Sources::default() })?;
    vedetta_runtime::init_telemetry(&config)?;
    let roles = chosen(&args.roles)?;
    if args.tenants > 0 && roles.len() < ROLES.len() {
        set_up(&config).await?;
    }
    let process = Process::start(&config, &roles, Arc::new(SystemClock)).await?;
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
        admin: addresses.admin,
        internal: addresses.internal,
        pin: process.context().authority.pin(),
        tenants,
    };
    println!("{}", serde_json::to_string(&served)?);
    let blocks = process.context().blocks.clone();
    process
        .run(async {
            let mut lines = BufReader::new(tokio::io::stdin()).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                match answer(&blocks, &line).await {
                    Ok(answered) => println!("{answered}"),
                    Err(error) => println!("{}", json!({ "error": format!("{error:#}") })),
                }
            }
        })
        .await
}

fn chosen(names: &[String]) -> anyhow::Result<Vec<Role>> {
    if names.is_empty() {
        return Ok(ROLES.into());
    }
    let find = |name: &String| {
        let known = ROLES.iter().find(|role| role.name == name);
        known
            .copied()
            .ok_or_else(|| anyhow::anyhow!("no role `{name}`: one of tenant, ingest, detect, query"))
    };
    names.iter().map(find).collect()
}

async fn answer(blocks: &Arc<dyn BlockStore>, line: &str) -> anyhow::Result<String> {
    let Direct { tenant, condition, newest } = serde_json::from_str(line)?;
    let filter = Filter::parse(&condition)?;
    let condition =
        Condition::compile(&filter, Catalogue::standard()).map_err(|error| anyhow::anyhow!(error.message))?;
    let now = SystemClock.now();
    let search = Search {
        store: blocks.clone(),
        tenant: tenant.parse()?,
        since: now.before(DAY),
        until: now.after(DAY),
        kinds: Kind::ALL.iter().copied().filter(|kind| !kind.as_str().starts_with("agent.")).collect(),
        condition: Some(condition),
        before: None,
        newest: Some(newest),
    };
    let began = Instant::now();
    let mut found = 0;
    let mut steps = Box::pin(search.run(|batch: &Batch, event: &Event| batch.evidence(event)));
    while found < newest
        && let Some(step) = steps.next().await
    {
        found += step?.hits.len();
    }
    let nanos = u64::try_from(began.elapsed().as_nanos())?;
    Ok(serde_json::to_string(&Answered { nanos, found: found.min(newest) })?)
}
