//! Blocks of events: what the child keeps and expires, and what the parent then expects.
//!
//! A block is made of its child's number and its own, so that both sides make the same bytes. What was
//! begun and not answered may be there or not; what was answered leaves no choice.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use rand::{Rng as _, SeedableRng as _, distr::Alphanumeric, rngs::StdRng};
use uuid::Uuid;
use vedetta_block::{Builder, Header};
use vedetta_model::{BootId, Event, EventId, NodeId, TenantId, Timestamp, event::Open};
use vedetta_store::{BUCKET_NANOS, BlockId, BlockRange, BlockStore as _, Kept, Order, Usage, bucket_of};
use vedetta_store_embedded::EmbeddedStore;

use crate::tell;

/// The beginning of a bucket; each child begins one further on.
const FIRST_BUCKET: i64 = 490_000;
/// How many blocks of a child lie in one bucket of time.
const BLOCKS_IN_BUCKET: u64 = 50;
/// How many buckets stay when old ones are expired.
const BUCKETS_KEPT: i64 = 4;
/// Numbers of events between the firsts of two blocks; blocks have fewer, so there are gaps.
const STRIDE: u64 = 10;
const TENANTS: [&str; 2] = ["acme", "beta"];
const NODES: u64 = 3;

/// Which child made it, and its number there.
type Place = (u64, u64);

fn tenant((_, n): Place) -> TenantId {
    TENANTS[n as usize % TENANTS.len()].parse().unwrap()
}

fn start_of(bucket: i64) -> Timestamp {
    Timestamp::from_nanos(bucket * BUCKET_NANOS)
}

fn bucket((child, n): Place) -> i64 {
    FIRST_BUCKET + (child + n / BLOCKS_IN_BUCKET).cast_signed()
}

fn block(place: Place) -> Bytes {
    let (child, n) = place;
    let mut rng = StdRng::seed_from_u64(child << 32 | n);
    let node = NodeId::from_uuid(Uuid::from_u128((n % NODES).into()));
    let mut builder = Builder::new(tenant(place), node, BootId::from_uuid(Uuid::from_u128(child.into())));
    let first = n * STRIDE + 1;
    let time = start_of(bucket(place)).as_nanos() + (n % BLOCKS_IN_BUCKET * 1_000_000_000).cast_signed();
    for seq in first..first + rng.random_range(1..STRIDE - 1) {
        let length = rng.random_range(1..1000);
        let path = (&mut rng).sample_iter(Alphanumeric).take(length).map(char::from).collect();
        builder.push(Event {
            seq,
            time: Timestamp::from_nanos(time + seq.cast_signed()),
            process: None,
            tid: 0,
            result: 0,
            payload: Open { path, flags: 0, mode: 0 }.into(),
        });
    }
    builder.finish().unwrap()
}

/// Keeps new blocks, now and then some of them again, and now and then expires old ones.
pub async fn keep(store: &EmbeddedStore, child: u64) {
    let mut rng = StdRng::seed_from_u64(child ^ 0xb10c);
    let mut next = 0;
    loop {
        let batch = next..next + rng.random_range(1..5);
        next = batch.end;
        let places: Vec<Place> = batch.map(|n| (child, n)).collect();
        let blocks: Vec<Bytes> = places.iter().map(|&place| block(place)).collect();
        let lines = |word: &str| -> String {
            places.iter().map(|(child, n)| format!("{word} {child} {n}\n")).collect()
        };
        tell(lines("keeps"));
        let kept = store.keep(&blocks).await.unwrap();
        assert!(kept.iter().all(|kept| *kept == Kept::New), "{places:?} are new: {kept:?}");
        tell(lines("kept"));
        if rng.random_ratio(1, 8) {
            let again = store.keep(&blocks).await.unwrap();
            assert!(again.iter().all(|kept| *kept == Kept::Known), "{places:?} are known: {again:?}");
        }
        if rng.random_ratio(1, 12) {
            let before = bucket((child, next)) - BUCKETS_KEPT;
            tell(format!("expires {before}\n"));
            for of in TENANTS {
                store.expire(&of.parse().unwrap(), start_of(before)).await.unwrap();
            }
            tell(format!("expired {before}\n"));
        }
    }
}

