//! What was decided about dead letters is carried out.

mod common;

use common::{Sandbox, block, node, tenant};
use vedetta_log::{
    AppendError, EventLog as _, Key, NewRecord, Offset, Partition, Position, Record, Topic, TopicOptions,
};
use vedetta_model::{
    Clock as _, TenantId,
    control::{DeadLetterEvent, DomainEvent},
};
use vedetta_runtime::{DeadLetters, Drain, Resubmission};

/// A system in which one record was put aside; that record, as it was.
async fn one_letter() -> (Sandbox, NewRecord) {
    let sandbox = Sandbox::start().await;
    sandbox.log.create_topic(&Topic::DEAD_LETTERS, TopicOptions { partitions: 1 }).await.unwrap();
    let sent = NewRecord {
        tenant: tenant(),
        key: Key::of(&tenant(), node()),
        headers: [("count".into(), "5".into())].into(),
        payload: block(3, 7).into(),
    };
    put_aside(&sandbox, &tenant(), &sent).await;
    (sandbox, sent)
}

async fn put_aside(sandbox: &Sandbox, whose: &TenantId, sent: &NewRecord) {
    let NewRecord { key, headers, payload, .. } = sent.clone();
    let partition = Partition { topic: Topic::TELEMETRY, index: 0 };
    let position = Position { partition, offset: Offset(41) };
    let appended = sandbox.clock.now();
    let record = Record { position, appended, tenant: whose.clone(), key, headers, payload };
    let dead = DeadLetters::new(sandbox.log.clone());
    assert!(dead.bury(&record, "detect", "a fault", &Drain::new()).await.unwrap());
}

async fn order(sandbox: &Sandbox, version: u64, letter: &str) {
    let event = DeadLetterEvent::DeadLetterResubmitted { letter: letter.to_owned() };
    sandbox.decide("telemetry/0/41", version, DomainEvent::DeadLetter(event)).await;
}

/// Waits until a counter has a value.
async fn counted(sandbox: &Sandbox, name: &str, value: f64) {
    let wait = async {
        while sandbox.metric(name).await < value {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), wait).await.expect(name);
    assert_eq!(sandbox.metric(name).await, value);
}

const SENT: &str = "vedetta_ingest_resubmitted_records_total";
const NOT_SENT: &str = "vedetta_ingest_not_resubmitted_records_total";

#[tokio::test]
async fn a_record_is_in_its_topic_again_as_it_was_and_says_whose_repeat_it_is() {
    let (sandbox, sent) = one_letter().await;
    order(&sandbox, 1, "dead-letters/0/0").await;
    counted(&sandbox, SENT, 1.0).await;
    let [again] = &sandbox.telemetry().await[..] else { panic!("one record") };
    assert_eq!((&again.tenant, &again.key, &again.payload), (&sent.tenant, &sent.key, &sent.payload));
    assert_eq!(again.headers["count"], "5");
    let Resubmission { of, times } = Resubmission::of(again).unwrap();
    assert_eq!((of.to_string().as_str(), times), ("telemetry/0/41", 1));
}

#[tokio::test]
async fn a_log_that_refuses_for_a_while_gets_it_all_the_same() {
    let (sandbox, _) = one_letter().await;
    sandbox.log.fail_once(AppendError::Full("no space".into()));
    sandbox.log.fail_once(AppendError::Unknown("a lost answer".into()));
    order(&sandbox, 1, "dead-letters/0/0").await;
    counted(&sandbox, SENT, 1.0).await;
    assert_eq!(sandbox.telemetry().await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_sent_is_counted_and_stops_nothing() {
    let (sandbox, sent) = one_letter().await;
    // Of another tenant, of another record, gone, no place at all: none is sent.
    put_aside(&sandbox, &"other".parse().unwrap(), &sent).await;
    for (version, letter) in [(1, "dead-letters/0/1"), (2, "dead-letters/0/99"), (3, "telemetry/0/0")] {
        order(&sandbox, version, letter).await;
    }
    let event = DeadLetterEvent::DeadLetterResubmitted { letter: "dead-letters/0/0".into() };
    sandbox.decide("telemetry/0/40", 1, DomainEvent::DeadLetter(event)).await;
    order(&sandbox, 4, "not a place").await;
    order(&sandbox, 5, "dead-letters/0/0").await;
    counted(&sandbox, SENT, 1.0).await;
    counted(&sandbox, NOT_SENT, 4.0).await;
    assert_eq!(sandbox.telemetry().await.len(), 1);
}
