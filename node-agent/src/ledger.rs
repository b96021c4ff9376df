//! What was lost and not yet told. Every stage of the agent writes here; the batcher turns it into
//! `agent.loss` events, and gives back what such an event said when its block is lost as well.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use vedetta_block::Batch;
use vedetta_model::{
    Payload, Timestamp,
    event::{Loss, LossStage},
};

use crate::spool::Meta;

/// Where events were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost<'a> {
    /// The stage.
    pub stage: LossStage,
    /// The processor, for a ring.
    pub cpu: Option<u32>,
    /// The hook, where known.
    pub hook: &'a str,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    /// Keyed by stage, processor and hook: as many as there are hooks and processors.
    untold: BTreeMap<(LossStage, Option<u32>, String), Span>,
    total: u64,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    count: u64,
    since: Timestamp,
    until: Timestamp,
}

impl Ledger {
    /// Counts a loss between two times.
    pub fn add(&self, lost: Lost<'_>, count: u64, since: Timestamp, until: Timestamp) {
        if count > 0 {
            let mut entries = self.lock();
            entries.total += count;
            entries.put(lost, Span { count, since, until });
        }
    }

    /// Counts a loss that a source tells.
    pub fn add_loss(&self, loss: &Loss) {
        let lost = Lost { stage: loss.stage, cpu: loss.cpu, hook: &loss.hook };
        self.add(lost, loss.count, loss.since, loss.until);
    }

    /// Counts a block that is given up, and takes back what was told in it.
    pub fn lost_block(&self, stage: LossStage, meta: &Meta, block: &[u8]) {
        let here = Lost { stage, cpu: None, hook: "" };
        self.add(here, meta.count.into(), meta.oldest, meta.newest);
        let Ok(batch) = Batch::decode(block) else { return };
        let told = batch.events.into_iter().filter_map(|event| match event.payload {
            Payload::Loss(loss) => Some(loss),
            _ => None,
        });
        self.untell(&told.collect::<Vec<_>>());
    }

    /// Takes back what was told in vain. It has been counted already.
    pub fn untell(&self, losses: &[Loss]) {
        let mut entries = self.lock();
        for loss in losses {
            let span = Span { count: loss.count, since: loss.since, until: loss.until };
            entries.put(Lost { stage: loss.stage, cpu: loss.cpu, hook: &loss.hook }, span);
        }
    }

    /// Everything that has not been told; it counts as told from now on.
    pub fn tell(&self) -> Vec<Loss> {
        let untold = std::mem::take(&mut self.lock().untold);
        untold
            .into_iter()
            .map(|((stage, cpu, hook), span)| Loss {
                stage,
                cpu,
                hook,
                count: span.count,
                since: span.since,
                until: span.until,
            })
            .collect()
    }

    /// Whether there is something to tell.
    pub fn has_untold(&self) -> bool {
        !self.lock().untold.is_empty()
    }

    /// Events lost since the agent run began.
    pub fn total(&self) -> u64 {
        self.lock().total
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn put(&mut self, lost: Lost<'_>, span: Span) {
        self.untold
            .entry((lost.stage, lost.cpu, lost.hook.to_owned()))
            .and_modify(|known| {
                known.count += span.count;
                known.since = known.since.min(span.since);
                known.until = known.until.max(span.until);
            })
            .or_insert(span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_of_one_place_are_told_once_as_one_and_again_when_told_in_vain() {
        let ledger = Ledger::default();
        let full = Lost { stage: LossStage::Spool, cpu: None, hook: "" };
        let ring = Lost { stage: LossStage::Ring, cpu: Some(1), hook: "exec" };
        ledger.add(full, 3, Timestamp::from_nanos(50), Timestamp::from_nanos(60));
        ledger.add(ring, 1, Timestamp::from_nanos(1), Timestamp::from_nanos(2));
        ledger.add(full, 4, Timestamp::from_nanos(40), Timestamp::from_nanos(55));
        ledger.add(full, 0, Timestamp::EPOCH, Timestamp::EPOCH);
        let told = ledger.tell();
        assert_eq!(told.len(), 2);
        let spool = told.iter().find(|loss| loss.stage == LossStage::Spool).unwrap();
        assert_eq!((spool.count, spool.since.as_nanos(), spool.until.as_nanos()), (7, 40, 60));
        assert!(!ledger.has_untold());
        ledger.untell(&told);
        assert_eq!(ledger.tell(), told);
        assert_eq!(ledger.total(), 8, "telling twice is not losing twice");
    }
}
