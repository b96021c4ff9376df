//! One block in the place of several.
//!
//! `replacements` has to rise for everybody before anybody can miss a block by it. So a replacing leaves a mark first; whoever
//! counts and finds one does the run's work before he answers, as the mark may be of one that was decided and not yet done. A mark
//! that its maker did not take away goes by itself after ten minutes: none is under way for longer.

use std::collections::BTreeSet;

use bytes::Bytes;
use uuid::Uuid;
use vedetta_block::Header;
use vedetta_model::{BootId, NodeId, TenantId};
use vedetta_store::{BlockId, Replaced, StoreError, replaces};

use super::{
    names::Run,
    run::{Plan, Range, is_at},
};
use crate::{
    errors::corrupt,
    store::{Shared, TRIES, contended},
};

impl Shared {
    pub async fn replace_blocks(
        &self,
        old: &[BlockId],
        new: &Bytes,
        header: Header,
    ) -> Result<Replaced, StoreError> {
        let run = Run::of(&header);
        let _alone = self.alone(&run).await;
        let mut bytes_are_there = false;
        for tries in 0..TRIES {
            let mut state = self.state(&run, tries > 0).await?;
            let from = old.iter().map(|id| id.first).min().unwrap_or(header.first).min(header.first);
            let to = old.iter().map(|id| id.last).max().unwrap_or(header.last).max(header.last);
            let present = self.ranges(&run, &mut state, from, to).await?;
            let id = BlockId::of(&header);
            let is_known = is_at(&present, &id)
                && present.get(&id.last).is_some_and(|it| it.header.body_crc == header.body_crc);
            let refused = if is_known { Some(Replaced::Known) } else { None };
            let gathered = match refused {
                Some(known) => Err(known),
                None => self.gather(&run, &present, old, &header).await?,
            };
            let removed = match gathered {
                Ok(removed) => removed,
                Err(refused) => {
                    if bytes_are_there && refused != Replaced::Known {
                        self.drop_bytes(&run, &header, self.stamps.after(state.stamp)).await?;
                    }
                    self.remember(&run, Some(state));
                    return Ok(refused);
                }
            };
            let stamp = self.stamps.after(state.stamp);
            self.put_bytes(&run, &header, new, stamp).await?;
            bytes_are_there = true;
            let plan = Plan { added: vec![(header.clone(), new.clone())], removed, replaces: true };
            let mark = Uuid::new_v4();
            let (tenant, node, boot) = run.key();
            self.cql.write(&self.on.put_replacing, (&tenant, &node, &boot, mark, stamp)).await?;
            let done = self.commit(&run, state, &plan, stamp).await;
            if done.is_err() {
                self.remember(&run, None);
            }
            let done = done?;
            self.cql.write(&self.on.drop_replacing, (stamp + 1, &tenant, &node, &boot, mark)).await?;
            if done {
                return Ok(Replaced::Done);
            }
            self.pause(tries).await;
        }
        Err(contended(&run))
    }

    /// The old blocks in order, or why they can't be replaced.
    async fn gather(
        &self,
        run: &Run,
        present: &std::collections::BTreeMap<u64, Range>,
        old: &[BlockId],
        header: &Header,
    ) -> Result<Result<Vec<Range>, Replaced>, StoreError> {
        let mut ranges = Vec::with_capacity(old.len());
        for id in old {
            let its = Run { tenant: run.tenant.clone(), node: id.node, boot: id.boot };
            let found = if its == *run {
                present.get(&id.last).filter(|_| is_at(present, id)).cloned()
            } else {
                self.range_at(&its, id.last).await?.filter(|range| BlockId::of(&range.header) == *id)
            };
            match found {
                Some(range) => ranges.push(range),
                None => return Ok(Err(Replaced::Gone(*id))),
            }
        }
        let headers: Vec<Header> = ranges.iter().map(|range| range.header.clone()).collect();
        Ok(if replaces(header, &headers) { Ok(ranges) } else { Err(Replaced::Differs) })
    }

    pub async fn count_replacements(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let marks = self.cql.rows::<(Vec<u8>, Vec<u8>)>(&self.on.replacing, (tenant.as_str(),)).await?;
        for (node, boot) in marks.into_iter().collect::<BTreeSet<_>>() {
            let uuid = |bytes: &[u8]| {
                Uuid::from_slice(bytes)
                    .map_err(|_| corrupt("block_replacing".into(), "a node or agent run is not 16 bytes"))
            };
            let (node, boot) = (NodeId::from_uuid(uuid(&node)?), BootId::from_uuid(uuid(&boot)?));
            let run = Run { tenant: tenant.clone(), node, boot };
            let _alone = self.alone(&run).await;
            self.settle_run(&run).await?;
        }
        let sum = self.cql.row::<(Option<i64>,)>(&self.on.replacements, (tenant.as_str(),)).await?;
        Ok(sum.and_then(|(sum,)| sum).unwrap_or(0).cast_unsigned())
    }
}
