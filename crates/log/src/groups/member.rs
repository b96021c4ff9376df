//! A member: partitions in, deliveries out.

use std::{
    mem,
    task::{Context, Poll},
};

use async_trait::async_trait;
use futures::future::poll_fn;
use tokio::sync::watch;

use super::{Commits, Seat};
use crate::{
    Delivery, EventLog, GroupError, Member, Offset, Offsets, Partition, Position, ReadError, ReadLimit,
    Record, RecordStream,
};

pub struct LocalMember<S> {
    source: S,
    seat: Seat,
    changes: watch::Receiver<()>,
    /// Claimed, but not announced yet.
    claimed: Vec<Partition>,
    /// Announced as ours.
    readers: Vec<Reader>,
    /// Announced as gone; held until the next call, so that the caller can commit.
    leaving: Vec<Partition>,
    /// The reader whose turn it is.
    turn: usize,
}

struct Reader {
    partition: Partition,
    next: Offset,
    /// `None` before the first read and after an error.
    stream: Option<RecordStream>,
}

impl<S: EventLog + Commits> LocalMember<S> {
    pub fn new(source: S, seat: Seat, changes: watch::Receiver<()>) -> Self {
        Self { source, seat, changes, claimed: vec![], readers: vec![], leaving: vec![], turn: 0 }
    }

    /// Gives up what the group wants elsewhere. Only what was announced has to be taken back aloud.
    fn revoke(&mut self) -> Result<Vec<Partition>, GroupError> {
        let surplus = self.seat.surplus()?;
        if surplus.is_empty() {
            return Ok(surplus);
        }
        let (silent, aloud): (Vec<_>, Vec<_>) = surplus.into_iter().partition(|p| self.claimed.contains(p));
        self.claimed.retain(|p| !silent.contains(p));
        self.readers.retain(|reader| !aloud.contains(&reader.partition));
        if !silent.is_empty() {
            self.seat.release(&silent)?;
        }
        self.leaving.clone_from(&aloud);
        Ok(aloud)
    }

    /// Where each claimed partition starts: the group's commit, but never below what is still there.
    async fn starts(&mut self) -> Result<Vec<Position>, GroupError> {
        let mut starts = Vec::with_capacity(self.claimed.len());
        for partition in &self.claimed {
            let low = self.source.bounds(partition).await?.start;
            let committed = self.source.committed(&self.seat.group, partition).await?.unwrap_or(low);
            if committed < low {
                tracing::warn!(group = %self.seat.group, %partition, %committed, %low, "trimmed beyond the commit");
            }
            starts.push(Position { partition: partition.clone(), offset: committed.max(low) });
        }
        Ok(starts)
    }

    async fn open_streams(&mut self) -> Result<(), GroupError> {
        for reader in self.readers.iter_mut().filter(|reader| reader.stream.is_none()) {
            let from = Position { partition: reader.partition.clone(), offset: reader.next };
            match self.source.read(from, ReadLimit::TURN).await {
                Ok(stream) => reader.stream = Some(stream),
                Err(error) => return Err(reader.fail(error)),
            }
        }
        Ok(())
    }

    /// The next records of any reader, each reader in turn.
    fn poll_records(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<Record>, GroupError>> {
        let count = self.readers.len();
        for step in 0..count {
            let at = (self.turn + step) % count;
            if let Poll::Ready(result) = self.readers[at].poll(cx) {
                self.turn = (at + 1) % count;
                return Poll::Ready(result);
            }
        }
        Poll::Pending
    }
}

impl Reader {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<Record>, GroupError>> {
        let Some(stream) = &mut self.stream else { return Poll::Pending };
        match stream.as_mut().poll_next(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(Err(self.fail(ReadError::Closed))),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Err(self.fail(error))),
            Poll::Ready(Some(Ok(records))) => {
                if let Some(last) = records.last() {
                    self.next = last.position.offset.next();
                }
                Poll::Ready(Ok(records))
            }
        }
    }

    /// After an error the next call reads on: behind a damaged record, at the first one still there,
    /// or at the same place again. The error itself tells the caller what it did not get.
    fn fail(&mut self, error: ReadError) -> GroupError {
        self.stream = None;
        match error {
            ReadError::Closed => return GroupError::Closed,
            ReadError::OutOfRange { low, .. } => self.next = self.next.max(low),
            _ => self.next = error.behind().unwrap_or_default().max(self.next),
        }
        GroupError::Read(error)
    }
}

#[async_trait]
impl<S: EventLog + Commits> Member for LocalMember<S> {
    async fn next(&mut self) -> Result<Delivery, GroupError> {
        if !self.leaving.is_empty() {
            let left = mem::take(&mut self.leaving);
            self.seat.release(&left)?;
        }
        loop {
            self.changes.mark_unchanged();
            let revoked = self.revoke()?;
            if !revoked.is_empty() {
                return Ok(Delivery::Revoked(revoked));
            }
            self.claimed.extend(self.seat.claim()?);
            if !self.claimed.is_empty() {
                let starts = self.starts().await?;
                self.claimed.clear();
                self.readers.extend(starts.iter().map(|start| Reader {
                    partition: start.partition.clone(),
                    next: start.offset,
                    stream: None,
                }));
                return Ok(Delivery::Assigned(starts));
            }
            self.open_streams().await?;
            let Self { changes, .. } = self;
            let mut changes = changes.clone();
            tokio::select! {
                biased;
                changed = changes.changed() => if changed.is_err() { return Err(GroupError::Closed) },
                records = poll_fn(|cx| self.poll_records(cx)) => return records.map(Delivery::Records),
            }
        }
    }

    async fn commit(&mut self, next: &Offsets) -> Result<(), GroupError> {
        self.seat.check_holds(next.keys())?;
        self.source.commit(&self.seat.group, next).await
    }
}
