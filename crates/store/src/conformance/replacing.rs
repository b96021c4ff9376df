//! One block in the place of several.

use bytes::Bytes;
use vedetta_block::{Header, merge};
use vedetta_model::EventId;

use super::{
    Fixture,
    blocks::{HOUR, all, at, block, boot, filled, id, node, total, walk},
    soon, tenant,
};
use crate::{BlockId, BlockStore, Kept, Replaced, StoreError, Usage, bucket_of};

/// Ten blocks of two events each, one after the other; the last ones in the next bucket.
fn small() -> Vec<Bytes> {
    (0..10_i64)
        .map(|n| block("a", 1, (n as u64 * 2 + 1, n as u64 * 2 + 2), (HOUR - 8 + n, HOUR - 7 + n)))
        .collect()
}

fn ids(blocks: &[Bytes]) -> Vec<BlockId> {
    blocks.iter().map(id).collect()
}

/// A call that was tried again finds its own work.
fn is_done(replaced: Replaced) -> bool {
    matches!(replaced, Replaced::Done | Replaced::Known)
}

async fn holding(store: &dyn BlockStore, seq: u64) -> Option<BlockId> {
    store.holding(&tenant("a"), &EventId { node: node(1), boot: boot(1), seq }).await.unwrap()
}

/// Heads, blocks, usage and the way to an event follow, also after reopening and a crash.
pub async fn one_block_takes_the_place_of_several(mut fixture: impl Fixture) {
    let (small, of) = (small(), tenant("a"));
    let whole = merge(&small[2..]).unwrap();
    let others = [block("a", 2, (1, 20), (0, 5)), block("b", 1, (1, 20), (0, 5))];
    let store = fixture.blocks();
    store.keep(&small).await.unwrap();
    store.keep(&others).await.unwrap();
    assert_eq!(store.replacements(&of).await.unwrap(), 0);
    let replaced = store.replace(&of, &ids(&small[2..]), &whole).await.unwrap();
    assert!(is_done(replaced), "{replaced:?}");
    drop(store);
    for round in 0..3 {
        let store = fixture.blocks();
        let mut wanted = [id(&small[0]), id(&small[1]), id(&whole), id(&others[0])];
        wanted.sort_unstable();
        assert_eq!(walk(&*store, &all("a"), 2).await, wanted);
        for seq in 1..=20 {
            let wanted = if seq <= 4 { &small[(seq as usize - 1) / 2] } else { &whole };
            assert_eq!(holding(&*store, seq).await, Some(id(wanted)), "{seq}");
        }
        assert_eq!(holding(&*store, 21).await, None);
        let found = store.blocks(&of, &[id(&small[2]), id(&whole), id(&small[9])]).await.unwrap();
        assert_eq!(found, [None, Some(whole.clone()), None]);
        let bytes = |blocks: &[&Bytes]| blocks.iter().map(|block| block.len() as u64).sum::<u64>();
        let early = [&small[0], &small[1], &others[0]];
        let usage = [
            (bucket_of(at(0)), Usage { blocks: 3, events: 24, bytes: bytes(&early) }),
            (bucket_of(at(HOUR)), Usage { blocks: 1, events: 16, bytes: bytes(&[&whole]) }),
        ];
        assert_eq!(store.usage(&of).await.unwrap(), usage);
        assert_eq!(walk(&*store, &all("b"), 9).await, [id(&others[1])]);
        assert_eq!(store.replacements(&of).await.unwrap(), 1);
        assert_eq!(store.replacements(&tenant("b")).await.unwrap(), 0);
        drop(store);
        match round {
            0 if fixture.durable() => fixture.reopen().await,
            1 if fixture.durable() => fixture.crash().await,
            _ => {}
        }
    }
    let store = fixture.blocks();
    store.expire(&of, at(3 * HOUR)).await.unwrap();
    assert_eq!((walk(&*store, &all("a"), 9).await, store.usage(&of).await.unwrap()), (vec![], vec![]));
    assert_eq!(holding(&*store, 10).await, None);
}

/// After a crash the one who replaces does so again, and who archives reads the log again.
pub async fn what_was_replaced_is_known(fixture: impl Fixture) {
    let (store, small, of) = (fixture.blocks(), small(), tenant("a"));
    let whole = merge(&small).unwrap();
    store.keep(&small).await.unwrap();
    store.replace(&of, &ids(&small), &whole).await.unwrap();
    let before = total(&*store, "a").await;
    assert_eq!(store.replace(&of, &ids(&small), &whole).await.unwrap(), Replaced::Known);
    let again = [small[0].clone(), small[9].clone(), merge(&small[3..6]).unwrap(), whole.clone()];
    assert_eq!(store.keep(&again).await.unwrap(), [Kept::Known, Kept::Known, Kept::Known, Kept::Known]);
    let reaching_out = block("a", 1, (20, 21), (HOUR, HOUR + 1));
    assert_eq!(store.keep(&[reaching_out]).await.unwrap(), [Kept::Overlaps(id(&whole))]);
    assert_eq!((total(&*store, "a").await, walk(&*store, &all("a"), 9).await), (before, vec![id(&whole)]));
    assert_eq!(store.replacements(&of).await.unwrap(), 1);
}

