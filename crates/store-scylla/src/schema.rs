//! The versions of the schema that this build brings, and whether a keyspace has them.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use scylla::{
    client::session::Session, response::query_result::QueryResult, serialize::row::SerializeRow,
    statement::Statement,
};

use crate::{
    Options,
    errors::{self, told},
};

/// One step from a version to the next. What was released is never changed: the checksum would differ.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub version: i32,
    pub name: &'static str,
    pub cql: &'static str,
}

/// All steps, in order, without a gap.
pub const STEPS: &[Step] =
    &[Step { version: 1, name: "initial", cql: include_str!("../schema/0001_initial.cql") }];

pub const VERSIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_versions (\
    part tinyint, version int, name text, checksum text, applied_ms bigint, PRIMARY KEY ((part), version))";
pub const LOCK_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_lock (\
    part tinyint, owner uuid, who text, PRIMARY KEY ((part)))";
/// The two tables that hold the schema's own state.
pub const OWN_TABLES: [&str; 2] = ["schema_versions", "schema_lock"];

/// Why a keyspace can't be used as it is. Each says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// Nothing of ours is there, or not all.
    #[error(
        "its schema is not ready ({found}); run `vedetta migrate --store {place}`, with the options of store.url"
    )]
    Behind {
        /// What is missing.
        found: String,
        /// Hosts and keyspace.
        place: String,
    },
    /// A later build was here.
    #[error(
        "its schema is at version {found}, and this build knows versions up to {known}; run the build that migrated it, or a later one"
    )]
    Newer {
        /// The newest version there.
        found: i32,
        /// The newest version here.
        known: i32,
    },
    /// A version is there under our number that is not ours.
    #[error(
        "version {version} of its schema ({name}) is not the one of this build; use another keyspace, or the build that made this one"
    )]
    Foreign {
        /// Which.
        version: i32,
        /// What it is called there.
        name: String,
    },
    /// Tables of somebody else.
    #[error(
        "the keyspace holds tables that are not Vedetta's (such as `{table}`); use a keyspace of its own"
    )]
    Occupied {
        /// One of them.
        table: String,
    },
    /// Somebody migrates and does not finish.
    #[error(
        "{who} has been migrating it for more than {seconds} s; see whether it still runs, and try again"
    )]
    Locked {
        /// Process and machine, as it said.
        who: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The database refused a statement of a migration, or the session was cut.
    #[error("{what} failed: {why}; run `vedetta migrate` again, it goes on where it stopped")]
    Failed {
        /// Which step.
        what: String,
        /// What the database said.
        why: String,
    },
}

impl Step {
    /// Names what it does, whatever spaces and comments stand in it.
    pub fn checksum(&self) -> String {
        blake3::hash(self.statements().join(";\n").as_bytes()).to_hex().to_string()
    }

    /// Its statements, without comments.
    pub fn statements(&self) -> Vec<String> {
        let line = |line: &str| line.split("--").next().unwrap_or_default().trim().to_owned();
        let text: Vec<String> = self.cql.lines().map(line).filter(|line| !line.is_empty()).collect();
        let statements = text.join(" ");
        statements.split(';').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
    }

    /// The tables it makes.
    fn tables(&self) -> Vec<String> {
        let name = |statement: &String| {
            let rest = statement.strip_prefix("CREATE TABLE IF NOT EXISTS ")?;
            rest.split_whitespace().next().map(str::to_owned)
        };
        self.statements().iter().filter_map(name).collect()
    }
}

