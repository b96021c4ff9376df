//! Blocks by tenant and time.

use bytes::Bytes;
use uuid::Uuid;
use vedetta_block::{Builder, Header};
use vedetta_model::{BootId, Event, EventId, NodeId, TenantId, Timestamp, event::Unshare};

use super::{Fixture, soon, tenant};
use crate::{BUCKET_NANOS, BlockId, BlockRange, BlockStore, Kept, Order, StoreError, Usage, bucket_of};

pub(super) const HOUR: i64 = BUCKET_NANOS;
const SECOND: i64 = 1_000_000_000;
/// The beginning of a bucket.
const BASE: i64 = 490_000 * HOUR;

pub(super) fn node(n: u128) -> NodeId {
    NodeId::from_uuid(Uuid::from_u128(n))
}

pub(super) fn boot(n: u128) -> BootId {
    BootId::from_uuid(Uuid::from_u128(n))
}

pub(super) fn at(nanos: i64) -> Timestamp {
    Timestamp::from_nanos(BASE + nanos)
}

/// Events `first..=last` of a node's first run, from the first time to the last.
pub(super) fn block(of: &str, on: u128, (first, last): (u64, u64), (from, to): (i64, i64)) -> Bytes {
    filled(of, on, (first, last), (from, to), 0)
}

pub(super) fn filled(
    of: &str,
    on: u128,
    (first, last): (u64, u64),
    (from, to): (i64, i64),
    flags: u64,
) -> Bytes {
    let mut builder = Builder::new(tenant(of), node(on), boot(on));
    for seq in first..=last {
        let time = if seq == first { at(from) } else { at(to) };
        builder.push(Event {
            seq,
            time,
            process: None,
            tid: 0,
            result: 0,
            payload: Unshare { flags }.into(),
        });
    }
    builder.finish().unwrap()
}

pub(super) fn id(block: &Bytes) -> BlockId {
    BlockId::of(&Header::parse(block).unwrap().0)
}

fn range(of: &str, since: i64, until: i64) -> BlockRange {
    BlockRange { tenant: tenant(of), since: at(since), until: at(until), order: Order::Ascending }
}

pub(super) fn all(of: &str) -> BlockRange {
    let (since, until) = (Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MAX));
    BlockRange { since, until, ..range(of, 0, 0) }
}

/// All heads of a range, in pages.
pub(super) async fn walk(store: &dyn BlockStore, range: &BlockRange, limit: usize) -> Vec<BlockId> {
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let page = store.heads(range, after, limit).await.unwrap();
        assert!(page.heads.len() <= limit);
        ids.extend(page.heads.iter().map(BlockId::of));
        match page.next {
            Some(next) => after = Some(next),
            None => return ids,
        }
    }
}

pub(super) async fn total(store: &dyn BlockStore, of: &str) -> Usage {
    let mut sum = Usage::default();
    for (_, usage) in store.usage(&tenant(of)).await.unwrap() {
        sum += usage;
    }
    sum
}

/// What was kept is there as it came, also after reopening and a crash.
pub async fn blocks_are_kept_as_they_came(mut fixture: impl Fixture) {
    let kept: Vec<Bytes> = (0..20)
        .map(|n| block("a", n % 3, (n as u64 * 2 + 1, n as u64 * 2 + 2), (n as i64, n as i64 + 1)))
        .collect();
    let ids: Vec<_> = kept.iter().map(id).collect();
    for round in 0..3 {
        let blocks = fixture.blocks();
        let part = &kept[round * 5..(round + 1) * 5];
        assert!(blocks.keep(part).await.unwrap().iter().all(|kept| *kept != Kept::Overlaps(ids[0])));
        drop(blocks);
        if fixture.durable() {
            if round == 1 { fixture.reopen().await } else { fixture.crash().await }
        }
        let blocks = fixture.blocks();
        let found = blocks.blocks(&tenant("a"), &ids).await.unwrap();
        let wanted: Vec<_> =
            kept.iter().enumerate().map(|(n, block)| (n < (round + 1) * 5).then(|| block.clone())).collect();
        assert_eq!(found, wanted);
        assert_eq!(walk(&*blocks, &all("a"), 7).await.len(), (round + 1) * 5);
    }
}

/// Keeping again, in any order and in pieces, changes nothing.
pub async fn keeping_twice_is_keeping_once(fixture: impl Fixture) {
    let store = fixture.blocks();
    let whole = block("a", 1, (1, 10), (0, 5));
    let next = block("a", 1, (11, 20), (5, 9));
    let other = block("a", 2, (1, 10), (0, 5));
    store.keep(&[whole.clone(), next.clone()]).await.unwrap();
    let before = total(&*store, "a").await;
    let again = store.keep(&[next.clone(), whole.clone(), whole.clone()]).await.unwrap();
    assert_eq!(again, [Kept::Known, Kept::Known, Kept::Known]);
    let part = block("a", 1, (3, 4), (1, 2));
    assert_eq!(store.keep(&[part]).await.unwrap(), [Kept::Known], "its numbers are there already");
    assert_eq!(total(&*store, "a").await, before);
    assert_eq!(walk(&*store, &all("a"), 10).await.len(), 2);
    store.keep(&[other.clone(), other]).await.unwrap();
    assert_eq!(total(&*store, "a").await.blocks, 3, "another node counts for itself");
}

