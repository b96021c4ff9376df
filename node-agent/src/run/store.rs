//! The spool's thread: encodes blocks, puts them into the spool, syncs what waits too long.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender},
    },
    time::Duration,
};

use tokio::time::Instant;

use vedetta_model::event::LossStage;

use crate::{
    batch::Sealed,
    ledger::{Ledger, Lost},
    spool::{Outbox, Refused},
};

/// Longest time between two looks when there is nothing to do.
const IDLE: Duration = Duration::from_secs(1);
/// A storm of refusals is logged no more often than this.
const LOG: Duration = Duration::from_secs(10);

/// What the source's thread hands on.
pub(super) enum Handed {
    /// A block to keep.
    Block(Box<Sealed>),
    /// Everything before this has been seen to once it is dropped.
    Fence(#[expect(dead_code, reason = "it is there to be dropped")] SyncSender<()>),
}

pub(super) struct Store {
    pub outbox: Arc<Outbox>,
    pub ledger: Arc<Ledger>,
    pub sync_after: Duration,
}

impl Store {
    /// Runs until nobody can send blocks any more.
    pub(super) fn run(self, blocks: &Receiver<Handed>) {
        let mut logged = None;
        let mut wait = IDLE;
        loop {
            match blocks.recv_timeout(wait) {
                Ok(Handed::Block(sealed)) => self.keep(*sealed, &mut logged),
                Ok(Handed::Fence(_)) => {}
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            wait = self.outbox.sync_after(self.sync_after, Instant::now()).unwrap_or(IDLE);
        }
    }

    fn keep(&self, sealed: Sealed, logged: &mut Option<Instant>) {
        let (meta, class) = (sealed.meta, sealed.class);
        let block = match sealed.finish() {
            Ok(block) => block,
            Err(error) => {
                tracing::error!(first = meta.first, last = meta.last, %error, "a block cannot be made; its events are lost");
                let here = Lost { stage: LossStage::Spool, cpu: None, hook: "" };
                self.ledger.add(here, meta.count.into(), meta.oldest, meta.newest);
                return;
            }
        };
        match self.outbox.append(meta, &block, class) {
            Ok(()) => {
                if logged.take().is_some() {
                    tracing::info!("the spool takes blocks again");
                }
            }
            Err(refused) => {
                self.ledger.lost_block(LossStage::Spool, &meta, &block);
                complain(&refused, self.ledger.total(), logged);
            }
        }
    }
}

fn complain(refused: &Refused, lost: u64, logged: &mut Option<Instant>) {
    let now = Instant::now();
    if logged.is_none_or(|last| now.saturating_duration_since(last) >= LOG) {
        *logged = Some(now);
        tracing::error!(%refused, lost, "events are lost and counted until the server is back or there is room");
    }
}
