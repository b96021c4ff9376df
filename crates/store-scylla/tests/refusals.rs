//! Who is refused for good, and who only has to wait: a process that waits for ever on a wrong password helps nobody.

use std::{fs, sync::Arc, time::Duration};

use tempfile::TempDir;
use vedetta_model::SystemClock;
use vedetta_store_scylla::{
    OpenError, ScyllaStore, migrate,
    testing::{Keyspace, Nodes},
};

const WRONG: &str = "battery-staple";

async fn refused(url: &str, why: &str) {
    let error = ScyllaStore::open(url, Arc::new(SystemClock)).await.unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(matches!(error, OpenError::Refused { .. }) && !error.is_transient(), "{told}");
    assert!(told.contains(why) && !told.contains(WRONG), "`{why}` is not in: {told}");
    assert_eq!(error.to_string().lines().count(), 1);
}

fn with_password(dir: &TempDir, password: &str) -> String {
    let path = dir.path().join(password);
    fs::write(&path, password).unwrap();
    format!("&user=cassandra&password_file={}", path.display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_user_is_refused_and_the_right_one_gets_in() {
    let nodes = Nodes::with_users();
    let dir = tempfile::tempdir().unwrap();
    let url = format!("scylla://{}/vedetta?replication=1&timeout_ms=20000", nodes.endpoints());
    let right = format!("{url}{}", with_password(&dir, "cassandra"));
    // The node makes its first user a moment after it answers.
    let mut tries = 0;
    while let Err(error) = migrate(&right, &SystemClock).await {
        tries += 1;
        assert!(tries < 60, "{error}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let store = ScyllaStore::open(&right, Arc::new(SystemClock)).await.unwrap();
    store.close().await;
    refused(&format!("{url}{}", with_password(&dir, WRONG)), "incorrect").await;
    refused(&url, "wants a user and a password").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_speaks_no_tls_is_not_waited_for() {
    let keyspace = Keyspace::unmade();
    let dir = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let ca = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap();
    let path = dir.path().join("ca.pem");
    fs::write(&path, ca.pem()).unwrap();
    refused(&format!("{}&tls_ca={}", keyspace.url(), path.display()), "TLS").await;
}
