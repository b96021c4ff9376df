//! What every log must do, as tests. A backend lists itself once and gets one named test per case:
//!
//! ```ignore
//! vedetta_log::conformance!(embedded, fixture::on_tempdir);
//! vedetta_log::conformance!(kafka, needs = "VEDETTA_TEST_KAFKA", fixture::fresh_prefix);
//! ```
//!
//! The second argument is called for each case and gives a future of a [`Fixture`] with an empty
//! log. With `needs`, the cases are ignored unless asked for. A case asks the log's
//! [`Capabilities`](crate::Capabilities) before it wants what not every log can do.

mod append;
mod groups;
mod lifecycle;
pub mod model;
mod read;

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;

pub use self::{append::*, groups::*, lifecycle::*, read::*};
use crate::{
    Delivery, EventLog, Group, Headers, Key, Member, NewRecord, Offset, Partition, Position, ReadError,
    ReadLimit, Record, RecordStream, Topic, TopicOptions,
};

/// A log to test, and what can befall it.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// The log.
    fn log(&self) -> Arc<dyn EventLog>;
    /// Closes the log and opens it again.
    async fn reopen(&mut self);
    /// Opens the log as a crash at this moment would leave it.
    async fn crash(&mut self);
}

/// One named test per case for a log; see [the module](crate::conformance).
#[macro_export]
macro_rules! conformance {
    ($name:ident, needs = $needs:literal, $fixture:expr) => {
        $crate::conformance!(@module $name, [#[ignore = $needs]], $fixture);
    };
    ($name:ident, $fixture:expr) => {
        $crate::conformance!(@module $name, [], $fixture);
    };
    (@module $name:ident, $attributes:tt, $fixture:expr) => {
        mod $name {
            #[allow(unused_imports, reason = "the fixture may be named by a full path")]
            use super::*;
            $crate::conformance!(@each $fixture, $attributes,
                appended_records_come_back_with_all_their_parts
                offsets_rise_and_equal_keys_keep_their_order
                a_topic_keeps_its_number_of_partitions
                an_unknown_topic_is_refused
                a_too_large_record_refuses_the_whole_batch
                many_appends_at_once_push_back_and_lose_nothing
                an_empty_batch_appends_nothing
                reading_starts_at_the_beginning_the_middle_or_the_tail
                a_reader_at_the_tail_wakes_on_append
                below_the_low_watermark_is_out_of_range
                a_limit_cuts_batches_but_always_gives_a_record
                trim_keeps_what_lies_behind_it
                a_group_splits_partitions
                a_dead_members_records_come_again
                a_commit_is_the_next_to_read_and_never_goes_back
                a_groups_commits_can_be_asked_for
                what_is_revoked_may_be_committed_until_the_next_call
                each_group_sees_everything
                a_full_partition_leaves_others_their_turn
                a_dropped_next_loses_nothing
                a_commit_of_a_partition_not_held_is_refused
                acknowledged_records_survive_reopening
                acknowledged_records_survive_a_crash
                commits_survive_reopening_and_a_crash
                a_drain_during_appends_keeps_every_ok
                closing_ends_readers_and_members
            );
        }
    };
    (@each $fixture:expr, [$($attribute:tt)*],) => {};
    (@each $fixture:expr, [$($attribute:tt)*], $case:ident $($rest:ident)*) => {
        $($attribute)*
        #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::conformance::$case(($fixture)().await).await;
        }
        $crate::conformance!(@each $fixture, [$($attribute)*], $($rest)*);
    };
}

const TOPIC: &str = "conformance";

/// Waits for what must come, and fails the test when it does not.
async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(30), future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen within 30 s"),
    }
}

async fn with_topic(fixture: &impl Fixture, partitions: u32) -> (Arc<dyn EventLog>, Topic) {
    let (log, topic) = (fixture.log(), Topic::named(TOPIC));
    assert_eq!(log.create_topic(&topic, TopicOptions { partitions }).await.unwrap(), partitions);
    (log, topic)
}

fn record(key: &str, payload: impl Into<Bytes>) -> NewRecord {
    let tenant = "acme".parse().unwrap();
    let key = Key(Bytes::copy_from_slice(key.as_bytes()));
    NewRecord { tenant, key, headers: Headers::new(), payload: payload.into() }
}

fn partition(index: u32) -> Partition {
    Partition { topic: Topic::named(TOPIC), index }
}

fn position(index: u32, offset: Offset) -> Position {
    Position { partition: partition(index), offset }
}

fn texts(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| String::from_utf8_lossy(&record.payload).into_owned()).collect()
}

async fn append(log: &dyn EventLog, key: &str, text: impl ToString) -> Position {
    let batch = vec![record(key, text.to_string())];
    log.append(&Topic::named(TOPIC), batch).await.unwrap().positions.remove(0)
}

async fn read_from(log: &dyn EventLog, from: Position) -> Result<RecordStream, ReadError> {
    log.read(from, ReadLimit::default()).await
}

/// `count` records from a stream.
async fn take(stream: &mut RecordStream, count: usize) -> Vec<Record> {
    let mut records = Vec::new();
    while records.len() < count {
        let batch =
            soon("a batch of records", stream.next()).await.expect("a stream never ends by itself").unwrap();
        assert!(!batch.is_empty(), "a batch is never empty");
        records.extend(batch);
    }
    records
}

/// Everything that lies in a partition.
async fn contents(log: &dyn EventLog, index: u32) -> Vec<Record> {
    let bounds = log.bounds(&partition(index)).await.unwrap();
    let mut records = Vec::new();
    let mut stream = read_from(log, position(index, bounds.start)).await.unwrap();
    while records.last().map_or(bounds.start, |last: &Record| last.position.offset.next()) < bounds.end {
        records.extend(take(&mut stream, 1).await);
    }
    records
}

async fn all_contents(log: &dyn EventLog) -> Vec<Record> {
    let mut records = Vec::new();
    for index in 0..log.partitions(&Topic::named(TOPIC)).await.unwrap() {
        records.extend(contents(log, index).await);
    }
    records
}

async fn join(log: &dyn EventLog, group: &str) -> Box<dyn Member> {
    log.join(&Group::named(group), &[Topic::named(TOPIC)]).await.unwrap()
}

/// What a member holds and has seen.
#[derive(Default)]
struct Seen {
    held: BTreeMap<Partition, Offset>,
    records: Vec<Record>,
}

impl Seen {
    /// One delivery. Records must be of a held partition, and revoked ones must have been held.
    async fn step(&mut self, member: &mut dyn Member) {
        match soon("a delivery", member.next()).await.unwrap() {
            Delivery::Assigned(starts) => {
                for start in starts {
                    assert!(
                        self.held.insert(start.partition.clone(), start.offset).is_none(),
                        "{start:?} twice"
                    );
                }
            }
            Delivery::Revoked(partitions) => {
                for partition in partitions {
                    assert!(self.held.remove(&partition).is_some(), "{partition} was not held");
                }
            }
            Delivery::Records(records) => {
                assert!(!records.is_empty(), "a delivery of records is never empty");
                for record in &records {
                    let next =
                        self.held.get_mut(&record.position.partition).expect("records of a held partition");
                    assert!(record.position.offset >= *next, "offsets rise");
                    *next = record.position.offset.next();
                }
                self.records.extend(records);
            }
        }
    }
}
