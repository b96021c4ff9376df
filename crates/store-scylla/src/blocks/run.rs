//! An agent run's partition: reading it, changing it, and doing what that leaves to be done.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use futures::TryStreamExt as _;
use uuid::Uuid;
use vedetta_block::{Digest, Header};
use vedetta_model::Timestamp;
use vedetta_store::{BlockId, StoreError, Usage, bucket_of};

use super::{
    names::{Run, head_key, shifted, unshifted},
    work::{self, Entry},
};
use crate::{
    cql::{Cas, Changes},
    errors::corrupt,
    store::Shared,
};

/// Hours whose sums are remembered: blocks come in the newest.
const REMEMBERED_SUMS: usize = 4;

/// What is remembered of a run, as of its token.
#[derive(Debug, Clone, Default)]
pub struct RunState {
    pub token: Option<Uuid>,
    pub stamp: i64,
    pub replaced: i64,
    /// From this number on there is nothing, when that is known.
    free_from: Option<u64>,
    /// Of the hours that were asked for.
    sums: BTreeMap<i64, Usage>,
    /// Whether this process has put the tenant into the list of tenants.
    is_listed: bool,
}

/// A block of a run, by what the run's row says of it. Its header has no digest and no kinds.
#[derive(Debug, Clone)]
pub struct Range {
    pub header: Header,
    /// Of the whole block.
    pub bytes: usize,
}

/// A change of a run: all at once.
#[derive(Debug)]
pub struct Plan {
    pub added: Vec<(Header, Bytes)>,
    pub removed: Vec<Range>,
    /// Whether the one takes the place of the others.
    pub replaces: bool,
}

type StateRow = (Option<Uuid>, Option<i64>, Option<i64>, Option<Vec<u8>>);
type RangeRow = (i64, i64, i64, i64, i64, i64, i64);

impl Shared {
    /// What is remembered of a run, or what is read, with its work done.
    pub async fn state(&self, run: &Run, settled: bool) -> Result<RunState, StoreError> {
        match self.remembered(run).filter(|_| !settled) {
            Some(state) => Ok(state),
            None => self.settle_run(run).await,
        }
    }

    /// Reads a run anew and does its work, unless this process knows that it is done.
    pub async fn settle_run(&self, run: &Run) -> Result<RunState, StoreError> {
        let row = self.cql.row::<StateRow>(&self.on.run_state, run.key()).await?;
        let Some((Some(token), stamp, replaced, work)) = row else { return Ok(RunState::default()) };
        if let Some(state) = self.remembered(run).filter(|state| state.token == Some(token)) {
            return Ok(state);
        }
        let (stamp, replaced) = (stamp.unwrap_or(0), replaced.unwrap_or(0));
        let mut state = RunState { token: Some(token), stamp, replaced, ..RunState::default() };
        let entries = work::decode(&work.unwrap_or_default());
        let entries = entries.ok_or_else(|| corrupt(run.to_string(), "its work can't be read"))?;
        for bucket in buckets(&entries) {
            self.sum(run, &mut state, bucket).await?;
        }
        let heads = self.missing_heads(run, &entries).await?;
        self.follow(run, &mut state, &entries, &heads).await?;
        self.remember(run, Some(state.clone()));
        Ok(state)
    }

    /// Heads that a work did not come to put, taken from the blocks.
    async fn missing_heads(&self, run: &Run, entries: &[Entry]) -> Result<HashMap<u64, Bytes>, StoreError> {
        let mut heads = HashMap::new();
        for entry in entries.iter().filter(|entry| !entry.is_gone) {
            let id = entry.id(run);
            let (latest, node, boot, first, last) = head_key(&id);
            let place =
                (run.tenant.as_str(), bucket_of(id.latest), run.slot(), latest, node, boot, first, last);
            if self.cql.row::<(i64,)>(&self.on.head_is_there, place).await?.is_some() {
                continue;
            }
            // Without bytes it went since, and whoever took it does the rest.
            let Some(front) = self.front(run, entry.first, entry.last, entry.crc).await? else { continue };
            let header = Header::parse_head(&front)?;
            let bytes = (entry.bytes as usize).saturating_sub(header.body_bytes as usize).min(front.len());
            heads.insert(entry.last, Bytes::from(front).slice(..bytes));
        }
        Ok(heads)
    }

    async fn sum(&self, run: &Run, state: &mut RunState, bucket: i64) -> Result<Usage, StoreError> {
        if let Some(sum) = state.sums.get(&bucket) {
            return Ok(*sum);
        }
        let (tenant, node, boot) = run.key();
        let row = self.cql.row::<(i64, i64, i64)>(&self.on.run_sum, (tenant, node, boot, bucket)).await?;
        let sum = row.map_or_else(Usage::default, usage);
        state.sums.insert(bucket, sum);
        Ok(sum)
    }

