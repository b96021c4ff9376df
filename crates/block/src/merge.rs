//! Several small blocks as one.

use bytes::Bytes;

use crate::{Batch, BlockError, BuildError, Builder, Header, MAX_SPAN_NANOS};

/// Why blocks were not merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// They are not one after the other of one agent run.
    #[error("the blocks do not follow each other")]
    Order,
    /// One of them can't be opened.
    #[error(transparent)]
    Open(#[from] BlockError),
    /// Together they are too much for one.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// Whether the second block's events come right behind the first one's, and both are near enough in time for one block.
pub fn follows(first: &Header, second: &Header) -> bool {
    let (earliest, latest) = (first.earliest.min(second.earliest), first.latest.max(second.latest));
    (&first.tenant, first.node, first.boot) == (&second.tenant, second.node, second.boot)
        && first.last.checked_add(1) == Some(second.first)
        && latest.as_nanos().saturating_sub(earliest.as_nanos()) <= MAX_SPAN_NANOS
}

/// One block with the events of several that follow each other, and of their processes each entry once. At least
/// one block is asked for.
pub fn merge(blocks: &[Bytes]) -> Result<Bytes, MergeError> {
    let batches = blocks.iter().map(|block| Batch::decode(block)).collect::<Result<Vec<_>, _>>()?;
    let follow = batches.windows(2).all(|pair| follows(&pair[0].header, &pair[1].header));
    let Some(first) = batches.first().filter(|_| follow) else { return Err(MergeError::Order) };
    let mut builder = Builder::new(first.header.tenant.clone(), first.header.node, first.header.boot);
    for batch in batches {
        let mut places: Vec<u32> = Vec::with_capacity(batch.processes.len());
        let place = |places: &[u32], index: u32| places.get(index as usize).copied();
        for mut process in batch.processes {
            process.parent = process.parent.and_then(|parent| place(&places, parent));
            places.push(builder.process(process));
        }
        for mut event in batch.events {
            event.process = event.process.and_then(|process| place(&places, process));
            builder.push(event);
        }
    }
    Ok(builder.finish()?)
}
