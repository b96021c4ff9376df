//! Bringing a keyspace to the newest version.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rand::Rng as _;
use scylla::{
    client::session::Session,
    policies::load_balancing::{LoadBalancingPolicy, NodeIdentifier, SingleTargetLoadBalancingPolicy},
    statement::{Consistency, Statement},
};
use uuid::Uuid;
use vedetta_model::Clock;

use crate::{
    OpenError, Options, connect,
    errors::told,
    options::Replication,
    schema::{Found, LOCK_TABLE, STEPS, SchemaError, Step, VERSIONS_TABLE, ask},
};

/// After this the lock of one that died is free again. Each statement renews it.
const LOCK_SECONDS: i32 = 120;
/// How long others wait for whoever has it.
const PATIENCE: Duration = Duration::from_secs(600);
/// What one statement may take.
const DDL_TIMEOUT: Duration = Duration::from_secs(60);

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// Hosts and keyspace.
    pub place: String,
    /// The version it has now.
    pub version: i32,
    /// The versions that were applied by this call; none when it was ready.
    pub applied: Vec<i32>,
}

/// Makes the keyspace when it is missing, and applies every version it lacks. Any number of instances may do so at once: one
/// works, the others wait and find it done. Changes nothing when it is ready, and refuses what is not ours.
pub async fn migrate(url: &str, clock: &dyn Clock) -> Result<Migrated, OpenError> {
    let options = Options::parse(url)?;
    let session = connect::session(&options).await?;
    let schema = |source| OpenError::Schema { place: options.place(), source };
    let found = Found::read(&session, &options).await.map_err(schema)?;
    found.check_known().map_err(schema)?;
    let version = STEPS.last().map_or(0, |step| step.version);
    if found.check(&options).is_ok() {
        return Ok(Migrated { place: options.place(), version, applied: vec![] });
    }
    let migration =
        Migration { target: one_node(&session), session, options: &options, owner: Uuid::new_v4() };
    let applied = migration.run(clock).await.map_err(schema)?;
    Ok(Migrated { place: options.place(), version, applied })
}

/// The same node for every instance: two that make the same table on two nodes at once can give it two ids.
fn one_node(session: &Session) -> Option<Arc<dyn LoadBalancingPolicy>> {
    let state = session.get_cluster_state();
    let nodes = state.get_nodes_info().iter().filter(|node| node.is_enabled());
    let node = nodes.min_by_key(|node| node.host_id)?;
    Some(SingleTargetLoadBalancingPolicy::new(NodeIdentifier::Node(node.clone()), None))
}

struct Migration<'a> {
    session: Session,
    target: Option<Arc<dyn LoadBalancingPolicy>>,
    options: &'a Options,
    owner: Uuid,
}