    /// Ranges that reach from `first` on, up to one that ends at `last` or behind it.
    pub async fn ranges(
        &self,
        run: &Run,
        state: &mut RunState,
        first: u64,
        last: u64,
    ) -> Result<BTreeMap<u64, Range>, StoreError> {
        let mut ranges = BTreeMap::new();
        if state.free_from.is_some_and(|free| first >= free) {
            return Ok(ranges);
        }
        let (tenant, node, boot) = run.key();
        let mut rows =
            self.cql.stream::<RangeRow>(&self.on.run_from, (tenant, node, boot, shifted(first))).await?;
        let mut before: Option<u64> = None;
        while let Some(row) = rows.try_next().await? {
            let range = range(run, row);
            let header = &range.header;
            if before.is_some_and(|before| header.first <= before) {
                return Err(corrupt(
                    run.to_string(),
                    format!("numbers up to {} are there twice", header.last),
                ));
            }
            before = Some(header.last);
            let end = header.last;
            ranges.insert(end, range);
            if end >= last {
                return Ok(ranges);
            }
        }
        // All there is was read.
        state.free_from = Some(before.map_or(first, |before| before.saturating_add(1)).max(first));
        Ok(ranges)
    }

    /// The range with the smallest last number from `number` on.
    pub async fn range_at(&self, run: &Run, number: u64) -> Result<Option<Range>, StoreError> {
        let (tenant, node, boot) = run.key();
        let row = self.cql.row::<RangeRow>(&self.on.run_at, (tenant, node, boot, shifted(number))).await?;
        Ok(row.map(|row| range(run, row)))
    }

    /// Decides a plan and does what follows. `false` when the run changed since `state` was read.
    pub async fn commit(
        &self,
        run: &Run,
        mut state: RunState,
        plan: &Plan,
        stamp: i64,
    ) -> Result<bool, StoreError> {
        let entries = work::of(plan);
        for bucket in buckets(&entries) {
            self.sum(run, &mut state, bucket).await?;
        }
        let before = state.token;
        let token = Uuid::new_v4();
        (state.token, state.stamp) = (Some(token), stamp);
        state.replaced += i64::from(plan.replaces);
        for range in &plan.removed {
            let sum = state.sums.entry(bucket_of(range.header.latest)).or_default();
            *sum = *sum - Usage::of(&range.header, range.bytes);
        }
        for (header, block) in &plan.added {
            *state.sums.entry(bucket_of(header.latest)).or_default() += Usage::of(header, block.len());
            let behind = header.last.saturating_add(1);
            state.free_from = state.free_from.map(|free| free.max(behind));
        }
        let batch = self.decision(run, &state, before, plan, &entries);
        let decided = match self.cql.cas(batch).await? {
            Cas::Applied => true,
            Cas::Refused => false,
            Cas::Unknown(error) => {
                tracing::debug!(%run, %error, "a change got no answer");
                let row = self.cql.row::<StateRow>(&self.on.run_state, run.key()).await?;
                row.is_some_and(|(now, ..)| now == Some(token))
            }
        };
        self.remember(run, None);
        if decided {
            let head = |(header, block): &(Header, Bytes)| {
                (header.last, block.slice(..block.len() - header.body_bytes as usize))
            };
            let heads = plan.added.iter().map(head).collect();
            self.follow(run, &mut state, &entries, &heads).await?;
            while state.sums.len() > REMEMBERED_SUMS {
                state.sums.pop_first();
            }
            self.remember(run, Some(state));
        }
        Ok(decided)
    }

    fn decision(
        &self,
        run: &Run,
        state: &RunState,
        before: Option<Uuid>,
        plan: &Plan,
        entries: &[Entry],
    ) -> Changes {
        let (mut changes, key) = (Changes::default(), run.key());
        let (t, n, b) = key.clone();
        let its = (state.token, state.stamp, state.replaced, work::encode(entries), t, n, b, before);
        changes.add(&self.on.run_advance, its);
        let taken: BTreeSet<u64> = plan.added.iter().map(|(header, _)| header.last).collect();
        // A row that is put again is not dropped too: at one time, dropping wins.
        for range in plan.removed.iter().filter(|range| !taken.contains(&range.header.last)) {
            let (t, n, b) = key.clone();
            changes.add(&self.on.run_drop, (t, n, b, shifted(range.header.last)));
        }
        for (header, block) in &plan.added {
            let (t, n, b) = key.clone();
            let (earliest, latest) = (header.earliest.as_nanos(), header.latest.as_nanos());
            let (crc, events, bytes) =
                (i64::from(header.body_crc), i64::from(header.count), block.len() as i64);
            let place = (shifted(header.last), shifted(header.first));
            changes.add(&self.on.run_put, (t, n, b, place.0, place.1, earliest, latest, crc, events, bytes));
        }
        for bucket in buckets(entries) {
            let (t, n, b) = key.clone();
            let sum = state.sums.get(&bucket).copied().unwrap_or_default();
            if sum == Usage::default() {
                changes.add(&self.on.run_drop_sum, (t, n, b, bucket));
            } else {
                let (blocks, events, bytes) = numbers(sum);
                changes.add(&self.on.run_put_sum, (t, n, b, bucket, blocks, events, bytes));
            }
        }
        changes
    }

