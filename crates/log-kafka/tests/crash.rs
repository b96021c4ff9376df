//! Servers and members that die.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use futures::StreamExt as _;
use tokio::{sync::watch, time::timeout};
use vedetta_log::{
    AppendError, Delivery, EventLog, Group, GroupError, Headers, Key, Member, NewRecord, Offset, Partition,
    Position, ReadLimit, Record, Topic, TopicOptions,
};
use vedetta_log_kafka::KafkaLog;
use vedetta_log_kafka::testing::{Server, fresh, open};

const PATIENCE: Duration = Duration::from_secs(90);

fn record(key: &str, payload: String) -> NewRecord {
    let tenant = "acme".parse().unwrap();
    NewRecord { tenant, key: Key(key.to_owned().into()), headers: Headers::new(), payload: payload.into() }
}

/// What one writer was told of each of its records.
type Told = Vec<(u32, Answer)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Durable,
    Unknown,
    NotWritten,
}

/// Appends batches of two, one key each, and never the same twice, until it is told to stop. Each answer is counted.
async fn write(log: KafkaLog, key: String, told: watch::Sender<u32>, stop: watch::Receiver<bool>) -> Told {
    let mut answers = Vec::new();
    for number in (0..).step_by(2) {
        if *stop.borrow() {
            break;
        }
        let batch = [number, number + 1].map(|number| record(&key, format!("{key}/{number:06}"))).to_vec();
        let answer = match log.append(&Topic::FINDINGS, batch).await {
            Ok(_) => {
                told.send_modify(|count| *count += 1);
                Answer::Durable
            }
            Err(AppendError::Unknown(_)) => Answer::Unknown,
            Err(AppendError::Full(_)) => Answer::NotWritten,
            Err(error) => panic!("{error}"),
        };
        answers.extend([(number, answer), (number + 1, answer)]);
    }
    answers
}

async fn until(count: &watch::Sender<u32>, wanted: u32) {
    let mut count = count.subscribe();
    timeout(PATIENCE, count.wait_for(|count| *count >= wanted)).await.expect("appends go on").unwrap();
}

async fn everything(log: &KafkaLog) -> BTreeMap<String, Vec<u32>> {
    let mut found: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for index in 0..log.partitions(&Topic::FINDINGS).await.unwrap() {
        let partition = Partition { topic: Topic::FINDINGS, index };
        let bounds = log.bounds(&partition).await.unwrap();
        let from = Position { partition, offset: bounds.start };
        let mut stream = log.read(from, ReadLimit::default()).await.unwrap();
        let mut next = bounds.start;
        while next < bounds.end {
            let records = timeout(PATIENCE, stream.next()).await.expect("records").unwrap().unwrap();
            for Record { position, payload, .. } in records {
                next = position.offset.next();
                let text = String::from_utf8(payload.to_vec()).unwrap();
                let (key, number) = text.split_once('/').unwrap();
                found.entry(key.to_owned()).or_default().push(number.parse().unwrap());
            }
        }
    }
    found
}

/// Everything acknowledged is there once and in order; what is not known is there at most once, and never the second of a
/// batch without the first.
fn check(told: &BTreeMap<String, Told>, found: &BTreeMap<String, Vec<u32>>) {
    for (key, answers) in told {
        let numbers = found.get(key).map(Vec::as_slice).unwrap_or_default();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{key}: not in order, or twice: {numbers:?}");
        let there: BTreeSet<u32> = numbers.iter().copied().collect();
        let of =
            |wanted: Answer| answers.iter().filter(move |(_, answer)| *answer == wanted).map(|(n, _)| *n);
        let lost: Vec<_> = of(Answer::Durable).filter(|n| !there.contains(n)).collect();
        assert!(lost.is_empty(), "{key}: acknowledged and not there: {lost:?}");
        let wrong: Vec<_> = of(Answer::NotWritten).filter(|n| there.contains(n)).collect();
        assert!(wrong.is_empty(), "{key}: said not to be written: {wrong:?}");
        let torn: Vec<_> = there.iter().filter(|n| *n % 2 == 1 && !there.contains(&(*n - 1))).collect();
        assert!(torn.is_empty(), "{key}: without the one before: {torn:?}");
        let written: BTreeSet<u32> = answers.iter().map(|(n, _)| *n).collect();
        assert!(there.is_subset(&written), "{key}: never appended");
    }
}

async fn killed_under_load(nodes: u32, kills: &[u32], append_timeout: Duration) {
    let server = Arc::new(Server::own(nodes));
    let mut options = fresh(server.boot());
    options.append.timeout = append_timeout;
    if nodes == 3 {
        (options.topics.replication, options.topics.min_insync) = (3, 2);
    }
    let log = open(&options).await;
    log.create_topic(&Topic::FINDINGS, TopicOptions { partitions: 4 }).await.unwrap();
    let (count, stop) = (watch::channel(0).0, watch::channel(false).0);
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let key = format!("k{writer}");
            let writing = write(log.clone(), key.clone(), count.clone(), stop.subscribe());
            (key, tokio::spawn(writing))
        })
        .collect();
    until(&count, 50).await;
    for &node in kills {
        let before = *count.borrow();
        let killed = server.clone();
        vedetta_aside::aside(move || {
            killed.kill(node);
            killed.start(node);
        })
        .await
        .unwrap();
        until(&count, before + 200).await;
    }
    stop.send_replace(true);
    let mut told = BTreeMap::new();
    for (key, writer) in writers {
        told.insert(key, timeout(PATIENCE, writer).await.expect("an end").unwrap());
    }
    // What is not known may still be on its way.
    log.close().await;
    let log = open(&options).await;
    check(&told, &everything(&log).await);
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_broker_loses_nothing_and_doubles_nothing() {
    killed_under_load(1, &[1, 1], Duration::from_secs(60)).await;
}

