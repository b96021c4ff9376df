//! Reading a partition up to where it ended when the copy began, and several of them as one sequence.

use std::{collections::VecDeque, time::Duration};

use futures::StreamExt as _;
use vedetta_log::{Offset, Partition, Position, ReadLimit, Record, RecordStream};

use crate::{CopyError, Side};

/// A partition that gives nothing for this long, though more has to be there, is told.
const SILENCE: Duration = Duration::from_secs(60);
/// What one cursor holds.
const LIMIT: ReadLimit = ReadLimit { records: 512, bytes: 2 << 20 };

/// The records of a partition that lie between two places, in order, a batch of them in memory.
pub struct Cursor {
    side: Side,
    partition: Partition,
    next: Offset,
    end: Offset,
    stream: Option<RecordStream>,
    buffer: VecDeque<Record>,
    /// What of the partition is lost, because it is damaged.
    pub damaged: Vec<String>,
}

impl Cursor {
    /// Over everything that lies in a partition now.
    pub async fn whole(side: &Side, partition: Partition) -> Result<Self, CopyError> {
        let bounds = side.bounds(&partition).await?;
        Ok(Self {
            side: side.clone(),
            partition,
            next: bounds.start,
            end: bounds.end,
            stream: None,
            buffer: VecDeque::new(),
            damaged: Vec::new(),
        })
    }

    /// How many records there are at most.
    pub const fn most(&self) -> u64 {
        self.end.0.saturating_sub(self.next.0)
    }

    /// Where the partition ended.
    pub const fn end(&self) -> Offset {
        self.end
    }

    /// Takes in what has come since it was made.
    pub async fn look_again(&mut self) -> Result<(), CopyError> {
        self.end = self.end.max(self.side.bounds(&self.partition).await?.end);
        Ok(())
    }

    /// The next record, which stays.
    pub async fn peek(&mut self) -> Result<Option<&Record>, CopyError> {
        while self.buffer.is_empty() && self.next < self.end {
            self.fill().await?;
        }
        Ok(self.buffer.front())
    }

    /// The next record.
    pub async fn next(&mut self) -> Result<Option<Record>, CopyError> {
        self.peek().await?;
        Ok(self.buffer.pop_front())
    }

    async fn fill(&mut self) -> Result<(), CopyError> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            None => {
                let from = Position { partition: self.partition.clone(), offset: self.next };
                let opened = self.side.log.read(from, LIMIT).await.map_err(|error| self.side.read(error))?;
                self.stream.insert(opened)
            }
        };
        let silent = || CopyError::Silent {
            side: self.side.name,
            partition: self.partition.clone(),
            seconds: SILENCE.as_secs(),
        };
        match tokio::time::timeout(SILENCE, stream.next()).await.map_err(|_| silent())? {
            Some(Ok(records)) => {
                if let Some(last) = records.last() {
                    self.next = last.position.offset.next();
                }
                let end = self.end;
                self.buffer.extend(records.into_iter().filter(|record| record.position.offset < end));
                if self.next >= self.end {
                    self.stream = None;
                }
                Ok(())
            }
            Some(Err(error)) => {
                self.stream = None;
                // What is damaged is lost on both sides: those that read on pass over it, too.
                let Some(behind) = error.behind() else { return Err(self.side.read(error)) };
                tracing::error!(%error, "passed over a record that is lost");
                self.damaged.push(error.to_string());
                self.next = self.next.max(behind);
                Ok(())
            }
            None => Err(self.side.read(vedetta_log::ReadError::Closed)),
        }
    }
}

/// Several partitions as one sequence: always the record that was appended first of those that come next, and of equal ones
/// that of the lowest partition. The same each time, as long as the partitions are.
pub struct Merge(pub Vec<Cursor>);

impl Merge {
    /// The next record.
    pub async fn next(&mut self) -> Result<Option<Record>, CopyError> {
        let mut first = None;
        for (at, cursor) in self.0.iter_mut().enumerate() {
            let Some(record) = cursor.peek().await? else { continue };
            if first.is_none_or(|(time, _)| record.appended < time) {
                first = Some((record.appended, at));
            }
        }
        match first {
            Some((_, at)) => self.0[at].next().await,
            None => Ok(None),
        }
    }
}