/// Numbers that are taken are not given again, and what was there stays.
pub async fn what_overlaps_is_refused_and_the_rest_kept(fixture: impl Fixture) {
    let store = fixture.blocks();
    let first = block("a", 1, (10, 20), (0, 5));
    store.keep(std::slice::from_ref(&first)).await.unwrap();
    let before = id(&first);
    let clash = [
        block("a", 1, (5, 10), (0, 5)),
        block("a", 1, (20, 30), (0, 5)),
        block("a", 1, (5, 30), (0, 5)),
        filled("a", 1, (10, 20), (0, 5), 7),
    ];
    for clashing in &clash {
        let good = block("a", 1, (1, 4), (0, 1));
        let kept = store.keep(&[clashing.clone(), good]).await.unwrap();
        assert_eq!(kept[0], Kept::Overlaps(before), "{}", id(clashing));
        assert_ne!(kept[1], Kept::Overlaps(before));
    }
    assert_eq!(store.blocks(&tenant("a"), &[before]).await.unwrap(), [Some(first)]);
    assert_eq!(total(&*store, "a").await.blocks, 2);
}

/// One that is no block keeps the others out too, so that whoever called can tell which it was.
pub async fn no_block_is_kept_with_one_that_is_none(fixture: impl Fixture) {
    let store = fixture.blocks();
    let good = block("a", 1, (1, 2), (0, 1));
    let mut cut = good.clone();
    cut.truncate(good.len() - 1);
    for bad in [Bytes::from_static(b"no block"), cut, Bytes::new()] {
        let refused = store.keep(&[good.clone(), bad]).await;
        assert!(matches!(refused, Err(StoreError::Block(_))), "{refused:?}");
    }
    assert_eq!(walk(&*store, &all("a"), 10).await, []);
    assert_eq!(store.archived().await.unwrap(), []);
}

/// A range gives the blocks that overlap it, in time's order, both ways, in pages of any size.
pub async fn ranges_give_the_blocks_that_overlap_in_order(fixture: impl Fixture) {
    let store = fixture.blocks();
    // Long ones and short ones, from two nodes, and one before 1970.
    let mut blocks: Vec<Bytes> = (0..12_i64)
        .map(|n| {
            let length = if n % 4 == 0 { HOUR } else { 10 * SECOND };
            block(
                "a",
                (n % 2) as u128,
                (n as u64 * 10 + 1, n as u64 * 10 + 9),
                (n * 600 * SECOND, n * 600 * SECOND + length),
            )
        })
        .collect();
    blocks.push(block("a", 9, (1, 2), (-BASE - 5 * SECOND, -BASE - SECOND)));
    store.keep(&blocks).await.unwrap();
    let headers: Vec<Header> = blocks.iter().map(|block| Header::parse(block).unwrap().0).collect();
    let (early, late) = (-BASE - HOUR, 5 * HOUR);
    for (since, until) in
        [(early, late), (0, 1), (600 * SECOND, 1200 * SECOND), (HOUR, late), (early, 0), (HOUR, HOUR)]
    {
        let range = range("a", since, until);
        let mut wanted: Vec<_> = headers.iter().filter(|h| range.overlaps(h)).map(BlockId::of).collect();
        wanted.sort_unstable();
        for limit in [1, 2, 5, 100] {
            assert_eq!(walk(&*store, &range, limit).await, wanted, "{since} to {until}");
            let mut backwards =
                walk(&*store, &BlockRange { order: Order::Descending, ..range.clone() }, limit).await;
            backwards.reverse();
            assert_eq!(backwards, wanted, "{since} to {until}, backwards");
        }
    }
}

/// An event is found by its id.
pub async fn an_event_leads_to_its_block(fixture: impl Fixture) {
    let store = fixture.blocks();
    let (low, high) = (block("a", 1, (5, 9), (0, 1)), block("a", 1, (20, 29), (2, 3)));
    store.keep(&[high.clone(), low.clone()]).await.unwrap();
    let holding = async |of: &str, on: u128, run: u128, seq: u64| {
        store.holding(&tenant(of), &EventId { node: node(on), boot: boot(run), seq }).await.unwrap()
    };
    for (seq, wanted) in [
        (4, None),
        (5, Some(&low)),
        (9, Some(&low)),
        (10, None),
        (20, Some(&high)),
        (29, Some(&high)),
        (30, None),
    ] {
        assert_eq!(holding("a", 1, 1, seq).await, wanted.map(id), "{seq}");
    }
    assert_eq!(holding("a", 1, 2, 5).await, None, "of another run");
    assert_eq!(holding("a", 2, 1, 5).await, None, "of another node");
    assert_eq!(holding("b", 1, 1, 5).await, None, "of another tenant");
}

