//! Rows, pages, checkpoints.

use bytes::Bytes;
use vedetta_model::TenantId;

use super::{Fixture, VIEW, checkpoint, delete, key, put, row, rows, soon, tenant, walk};
use crate::{Checkpoint, Cursor, Order, Row, StoreError, View, ViewChange, ViewKey, ViewRange, ViewStore};

/// Changes are made in order, the last one counts.
pub async fn rows_are_put_replaced_and_deleted(fixture: impl Fixture) {
    let views = fixture.views();
    assert_eq!(views.get(&key("a", "k")).await.unwrap(), None);
    let changes = [put("a", "k", "1"), put("a", "l", ""), put("a", "", "empty key"), delete("a", "nobody")];
    views.apply(&changes, &checkpoint(1)).await.unwrap();
    assert_eq!(rows(&*views, "a").await, [row("", "empty key"), row("k", "1"), row("l", "")]);
    let changes = [delete("a", "k"), put("a", "k", "2"), put("a", "l", "3"), delete("a", "l")];
    views.apply(&changes, &checkpoint(2)).await.unwrap();
    assert_eq!(rows(&*views, "a").await, [row("", "empty key"), row("k", "2")]);
    assert_eq!(views.get(&key("a", "k")).await.unwrap().unwrap(), "2");
    assert_eq!(views.get(&key("a", "l")).await.unwrap(), None);
}

/// Pages of any size add up to the range, forwards and backwards, also when rows come and go between.
pub async fn pages_run_both_ways_and_go_on_behind_the_cursor(fixture: impl Fixture) {
    let views = fixture.views();
    let name = |n: u32| format!("k{n:02}");
    let changes: Vec<_> = (0..20).map(|n| put("a", name(n), n.to_string())).collect();
    views.apply(&changes, &checkpoint(1)).await.unwrap();
    let expected = |numbers: std::ops::Range<u32>| -> Vec<Row> {
        numbers.map(|n| row(name(n), n.to_string())).collect()
    };
    let all = ViewRange::all(&tenant("a"), VIEW);
    let part = ViewRange { start: name(5).into(), end: Some(name(12).into()), ..all.clone() };
    let prefix = ViewRange::prefix(&tenant("a"), VIEW, "k1");
    for (range, numbers) in [(all.clone(), 0..20), (part, 5..12), (prefix, 10..20)] {
        for limit in [1, 3, 7, 100] {
            assert_eq!(walk(&*views, &range, limit).await, expected(numbers.clone()));
            let mut backwards = walk(&*views, &range.clone().descending(), limit).await;
            backwards.reverse();
            assert_eq!(backwards, expected(numbers.clone()));
        }
    }
    let empty = ViewRange { start: name(7).into(), end: Some(name(3).into()), ..all.clone() };
    assert_eq!(walk(&*views, &empty, 3).await, []);
    assert_eq!(walk(&*views, &empty.descending(), 3).await, []);

    for (order, gone, behind) in [(Order::Ascending, 2, 3), (Order::Descending, 17, 16)] {
        let range = ViewRange { order, ..all.clone() };
        let page = views.page(&range, None, 3).await.unwrap();
        assert_eq!(page.next, Some(Cursor(name(gone).into())));
        let next = checkpoint(if order == Order::Ascending { 2 } else { 3 });
        views.apply(&[delete("a", name(gone))], &next).await.unwrap();
        let page = views.page(&range, page.next.as_ref(), 1).await.unwrap();
        assert_eq!(
            page.rows,
            expected(behind..behind + 1),
            "the row of the cursor is gone, the place is not"
        );
    }
}

/// A cursor from outside the range is refused, never silently moved.
pub async fn a_cursor_of_another_list_is_refused(fixture: impl Fixture) {
    let views = fixture.views();
    views.apply(&[put("a", "b", "1"), put("a", "d", "2")], &checkpoint(1)).await.unwrap();
    let all = ViewRange::all(&tenant("a"), VIEW);
    let range = ViewRange { start: "b".into(), end: Some("d".into()), ..all };
    for cursor in ["a", "d", "e"] {
        for range in [range.clone(), range.clone().descending()] {
            let refused = views.page(&range, Some(&Cursor(cursor.into())), 10).await;
            assert!(matches!(refused, Err(StoreError::BadCursor)), "{cursor}: {refused:?}");
        }
    }
}

/// The same changes and checkpoint again, or older ones, change nothing.
pub async fn applying_twice_is_applying_once(fixture: impl Fixture) {
    let views = fixture.views();
    for _ in 0..2 {
        views.apply(&[put("a", "k", "1"), delete("a", "l")], &checkpoint(5)).await.unwrap();
        assert_eq!(rows(&*views, "a").await, [row("k", "1")]);
        assert_eq!(views.checkpoint("rows", "findings/0").await.unwrap(), 5);
    }
    for stale in [0, 1, 4, 5] {
        views.apply(&[put("a", "k", "stale"), put("a", "l", "stale")], &checkpoint(stale)).await.unwrap();
    }
    assert_eq!(rows(&*views, "a").await, [row("k", "1")]);
    assert_eq!(views.checkpoint("rows", "findings/0").await.unwrap(), 5);
    let other = Checkpoint { source: "findings/1".into(), ..checkpoint(1) };
    views.apply(&[put("a", "l", "2")], &other).await.unwrap();
    let namesake = Checkpoint { projection: "row".into(), source: "sfindings/0".into(), next: 1 };
    views.apply(&[put("a", "m", "3")], &namesake).await.unwrap();
    assert_eq!(rows(&*views, "a").await, [row("k", "1"), row("l", "2"), row("m", "3")]);
    views.apply(&[], &checkpoint(6)).await.unwrap();
    assert_eq!(views.checkpoint("rows", "findings/0").await.unwrap(), 6, "a checkpoint may come alone");
    assert_eq!(views.checkpoint("rows", "nobody/0").await.unwrap(), 0);
}

