//! What each layer adds.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use backon::ExponentialBuilder;
use prometheus_client::{encoding::text::encode, registry::Registry};
use vedetta_log::{
    AppendError, Delivery, EventLog, Group, GroupError, Headers, Key, Member, MemoryLog, NewRecord, Offset,
    Offsets, Partition, ReadError, Topic, TopicOptions,
    layers::{Chaos, Faults, LastingMember, Metered, Metrics, Retry},
};
use vedetta_model::{ManualClock, TenantId};

async fn memory() -> MemoryLog {
    let log = MemoryLog::new(Arc::new(ManualClock::default()));
    log.create_topic(&Topic::FINDINGS, TopicOptions { partitions: 1 }).await.unwrap();
    log
}

fn record(payload: &'static str) -> NewRecord {
    let tenant: TenantId = "acme".parse().unwrap();
    NewRecord { key: Key::of(&tenant, "n"), tenant, headers: Headers::new(), payload: payload.into() }
}

fn backoff(attempts: usize) -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(10))
        .with_max_times(attempts - 1)
        .with_jitter()
}

async fn count(log: &dyn EventLog) -> u64 {
    let bounds = log.bounds(&Partition { topic: Topic::FINDINGS, index: 0 }).await.unwrap();
    bounds.end.0 - bounds.start.0
}

#[tokio::test(start_paused = true)]
async fn retry_outlasts_faults_that_pass() {
    let memory = memory().await;
    let faults = Faults { failed: 0.5, ..Faults::default() };
    let log = Retry::new(Chaos::new(memory.clone(), faults, 1), backoff(20));
    for _ in 0..50 {
        log.append(&Topic::FINDINGS, vec![record("x")]).await.unwrap();
    }
    assert_eq!(count(&memory).await, 50);
}

#[tokio::test(start_paused = true)]
async fn retry_gives_up_after_its_attempts_and_pauses_longer_each_time() {
    let faults = Faults { failed: 1.0, ..Faults::default() };
    let mut registry = Registry::default();
    let metered = Metered::new(Chaos::new(memory().await, faults, 1), Metrics::register(&mut registry));
    let began = tokio::time::Instant::now();
    let log = Retry::new(metered, backoff(4));
    let refused = log.append(&Topic::FINDINGS, vec![record("x")]).await;
    assert!(matches!(refused, Err(AppendError::Full(_))));
    // 10 + 20 + 40 ms, and at most as much again by chance.
    let waited = began.elapsed();
    assert!(waited >= Duration::from_millis(70) && waited <= Duration::from_millis(146), "{waited:?}");
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    assert!(text.contains("vedetta_log_errors_total{operation=\"append\",kind=\"full\"} 4"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn retry_does_not_repeat_what_can_not_pass() {
    let log = Retry::new(memory().await, backoff(4));
    let began = tokio::time::Instant::now();
    let refused = log.append(&Topic::named("nobody"), vec![record("x")]).await;
    assert!(matches!(refused, Err(AppendError::NoSuchTopic(_))));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn half_done_appends_are_denied_and_there() {
    let memory = memory().await;
    let log = Chaos::new(memory.clone(), Faults { half_done: 1.0, ..Faults::default() }, 1);
    let denied = log.append(&Topic::FINDINGS, vec![record("x")]).await;
    assert!(matches!(denied, Err(AppendError::Unknown(_))));
    assert_eq!(count(&memory).await, 1);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_trouble() {
    let fates = async |seed| {
        let log =
            Chaos::new(memory().await, Faults { failed: 0.3, half_done: 0.3, ..Faults::default() }, seed);
        let mut fates = Vec::new();
        for _ in 0..64 {
            fates
                .push(log.append(&Topic::FINDINGS, vec![record("x")]).await.map_err(|e| e.to_string()).err());
        }
        fates
    };
    assert_eq!(fates(1).await, fates(1).await);
    assert_ne!(fates(1).await, fates(2).await);
}

#[tokio::test]
async fn a_full_memory_log_refuses_until_trimmed() {
    let log = memory().await.with_capacity(10);
    log.append(&Topic::FINDINGS, vec![record("12345678")]).await.unwrap();
    let refused = log.append(&Topic::FINDINGS, vec![record("abc")]).await;
    assert!(matches!(refused, Err(AppendError::Full(_))));
    assert_eq!(count(&log).await, 1);
    log.trim(&Partition { topic: Topic::FINDINGS, index: 0 }, Offset(1)).await.unwrap();
    log.append(&Topic::FINDINGS, vec![record("abc")]).await.unwrap();
}

/// A member that answers from a list.
struct Scripted(Vec<Result<Delivery, GroupError>>);

#[async_trait]
impl Member for Scripted {
    async fn next(&mut self) -> Result<Delivery, GroupError> {
        self.0.pop().unwrap_or(Err(GroupError::Closed))
    }
    async fn commit(&mut self, _: &Offsets) -> Result<(), GroupError> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_lasting_member_outlasts_damage_and_failures_that_pass_but_not_the_end() {
    let partition = Partition { topic: Topic::FINDINGS, index: 0 };
    let lost = ReadError::Corrupt { partition: partition.clone(), offset: Offset(3), what: "bad".into() };
    let failed = || Err(GroupError::Read(ReadError::Backend("away".into())));
    let answers = vec![
        Err(GroupError::Closed),
        Ok(Delivery::Revoked(vec![partition])),
        failed(),
        failed(),
        Err(GroupError::Read(lost)),
    ];
    let began = tokio::time::Instant::now();
    let mut member = LastingMember::of(Box::new(Scripted(answers)), Group::named("g"));
    assert!(matches!(member.next().await, Ok(Delivery::Revoked(_))));
    assert_eq!(began.elapsed(), Duration::from_millis(300), "100 and 200 ms");
    assert!(matches!(member.next().await, Err(GroupError::Closed)));
}
