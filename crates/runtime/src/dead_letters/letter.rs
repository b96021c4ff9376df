//! How a letter is written and read: the record as it was, and headers that say what was wrong with it.

use std::str::FromStr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use vedetta_log::{Headers, Key, NewRecord, Offset, Partition, Position, Record, Topic};
use vedetta_model::TenantId;

/// Begins the names of a letter's own headers; all others are the record's.
const OWN: &str = "dead-";
/// In a record that was sent again: where it lay before.
const AGAIN_OF: &str = "again-of";
/// In a record that was sent again: how often by now.
const AGAIN_TIMES: &str = "again-times";

/// Why and from where a record was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Where it lay; where the letter lies, for what was put aside before it came to lie anywhere else.
    pub from: Position,
    /// Who could not use it, for instance `detect`.
    pub stage: String,
    /// What was wrong with it.
    pub why: String,
}

/// That a record was sent again by an operator. Such a record is no sign that its node lives now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resubmission {
    /// Where the record lay before.
    pub of: Position,
    /// How often it was sent again by now.
    pub times: u32,
}

/// Why a letter's record can't be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// Only the reason was kept.
    #[error("its bytes were not kept: with the reason beside them they were too many for one record")]
    Dropped,
    /// It never was in its topic: what is put aside before it is appended was refused for good.
    #[error("it was refused when it came, for other events were accepted under its numbers")]
    Refused,
    /// It was put aside by a version that did not note the record's key.
    #[error("it does not say which key its record had")]
    Keyless,
}

/// A record among the dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Where the letter lies.
    pub place: Position,
    /// Whose the record is. This was checked when it came in, whatever the record itself says.
    pub tenant: TenantId,
    /// What was wrong with the record.
    pub reason: Reason,
    /// Bytes of the record's payload, whether or not they were kept.
    pub bytes: u64,
    /// The record had been sent again before it came here.
    pub resubmission: Option<Resubmission>,
    was_appended: bool,
    key: Option<Key>,
    headers: Headers,
    payload: Bytes,
}

impl Reason {
    /// Of a record among the dead letters.
    pub fn of(letter: &Record) -> Option<Self> {
        let from = match text(letter, "dead-topic") {
            None => letter.position.clone(),
            Some(topic) => {
                let partition =
                    Partition { topic: Topic::named(topic), index: number(letter, "dead-partition")? };
                Position { partition, offset: Offset(number(letter, "dead-offset")?) }
            }
        };
        Some(Self {
            from,
            stage: text(letter, "dead-stage")?.to_owned(),
            why: text(letter, "dead-why")?.to_owned(),
        })
    }
}

impl Resubmission {
    /// Of a record in any topic; `None` for one that came by itself.
    pub fn of(record: &Record) -> Option<Self> {
        Some(Self { of: number(record, AGAIN_OF)?, times: number(record, AGAIN_TIMES)? })
    }
}

impl Letter {
    /// Of a record among the dead letters; `None` when it does not say where it came from.
    pub fn of(letter: &Record) -> Option<Self> {
        let mut headers = letter.headers.clone();
        headers.retain(|name, _| !name.starts_with(OWN));
        Some(Self {
            place: letter.position.clone(),
            tenant: letter.tenant.clone(),
            reason: Reason::of(letter)?,
            bytes: number(letter, "dead-bytes").unwrap_or(letter.payload.len() as u64),
            resubmission: Resubmission::of(letter),
            was_appended: letter.headers.contains_key("dead-topic"),
            key: letter.headers.get("dead-key").cloned().map(Key),
            headers,
            payload: letter.payload.clone(),
        })
    }

    /// Why its record can't be sent again.
    pub fn obstacle(&self) -> Option<Obstacle> {
        if self.payload.len() as u64 != self.bytes {
            return Some(Obstacle::Dropped);
        }
        if !self.was_appended {
            return Some(Obstacle::Refused);
        }
        self.key.is_none().then_some(Obstacle::Keyless)
    }

    /// The record once more, for the topic it came from. It says whose repeat it is.
    pub fn again(&self) -> Result<NewRecord, Obstacle> {
        if let Some(obstacle) = self.obstacle() {
            return Err(obstacle);
        }
        let times = self.resubmission.as_ref().map_or(0, |earlier| earlier.times).saturating_add(1);
        let mut headers = self.headers.clone();
        headers.insert(AGAIN_OF.into(), self.reason.from.to_string().into());
        headers.insert(AGAIN_TIMES.into(), times.to_string().into());
        Ok(NewRecord {
            tenant: self.tenant.clone(),
            key: self.key.clone().ok_or(Obstacle::Keyless)?,
            headers,
            payload: self.payload.clone(),
        })
    }

    /// The record's bytes; empty when they were not kept.
    pub const fn payload(&self) -> &Bytes {
        &self.payload
    }
}

/// A record as a letter. Its key is its old partition: what lay in one keeps its order.
pub(super) fn written(record: &Record, stage: &str, why: &str) -> NewRecord {
    let Position { partition, offset } = &record.position;
    let new = NewRecord {
        tenant: record.tenant.clone(),
        key: record.key.clone(),
        headers: record.headers.clone(),
        payload: record.payload.clone(),
    };
    let mut letter = refused(new, stage, why);
    for (name, value) in [
        ("dead-topic", partition.topic.to_string()),
        ("dead-partition", partition.index.to_string()),
        ("dead-offset", offset.to_string()),
    ] {
        letter.headers.insert(name.into(), value.into());
    }
    letter.key = Key::of(&record.tenant, partition);
    letter
}

/// What was never appended, as a letter.
pub(super) fn refused(mut record: NewRecord, stage: &str, why: &str) -> NewRecord {
    for (name, value) in [
        ("dead-stage", stage.to_owned().into()),
        ("dead-why", why.to_owned().into()),
        ("dead-key", record.key.0.clone()),
        ("dead-bytes", record.payload.len().to_string().into()),
    ] {
        record.headers.insert(name.into(), value);
    }
    record
}

fn text<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
    std::str::from_utf8(record.headers.get(name)?).ok()
}

fn number<T: FromStr>(record: &Record, name: &str) -> Option<T> {
    text(record, name)?.parse().ok()
}
