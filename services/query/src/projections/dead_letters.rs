//! Records that nobody could use, for people to see that something is missing, and why.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vedetta_block::Header;
use vedetta_log::{Record, Topic};
use vedetta_model::{NodeId, Timestamp};
use vedetta_runtime::Reason;
use vedetta_store::{View, ViewChange, ViewKey};

use super::{ApplyError, Draft, Projection, Rows, keys::Key};

/// [`DeadLetterRow`]s by where the record lay, newest of a partition first.
pub const DEAD_LETTERS: View = View("dead_letters");

/// A record that was put aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterRow {
    /// The topic it lay in: that of the dead letters for what was put aside before it lay anywhere.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// Its place there.
    pub offset: u64,
    /// When it was put aside.
    pub time: Timestamp,
    /// Who could not use it.
    pub stage: String,
    /// What was wrong with it.
    pub why: String,
    /// Its bytes.
    pub bytes: u64,
    /// What it says of itself, where that can be read.
    pub block: Option<BlockFacts>,
}

/// What a block's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockFacts {
    /// Where its events happened.
    pub node: NodeId,
    /// Number of its first event.
    pub first: u64,
    /// Number of its last event.
    pub last: u64,
    /// How many events are missing because of it.
    pub events: u32,
}

/// Dead letters to rows. The same record put aside by several stages is one row, with the last one's reason.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeadLetters;

#[async_trait]
impl Projection for DeadLetters {
    fn name(&self) -> &'static str {
        "dead-letters"
    }
    fn source(&self) -> Topic {
        Topic::DEAD_LETTERS
    }
    fn views(&self) -> &'static [View] {
        &[DEAD_LETTERS]
    }
    async fn apply(&self, record: &Record, rows: &dyn Rows) -> Result<Vec<ViewChange>, ApplyError> {
        let Reason { from, stage, why } = Reason::of(record)
            .ok_or_else(|| ApplyError::Poison("a dead letter does not say where it came from".to_owned()))?;
        // What never lay anywhere else is found where it was put aside.
        let from = from.unwrap_or_else(|| record.position.clone());
        let (topic, partition, offset) =
            (from.partition.topic.to_string(), from.partition.index, from.offset.0);
        let key = Key::new().text(&topic).number(partition.into()).number_descending(offset);
        let block = Header::parse_head(&record.payload).ok().map(|header| BlockFacts {
            node: header.node,
            first: header.first,
            last: header.last,
            events: header.count,
        });
        let bytes = record.payload.len() as u64;
        let row = DeadLetterRow { topic, partition, offset, time: record.appended, stage, why, bytes, block };
        let mut draft = Draft::on(rows);
        draft.put(ViewKey::new(&record.tenant, DEAD_LETTERS, key), &row)?;
        Ok(draft.into_changes())
    }
}