    /// Does what a decision leaves to be done. May be done again, by anybody: all of it is at the decision's stamp.
    async fn follow(
        &self,
        run: &Run,
        state: &mut RunState,
        entries: &[Entry],
        heads: &HashMap<u64, Bytes>,
    ) -> Result<(), StoreError> {
        let (tenant, node, boot) = run.key();
        let came = entries.iter().any(|entry| !entry.is_gone);
        if came && !state.is_listed {
            self.cql.write(&self.on.put_block_tenant, (tenant.as_str(),)).await?;
            state.is_listed = true;
        }
        if came && entries.iter().any(|entry| entry.is_gone) {
            let values = (tenant.as_str(), node.as_slice(), boot.as_slice(), state.replaced, state.stamp);
            self.cql.write(&self.on.put_replacements, values).await?;
        }
        // Hours in which a block came first: until the others follow, its events are there twice and not missing.
        let mut hours: Vec<i64> = buckets(entries).into_iter().collect();
        let comes =
            |bucket: &i64| entries.iter().any(|entry| !entry.is_gone && entry_bucket(entry) == *bucket);
        hours.sort_by_key(|bucket| !comes(bucket));
        for bucket in hours {
            let sum = state.sums.get(&bucket).copied().unwrap_or_default();
            futures::try_join!(
                self.put_heads(run, state.stamp, bucket, entries, heads),
                self.account(run, state.stamp, bucket, sum)
            )?;
            if comes(&bucket) {
                let stamp = self.stamps.after(state.stamp);
                self.cql.write(&self.on.put_slot, (tenant.as_str(), bucket, run.slot(), stamp)).await?;
            }
        }
        for entry in entries.iter().filter(|entry| entry.is_gone) {
            self.drop_bytes_at(run, entry.first, entry.last, entry.crc, state.stamp).await?;
        }
        Ok(())
    }

    /// One batch, so that a scan of the hour sees all of it or nothing.
    async fn put_heads(
        &self,
        run: &Run,
        stamp: i64,
        bucket: i64,
        entries: &[Entry],
        heads: &HashMap<u64, Bytes>,
    ) -> Result<(), StoreError> {
        let (tenant, slot) = (run.tenant.to_string(), run.slot());
        let mut changes = Changes::default();
        for entry in entries.iter().filter(|entry| entry_bucket(entry) == bucket) {
            let (latest, node, boot, first, last) = head_key(&entry.id(run));
            if entry.is_gone {
                let values = (stamp, tenant.clone(), bucket, slot, latest, node, boot, first, last);
                changes.add(&self.on.drop_head, values);
            } else if let Some(head) = heads.get(&entry.last) {
                let head = head.to_vec();
                let values = (tenant.clone(), bucket, slot, latest, node, boot, first, last, head, stamp);
                changes.add(&self.on.put_head, values);
            }
        }
        self.cql.write_all(changes).await
    }

    async fn account(&self, run: &Run, stamp: i64, bucket: i64, sum: Usage) -> Result<(), StoreError> {
        let (tenant, node, boot) = run.key();
        if sum == Usage::default() {
            return self
                .cql
                .write(&self.on.drop_usage, (stamp, tenant, bucket, run.slot(), node, boot))
                .await;
        }
        let (blocks, events, bytes) = numbers(sum);
        let values = (tenant, bucket, run.slot(), node, boot, blocks, events, bytes, stamp);
        self.cql.write(&self.on.put_usage, values).await
    }
}

fn entry_bucket(entry: &Entry) -> i64 {
    bucket_of(Timestamp::from_nanos(entry.latest))
}

fn buckets(entries: &[Entry]) -> BTreeSet<i64> {
    entries.iter().map(entry_bucket).collect()
}

fn numbers(sum: Usage) -> (i64, i64, i64) {
    (sum.blocks.cast_signed(), sum.events.cast_signed(), sum.bytes.cast_signed())
}

fn usage((blocks, events, bytes): (i64, i64, i64)) -> Usage {
    Usage { blocks: blocks.cast_unsigned(), events: events.cast_unsigned(), bytes: bytes.cast_unsigned() }
}

fn range(run: &Run, (last, first, earliest, latest, crc, events, bytes): RangeRow) -> Range {
    let header = Header {
        version: 0,
        tenant: run.tenant.clone(),
        node: run.node,
        boot: run.boot,
        first: unshifted(first),
        last: unshifted(last),
        count: events as u32,
        earliest: Timestamp::from_nanos(earliest),
        latest: Timestamp::from_nanos(latest),
        kinds: vec![],
        digest: Digest::default(),
        body_bytes: 0,
        decoded_bytes: 0,
        body_crc: crc as u32,
    };
    Range { header, bytes: usize::try_from(bytes).unwrap_or(0) }
}

/// Whether the run has exactly that block.
pub fn is_at(ranges: &BTreeMap<u64, Range>, id: &BlockId) -> bool {
    ranges.get(&id.last).is_some_and(|range| BlockId::of(&range.header) == *id)
}
