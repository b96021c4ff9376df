//! Heads of blocks, and what is counted of them; both are made again from the blocks when they are damaged.

use vedetta_block::Header;
use vedetta_embedded::{Entry, Error, Txn, View};
use vedetta_model::TenantId;
use vedetta_store::Usage;

use super::times_of;
use crate::{errors, store::Spaces};

pub fn parse_head(key: &[u8], head: &[u8]) -> Result<Header, Error> {
    Header::parse_head(head).map_err(|_| errors::not_a("head", "store.block_heads", key))
}

/// A block's head, when it is there, and how long the block is. A block begins with its head: when the one beside it is
/// damaged, the block still has it.
pub fn head(txn: &Txn<'_>, spaces: &Spaces, key: &[u8]) -> Result<Option<(Header, usize)>, Error> {
    let present = txn.get(spaces.block_heads, key);
    match present.and_then(|head| head.map(|head| with_length(key, &head)).transpose()) {
        Err(Error::Damaged { .. }) => {
            Ok(txn.get(spaces.blocks, key)?.map(|block| head_of(key, &block)).transpose()?)
        }
        head => head,
    }
}

/// The same for a reader.
pub fn read_head(view: View<'_>, spaces: &Spaces, entry: Entry) -> Result<(Header, usize), Error> {
    let Entry { key, value } = entry;
    match value.and_then(|head| with_length(&key, &head)) {
        Err(damaged @ Error::Damaged { .. }) => {
            head_of(&key, &view.get(spaces.blocks, &key)?.ok_or(damaged)?)
        }
        head => head,
    }
}

fn with_length(key: &[u8], head: &[u8]) -> Result<(Header, usize), Error> {
    let header = parse_head(key, head)?;
    let bytes = head.len() + header.body_bytes as usize;
    Ok((header, bytes))
}

fn head_of(key: &[u8], block: &[u8]) -> Result<(Header, usize), Error> {
    match Header::parse(block) {
        Ok((header, _)) => Ok((header, block.len())),
        Err(_) => Err(errors::not_a("block", "store.blocks", key)),
    }
}

/// What is there of a bucket.
pub fn recount(txn: &Txn<'_>, spaces: &Spaces, tenant: &TenantId, bucket: i64) -> Result<Usage, Error> {
    let mut sum = Usage::default();
    for key in txn.keys(spaces.block_heads, times_of(tenant, bucket))? {
        let head = head(txn, spaces, &key)?;
        sum += head.map(|(header, bytes)| Usage::of(&header, bytes)).unwrap_or_default();
    }
    Ok(sum)
}

/// The same for a reader.
pub fn recount_read(view: View<'_>, spaces: &Spaces, tenant: &TenantId, bucket: i64) -> Result<Usage, Error> {
    let mut sum = Usage::default();
    for entry in view.range(spaces.block_heads, times_of(tenant, bucket))? {
        let (header, bytes) = read_head(view, spaces, entry?)?;
        sum += Usage::of(&header, bytes);
    }
    Ok(sum)
}
