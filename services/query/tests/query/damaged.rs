//! Rows whose bytes are damaged are missing from a list, and the list says so.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use vedetta_query::readers::{Views, findings::FindingQuery};
use vedetta_store::{
    Checkpoint, Cursor, MemoryStore, Page, StoreError, View, ViewChange, ViewKey, ViewRange, ViewStore,
};

use crate::support::{Bench, facts::*};

/// A store in which the first row of each page is damaged.
#[derive(Debug)]
struct Spoiled(Arc<MemoryStore>);

#[async_trait]
impl ViewStore for Spoiled {
    async fn get(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError> {
        self.0.get(key).await
    }
    async fn page(
        &self,
        range: &ViewRange,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let mut page = self.0.page(range, after, limit).await?;
        let first = (!page.rows.is_empty()).then(|| page.rows.remove(0).key);
        page.damaged.extend(first);
        Ok(page)
    }
    async fn apply(&self, changes: &[ViewChange], checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.0.apply(changes, checkpoint).await
    }
    async fn checkpoint(&self, projection: &str, source: &str) -> Result<u64, StoreError> {
        self.0.checkpoint(projection, source).await
    }
    async fn drop_views(&self, projection: &str, views: &[View]) -> Result<(), StoreError> {
        self.0.drop_views(projection, views).await
    }
}

#[tokio::test]
async fn a_list_says_how_many_of_its_items_are_damaged() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    for seq in 1..=3 {
        let time = bench.now().after(Duration::from_secs(seq));
        bench.find(&finding(&acme, 1, "Rule", seq, "g", time)).await;
    }
    bench.project("query").await;
    let token = bench.tenants.sign_in(&acme, "reader");
    let caller = bench.state.keys.verify(&token, bench.now()).unwrap();
    let listed = async |store: Arc<dyn ViewStore>| {
        let found =
            Views::of(store, &caller, 100).findings(&FindingQuery::default(), None, 10).await.unwrap();
        (found.items.len(), found.damaged)
    };
    assert_eq!(listed(bench.store.clone()).await, (3, 0));
    assert_eq!(listed(Arc::new(Spoiled(bench.store.clone()))).await, (2, 1));
}