/// At any time, and after a crash, rows and checkpoint are of the same moment.
pub async fn a_checkpoint_is_never_ahead_of_its_rows(mut fixture: impl Fixture) {
    for round in 0..5_u64 {
        let views = fixture.views();
        let writer = {
            let views = views.clone();
            tokio::spawn(async move {
                for n in round * 20..round * 20 + 20 {
                    views.apply(&[put("a", "n", (n + 1).to_string())], &checkpoint(n + 1)).await.unwrap();
                }
            })
        };
        let last = (round + 1) * 20;
        loop {
            let next = views.checkpoint("rows", "findings/0").await.unwrap();
            check_row(&*views, next).await;
            if next == last {
                break;
            }
            tokio::task::yield_now().await;
        }
        soon("the writer's end", writer).await.unwrap();
        drop(views);
        if fixture.durable() {
            if round % 2 == 0 { fixture.crash().await } else { fixture.reopen().await }
        }
        assert_eq!(fixture.views().checkpoint("rows", "findings/0").await.unwrap(), last);
        check_row(&*fixture.views(), last).await;
    }
}

/// The row was written with its checkpoint, so it is at least as new as a checkpoint read before it.
async fn check_row(views: &dyn ViewStore, next: u64) {
    let row = views.get(&key("a", "n")).await.unwrap();
    let written: u64 = row.map_or(0, |value| String::from_utf8_lossy(&value).parse().unwrap());
    assert!(written >= next, "checkpoint {next} is ahead of row {written}");
}

/// Dropping forgets rows and checkpoint; replaying makes the same pages again.
pub async fn dropped_views_replay_to_the_same_pages(mut fixture: impl Fixture) {
    async fn replay(views: &dyn ViewStore) {
        for n in 0..50_u64 {
            let (of, name) = (["a", "b"][n as usize % 2], format!("k{:02}", n * 7 % 30));
            let change = if n % 5 == 4 { delete(of, name) } else { put(of, name, n.to_string()) };
            views.apply(&[change], &checkpoint(n + 1)).await.unwrap();
        }
    }
    replay(&*fixture.views()).await;
    let before = (rows(&*fixture.views(), "a").await, rows(&*fixture.views(), "b").await);
    assert!(before.0.len() > 5 && before.1.len() > 5);
    for round in 0..3 {
        let views = fixture.views();
        views.drop_views("rows", &[VIEW]).await.unwrap();
        assert_eq!(rows(&*views, "a").await, []);
        assert_eq!(views.get(&key("a", before.0[0].key.clone())).await.unwrap(), None);
        assert_eq!(views.checkpoint("rows", "findings/0").await.unwrap(), 0);
        drop(views);
        if fixture.durable() && round == 1 {
            fixture.crash().await;
            assert_eq!(rows(&*fixture.views(), "a").await, []);
        }
        replay(&*fixture.views()).await;
        assert_eq!((rows(&*fixture.views(), "a").await, rows(&*fixture.views(), "b").await), before);
    }
}

/// Only the named views and the named projection start anew.
pub async fn dropping_a_view_leaves_the_others(fixture: impl Fixture) {
    let views = fixture.views();
    let change = |view, value: &'static str| ViewChange::Put {
        key: ViewKey::new(&tenant("a"), View(view), "k"),
        value: Bytes::from_static(value.as_bytes()),
    };
    for (projection, of) in [("p", "v"), ("pp", "vv"), ("q", "w")] {
        let checkpoint = Checkpoint { projection: projection.into(), source: "s".into(), next: 3 };
        views.apply(&[change(of, of)], &checkpoint).await.unwrap();
    }
    views.drop_views("p", &[View("v")]).await.unwrap();
    let tenant: TenantId = tenant("a");
    let get = async |view| views.get(&ViewKey::new(&tenant, View(view), "k")).await.unwrap();
    assert_eq!(get("v").await, None);
    assert_eq!((get("vv").await.unwrap(), get("w").await.unwrap()), ("vv".into(), "w".into()));
    let next = async |projection| views.checkpoint(projection, "s").await.unwrap();
    assert_eq!((next("p").await, next("pp").await, next("q").await), (0, 3, 3));
}

/// Many projections write side by side, and all of it is there.
pub async fn many_projections_at_once_lose_nothing(fixture: impl Fixture) {
    let views = fixture.views();
    let writers = (0..16).map(|writer| {
        let views = views.clone();
        tokio::spawn(async move {
            for n in 0..20_u64 {
                let changes: Vec<_> =
                    (0..10).map(|m| put("a", format!("{writer:02}/{n:02}/{m}"), "x")).collect();
                let checkpoint = Checkpoint {
                    projection: "rows".into(),
                    source: format!("s/{writer}").into(),
                    next: n + 1,
                };
                views.apply(&changes, &checkpoint).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        soon("all changes", writer).await.unwrap();
    }
    assert_eq!(rows(&*views, "a").await.len(), 16 * 20 * 10);
}
