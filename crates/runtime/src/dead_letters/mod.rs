//! Where records go that can't be used: kept whole, with the reason, for an operator to look at and send again.

mod letter;

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;
use vedetta_log::{AppendError, EventLog, NewRecord, Position, ReadError, ReadLimit, Record, Topic};
use vedetta_model::simulated::{Point, reached};

use crate::{Drain, Drained};

pub use letter::{Letter, Obstacle, Reason, Resubmission};

/// Puts records aside, and finds them again.
#[derive(Debug, Clone)]
pub struct DeadLetters(Arc<dyn EventLog>);

impl DeadLetters {
    /// Into a log.
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        Self(log)
    }

    /// Puts a record aside, again and again while the log refuses. It is there once this returns `true`; false
    /// when the drain came first. The same record put aside twice is one letter.
    pub async fn bury(
        &self,
        record: &Record,
        stage: &str,
        why: &str,
        drain: &Drain,
    ) -> Result<bool, AppendError> {
        tracing::error!(why, stage, tenant = %record.tenant, partition = %record.position.partition,
            offset = %record.position.offset, "a record was put aside with the dead letters");
        reached(Point::Buried);
        let letter = letter::written(record, stage, why);
        let append = || self.append(&letter);
        match drain.persist("a dead letter waits for the log", AppendError::is_transient, append).await {
            Drained::Called | Drained::Done(Err(AppendError::Closed)) => Ok(false),
            Drained::Done(Ok(())) => Ok(true),
            Drained::Done(Err(error)) => Err(error),
        }
    }

    /// Puts aside what was refused before it came to lie in the log, with one try. It is there on `Ok`; putting it aside
    /// twice makes two letters, so the caller bounds how often.
    pub async fn put(&self, record: NewRecord, stage: &str, why: &str) -> Result<(), AppendError> {
        tracing::error!(why, stage, tenant = %record.tenant, "something was put aside with the dead letters");
        self.append(&letter::refused(record, stage, why)).await
    }

    async fn append(&self, letter: &NewRecord) -> Result<(), AppendError> {
        let topic = Topic::DEAD_LETTERS;
        let append = |letter| self.0.append(&topic, vec![letter]);
        let appended = match append(letter.clone()).await {
            // What stands around it is what was too much.
            Err(AppendError::TooLarge { .. }) if !letter.payload.is_empty() => {
                append(NewRecord { payload: Bytes::new(), ..letter.clone() }).await
            }
            appended => appended,
        };
        appended.map(drop)
    }

    /// The letter that lies at a place among the dead letters; `None` when there is none, or no longer.
    pub async fn at(&self, place: &Position) -> Result<Option<Letter>, ReadError> {
        if place.partition.topic != Topic::DEAD_LETTERS {
            return Ok(None);
        }
        match self.0.bounds(&place.partition).await {
            // A place at the tail would be waited for.
            Ok(bounds) if !bounds.contains(&place.offset) => return Ok(None),
            Err(ReadError::NoSuchPartition(_)) => return Ok(None),
            other => other?,
        };
        let one = ReadLimit { records: 1, bytes: 0 };
        let mut records = match self.0.read(place.clone(), one).await {
            Err(ReadError::OutOfRange { .. }) => return Ok(None),
            other => other?,
        };
        let found = records.next().await.ok_or(ReadError::Closed)??;
        Ok(found.iter().find(|record| record.position == *place).and_then(Letter::of))
    }
}

#[cfg(test)]
mod tests {
    use vedetta_log::{Key, MemoryLog, Offset, Partition, TopicOptions};
    use vedetta_model::{SystemClock, TenantId, Timestamp};

    use super::*;

