//! Records that nobody could use, for people to see that something is missing, and why.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vedetta_block::Header;
use vedetta_log::{Position, Record, Topic};
use vedetta_model::{BootId, NodeId, TenantId, Timestamp};
use vedetta_runtime::{Letter, Obstacle};
use vedetta_store::{View, ViewChange, ViewKey};

use super::{ApplyError, Draft, Projection, Rows, keys::Key};

/// [`DeadLetterRow`]s by where the record lay, newest of a partition first.
pub const DEAD_LETTERS: View = View("dead_letters_by_place");

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
    /// Its bytes, whether or not they were kept.
    pub bytes: u64,
    /// Where the letter lies among the dead letters, `topic/partition/offset`.
    pub letter: String,
    /// The letter's number in its partition.
    pub letter_offset: u64,
    /// Why it can't be sent again.
    pub obstacle: Option<Obstacle>,
    /// It was sent again before it came here: where it lay then.
    pub again_of: Option<String>,
    /// How often it was sent again before it came here.
    pub again_times: u32,
    /// It was sent again and failed again: where that one lay.
    pub failed_again: Option<String>,
    /// What its header says, or why that can't be read.
    pub header: Result<BlockFacts, String>,
}

/// What a block's header says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockFacts {
    /// Where its events happened.
    pub node: NodeId,
    /// The agent run that numbered them.
    pub boot: BootId,
    /// Number of its first event.
    pub first: u64,
    /// Number of its last event.
    pub last: u64,
    /// How many events are missing because of it.
    pub events: u32,
    /// Time of the earliest.
    pub earliest: Timestamp,
    /// Time of the latest.
    pub latest: Timestamp,
    /// Which kinds of event, by number: 255 at most.
    pub kinds: Vec<u16>,
}

impl DeadLetterRow {
    /// Where the record lay: what names it.
    pub fn place(&self) -> String {
        format!("{}/{}/{}", self.topic, self.partition, self.offset)
    }

    fn of(record: &Record, letter: Letter) -> Self {
        let Position { partition, offset } = &letter.reason.from;
        let header = match Header::parse_head(letter.payload()) {
            _ if letter.obstacle() == Some(Obstacle::Dropped) => Err(Obstacle::Dropped.to_string()),
            Ok(header) => Ok(BlockFacts {
                node: header.node,
                boot: header.boot,
                first: header.first,
                last: header.last,
                events: header.count,
                earliest: header.earliest,
                latest: header.latest,
                kinds: header.kinds,
            }),
            Err(error) => Err(error.to_string()),
        };
        Self {
            topic: partition.topic.to_string(),
            partition: partition.index,
            offset: offset.0,
            time: record.appended,
            bytes: letter.bytes,
            letter: letter.place.to_string(),
            letter_offset: letter.place.offset.0,
            obstacle: letter.obstacle(),
            again_times: letter.resubmission.as_ref().map_or(0, |earlier| earlier.times),
            again_of: letter.resubmission.map(|earlier| earlier.of.to_string()),
            failed_again: None,
            header,
            stage: letter.reason.stage,
            why: letter.reason.why,
        }
    }
}

/// The end of a row's key: what names it in its tenant.
pub fn place_of(record: &Position) -> Key {
    let Position { partition, offset } = record;
    Key::new().text(partition.topic.as_str()).number(partition.index.into()).number_descending(offset.0)
}

fn key_of(tenant: &TenantId, record: &Position) -> ViewKey {
    ViewKey::new(tenant, DEAD_LETTERS, place_of(record))
}

/// Dead letters to rows. The same record put aside by several stages is one row, with the last one's reason. A record
/// that was sent again has its old key: it lay in the same partition, and so do both letters.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeadLetters;

#[async_trait]
impl Projection for DeadLetters {
    fn name(&self) -> &'static str {
        "dead-letters-by-place"
    }
    fn source(&self) -> Topic {
        Topic::DEAD_LETTERS
    }
    fn views(&self) -> &'static [View] {
        &[DEAD_LETTERS]
    }
    fn holds_places(&self) -> bool {
        true
    }
    async fn apply(&self, record: &Record, rows: &dyn Rows) -> Result<Vec<ViewChange>, ApplyError> {
        let letter = Letter::of(record)
            .ok_or_else(|| ApplyError::Poison("a dead letter does not say where it came from".to_owned()))?;
        let tenant = letter.tenant.clone();
        let mut draft = Draft::on(rows);
        let key = key_of(&tenant, &letter.reason.from);
        let present: Option<DeadLetterRow> = draft.get(&key).await?;
        if present.as_ref().is_some_and(|row| row.letter_offset >= letter.place.offset.0) {
            return Ok(Vec::new());
        }
        if let Some(earlier) = &letter.resubmission {
            let key = key_of(&tenant, &earlier.of);
            if let Some(mut row) = draft.get::<DeadLetterRow>(&key).await? {
                row.failed_again = Some(letter.reason.from.to_string());
                draft.put(key, &row)?;
            }
        }
        let mut row = DeadLetterRow::of(record, letter);
        row.failed_again = present.and_then(|row| row.failed_again);
        draft.put(key, &row)?;
        Ok(draft.into_changes())
    }
}