impl Migration<'_> {
    async fn run(&self, clock: &dyn Clock) -> Result<Vec<i32>, SchemaError> {
        self.define("making the keyspace", &self.keyspace_cql()).await?;
        self.agree("making the keyspace").await?;
        self.session
            .use_keyspace(&self.options.keyspace, false)
            .await
            .map_err(|error| failed("using the keyspace", told(&error)))?;
        for cql in [LOCK_TABLE, VERSIONS_TABLE] {
            self.define("making the schema's own tables", cql).await?;
        }
        self.agree("making the schema's own tables").await?;
        self.lock().await?;
        let done = self.apply(clock).await;
        // When this fails the lock frees itself.
        let freed =
            self.conditional("DELETE FROM schema_lock WHERE part = 0 IF owner = ?", (self.owner,)).await;
        if let Err(error) = freed {
            tracing::warn!(%error, "the lock of the migration stays for {LOCK_SECONDS} s");
        }
        done
    }

    async fn apply(&self, clock: &dyn Clock) -> Result<Vec<i32>, SchemaError> {
        // What others did while this one waited.
        let found = Found::read(&self.session, self.options).await?;
        found.check_known()?;
        let mut applied = Vec::new();
        for step in STEPS {
            let is_there = found.versions.contains_key(&step.version);
            let what = format!("version {} ({})", step.version, step.name);
            // Also those that are noted: a table may have been lost.
            for statement in step.statements().iter().filter(|it| !is_there || it.contains("IF NOT EXISTS")) {
                self.hold().await?;
                self.define(&what, statement).await?;
            }
            self.agree(&what).await?;
            if !is_there {
                self.note(step, clock).await?;
                applied.push(step.version);
            }
        }
        Ok(applied)
    }

    async fn note(&self, step: &Step, clock: &dyn Clock) -> Result<(), SchemaError> {
        let cql =
            "INSERT INTO schema_versions (part, version, name, checksum, applied_ms) VALUES (0, ?, ?, ?, ?)";
        let now = clock.now().as_nanos() / 1_000_000;
        let mut statement = self.statement(cql);
        statement.set_consistency(Consistency::LocalQuorum);
        let noted = ask(&self.session, statement, (step.version, step.name, step.checksum(), now)).await;
        noted.map(drop).map_err(|why| failed(&format!("noting version {}", step.version), why))
    }

    /// Waits for the lock.
    async fn lock(&self) -> Result<(), SchemaError> {
        let began = Instant::now();
        let who = format!("process {} on {}", std::process::id(), hostname());
        let cql = format!(
            "INSERT INTO schema_lock (part, owner, who) VALUES (0, ?, ?) IF NOT EXISTS USING TTL {LOCK_SECONDS}"
        );
        loop {
            // Without an answer it may have been done: the next round finds our own name.
            match self.conditional(&cql, (self.owner, &who)).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => tracing::debug!(%error, "the schema's lock did not answer"),
            }
            let holder = self.holder().await?;
            match holder {
                Some((owner, _)) if owner == self.owner => return Ok(()),
                Some((_, who)) if began.elapsed() > PATIENCE => {
                    return Err(SchemaError::Locked { who, seconds: PATIENCE.as_secs() });
                }
                _ => {}
            }
            let pause = rand::rng().random_range(50..250);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Keeps the lock, or tells that it was lost.
    async fn hold(&self) -> Result<(), SchemaError> {
        let cql = format!(
            "UPDATE schema_lock USING TTL {LOCK_SECONDS} SET owner = ?, who = ? WHERE part = 0 IF owner = ?"
        );
        let who = format!("process {} on {}", std::process::id(), hostname());
        match self.conditional(&cql, (self.owner, &who, self.owner)).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                Err(failed("keeping the schema's lock", "it was lost, because this took too long".into()))
            }
            Err(error) => match self.holder().await? {
                Some((owner, _)) if owner == self.owner => Ok(()),
                _ => Err(error),
            },
        }
    }

    async fn holder(&self) -> Result<Option<(Uuid, String)>, SchemaError> {
        let what = "reading the schema's lock";
        let mut statement = self.statement("SELECT owner, who FROM schema_lock WHERE part = 0");
        statement.set_consistency(Consistency::LocalSerial);
        let result = ask(&self.session, statement, ()).await.map_err(|why| failed(what, why))?;
        let rows = result.into_rows_result().map_err(|error| failed(what, told(&error)))?;
        rows.maybe_first_row::<(Uuid, String)>().map_err(|error| failed(what, told(&error)))
    }

    async fn conditional(
        &self,
        cql: &str,
        values: impl scylla::serialize::row::SerializeRow,
    ) -> Result<bool, SchemaError> {
        let what = "the schema's lock";
        let result = ask(&self.session, self.statement(cql), values).await;
        let rows = result.map_err(|why| failed(what, why))?.into_rows_result();
        let rows = rows.map_err(|error| failed(what, told(&error)))?;
        crate::cql::applied(&rows).ok_or_else(|| failed(what, "the answer has no `[applied]`".into()))
    }

    async fn define(&self, what: &str, cql: &str) -> Result<(), SchemaError> {
        let defined = ask(&self.session, self.statement(cql), ()).await;
        defined.map(drop).map_err(|why| failed(what, why))
    }

    async fn agree(&self, what: &str) -> Result<(), SchemaError> {
        self.session.await_schema_agreement().await.map(drop).map_err(|error| failed(what, told(&error)))
    }

    fn statement(&self, cql: &str) -> Statement {
        let mut statement = Statement::new(cql);
        statement.set_load_balancing_policy(self.target.clone());
        statement.set_request_timeout(Some(DDL_TIMEOUT));
        statement
    }

    fn keyspace_cql(&self) -> String {
        // Names and numbers were checked when the URL was read.
        let copies = match &self.options.replication {
            Replication::Each(copies) => format!("'replication_factor': {copies}"),
            Replication::Datacenters(all) => {
                all.iter().map(|(name, copies)| format!("'{name}': {copies}")).collect::<Vec<_>>().join(", ")
            }
        };
        let keyspace = &self.options.keyspace;
        format!(
            "CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = {{'class': 'NetworkTopologyStrategy', {copies}}}"
        )
    }
}

fn failed(what: &str, why: String) -> SchemaError {
    SchemaError::Failed { what: what.into(), why }
}

fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}
