//! Makes one read of many that ask the same at the same time.
//!
//! ```text
//!   first ──read 1────────────▶
//!     second ┄┄waits┄┄┄┄┄┄┄┄┄┄┄──read 2──▶   for second, third, …: all that came while read 1 was under way
//!         third ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄──read 2──▶
//! ```
//!
//! Nobody is answered by a read that began before they asked, so that each still sees every write that returned before. However
//! many people watch the same page, the store has at most one read of it at a time.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};

use crate::{Checkpoint, Cursor, Page, StoreError, View, ViewChange, ViewKey, ViewRange, ViewStore};

/// When so many things are being read, those that nobody waits for any more are looked for.
const MANY: usize = 1024;

/// Views whose reads are shared by those who wait for them. Worth it where a read crosses a network.
#[derive(Debug, Clone)]
pub struct Coalesced<S> {
    inner: S,
    rows: Arc<Reads<ViewKey, Option<Bytes>>>,
    pages: Arc<Reads<PageOf, Page>>,
}

/// What a page is asked for with.
type PageOf = (ViewRange, Option<Cursor>, usize);

impl<S> Coalesced<S> {
    /// Shares the reads of `inner`.
    pub fn new(inner: S) -> Self {
        Self { inner, rows: Arc::default(), pages: Arc::default() }
    }
}

type Outcome<T> = Result<T, StoreError>;
type Read<T> = BoxFuture<'static, Outcome<T>>;

/// What is being read, by what it is.
struct Reads<K, T>(Mutex<HashMap<K, Flight<T>>>);

/// A read under way, and the one that begins behind it. Neither is kept from ending by standing here.
struct Flight<T> {
    running: WeakShared<Read<T>>,
    next: Option<WeakShared<Read<T>>>,
}

impl<K, T> Default for Reads<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K, T> fmt::Debug for Reads<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reads").finish_non_exhaustive()
    }
}

impl<K, T> Reads<K, T>
where
    K: Eq + Hash + Clone + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Flight<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A read of `key` that has not begun yet: one that others wait for already, or `read`.
    fn join<F>(self: &Arc<Self>, key: K, read: F) -> Shared<Read<T>>
    where
        F: Future<Output = Outcome<T>> + Send + 'static,
    {
        let mut flights = self.lock();
        if flights.len() >= MANY {
            flights.retain(|_, flight| flight.is_waited_for());
        }
        let reads = self.clone();
        if let Some(flight) = flights.get_mut(&key) {
            if let Some(next) = flight.next.as_ref().and_then(WeakShared::upgrade) {
                return next;
            }
            if let Some(running) = flight.running.upgrade().filter(|running| running.peek().is_none()) {
                let after = async move {
                    let _ = running.await;
                    reads.begin(&key);
                    let outcome = read.await;
                    reads.end(&key);
                    outcome
                };
                let next = after.boxed().shared();
                flight.next = next.downgrade();
                return next;
            }
        }
        let of = key.clone();
        let now = async move {
            let outcome = read.await;
            reads.end(&of);
            outcome
        };
        let now = now.boxed().shared();
        if let Some(running) = now.downgrade() {
            flights.insert(key, Flight { running, next: None });
        }
        now
    }

    /// The next read of `key` begins: whoever asks from now on is too late for it.
    fn begin(&self, key: &K) {
        if let Some(flight) = self.lock().get_mut(key)
            && let Some(next) = flight.next.take()
        {
            flight.running = next;
        }
    }

    fn end(&self, key: &K) {
        let mut flights = self.lock();
        if flights.get(key).is_some_and(|flight| flight.next.as_ref().and_then(WeakShared::upgrade).is_none())
        {
            flights.remove(key);
        }
    }
}

impl<T: Clone> Flight<T> {
    fn is_waited_for(&self) -> bool {
        self.running.upgrade().is_some() || self.next.as_ref().is_some_and(|next| next.upgrade().is_some())
    }
}

#[async_trait]
impl<S: ViewStore + Clone + 'static> ViewStore for Coalesced<S> {
    async fn get(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError> {
        let (inner, of) = (self.inner.clone(), key.clone());
        self.rows.join(key.clone(), async move { inner.get(&of).await }).await
    }

    async fn page(
        &self,
        range: &ViewRange,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let asked = (range.clone(), after.cloned(), limit);
        let (inner, (range, after, limit)) = (self.inner.clone(), asked.clone());
        self.pages.join(asked, async move { inner.page(&range, after.as_ref(), limit).await }).await
    }

    async fn apply(&self, changes: &[ViewChange], checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.inner.apply(changes, checkpoint).await
    }

    async fn checkpoint(&self, projection: &str, source: &str) -> Result<u64, StoreError> {
        self.inner.checkpoint(projection, source).await
    }

    async fn drop_views(&self, projection: &str, views: &[View]) -> Result<(), StoreError> {
        self.inner.drop_views(projection, views).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;
    use tokio::sync::watch;

    use super::*;

    type Numbers = Arc<Reads<&'static str, usize>>;

    /// Reads that wait until they are let through, and give their own number.
    struct Bench {
        reads: Numbers,
        begun: Arc<AtomicUsize>,
        open: watch::Sender<usize>,
    }

    impl Bench {
        fn new() -> Self {
            Self { reads: Arc::default(), begun: Arc::default(), open: watch::Sender::new(0) }
        }

        fn ask(&self, key: &'static str) -> tokio::task::JoinHandle<usize> {
            let (begun, mut open) = (self.begun.clone(), self.open.subscribe());
            let read = async move {
                let number = begun.fetch_add(1, Ordering::SeqCst) + 1;
                open.wait_for(|open| *open >= number).await.map_err(|_| StoreError::Closed)?;
                Ok(number)
            };
            let joined = self.reads.join(key, read);
            tokio::spawn(async move { joined.await.unwrap() })
        }

        async fn until_begun(&self, number: usize) {
            while self.begun.load(Ordering::SeqCst) < number {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn who_asks_while_a_read_is_under_way_shares_the_next_one() {
        let bench = Bench::new();
        let first = bench.ask("row");
        bench.until_begun(1).await;
        let others: Vec<_> = (0..20).map(|_| bench.ask("row")).collect();
        let elsewhere = bench.ask("another");
        bench.until_begun(2).await;
        bench.open.send_replace(2);
        assert_eq!(first.await.unwrap(), 1);
        assert_eq!(elsewhere.await.unwrap(), 2, "another row waits for nobody");
        bench.until_begun(3).await;
        let late = bench.ask("row");
        bench.open.send_replace(4);
        let answers: Vec<_> = join_all(others).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [3; 20], "one read for all, and none that began before they asked");
        assert_eq!(late.await.unwrap(), 4, "the third had begun");
        assert!(bench.reads.lock().is_empty(), "nothing is kept");
    }

    #[tokio::test]
    async fn who_gives_up_takes_nobody_along() {
        let bench = Bench::new();
        let first = bench.ask("row");
        bench.until_begun(1).await;
        let second = bench.ask("row");
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        bench.open.send_replace(9);
        assert_eq!(second.await.unwrap(), 2);

        let alone = bench.ask("gone");
        alone.abort();
        let _ = alone.await;
        assert!(bench.ask("gone").await.is_ok(), "what nobody waits for is in nobody's way");
    }
}
