//! A block's bytes: a partition for each block, in chunks.

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use vedetta_block::Header;
use vedetta_model::TenantId;
use vedetta_store::{BlockId, StoreError};

use super::names::{Run, shifted};
use crate::{cql::SIDE_BY_SIDE, errors::corrupt, store::Shared};

/// What a cell holds at most. A block has at most 4 MiB, and so has its partition.
const CHUNK_BYTES: usize = 512 << 10;

type Place = (String, Vec<u8>, Vec<u8>, i64, i64, i64);

/// Blocks with other content never share a place, so that one that is refused can't harm the one that is there.
fn place(run: &Run, first: u64, last: u64, crc: u32) -> Place {
    let (tenant, node, boot) = run.key();
    (tenant, node, boot, shifted(first), shifted(last), i64::from(crc))
}

fn place_of(run: &Run, header: &Header) -> Place {
    place(run, header.first, header.last, header.body_crc)
}

/// Whether the bytes of both lie in one place.
pub fn are_shared(one: &Header, other: &Header) -> bool {
    (one.first, one.last, one.body_crc) == (other.first, other.last, other.body_crc)
}

impl Shared {
    pub async fn put_bytes(
        &self,
        run: &Run,
        header: &Header,
        block: &Bytes,
        stamp: i64,
    ) -> Result<(), StoreError> {
        let (tenant, node, boot, first, last, crc) = place_of(run, header);
        let put = |(chunk, data): (i32, &[u8])| {
            let values =
                (tenant.clone(), node.clone(), boot.clone(), first, last, crc, chunk, data.to_vec(), stamp);
            async move { self.cql.write(&self.on.put_chunk, values).await }
        };
        let puts: Vec<_> = (0_i32..).zip(block.chunks(CHUNK_BYTES)).map(put).collect();
        stream::iter(puts).buffer_unordered(SIDE_BY_SIDE).try_collect().await
    }

    pub async fn drop_bytes(&self, run: &Run, header: &Header, stamp: i64) -> Result<(), StoreError> {
        self.drop_bytes_at(run, header.first, header.last, header.body_crc, stamp).await
    }

    pub async fn drop_bytes_at(
        &self,
        run: &Run,
        first: u64,
        last: u64,
        crc: u32,
        stamp: i64,
    ) -> Result<(), StoreError> {
        let (tenant, node, boot, first, last, crc) = place(run, first, last, crc);
        self.cql.write(&self.on.drop_chunks, (stamp, tenant, node, boot, first, last, crc)).await
    }

    /// The beginning of a block, which holds its head; `None` when its bytes are gone.
    pub async fn front(
        &self,
        run: &Run,
        first: u64,
        last: u64,
        crc: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self.cql.row::<(Vec<u8>,)>(&self.on.chunk, place(run, first, last, crc)).await?;
        Ok(row.map(|(data,)| data))
    }

    /// A block's bytes, when the run says that it is there.
    pub async fn whole_block(&self, tenant: &TenantId, id: &BlockId) -> Result<Option<Bytes>, StoreError> {
        let run = Run { tenant: tenant.clone(), node: id.node, boot: id.boot };
        let mut found = 0;
        // It may go between the two questions: then the first is asked again.
        for _ in 0..2 {
            let range = self.range_at(&run, id.last).await?;
            let Some(range) = range.filter(|range| BlockId::of(&range.header) == *id) else {
                return Ok(None);
            };
            let rows = self.cql.rows::<(Vec<u8>,)>(&self.on.chunks, place_of(&run, &range.header)).await?;
            found = rows.iter().map(|(data,)| data.len()).sum();
            if found == range.bytes {
                let mut rows = rows;
                let block = if rows.len() == 1 {
                    rows.remove(0).0
                } else {
                    rows.into_iter().flat_map(|(data,)| data).collect()
                };
                return Ok(Some(block.into()));
            }
        }
        Err(corrupt(
            format!("block_chunks[{tenant}/{id}]"),
            format!("{found} bytes are there, and not as many as were put"),
        ))
    }
}
