//! What becomes of some blocks: the part that costs processor time, on a thread that may be busy.

use std::ops::AddAssign;

use bytes::Bytes;
use memchr::memmem;
use vedetta_block::{Batch, BlockError, Header, Opened};
use vedetta_model::{Event, Kind, Numbers, Payload, Term, Timestamp};
use vedetta_rules::{Condition, EventView, Hints, KindSet, Need};

use crate::{Hit, Place, seen};

/// What considering a block takes, as bytes read.
const CONSIDERING: u64 = 256;

/// What was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Blocks of the time that were considered.
    pub blocks: u64,
    /// Of these, those that were passed over by their digests, unread.
    pub skipped: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Events in the blocks considered, tried or passed over.
    pub events: u64,
    /// Events on which the condition was tried.
    pub tried: u64,
    /// Blocks that can't be read: damaged, or dropped meanwhile.
    pub unreadable: u64,
}

impl Scanned {
    /// What it took, in bytes read: a block that is only considered takes about as much as reading a little.
    pub const fn cost(&self) -> u64 {
        self.bytes + self.blocks * CONSIDERING
    }
}

impl AddAssign for Scanned {
    fn add_assign(&mut self, other: Self) {
        self.blocks += other.blocks;
        self.skipped += other.skipped;
        self.bytes += other.bytes;
        self.events += other.events;
        self.tried += other.tried;
        self.unreadable += other.unreadable;
    }
}

/// What is known to be missing in the time that was looked at, as agents reported it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// Reports of a loss.
    pub reports: u64,
    /// Events that they count. Those of a report that reaches out of the time count as a whole.
    pub events: u64,
}

impl AddAssign for Lost {
    fn add_assign(&mut self, other: Self) {
        self.reports += other.reports;
        self.events += other.events;
    }
}

/// What is made of an event that was found, while its block is open.
pub trait Take<T>: Fn(&Batch, &Event) -> T + Send + Sync + 'static {}
impl<T, F: Fn(&Batch, &Event) -> T + Send + Sync + 'static> Take<T> for F {}

/// What is looked for.
#[derive(Debug)]
pub struct Wanted {
    pub condition: Option<Condition>,
    pub kinds: KindSet,
    pub since: Timestamp,
    pub until: Timestamp,
    pub before: Option<Place>,
    /// No more than so many of the newest can be asked for.
    pub most: usize,
}

/// What a block's header tells.
struct HeaderHints<'h>(&'h Header);

impl Hints for HeaderHints<'_> {
    fn may_have_kind(&self, kinds: KindSet) -> bool {
        // A kind that this build has no name for can't be looked for.
        self.0.kinds.iter().any(|kind| Kind::try_from(*kind).is_ok_and(|kind| kinds.contains(kind)))
    }
    fn may_have_term(&self, term: &Term<'_>) -> bool {
        self.0.digest.may_hold(term)
    }
    fn may_have_text(&self, _: &[u8]) -> bool {
        true
    }
}

/// What its decompressed body tells on top.
struct TextHints<'h>(HeaderHints<'h>, &'h [u8]);

impl Hints for TextHints<'_> {
    fn may_have_kind(&self, kinds: KindSet) -> bool {
        self.0.may_have_kind(kinds)
    }
    fn may_have_term(&self, term: &Term<'_>) -> bool {
        self.0.may_have_term(term)
    }
    fn may_have_text(&self, text: &[u8]) -> bool {
        memmem::find(self.1, text).is_some()
    }
}

impl Wanted {
    fn overlaps(&self, header: &Header) -> bool {
        header.earliest < self.until
            && header.latest >= self.since
            && self.before.is_none_or(|before| header.earliest <= before.time)
    }

    /// What must be there: worked out once for many blocks.
    pub fn need(&self) -> Need<'_> {
        self.condition.as_ref().map_or(Need::Nothing, Condition::need)
    }

    /// Whether a block may hold what is looked for, by its header alone.
    pub fn may_be_in(&self, need: &Need<'_>, header: &Header) -> bool {
        let hints = HeaderHints(header);
        self.overlaps(header) && hints.may_have_kind(self.kinds) && need.may_be_met(&hints)
    }

    fn is_met(&self, batch: &Batch, event: &Event) -> bool {
        let place = Place { time: event.time, event: batch.event_id(event) };
        self.kinds.contains(event.kind())
            && event.time >= self.since
            && event.time < self.until
            && self.before.is_none_or(|before| place < before)
            && self
                .condition
                .as_ref()
                .is_none_or(|condition| condition.holds(&EventView { processes: &batch.processes, event }))
    }

    /// Whether a block says what was lost.
    pub fn tells_losses(&self, header: &Header) -> bool {
        header.has(Kind::AgentLoss)
    }

    fn losses(&self, batch: &Batch) -> Lost {
        let mut lost = Lost::default();
        for event in &batch.events {
            if let Payload::Loss(loss) = &event.payload
                && loss.since < self.until
                && loss.until >= self.since
            {
                lost += Lost { reports: 1, events: loss.count };
            }
        }
        lost
    }
}

/// What some blocks came to.
#[derive(Debug)]
pub struct Found<T> {
    pub hits: Vec<Hit<T>>,
    pub scanned: Scanned,
    pub lost: Lost,
}

/// A block, when it is there, and those of its numbers that are to be passed over.
pub type Part = (Option<Bytes>, Vec<Numbers>);

/// Opens blocks and tries the condition on their events.
pub fn search_blocks<T>(wanted: &Wanted, blocks: &[Part], take: &impl Take<T>) -> Found<T> {
    let mut found = Found { hits: Vec::new(), scanned: Scanned::default(), lost: Lost::default() };
    let need = wanted.need();
    for (block, behind) in blocks {
        let searched = match block {
            Some(block) => search_block(wanted, &need, (block, behind), take, &mut found),
            None => Err(BlockError::Content("it is gone")),
        };
        if searched.is_err() {
            found.scanned.unreadable += 1;
        }
    }
    found
}

fn search_block<T>(
    wanted: &Wanted,
    need: &Need<'_>,
    (block, behind): (&Bytes, &[Numbers]),
    take: &impl Take<T>,
    found: &mut Found<T>,
) -> Result<(), BlockError> {
    found.scanned.bytes += block.len() as u64;
    let opened = Opened::open(block)?;
    let tells = wanted.tells_losses(opened.header());
    let may_match = wanted.may_be_in(need, opened.header())
        && need.may_be_met(&TextHints(HeaderHints(opened.header()), opened.texts()));
    if !may_match && !tells {
        return Ok(());
    }
    let mut batch =
        opened.decode_kinds(|kind| wanted.kinds.contains(kind) || (tells && kind == Kind::AgentLoss))?;
    if !behind.is_empty() {
        batch.events.retain(|event| !seen::is_in(behind, event.seq));
    }
    if tells {
        found.lost += wanted.losses(&batch);
    }
    if may_match {
        found.scanned.tried += batch.events.len() as u64;
        let met = batch.events.iter().filter(|event| wanted.is_met(&batch, event));
        let mut met: Vec<(Place, &Event)> =
            met.map(|event| (Place { time: event.time, event: batch.event_id(event) }, event)).collect();
        if met.len() > wanted.most {
            // What is made of an event costs more than finding it.
            met.sort_unstable_by_key(|(place, _)| std::cmp::Reverse(*place));
            met.truncate(wanted.most);
        }
        found.hits.extend(met.into_iter().map(|(place, event)| Hit { place, item: take(&batch, event) }));
    }
    Ok(())
}