/// Whatever does not hold exactly what was there changes nothing.
pub async fn only_what_holds_the_same_takes_its_place(fixture: impl Fixture) {
    let (store, small, of) = (fixture.blocks(), small(), tenant("a"));
    let gap = block("a", 1, (31, 32), (HOUR, HOUR + 1));
    let other_node = block("a", 2, (3, 4), (HOUR - 7, HOUR - 6));
    store.keep(&small).await.unwrap();
    store.keep(&[gap.clone(), other_node.clone()]).await.unwrap();
    let before = (walk(&*store, &all("a"), 99).await, store.usage(&of).await.unwrap());
    let (two, three) = (merge(&small[..2]).unwrap(), merge(&small[..3]).unwrap());
    let reversed: Vec<BlockId> = ids(&small[..2]).into_iter().rev().collect();
    let differs = [
        ("too much", ids(&small[..2]), &three),
        ("too little", ids(&small[..3]), &two),
        ("one only", ids(&small[..1]), &filled("a", 1, (1, 2), (HOUR - 8, HOUR - 7), 5)),
        ("none", vec![], &two),
        ("not in order", reversed, &two),
        ("one missing between", vec![id(&small[0]), id(&small[2])], &three),
        ("another node's", vec![id(&small[0]), id(&other_node)], &two),
        ("another time", ids(&small[..2]), &block("a", 1, (1, 4), (HOUR - 8, HOUR - 5))),
        ("another node's block", ids(&small[..2]), &block("a", 2, (1, 4), (HOUR - 8, HOUR - 6))),
        ("another tenant's block", ids(&small[..2]), &block("b", 1, (1, 4), (HOUR - 8, HOUR - 6))),
    ];
    for (what, old, new) in &differs {
        assert_eq!(store.replace(&of, old, new).await.unwrap(), Replaced::Differs, "{what}");
    }
    let across = [id(&small[9]), id(&gap)];
    let with_gap = block("a", 1, (19, 32), (HOUR + 1, HOUR + 2));
    assert_eq!(
        store.replace(&of, &across, &with_gap).await.unwrap(),
        Replaced::Differs,
        "numbers lie between"
    );
    let fewer = {
        let (first, _) = Header::parse(&small[0]).unwrap();
        let mut builder = vedetta_block::Builder::new(first.tenant, first.node, first.boot);
        for (seq, time) in [(1, HOUR - 8), (3, HOUR - 7), (4, HOUR - 6)] {
            let payload = vedetta_model::event::Unshare { flags: 0 }.into();
            builder.push(vedetta_model::Event {
                seq,
                time: at(time),
                process: None,
                tid: 0,
                result: 0,
                payload,
            });
        }
        builder.finish().unwrap()
    };
    assert_eq!(
        store.replace(&of, &ids(&small[..2]), &fewer).await.unwrap(),
        Replaced::Differs,
        "an event is missing"
    );

    let stranger = block("a", 1, (5, 6), (0, 1));
    let gone = store.replace(&of, &[id(&small[0]), id(&small[1]), id(&stranger)], &three).await.unwrap();
    assert_eq!(gone, Replaced::Gone(id(&stranger)));
    let none =
        store.replace(&tenant("b"), &ids(&small[..2]), &block("b", 1, (1, 4), (HOUR - 8, HOUR - 6))).await;
    assert_eq!(none.unwrap(), Replaced::Gone(id(&small[0])), "it is another tenant's");
    let refused = store.replace(&of, &ids(&small[..2]), &Bytes::from_static(b"no block")).await;
    assert!(matches!(refused, Err(StoreError::Block(_))), "{refused:?}");
    assert_eq!((walk(&*store, &all("a"), 99).await, store.usage(&of).await.unwrap()), before);
    assert_eq!((store.replacements(&of).await.unwrap(), store.archived().await.unwrap()), (0, vec![of]));
}

/// One page of heads holds each event once, and an event leads to a block, before, while and after.
pub async fn a_reader_sees_either_the_old_or_the_new(fixture: impl Fixture) {
    let (store, of) = (fixture.blocks(), tenant("a"));
    let small: Vec<Bytes> =
        (0..120_i64).map(|n| block("a", 1, (n as u64 * 2 + 1, n as u64 * 2 + 2), (n, n + 1))).collect();
    store.keep(&small).await.unwrap();
    let reader = {
        let (store, of) = (store.clone(), of.clone());
        tokio::spawn(async move {
            let mut seen = Vec::new();
            while seen.last() != Some(&40) {
                let page = store.heads(&all("a"), None, 1000).await.unwrap();
                assert_eq!(page.heads.iter().map(|header| header.count).sum::<u32>(), 240);
                if seen.last() != Some(&page.heads.len()) {
                    seen.push(page.heads.len());
                }
                // A block that was replaced in between is found at once where it went.
                let mut tries = 0;
                loop {
                    let found = holding(&*store, 121).await.expect("it is somewhere at any time");
                    let block = store.blocks(&of, &[found]).await.unwrap().remove(0);
                    if block.is_some() {
                        break;
                    }
                    tries += 1;
                    assert!(tries < 3, "it moves once");
                }
            }
        })
    };
    for three in small.chunks(3) {
        let replaced = store.replace(&of, &ids(three), &merge(three).unwrap()).await.unwrap();
        assert!(is_done(replaced), "{replaced:?}");
    }
    soon("the reader's end", reader).await.unwrap();
    assert_eq!(store.replacements(&of).await.unwrap(), 40);
    assert_eq!(total(&*store, "a").await.blocks, 40);
}