    async fn log() -> Arc<dyn EventLog> {
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(Arc::new(SystemClock)));
        for topic in [Topic::DEAD_LETTERS, Topic::TELEMETRY] {
            log.create_topic(&topic, TopicOptions { partitions: 1 }).await.unwrap();
        }
        log
    }

    fn acme() -> TenantId {
        "acme".parse().unwrap()
    }

    /// Appends to telemetry and gives the record back as a consumer sees it.
    async fn append(log: &dyn EventLog, record: NewRecord) -> Record {
        let position = log.append(&Topic::TELEMETRY, vec![record.clone()]).await.unwrap().positions.remove(0);
        let NewRecord { tenant, key, headers, payload } = record;
        Record { position, appended: Timestamp::EPOCH, tenant, key, headers, payload }
    }

    fn record(payload: &'static [u8]) -> NewRecord {
        NewRecord {
            tenant: acme(),
            key: Key::of(&acme(), "node"),
            headers: [("count".into(), "5".into())].into(),
            payload: Bytes::from_static(payload),
        }
    }

    fn place(offset: u64) -> Position {
        let partition = Partition { topic: Topic::DEAD_LETTERS, index: 0 };
        Position { partition, offset: Offset(offset) }
    }

    #[tokio::test]
    async fn a_letter_tells_where_it_came_from_and_why() {
        let log = log().await;
        let letters = DeadLetters::new(log.clone());
        append(&*log, record(b"before it")).await;
        let record = append(&*log, record(b"no block")).await;
        assert!(letters.bury(&record, "detect", "no block", &Drain::new()).await.unwrap());

        let letter = letters.at(&place(0)).await.unwrap().unwrap();
        let reason = Reason { from: record.position, stage: "detect".into(), why: "no block".into() };
        assert_eq!((&letter.reason, &letter.tenant, letter.bytes), (&reason, &acme(), 8));
        assert_eq!((letter.place, letter.resubmission), (place(0), None));
    }

    #[tokio::test]
    async fn where_no_letter_lies_there_is_none_and_nobody_waits_for_one() {
        let log = log().await;
        let letters = DeadLetters::new(log.clone());
        let record = append(&*log, record(b"no letter")).await;
        let no_partition = Position { partition: Partition { index: 7, ..place(0).partition }, ..place(0) };
        for nothing in [place(0), place(9), no_partition, record.position] {
            assert_eq!(letters.at(&nothing).await.unwrap(), None, "{nothing}");
        }
    }

    #[tokio::test]
    async fn a_record_that_is_sent_again_is_the_same_and_says_that_it_is() {
        let log = log().await;
        let letters = DeadLetters::new(log.clone());
        let mut lies = append(&*log, record(b"no block")).await;
        for times in 1..=2 {
            let before = lies.position.clone();
            assert!(letters.bury(&lies, "detect", "no block", &Drain::new()).await.unwrap());
            let letter = letters.at(&place(times - 1)).await.unwrap().unwrap();
            lies = append(&*log, letter.again().unwrap()).await;
            let sent = record(b"no block");
            assert_eq!((&lies.tenant, &lies.key, &lies.payload), (&sent.tenant, &sent.key, &sent.payload));
            assert_eq!(lies.headers.get("count").unwrap(), "5");
            assert!(lies.headers.keys().all(|name| !name.starts_with("dead-")), "{:?}", lies.headers);
            let times = u32::try_from(times).unwrap();
            assert_eq!(Resubmission::of(&lies), Some(Resubmission { of: before, times }));
            assert_eq!(letter.resubmission.map_or(0, |earlier| earlier.times), times - 1);
        }
    }

    #[tokio::test]
    async fn a_letter_whose_bytes_were_too_many_cannot_be_sent_again() {
        let log = log().await;
        let letters = DeadLetters::new(log.clone());
        let most = log.describe().capabilities.max_record_bytes;
        let mut full = record(b"");
        full.payload = vec![7; most - full.size()].into();
        let bytes = full.payload.len() as u64;
        let full = append(&*log, full).await;
        assert!(letters.bury(&full, "archive", "no block", &Drain::new()).await.unwrap());
        let letter = letters.at(&place(0)).await.unwrap().unwrap();
        assert_eq!(letter.again(), Err(Obstacle::Dropped));
        assert_eq!((letter.obstacle(), letter.bytes), (Some(Obstacle::Dropped), bytes));

        // One that never had any can: it is as it was.
        let empty = append(&*log, record(b"")).await;
        assert!(letters.bury(&empty, "archive", "no block", &Drain::new()).await.unwrap());
        assert_eq!(letters.at(&place(1)).await.unwrap().unwrap().obstacle(), None);
    }

    #[tokio::test]
    async fn what_was_refused_before_it_lay_in_the_log_is_found_where_it_was_put_and_is_not_sent_again() {
        let log = log().await;
        let letters = DeadLetters::new(log.clone());
        let record = |bytes: usize| NewRecord {
            tenant: acme(),
            key: Key::of(&acme(), "node"),
            headers: [("count".into(), "5".into())].into(),
            payload: vec![0; bytes].into(),
        };
        letters.put(record(5), "ingest", "taken").await.unwrap();
        letters.put(record(MemoryLog::MAX_RECORD_BYTES), "ingest", "taken").await.unwrap();
        let partition = Partition { topic: Topic::DEAD_LETTERS, index: 0 };
        for (offset, kept, obstacle) in [(0, 5, Obstacle::Refused), (1, 0, Obstacle::Dropped)] {
            let place = Position { partition: partition.clone(), offset: Offset(offset) };
            let letter = letters.at(&place).await.unwrap().unwrap();
            assert_eq!((&letter.reason.from, &*letter.reason.stage), (&place, "ingest"));
            assert_eq!((letter.payload().len(), letter.obstacle()), (kept, Some(obstacle)));
            assert_eq!(letter.again(), Err(obstacle));
        }
    }
}
