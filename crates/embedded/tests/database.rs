//! Opening, writing, closing.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use vedetta_embedded::{Database, Error, Growth, OpenError, Options, Space, Values};

fn open(dir: &Path) -> Result<Database, OpenError> {
    Database::open(dir, Options { reserve_bytes: 1 << 20, ..Options::default() })
}

async fn put(db: &Database, space: Space, key: &'static str, value: &'static str) -> Result<(), Error> {
    let written = db.write(10, Growth::Grows, move |txn| {
        txn.put(space, key, value);
        Ok::<_, Error>(())
    });
    written.await.flatten()
}

fn get(db: &Database, space: Space, key: &str) -> Option<String> {
    let value = db.read(|view| view.get(space, key.as_bytes())).unwrap();
    value.map(|value| String::from_utf8(value.to_vec()).unwrap())
}

/// An open database with one value in it, closed.
async fn written(dir: &Path) {
    let db = open(dir).unwrap();
    let space = db.space("s", Values::Small).unwrap();
    put(&db, space, "k", "v").await.unwrap();
    db.close().await;
}

async fn check(dir: &Path) {
    let db = open(dir).unwrap();
    let space = db.space("s", Values::Small).unwrap();
    assert_eq!(get(&db, space, "k").as_deref(), Some("v"));
    db.close().await;
}

#[tokio::test]
async fn a_job_sees_what_jobs_before_it_put_and_a_refused_one_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(dir.path()).unwrap();
    let space = db.space("s", Values::Small).unwrap();
    // Each adds one to what the one before it left; every third changes its mind.
    let jobs: Vec<_> = (0..90)
        .map(|n| {
            let db = db.clone();
            tokio::spawn(async move {
                let written = db.write(10, Growth::Grows, move |txn| {
                    let present = txn.get(space, b"n").unwrap().map_or(0, |bytes| bytes[0]);
                    txn.put(space, "n", [present + 1]);
                    txn.put(space, format!("key{present}").into_bytes(), "x");
                    if n % 3 == 0 { Err(()) } else { Ok(present) }
                });
                written.await.unwrap()
            })
        })
        .collect();
    let mut seen = Vec::new();
    for job in jobs {
        seen.extend(job.await.unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..60).collect::<Vec<_>>());
    let keys = db.read(|view| Ok(view.keys(space, b"key".to_vec()..b"kez".to_vec())?.count())).unwrap();
    assert_eq!(keys, 60);
    db.close().await;
}

#[tokio::test]
async fn a_range_in_a_job_includes_what_is_not_durable_yet() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(dir.path()).unwrap();
    let space = db.space("s", Values::Small).unwrap();
    put(&db, space, "a", "1").await.unwrap();
    put(&db, space, "b", "1").await.unwrap();
    let keys = db.write(10, Growth::Grows, move |txn| {
        txn.put(space, "c", "1");
        txn.put(space, "d", "1");
        txn.put(space, "x", "1");
        txn.remove(space, "a");
        txn.remove(space, "d");
        txn.keys(space, b"a".to_vec()..b"m".to_vec())
    });
    let keys: Vec<_> = keys.await.unwrap().unwrap().into_iter().collect();
    assert_eq!(keys, ["b", "c"]);
    db.close().await;
}

#[tokio::test]
async fn hooks_run_once_after_the_commit_and_before_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(dir.path()).unwrap();
    let space = db.space("s", Values::Small).unwrap();
    let calls = Arc::new(Mutex::new(Vec::new()));
    for (key, refuse) in [("a", false), ("b", true), ("c", false)] {
        let (db_in_hook, calls_in_hook) = (db.clone(), calls.clone());
        let outcome = db.write(10, Growth::Grows, move |txn| {
            txn.put(space, key, "1");
            txn.when_decided(move |durable| {
                let there = get(&db_in_hook, space, key).is_some();
                calls_in_hook.lock().unwrap().push((key, durable, there));
            });
            if refuse { Err(()) } else { Ok(()) }
        });
        assert_eq!(outcome.await.unwrap().is_err(), refuse);
        let expected = usize::from(key != "a") * usize::from(!refuse) + 1;
        assert_eq!(calls.lock().unwrap().len(), expected);
    }
    assert_eq!(*calls.lock().unwrap(), [("a", true, true), ("c", true, true)]);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_small_writes_share_commits() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(dir.path()).unwrap();
    let space = db.space("s", Values::Small).unwrap();
    let commits = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = (0..200_u32)
        .map(|n| {
            let (db, commits) = (db.clone(), commits.clone());
            tokio::spawn(async move {
                let written = db.write(10, Growth::Grows, move |txn| {
                    // The first job of a commit sees no other's.
                    if txn.get(space, b"open").unwrap() == txn.durable().get(space, b"open").unwrap() {
                        commits.fetch_add(1, Ordering::Relaxed);
                    }
                    txn.put(space, "open", n.to_le_bytes());
                    Ok::<_, Error>(())
                });
                written.await.flatten().unwrap();
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let commits = commits.load(Ordering::Relaxed);
    assert!(commits < 100, "{commits} commits for 200 writes");
    db.close().await;
}

#[tokio::test]
async fn a_second_opening_is_told_who_has_it_and_closing_lets_go() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(dir.path()).unwrap();
    let refused = open(dir.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused}");
    assert!(refused.to_string().starts_with("another vedetta runs on "));
    db.close().await;
    // Closed, though the handle is still there.
    open(dir.path()).unwrap().close().await;
    assert!(matches!(put(&db, db_space(), "k", "v").await, Err(Error::Closed)));
    assert!(matches!(db.space("s", Values::Small), Err(Error::Closed)));
    assert!(matches!(db.read(|_| Ok(())), Err(Error::Closed)));
}

/// The first space of any database.
fn db_space() -> Space {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).unwrap().space("s", Values::Small).unwrap()
}

#[tokio::test]
async fn a_directory_of_something_else_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("holiday.jpg"), "sea").unwrap();
    let refused = open(dir.path()).unwrap_err();
    assert!(matches!(&refused, OpenError::Foreign { found, .. } if found == "holiday.jpg"), "{refused}");
    assert_eq!(fs::read_to_string(dir.path().join("holiday.jpg")).unwrap(), "sea");
}