/// How long a statement is tried again that a node could not serve: right after a start or a change, some lag behind.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a statement that may be run again, until it is answered or refused for good.
pub async fn ask(
    session: &Session,
    statement: impl Into<Statement>,
    values: impl SerializeRow,
) -> Result<QueryResult, String> {
    let (statement, began) = (statement.into(), Instant::now());
    loop {
        match session.query_unpaged(statement.clone(), &values).await {
            Ok(result) => return Ok(result),
            Err(error) if errors::is_for_good(&error) || began.elapsed() > PATIENCE => {
                return Err(told(&error));
            }
            Err(error) => tracing::debug!(%error, "a statement of the schema is tried again"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What a keyspace holds.
#[derive(Debug, Default)]
pub struct Found {
    /// Whether the keyspace exists.
    pub keyspace: bool,
    pub tables: Vec<String>,
    /// Name and checksum by version.
    pub versions: BTreeMap<i32, (String, String)>,
}

impl Found {
    /// Reads the system's tables and ours.
    pub async fn read(session: &Session, options: &Options) -> Result<Self, SchemaError> {
        let keyspace = &options.keyspace;
        let unreadable = |why: String| SchemaError::Failed { what: "reading the schema".into(), why };
        let rows_of = async |cql: &str| {
            let result = ask(session, cql, (keyspace,)).await.map_err(unreadable)?;
            result.into_rows_result().map_err(|error| unreadable(told(&error)))
        };
        let rows =
            rows_of("SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?").await?;
        if rows.rows_num() == 0 {
            return Ok(Self::default());
        }
        let rows = rows_of("SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?").await?;
        let tables = rows.rows::<(String,)>().map_err(|error| unreadable(told(&error)))?;
        let tables: Vec<String> = tables
            .map(|row| row.map(|(name,)| name))
            .collect::<Result<_, _>>()
            .map_err(|e| unreadable(told(&e)))?;
        let mut found = Self { keyspace: true, tables, versions: BTreeMap::new() };
        if found.tables.iter().any(|table| table == OWN_TABLES[0]) {
            found.versions = versions(session, keyspace).await?;
        }
        Ok(found)
    }

    /// Whether a store can be opened on it.
    pub fn check(&self, options: &Options) -> Result<(), SchemaError> {
        let behind = |found: String| SchemaError::Behind { found, place: options.place() };
        if !self.keyspace {
            return Err(behind("there is no such keyspace".into()));
        }
        self.check_known()?;
        if let Some(step) = STEPS.iter().find(|step| !self.versions.contains_key(&step.version)) {
            return Err(behind(format!("version {} is missing", step.version)));
        }
        let mut wanted = STEPS.iter().flat_map(Step::tables);
        match wanted.find(|table| !self.tables.contains(table)) {
            Some(table) => Err(behind(format!("table {table} is missing"))),
            None => Ok(()),
        }
    }

    /// Whether all that is there is ours.
    pub fn check_known(&self) -> Result<(), SchemaError> {
        let known = STEPS.last().map_or(0, |step| step.version);
        if let Some(found) = self.versions.keys().next_back().copied().filter(|found| *found > known) {
            return Err(SchemaError::Newer { found, known });
        }
        for (version, (name, checksum)) in &self.versions {
            let ours = STEPS.iter().find(|step| step.version == *version);
            if ours.is_none_or(|step| step.checksum() != *checksum) {
                return Err(SchemaError::Foreign { version: *version, name: name.clone() });
            }
        }
        // A migration that was cut leaves tables of ours without a version.
        let ours: Vec<String> = STEPS.iter().flat_map(Step::tables).collect();
        let strange = |table: &&String| !ours.contains(table) && !OWN_TABLES.contains(&table.as_str());
        match self.tables.iter().find(strange) {
            Some(table) => Err(SchemaError::Occupied { table: table.clone() }),
            None => Ok(()),
        }
    }
}

async fn versions(session: &Session, keyspace: &str) -> Result<BTreeMap<i32, (String, String)>, SchemaError> {
    let failed = |why| SchemaError::Failed { what: "reading the applied versions".into(), why };
    // A keyspace's name is checked to be a plain word.
    let cql = format!("SELECT version, name, checksum FROM {keyspace}.schema_versions WHERE part = 0");
    let result = ask(session, cql, ()).await.map_err(failed)?;
    let rows = result.into_rows_result().map_err(|error| failed(told(&error)))?;
    let rows = rows.rows::<(i32, String, String)>().map_err(|error| failed(told(&error)))?;
    let version = |row| {
        let (version, name, checksum): (i32, String, String) = row;
        (version, (name, checksum))
    };
    rows.map(|row| row.map(version)).collect::<Result<_, _>>().map_err(|error| failed(told(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options::parse("scylla://db1/vedetta").unwrap()
    }

    fn present() -> Found {
        let versions = STEPS.iter().map(|step| (step.version, (step.name.to_owned(), step.checksum())));
        let tables = STEPS.iter().flat_map(Step::tables).chain(OWN_TABLES.map(str::to_owned));
        Found { keyspace: true, tables: tables.collect(), versions: versions.collect() }
    }

    #[test]
    fn versions_have_no_gap_and_make_tables_that_can_be_made_again() {
        for (step, version) in STEPS.iter().zip(1..) {
            assert_eq!(step.version, version);
            assert!(!step.tables().is_empty());
            assert!(
                step.statements().iter().all(|it| it.contains("IF NOT EXISTS") || it.starts_with("ALTER"))
            );
        }
        assert!(present().check(&options()).is_ok());
    }

    #[test]
    fn comments_and_spaces_do_not_change_a_checksum() {
        let one = Step { version: 1, name: "x", cql: "CREATE TABLE a (b int); -- c\nDROP TABLE d;" };
        let other = Step { version: 1, name: "x", cql: "-- e\nCREATE TABLE a (b int);\n\n  DROP TABLE d;\n" };
        assert_eq!(one.checksum(), other.checksum());
        assert_eq!(one.statements(), ["CREATE TABLE a (b int)", "DROP TABLE d"]);
    }

    #[test]
    fn whatever_is_not_right_says_what_to_do() {
        let told = |found: &Found| found.check(&options()).unwrap_err().to_string();
        let command = "run `vedetta migrate --store scylla://db1:9042/vedetta`";
        assert!(told(&Found::default()).contains(command));
        let mut none = present();
        none.versions.clear();
        assert!(told(&none).contains(command));
        let mut lacking = present();
        lacking.tables.retain(|table| table != "outbox");
        assert!(told(&lacking).contains("table outbox is missing") && told(&lacking).contains(command));
        let mut newer = present();
        newer.versions.insert(99, ("later".into(), "x".into()));
        assert!(told(&newer).contains("version 99"));
        let mut foreign = present();
        foreign.versions.insert(1, ("other".into(), "x".into()));
        assert!(told(&foreign).contains("is not the one of this build"));
        let mut occupied = present();
        occupied.tables.push("users".into());
        assert!(told(&occupied).contains("`users`"));
    }
}
