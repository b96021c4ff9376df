//! Counting what was lost: in the kernel per processor and hook, and here per hook.

use std::collections::BTreeMap;

use aya::maps::{MapData, PerCpuArray};
use vedetta_model::{
    Timestamp,
    event::{Loss, LossStage},
};
use vedetta_node_agent_common::{
    Hook,
    hook::{Lost, loss_slot},
};

use crate::source::Sink;

/// What has been lost and reported.
#[derive(Debug)]
pub struct Losses {
    /// The kernel's counters as they were last, by hook, reason and processor.
    reported: BTreeMap<(Hook, u8, usize), u64>,
    undecoded: BTreeMap<Option<Hook>, u64>,
    processors: usize,
    since: Timestamp,
    total: u64,
}

impl Losses {
    /// Nothing is lost yet.
    pub const fn new(processors: usize, now: Timestamp) -> Self {
        Self { reported: BTreeMap::new(), undecoded: BTreeMap::new(), processors, since: now, total: 0 }
    }

    /// Events lost so far, as far as reported or known here.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// A record of `hook` could not be decoded.
    pub fn undecoded(&mut self, hook: Option<Hook>) {
        *self.undecoded.entry(hook).or_default() += 1;
        self.total += 1;
    }

    /// Reports what has been lost since the last time.
    pub fn report(&mut self, counters: &PerCpuArray<MapData, u64>, now: Timestamp, sink: &mut dyn Sink) {
        let since = std::mem::replace(&mut self.since, now);
        for &hook in Hook::ALL {
            for (reason, stage) in [(Lost::RingFull, LossStage::Ring), (Lost::Unread, LossStage::Kernel)] {
                let Ok(values) = counters.get(&loss_slot(hook, reason), 0) else { continue };
                for (cpu, &value) in values.iter().enumerate().take(self.processors) {
                    let before = self.reported.insert((hook, reason as u8, cpu), value).unwrap_or(0);
                    let count = value.saturating_sub(before);
                    if count > 0 {
                        self.total += count;
                        let cpu = u32::try_from(cpu).ok();
                        sink.loss(Loss { stage, cpu, hook: hook.as_str().into(), count, since, until: now });
                    }
                }
            }
        }
        for (hook, count) in std::mem::take(&mut self.undecoded) {
            let hook = hook.map_or("", Hook::as_str).to_owned();
            sink.loss(Loss { stage: LossStage::Decode, cpu: None, hook, count, since, until: now });
        }
    }
}
