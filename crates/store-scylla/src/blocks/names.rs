//! Names of blocks in CQL's types.

use std::fmt;

use uuid::Uuid;
use vedetta_block::Header;
use vedetta_model::{BootId, NodeId, TenantId, Timestamp};
use vedetta_store::{BlockId, StoreError};

use crate::errors::corrupt;

/// Partitions of a tenant's hour. Never changes.
pub const SLOTS: i8 = 16;

/// An agent run: what numbers events.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Run {
    pub tenant: TenantId,
    pub node: NodeId,
    pub boot: BootId,
}

/// Tenant, node and agent run as they are bound.
pub type RunKey = (String, Vec<u8>, Vec<u8>);

/// A block's name as it stands in `block_heads`.
pub type HeadKey = (i64, Vec<u8>, Vec<u8>, i64, i64);

impl Run {
    pub fn of(header: &Header) -> Self {
        Self { tenant: header.tenant.clone(), node: header.node, boot: header.boot }
    }

    pub fn key(&self) -> RunKey {
        let (node, boot) = (self.node.as_uuid().as_bytes().to_vec(), self.boot.as_uuid().as_bytes().to_vec());
        (self.tenant.to_string(), node, boot)
    }

    /// In which partition of an hour its heads lie: one for all of a node.
    pub fn slot(&self) -> i8 {
        let hash = blake3::hash(self.node.as_uuid().as_bytes());
        (hash.as_bytes()[0] % SLOTS.unsigned_abs()).cast_signed()
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block_runs[{}/{}/{}]", self.tenant, self.node, self.boot)
    }
}

/// Keeps the order of unsigned numbers in a signed column: the top bit is flipped.
pub const fn shifted(number: u64) -> i64 {
    (number ^ 1 << 63).cast_signed()
}

pub const fn unshifted(number: i64) -> u64 {
    number.cast_unsigned() ^ 1 << 63
}

pub fn head_key(id: &BlockId) -> HeadKey {
    let (node, boot) = (id.node.as_uuid().as_bytes().to_vec(), id.boot.as_uuid().as_bytes().to_vec());
    (id.latest.as_nanos(), node, boot, shifted(id.first), shifted(id.last))
}

pub fn block_id((latest, node, boot, first, last): HeadKey) -> Result<BlockId, StoreError> {
    let uuid = |bytes: &[u8]| {
        Uuid::from_slice(bytes)
            .map_err(|_| corrupt("block_heads".into(), "a node or agent run is not 16 bytes"))
    };
    Ok(BlockId {
        latest: Timestamp::from_nanos(latest),
        node: NodeId::from_uuid(uuid(&node)?),
        boot: BootId::from_uuid(uuid(&boot)?),
        first: unshifted(first),
        last: unshifted(last),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn names_sort_as_blocks_do_and_read_back(a: (i64, u128, u64, u64), b: (i64, u128, u64, u64)) {
            let id = |(latest, uuid, first, last)| {
                let uuid = Uuid::from_u128(uuid);
                let (node, boot) = (NodeId::from_uuid(uuid), BootId::from_uuid(uuid));
                BlockId { latest: Timestamp::from_nanos(latest), node, boot, first, last }
            };
            let (a, b) = (id(a), id(b));
            prop_assert_eq!(head_key(&a).cmp(&head_key(&b)), a.cmp(&b));
            prop_assert_eq!(block_id(head_key(&a)).unwrap(), a);
        }
    }
}