/// What is to be there, and what may be.
#[derive(Default)]
pub struct Expected {
    there: BTreeSet<Place>,
    maybe: BTreeSet<Place>,
    /// Answered so far, expired ones included.
    pub answered: u64,
    /// Dropped by an expiry that was answered.
    pub expired: u64,
    made: HashMap<Place, Bytes>,
}

impl Expected {
    /// Takes in what a child told; `false` when it was about something else.
    pub fn hear(&mut self, line: &str) -> bool {
        let mut words = line.split(' ');
        let (what, mut number) = (words.next().unwrap(), || words.next().unwrap().parse().unwrap());
        match what {
            "keeps" => {
                self.maybe.insert((number(), number()));
            }
            "kept" => {
                let place = (number(), number());
                self.maybe.remove(&place);
                self.there.insert(place);
                self.answered += 1;
            }
            "expires" => {
                let before = number().cast_signed();
                self.maybe.extend(self.there.extract_if(.., |&place| bucket(place) < before));
            }
            "expired" => {
                let before = number().cast_signed();
                let old = self.maybe.len();
                self.maybe.retain(|&place| bucket(place) >= before);
                self.expired += (old - self.maybe.len()) as u64;
                self.made.retain(|&place, _| bucket(place) >= before);
            }
            _ => return false,
        }
        true
    }

    /// Compares with all that is there. What was undecided is known afterwards.
    pub async fn check(&mut self, store: &EmbeddedStore) {
        let mut found = BTreeSet::new();
        for of in TENANTS {
            let of: TenantId = of.parse().unwrap();
            let ids = heads(store, &of, Order::Ascending).await;
            let mut backwards = heads(store, &of, Order::Descending).await;
            backwards.reverse();
            assert_eq!(ids, backwards, "both orders give the same blocks");
            assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "a block is there twice, or out of order");

            let mut sums: BTreeMap<i64, Usage> = BTreeMap::new();
            let stored = store.blocks(&of, &ids).await.unwrap();
            for (id, stored) in ids.iter().zip(stored) {
                let place = (u64::try_from(id.boot.as_uuid().as_u128()).unwrap(), id.first / STRIDE);
                let stored = stored.unwrap_or_else(|| panic!("{id} has a head and no block"));
                let made = self.made.entry(place).or_insert_with(|| block(place));
                assert_eq!(stored, *made, "{id} has other bytes");
                let header = Header::verify(&stored).unwrap();
                assert_eq!((BlockId::of(&header), header.tenant.clone()), (*id, of.clone()));
                *sums.entry(bucket_of(id.latest)).or_default() += Usage::of(&header, stored.len());
                assert!(found.insert(place), "{id} is there twice");
                for (seq, holds) in [(id.first, true), (id.last, true), (id.last + 1, false)] {
                    let event = EventId { node: id.node, boot: id.boot, seq };
                    let holding = store.holding(&of, &event).await.unwrap();
                    assert_eq!(holding, holds.then_some(*id), "what holds event {seq} of {id}");
                }
            }
            let counted: BTreeMap<_, _> = store.usage(&of).await.unwrap().into_iter().collect();
            assert_eq!(counted, sums, "usage of {of} is not the sum of what is there");
        }
        let missing: Vec<_> = self.there.difference(&found).collect();
        assert!(missing.is_empty(), "acknowledged blocks are missing: {missing:?}");
        let unknown: Vec<_> =
            found.iter().filter(|place| !self.there.contains(place) && !self.maybe.contains(place)).collect();
        assert!(unknown.is_empty(), "expired blocks, or such as nobody kept, are there: {unknown:?}");
        // The dead change nothing any more.
        self.there = found;
        self.maybe.clear();
    }
}

/// All blocks of a tenant, in pages.
async fn heads(store: &EmbeddedStore, of: &TenantId, order: Order) -> Vec<BlockId> {
    let (since, until) = (Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MAX));
    let range = BlockRange { tenant: of.clone(), since, until, order };
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = store.heads(&range, after, 50).await.unwrap();
        ids.extend(page.heads.iter().map(BlockId::of));
        match page.next {
            Some(next) => after = Some(next),
            None => return ids,
        }
    }
}
