//! The schema: made by many at once, once; refused when it is not ours or not ready.

use std::sync::Arc;

use futures::future::join_all;
use vedetta_model::SystemClock;
use vedetta_store::EventStore as _;
use vedetta_store_scylla::{OpenError, ScyllaStore, migrate, testing::Keyspace};

async fn open(keyspace: &Keyspace) -> Result<ScyllaStore, OpenError> {
    ScyllaStore::open(&keyspace.url(), Arc::new(SystemClock)).await
}

async fn refused(keyspace: &Keyspace) -> String {
    let error = open(keyspace).await.unwrap_err();
    assert!(!error.is_transient(), "{error}");
    error.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_instances_at_once_apply_each_version_once() {
    let keyspace = Keyspace::unmade();
    let url = keyspace.url();
    let instances: Vec<_> = (0..5)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { migrate(&url, &SystemClock).await })
        })
        .collect();
    let done: Vec<_> = join_all(instances).await.into_iter().map(|done| done.unwrap().unwrap()).collect();
    assert_eq!(done.iter().map(|done| done.applied.len()).sum::<usize>(), 1, "{done:?}");
    assert!(done.iter().all(|done| done.version == 1), "{done:?}");
    assert_eq!(migrate(&url, &SystemClock).await.unwrap().applied, [0; 0]);
    assert_eq!(open(&keyspace).await.unwrap().tenants().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_not_ready_says_the_command_and_the_command_makes_it_ready() {
    let keyspace = Keyspace::unmade();
    let command = "run `vedetta migrate --store scylla://";
    let told = refused(&keyspace).await;
    assert!(told.contains(command) && told.contains("no such keyspace"), "{told}");
    migrate(&keyspace.url(), &SystemClock).await.unwrap();
    open(&keyspace).await.unwrap().close().await;

    let session = keyspace.session().await;
    session.query_unpaged(format!("DROP TABLE {}.outbox", keyspace.name()), ()).await.unwrap();
    let told = refused(&keyspace).await;
    assert!(told.contains(command) && told.contains("table outbox is missing"), "{told}");
    assert_eq!(migrate(&keyspace.url(), &SystemClock).await.unwrap().applied, [0; 0]);
    open(&keyspace).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_or_foreign_schema_is_refused_and_left_alone() {
    let keyspace = Keyspace::migrated().await;
    let (session, name) = (keyspace.session().await, keyspace.name());
    let note = async |version: i32, checksum: &str| {
        let cql = format!(
            "INSERT INTO {name}.schema_versions (part, version, name, checksum) VALUES (0, ?, 'later', ?)"
        );
        session.query_unpaged(cql, (version, checksum)).await.unwrap();
    };
    let both = async || {
        let (opened, migrated) = (refused(&keyspace).await, migrate(&keyspace.url(), &SystemClock).await);
        let migrated = migrated.unwrap_err().to_string();
        assert_eq!(opened, migrated);
        opened
    };
    note(99, "x").await;
    let told = both().await;
    assert!(told.contains("is at version 99, and this build knows versions up to 1"), "{told}");
    session
        .query_unpaged(format!("DELETE FROM {name}.schema_versions WHERE part = 0 AND version = 99"), ())
        .await
        .unwrap();
    note(1, "another").await;
    let told = both().await;
    assert!(told.contains("version 1 of its schema (later) is not the one of this build"), "{told}");

    let other = Keyspace::unmade();
    let replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}";
    let cql = format!("CREATE KEYSPACE {} WITH replication = {replication}", other.name());
    session.query_unpaged(cql, ()).await.unwrap();
    session
        .query_unpaged(format!("CREATE TABLE {}.users (id int PRIMARY KEY)", other.name()), ())
        .await
        .unwrap();
    let told = migrate(&other.url(), &SystemClock).await.unwrap_err().to_string();
    assert!(told.contains("`users`"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_was_cut_is_finished_by_the_next() {
    let keyspace = Keyspace::migrated().await;
    let (session, name) = (keyspace.session().await, keyspace.name());
    // As if it had died before it noted the version, with tables missing.
    for cql in [
        "DROP TABLE {}.block_usage",
        "DROP TABLE {}.view_rows",
        "DELETE FROM {}.schema_versions WHERE part = 0",
    ] {
        session.query_unpaged(cql.replace("{}", name), ()).await.unwrap();
    }
    assert!(refused(&keyspace).await.contains("version 1 is missing"));
    assert_eq!(migrate(&keyspace.url(), &SystemClock).await.unwrap().applied, [1]);
    open(&keyspace).await.unwrap();
}
