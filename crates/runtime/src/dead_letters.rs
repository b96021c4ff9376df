//! Where records go that can't be used: kept whole, with the reason, for an operator to look at and send again.

use std::sync::Arc;

use bytes::Bytes;
use vedetta_log::{
    AppendError, EventLog, Headers, Key, NewRecord, Offset, Partition, Position, Record, Topic,
};

use crate::{Drain, Drained};

/// Why and from where a record was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Where it lay. `None` for one that was put aside before it came to lie anywhere.
    pub from: Option<Position>,
    /// Who could not use it, for instance `detect`.
    pub stage: String,
    /// What was wrong with it.
    pub why: String,
}

/// Puts records aside.
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
        let letter = letter(record, stage, why);
        let append = || self.append(&letter);
        match drain.persist("a dead letter waits for the log", AppendError::is_transient, append).await {
            Drained::Called | Drained::Done(Err(AppendError::Closed)) => Ok(false),
            Drained::Done(Ok(())) => Ok(true),
            Drained::Done(Err(error)) => Err(error),
        }
    }

    /// Puts aside what was never a record of the log, with one try. It is there on `Ok`; putting it aside twice makes
    /// two letters, so the caller bounds how often.
    pub async fn put(&self, mut record: NewRecord, stage: &str, why: &str) -> Result<(), AppendError> {
        tracing::error!(why, stage, tenant = %record.tenant, "something was put aside with the dead letters");
        mark(&mut record.headers, stage, why);
        self.append(&record).await
    }

    async fn append(&self, letter: &NewRecord) -> Result<(), AppendError> {
        let topic = Topic::DEAD_LETTERS;
        let append = |letter| self.0.append(&topic, vec![letter]);
        match append(letter.clone()).await {
            // What stands around it is what was too much.
            Err(AppendError::TooLarge { .. }) if !letter.payload.is_empty() => {
                append(NewRecord { payload: Bytes::new(), ..letter.clone() }).await
            }
            appended => appended,
        }
        .map(|_| ())
    }
}

fn mark(headers: &mut Headers, stage: &str, why: &str) {
    headers.insert("dead-stage".into(), stage.to_owned().into());
    headers.insert("dead-why".into(), why.to_owned().into());
}

fn letter(record: &Record, stage: &str, why: &str) -> NewRecord {
    let Position { partition, offset } = &record.position;
    let mut headers = record.headers.clone();
    for (name, value) in [
        ("dead-topic", partition.topic.to_string()),
        ("dead-partition", partition.index.to_string()),
        ("dead-offset", offset.to_string()),
    ] {
        headers.insert(name.into(), value.into());
    }
    mark(&mut headers, stage, why);
    NewRecord {
        tenant: record.tenant.clone(),
        key: Key::of(&record.tenant, partition),
        headers,
        payload: record.payload.clone(),
    }
}

impl Reason {
    /// Of a record among the dead letters.
    pub fn of(letter: &Record) -> Option<Self> {
        let text = |name: &str| std::str::from_utf8(letter.headers.get(name)?).ok();
        let from = match text("dead-topic") {
            None => None,
            Some(topic) => {
                let partition =
                    Partition { topic: Topic::named(topic), index: text("dead-partition")?.parse().ok()? };
                Some(Position { partition, offset: Offset(text("dead-offset")?.parse().ok()?) })
            }
        };
        Some(Self { from, stage: text("dead-stage")?.to_owned(), why: text("dead-why")?.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use vedetta_log::{MemoryLog, TopicOptions};
    use vedetta_model::{SystemClock, Timestamp};

    use super::*;

    #[tokio::test]
    async fn a_letter_tells_where_it_came_from_and_why() {
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(Arc::new(SystemClock)));
        log.create_topic(&Topic::DEAD_LETTERS, TopicOptions { partitions: 1 }).await.unwrap();
        let from = Position { partition: Partition { topic: Topic::TELEMETRY, index: 3 }, offset: Offset(7) };
        let tenant = "acme".parse().unwrap();
        let record = Record {
            position: from.clone(),
            appended: Timestamp::EPOCH,
            key: Key::of(&tenant, "node"),
            tenant,
            headers: [("count".into(), "5".into())].into(),
            payload: "no block".into(),
        };
        assert!(
            DeadLetters::new(log.clone()).bury(&record, "detect", "no block", &Drain::new()).await.unwrap()
        );
        let place = Partition { topic: Topic::DEAD_LETTERS, index: 0 };
        let place = Position { partition: place, offset: Offset(0) };
        let mut letters = log.read(place, vedetta_log::ReadLimit::default()).await.unwrap();
        let letters = futures::StreamExt::next(&mut letters).await.unwrap().unwrap();
        let reason = Reason { from: Some(from), stage: "detect".into(), why: "no block".into() };
        assert_eq!(Reason::of(&letters[0]), Some(reason));
        assert_eq!((&letters[0].tenant, &letters[0].payload), (&record.tenant, &record.payload));
        assert_eq!(letters[0].headers.get("count"), record.headers.get("count"));
        assert_eq!(Reason::of(&record), None);
    }
    #[tokio::test]
    async fn a_letter_of_what_never_lay_in_the_log_has_no_place() {
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(Arc::new(SystemClock)));
        let letters = DeadLetters::new(log.clone());
        let tenant: vedetta_model::TenantId = "acme".parse().unwrap();
        let record = |bytes: usize| NewRecord {
            tenant: tenant.clone(),
            key: Key::of(&tenant, "node"),
            headers: [("count".into(), "5".into())].into(),
            payload: vec![0; bytes].into(),
        };
        let refused = letters.put(record(5), "ingest", "taken").await;
        assert!(matches!(refused, Err(AppendError::NoSuchTopic(_))), "{refused:?}");
        log.create_topic(&Topic::DEAD_LETTERS, TopicOptions { partitions: 1 }).await.unwrap();
        letters.put(record(5), "ingest", "taken").await.unwrap();
        letters.put(record(MemoryLog::MAX_RECORD_BYTES), "ingest", "taken").await.unwrap();
        let place = Partition { topic: Topic::DEAD_LETTERS, index: 0 };
        let place = Position { partition: place, offset: Offset(0) };
        let mut stream = log.read(place, vedetta_log::ReadLimit::default()).await.unwrap();
        let found = futures::StreamExt::next(&mut stream).await.unwrap().unwrap();
        let reason = Reason { from: None, stage: "ingest".into(), why: "taken".into() };
        assert!(found.iter().all(|letter| Reason::of(letter).as_ref() == Some(&reason)), "{found:?}");
        assert_eq!(found.iter().map(|letter| letter.payload.len()).collect::<Vec<_>>(), [5, 0]);
    }
}