/// Callers that do not wait for the broker to come back are told that nothing is known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_unknown_is_there_once_or_not_at_all() {
    killed_under_load(1, &[1], Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_brokers_killed_one_after_the_other_lose_nothing() {
    killed_under_load(3, &[1, 2, 3], Duration::from_secs(60)).await;
}

/// A member that dies says nothing; its partitions go to the other when its session is over, from its last commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_members_partitions_move() {
    let server = Server::shared();
    let options = fresh(server.boot());
    let log = open(&options).await;
    log.create_topic(&Topic::FINDINGS, TopicOptions { partitions: 4 }).await.unwrap();
    for n in 0..40 {
        log.append(&Topic::FINDINGS, vec![record(&n.to_string(), n.to_string())]).await.unwrap();
    }
    let group = Group::named("g");
    // The one that dies has a process of its own, which is this test again.
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_member_that_is_killed", "--nocapture"])
        .env("MEMBER_BROKERS", &options.brokers)
        .env("MEMBER_PREFIX", &options.prefix)
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(output));
    let committed = timeout(PATIENCE, async {
        loop {
            let line = lines.next_line().await.unwrap().expect("the member ended by itself");
            if let Some(place) = line.strip_prefix("committed ") {
                return place.parse::<Position>().unwrap();
            }
        }
    });
    let committed = committed.await.expect("a member that commits");
    child.kill().await.unwrap();
    let mut member = log.join(&group, &[Topic::FINDINGS]).await.unwrap();
    let mut starts = BTreeMap::new();
    while starts.len() < 4 {
        match timeout(PATIENCE, member.next()).await.expect("partitions").unwrap() {
            Delivery::Assigned(new) => starts.extend(new.into_iter().map(|s| (s.partition, s.offset))),
            Delivery::Revoked(gone) => starts.retain(|partition, _| !gone.contains(partition)),
            Delivery::Records(_) => {}
        }
    }
    assert_eq!(starts[&committed.partition], committed.offset);
    drop(member);
    log.close().await;
}

/// A member that lives but asks for nothing loses its partitions, and what it commits then changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_asks_for_nothing_loses_its_partitions() {
    let server = Server::shared();
    let mut options = fresh(server.boot());
    options.group.max_poll_interval = options.group.session_timeout;
    let log = open(&options).await;
    log.create_topic(&Topic::FINDINGS, TopicOptions { partitions: 1 }).await.unwrap();
    for n in 0..10 {
        log.append(&Topic::FINDINGS, vec![record("k", n.to_string())]).await.unwrap();
    }
    let group = Group::named("g");
    let partition = Partition { topic: Topic::FINDINGS, index: 0 };
    let next =
        async |member: &mut dyn Member| timeout(PATIENCE, member.next()).await.expect("a delivery").unwrap();
    let mut idle = log.join(&group, &[Topic::FINDINGS]).await.unwrap();
    assert!(matches!(next(&mut *idle).await, Delivery::Assigned(_)));
    assert!(matches!(next(&mut *idle).await, Delivery::Records(_)));
    idle.commit(&[(partition.clone(), Offset(2))].into()).await.unwrap();

    let mut other = log.join(&group, &[Topic::FINDINGS]).await.unwrap();
    let Delivery::Assigned(starts) = next(&mut *other).await else { panic!("partitions") };
    assert_eq!(starts[0].offset, Offset(2));
    other.commit(&[(partition.clone(), Offset(8))].into()).await.unwrap();

    for _ in 0..2 {
        let late = idle.commit(&[(partition.clone(), Offset(5))].into()).await;
        assert!(matches!(late, Err(GroupError::NotAssigned { .. })), "{late:?}");
        // Before and after it was told.
        if let Delivery::Records(records) = next(&mut *idle).await {
            panic!("{} records of another's partition", records.len());
        }
    }
    assert_eq!(log.committed(&group, &partition).await.unwrap(), Some(Offset(8)));
    drop((idle, other));
    log.close().await;
}

/// Not a test: the process that [`a_dead_members_partitions_move`] kills. Without its variables it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_member_that_is_killed() {
    let Ok(brokers) = std::env::var("MEMBER_BROKERS") else { return };
    let mut options = fresh(&brokers);
    options.prefix = std::env::var("MEMBER_PREFIX").unwrap();
    let log = open(&options).await;
    let mut member = log.join(&Group::named("g"), &[Topic::FINDINGS]).await.unwrap();
    loop {
        if let Delivery::Records(records) = member.next().await.unwrap() {
            let place = records[0].position.clone();
            let place = Position { offset: place.offset.next(), ..place };
            member.commit(&[(place.partition.clone(), place.offset)].into()).await.unwrap();
            println!("\ncommitted {place}");
            std::future::pending::<()>().await;
        }
    }
}
