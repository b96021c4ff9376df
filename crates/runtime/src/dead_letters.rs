//! Where records go that can't be used: kept whole, with the reason, for an operator to look at and send again.

use std::sync::Arc;

use bytes::Bytes;
use vedetta_log::{AppendError, EventLog, Key, NewRecord, Offset, Partition, Position, Record, Topic};
use vedetta_model::simulated::{Point, reached};

use crate::{Drain, Drained};

/// Why and from where a record was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Where it lay.
    pub from: Position,
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
        reached(Point::Buried);
        let topic = Topic::DEAD_LETTERS;
        let mut letter = letter(record, stage, why);
        loop {
            let append = || self.0.append(&topic, vec![letter.clone()]);
            match drain.persist("a dead letter waits for the log", AppendError::is_transient, append).await {
                Drained::Called | Drained::Done(Err(AppendError::Closed)) => return Ok(false),
                Drained::Done(Ok(_)) => return Ok(true),
                // What stands around it is what was too much.
                Drained::Done(Err(AppendError::TooLarge { .. })) if !letter.payload.is_empty() => {
                    letter.payload = Bytes::new();
                }
                Drained::Done(Err(error)) => return Err(error),
            }
        }
    }
}

fn letter(record: &Record, stage: &str, why: &str) -> NewRecord {
    let Position { partition, offset } = &record.position;
    let mut headers = record.headers.clone();
    for (name, value) in [
        ("dead-topic", partition.topic.to_string()),
        ("dead-partition", partition.index.to_string()),
        ("dead-offset", offset.to_string()),
        ("dead-stage", stage.to_owned()),
        ("dead-why", why.to_owned()),
    ] {
        headers.insert(name.into(), value.into());
    }
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
        let partition = Partition {
            topic: Topic::named(text("dead-topic")?),
            index: text("dead-partition")?.parse().ok()?,
        };
        let offset = Offset(text("dead-offset")?.parse().ok()?);
        Some(Self {
            from: Position { partition, offset },
            stage: text("dead-stage")?.to_owned(),
            why: text("dead-why")?.to_owned(),
        })
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
        let reason = Reason { from, stage: "detect".into(), why: "no block".into() };
        assert_eq!(Reason::of(&letters[0]), Some(reason));
        assert_eq!((&letters[0].tenant, &letters[0].payload), (&record.tenant, &record.payload));
        assert_eq!(letters[0].headers.get("count"), record.headers.get("count"));
        assert_eq!(Reason::of(&record), None);
    }
}
