//! What every store must do, as tests. A backend lists itself once and gets one named test per case:
//!
//! ```ignore
//! vedetta_store::conformance!(embedded, fixture::on_tempdir);
//! vedetta_store::conformance!(scylla, needs = "VEDETTA_TEST_CQL", fixture::fresh_keyspace);
//! ```
//!
//! The second argument is called for each case and gives a future of a [`Fixture`] with an empty
//! store. With `needs`, the cases are ignored unless asked for.

mod blocks;
mod events;
mod isolation;
pub mod model;
mod outbox;
mod replacing;
mod views;

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;
use vedetta_model::{TenantId, Timestamp};

pub use self::{blocks::*, events::*, isolation::*, outbox::*, replacing::*, views::*};
use crate::{
    BlockStore, Checkpoint, EventStore, NewEvent, Page, Row, Shard, Stored, StreamId, Version, View,
    ViewChange, ViewKey, ViewRange, ViewStore,
};

/// A store to test, and what can befall it.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// The streams.
    fn events(&self) -> Arc<dyn EventStore>;
    /// The rows, of the same store.
    fn views(&self) -> Arc<dyn ViewStore>;
    /// The blocks, of the same store.
    fn blocks(&self) -> Arc<dyn BlockStore>;
    /// Whether anything survives the process; if not, the next two are not called.
    fn durable(&self) -> bool;
    /// Closes the store and opens it again.
    async fn reopen(&mut self);
    /// Opens the store as a crash at this moment would leave it.
    async fn crash(&mut self);
}

/// One named test per case for a store; see [the module](crate::conformance).
#[macro_export]
macro_rules! conformance {
    ($name:ident, needs = $needs:literal, $fixture:expr) => {
        $crate::conformance!(@module $name, [#[ignore = $needs]], $fixture);
    };
    ($name:ident, $fixture:expr) => {
        $crate::conformance!(@module $name, [], $fixture);
    };
    (@module $name:ident, $attributes:tt, $fixture:expr) => {
        mod $name {
            #[allow(unused_imports, reason = "the fixture may be named by a full path")]
            use super::*;
            $crate::conformance!(@each $fixture, $attributes,
                an_append_fits_the_expected_version_or_conflicts
                many_writers_of_a_stream_have_one_winner_per_version
                several_events_are_appended_all_or_none
                a_retry_with_the_same_ids_appends_once
                partly_known_ids_conflict
                events_load_in_order_behind_a_version
                over_the_limits_nothing_is_written
                streams_and_tenants_are_listed_in_order
                events_survive_reopening_and_a_crash
                no_tenant_sees_anothers_rows
                no_tenant_sees_anothers_streams
                the_relay_sees_each_event_in_stream_order_until_confirmed
                an_append_wakes_the_relay
                what_is_unconfirmed_survives_a_crash
                rows_are_put_replaced_and_deleted
                pages_run_both_ways_and_go_on_behind_the_cursor
                a_cursor_of_another_list_is_refused
                applying_twice_is_applying_once
                a_checkpoint_is_never_ahead_of_its_rows
                dropped_views_replay_to_the_same_pages
                dropping_a_view_leaves_the_others
                many_projections_at_once_lose_nothing
                blocks_are_kept_as_they_came
                keeping_twice_is_keeping_once
                what_overlaps_is_refused_and_the_rest_kept
                no_block_is_kept_with_one_that_is_none
                ranges_give_the_blocks_that_overlap_in_order
                an_event_leads_to_its_block
                old_buckets_are_dropped_whole
                stored_bytes_are_counted
                no_tenant_sees_anothers_blocks
                many_archivers_at_once_keep_each_block_once
                one_block_takes_the_place_of_several
                what_was_replaced_is_known
                only_what_holds_the_same_takes_its_place
                a_reader_sees_either_the_old_or_the_new
            );
        }
    };
    (@each $fixture:expr, [$($attribute:tt)*],) => {};
    (@each $fixture:expr, [$($attribute:tt)*], $case:ident $($rest:ident)*) => {
        $($attribute)*
        #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::conformance::$case(($fixture)().await).await;
        }
        $crate::conformance!(@each $fixture, [$($attribute)*], $($rest)*);
    };
}

const VIEW: View = View("rows");

/// Waits for what must come, and fails the test when it does not.
async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(30), future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen within 30 s"),
    }
}

fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

fn stream(id: &str) -> StreamId {
    StreamId::new(&tenant("acme"), "rule_set", id)
}

fn event(id: u128, data: impl Into<Bytes>) -> NewEvent {
    NewEvent { id: Uuid::from_u128(id), time: Timestamp::from_millis(id as i64), data: data.into() }
}

async fn load(events: &dyn EventStore, stream: &StreamId) -> Vec<Stored> {
    events.load(stream, Version(0), usize::MAX).await.unwrap()
}

async fn data(events: &dyn EventStore, stream: &StreamId) -> Vec<Bytes> {
    load(events, stream).await.into_iter().map(|stored| stored.data).collect()
}

async fn unrelayed(events: &dyn EventStore) -> Vec<Stored> {
    let mut all = Vec::new();
    for shard in 0..events.shards() {
        all.extend(events.unrelayed(Shard(shard), usize::MAX).await.unwrap());
    }
    all
}

fn key(of: &str, key: impl Into<Bytes>) -> ViewKey {
    ViewKey::new(&tenant(of), VIEW, key)
}

fn put(of: &str, name: impl Into<Bytes>, value: impl Into<Bytes>) -> ViewChange {
    ViewChange::Put { key: key(of, name), value: value.into() }
}

fn delete(of: &str, name: impl Into<Bytes>) -> ViewChange {
    ViewChange::Delete { key: key(of, name) }
}

fn checkpoint(next: u64) -> Checkpoint {
    Checkpoint { projection: "rows".into(), source: "findings/0".into(), next }
}

fn row(key: impl Into<Bytes>, value: impl Into<Bytes>) -> Row {
    Row { key: key.into(), value: value.into() }
}

async fn rows(views: &dyn ViewStore, of: &str) -> Vec<Row> {
    walk(views, &ViewRange::all(&tenant(of), VIEW), 1000).await
}

/// All rows of a range, in pages of `limit`, each of which must keep to it.
async fn walk(views: &dyn ViewStore, range: &ViewRange, limit: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let Page { rows: more, damaged, next } = views.page(range, after.as_ref(), limit).await.unwrap();
        assert_eq!(damaged, Vec::<Bytes>::new());
        assert!(more.len() <= limit);
        assert!(next.is_none() || more.len() == limit, "only a full page has a next one");
        rows.extend(more);
        match next {
            Some(next) => after = Some(next),
            None => return rows,
        }
    }
}