/// Whole buckets go, with all that pointed at them; what is younger stays.
pub async fn old_buckets_are_dropped_whole(mut fixture: impl Fixture) {
    let store = fixture.blocks();
    let old: Vec<_> = (0..5)
        .map(|n| block("a", 1, (n * 10 + 1, n * 10 + 5), (n as i64 * SECOND, n as i64 * SECOND + 1)))
        .collect();
    let young = block("a", 1, (100, 110), (HOUR + 1, HOUR + 2));
    let others = block("b", 1, (1, 5), (0, 1));
    store.keep(&old).await.unwrap();
    store.keep(&[young.clone(), others.clone()]).await.unwrap();
    assert_eq!(
        store.expire(&tenant("a"), at(HOUR - 1)).await.unwrap(),
        Usage::default(),
        "its bucket goes on"
    );
    let before = total(&*store, "a").await;
    store.expire(&tenant("a"), at(HOUR + 5)).await.unwrap();
    let after = total(&*store, "a").await;
    assert_eq!((before.blocks, after.blocks), (6, 1));
    assert_eq!(after, Usage { blocks: 1, events: 11, bytes: young.len() as u64 });
    drop(store);
    if fixture.durable() {
        fixture.crash().await;
    }
    let store = fixture.blocks();
    assert_eq!(walk(&*store, &all("a"), 10).await, [id(&young)]);
    assert_eq!(store.blocks(&tenant("a"), &[id(&old[0]), id(&young)]).await.unwrap(), [None, Some(young)]);
    assert_eq!(
        store.holding(&tenant("a"), &EventId { node: node(1), boot: boot(1), seq: 1 }).await.unwrap(),
        None
    );
    assert_eq!(walk(&*store, &all("b"), 10).await, [id(&others)]);
    store.expire(&tenant("a"), at(3 * HOUR)).await.unwrap();
    assert_eq!(store.archived().await.unwrap(), [tenant("b")]);
    assert_eq!(store.usage(&tenant("a")).await.unwrap(), []);
}

/// Blocks, events and bytes are counted by bucket.
pub async fn stored_bytes_are_counted(fixture: impl Fixture) {
    let store = fixture.blocks();
    let blocks = [
        block("a", 1, (1, 3), (0, 1)),
        block("a", 1, (4, 9), (HOUR - 1, HOUR + 1)),
        block("a", 2, (1, 1), (2, 2)),
    ];
    store.keep(&blocks).await.unwrap();
    store.keep(&blocks).await.unwrap();
    let bytes = |at: usize| blocks[at].len() as u64;
    let bucket = bucket_of(at(0));
    let wanted = [
        (bucket, Usage { blocks: 2, events: 4, bytes: bytes(0) + bytes(2) }),
        (bucket + 1, Usage { blocks: 1, events: 6, bytes: bytes(1) }),
    ];
    assert_eq!(store.usage(&tenant("a")).await.unwrap(), wanted);
}

/// One tenant's blocks are nobody else's, whatever their names and numbers.
pub async fn no_tenant_sees_anothers_blocks(fixture: impl Fixture) {
    let store = fixture.blocks();
    let names = ["a", "a0", "b", "aa"];
    let mine = |of: &str| block(of, 1, (1, 5), (0, 1));
    let blocks: Vec<_> = names.iter().map(|of| mine(of)).collect();
    store.keep(&blocks).await.unwrap();
    for of in names {
        let tenant: TenantId = tenant(of);
        assert_eq!(walk(&*store, &all(of), 3).await.len(), 1, "{of}");
        assert_eq!(store.blocks(&tenant, &[id(&mine(of))]).await.unwrap(), [Some(mine(of))], "{of}");
        assert_eq!(total(&*store, of).await.blocks, 1);
    }
    let mut sorted = names.map(tenant);
    sorted.sort();
    assert_eq!(store.archived().await.unwrap(), sorted);
    store.expire(&tenant("a"), at(9 * HOUR)).await.unwrap();
    assert_eq!(walk(&*store, &all("a"), 3).await, []);
    assert_eq!(walk(&*store, &all("a0"), 3).await.len(), 1);
}

/// Two archivers of the same blocks at once keep each once.
pub async fn many_archivers_at_once_keep_each_block_once(fixture: impl Fixture) {
    let store = fixture.blocks();
    let blocks: Vec<_> =
        (0..30_u64).map(|n| block("a", 1, (n * 2 + 1, n * 2 + 2), (n as i64, n as i64 + 1))).collect();
    let archivers: Vec<_> = (0..4)
        .map(|at| {
            let (store, blocks) = (store.clone(), blocks.clone());
            tokio::spawn(async move {
                for chunk in blocks.chunks(3 + at) {
                    store.keep(chunk).await.unwrap();
                }
            })
        })
        .collect();
    for archiver in archivers {
        soon("an archiver's end", archiver).await.unwrap();
    }
    assert_eq!(total(&*store, "a").await.blocks, 30);
    assert_eq!(walk(&*store, &all("a"), 100).await.len(), 30);
}