#[tokio::test]
async fn an_opening_that_never_finished_is_begun_again() {
    for left in 1..=4 {
        let dir = tempfile::tempdir().unwrap();
        let path = |name| dir.path().join(name);
        // What the engine makes, in its order, up to some point.
        fs::write(path("lock"), "").unwrap();
        if left > 1 {
            fs::create_dir(path("keyspaces")).unwrap();
        }
        if left > 2 {
            fs::File::create(path("0.jnl")).unwrap().set_len(64 << 20).unwrap();
        }
        if left > 3 {
            fs::write(path("version"), "").unwrap();
        }
        written(dir.path()).await;
        check(dir.path()).await;
    }
}

#[tokio::test]
async fn a_missing_version_beside_data_is_damage_and_nothing_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path()).await;
    let version = dir.path().join("version");
    let kept = fs::read(&version).unwrap();
    fs::remove_file(&version).unwrap();
    let refused = open(dir.path()).unwrap_err();
    assert!(matches!(&refused, OpenError::Damaged { file, .. } if *file == version), "{refused}");
    fs::write(&version, kept).unwrap();
    check(dir.path()).await;
}

#[tokio::test]
async fn a_torn_end_of_the_journal_is_cut_off_and_the_rest_is_there() {
    for garbage in [&b"\x01\x02\x00\x00\x00half a batch"[..], b"\xff", &[1; 5000]] {
        let dir = tempfile::tempdir().unwrap();
        written(dir.path()).await;
        let journal = dir.path().join("0.jnl");
        let mut bytes = fs::read(&journal).unwrap();
        let end = bytes.iter().rposition(|&b| b != 0).unwrap() + 1;
        bytes.splice(end..end + garbage.len(), garbage.iter().copied());
        fs::write(&journal, bytes).unwrap();
        check(dir.path()).await;
        check(dir.path()).await;
    }
}

#[tokio::test]
async fn a_journal_that_is_bad_in_the_middle_is_refused_and_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(dir.path()).unwrap();
    let space = db.space("s", Values::Small).unwrap();
    for key in ["a", "b", "c"] {
        put(&db, space, key, "v").await.unwrap();
    }
    db.close().await;
    let journal = dir.path().join("0.jnl");
    let whole = fs::read(&journal).unwrap();
    let end = whole.iter().rposition(|&b| b != 0).unwrap() + 1;
    let mut bad = whole.clone();
    bad[end / 2] ^= 1;
    fs::write(&journal, &bad).unwrap();
    let refused = open(dir.path()).unwrap_err();
    assert!(matches!(&refused, OpenError::Damaged { file, .. } if *file == journal), "{refused}");
    assert!(refused.to_string().contains("Restore the directory from a backup"), "{refused}");
    assert!(fs::read(&journal).unwrap() == bad, "nothing was changed");
    fs::write(&journal, whole).unwrap();
    let db = open(dir.path()).unwrap();
    let space = db.space("s", Values::Small).unwrap();
    assert_eq!(["a", "b", "c"].map(|key| get(&db, space, key).unwrap()), ["v"; 3]);
    db.close().await;
}

#[tokio::test]
async fn a_reserve_that_the_disk_has_not_refuses_growth_only() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path()).await;
    let db =
        Database::open(dir.path(), Options { reserve_bytes: u64::MAX / 4, ..Options::default() }).unwrap();
    let space = db.space("s", Values::Small).unwrap();
    let refused = put(&db, space, "l", "v").await;
    assert!(matches!(&refused, Err(Error::Full(what)) if what.contains("make room")), "{refused:?}");
    assert_eq!(get(&db, space, "k").as_deref(), Some("v"));
    assert_eq!(get(&db, space, "l"), None);
    db.close().await;
}
