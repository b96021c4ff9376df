//! An open store: what its three parts share.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    hash::{DefaultHasher, Hash, Hasher as _},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rand::Rng as _;
use smol_str::SmolStr;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard, watch};
use uuid::Uuid;
use vedetta_model::Clock;
use vedetta_store::StoreError;

use crate::{
    OpenError, Options,
    blocks::RunState,
    clock::Stamps,
    connect,
    cql::Cql,
    errors::told,
    schema::{Found, SchemaError},
    statements::Statements,
    views::Progress,
};

/// Locks that keep calls of this process on one partition from each other's way. Right without them, but slower.
const LOCKS: usize = 256;
/// Most runs whose state is remembered, about 300 bytes each; more, and all are forgotten.
const REMEMBERED_RUNS: usize = 50_000;
/// Most tenants' views that are remembered, about 100 bytes each.
const REMEMBERED_VIEWS: usize = 50_000;
/// How often a conditional write is tried that others were faster at.
pub const TRIES: u32 = 30;

/// The store in a keyspace. Clones are the same store, on the same connections. Opens only on a schema that is right, and
/// goes on by itself when nodes or the whole database come back: until then calls end with
/// [`StoreError::Backend`], which names the addresses.
#[derive(Clone)]
pub struct ScyllaStore {
    pub(crate) shared: Arc<Shared>,
}

/// What is known of a source, and the lock of those who change it.
pub type Source = Arc<AsyncMutex<Option<Progress>>>;

pub struct Shared {
    pub cql: Cql,
    pub on: Statements,
    pub stamps: Stamps,
    /// Told at each append of this process.
    pub appended: watch::Sender<()>,
    /// How far this process knows that a projection's changes were made, by projection and source.
    pub progress: Mutex<HashMap<(SmolStr, SmolStr), Source>>,
    /// Marks that had no events when they were looked at.
    pub idle: Mutex<HashSet<Uuid>>,
    runs: Mutex<HashMap<crate::blocks::Run, RunState>>,
    /// Views that are known to have rows of a tenant. They never stop to.
    views: Mutex<HashSet<(SmolStr, SmolStr)>>,
    locks: Vec<AsyncMutex<()>>,
    closed: AtomicBool,
}

impl fmt::Debug for ScyllaStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScyllaStore").field(&self.shared.cql).finish()
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ScyllaStore {
    /// Opens the keyspace that a URL names; see [`Options::parse`]. Never changes its schema.
    pub async fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let options = Options::parse(url)?;
        let session = connect::session(&options).await?;
        let schema = |source| OpenError::Schema { place: options.place(), source };
        Found::read(&session, &options).await.and_then(|found| found.check(&options)).map_err(schema)?;
        let unusable = |what: &str, why| schema(SchemaError::Failed { what: what.into(), why });
        session
            .use_keyspace(&options.keyspace, false)
            .await
            .map_err(|error| unusable("using the keyspace", told(&error)))?;
        let on = Box::pin(Statements::prepare(&session, &options)).await;
        let on = on.map_err(|error| unusable("preparing statements", told(&error)))?;
        let shared = Shared {
            cql: Cql::new(session, &options.place()),
            on,
            stamps: Stamps::new(clock),
            appended: watch::channel(()).0,
            progress: Mutex::default(),
            idle: Mutex::default(),
            runs: Mutex::default(),
            views: Mutex::default(),
            locks: (0..LOCKS).map(|_| AsyncMutex::new(())).collect(),
            closed: AtomicBool::new(false),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Takes no more calls. Connections are closed once the last clone is gone.
    pub async fn close(&self) {
        self.shared.closed.store(true, Ordering::Release);
        self.shared.appended.send_replace(());
        // Calls under way hold these.
        for lock in &self.shared.locks {
            drop(lock.lock().await);
        }
    }

    /// The shared parts, unless the store was closed.
    pub(crate) fn shared(&self) -> Result<&Shared, StoreError> {
        if self.shared.closed.load(Ordering::Acquire) { Err(StoreError::Closed) } else { Ok(&self.shared) }
    }
}

impl Shared {
    /// Waits for the other calls of this process on what `key` names.
    pub async fn alone(&self, key: &impl Hash) -> AsyncMutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % LOCKS as u64).unwrap_or(0);
        self.locks[at].lock().await
    }

    /// Whether a view is known to have rows of a tenant.
    pub fn has_rows(&self, view: &str, tenant: &str) -> bool {
        lock(&self.views).contains(&(view.into(), tenant.into()))
    }

    /// From now on a view is known to have rows of a tenant.
    pub fn note_rows(&self, view: &str, tenant: &str) {
        let mut views = lock(&self.views);
        if views.len() >= REMEMBERED_VIEWS {
            views.clear();
        }
        views.insert((view.into(), tenant.into()));
    }

    pub fn remembered(&self, run: &crate::blocks::Run) -> Option<RunState> {
        lock(&self.runs).get(run).cloned()
    }

    pub fn remember(&self, run: &crate::blocks::Run, state: Option<RunState>) {
        let mut runs = lock(&self.runs);
        match state {
            None => drop(runs.remove(run)),
            Some(state) => {
                if runs.len() >= REMEMBERED_RUNS && !runs.contains_key(run) {
                    runs.clear();
                }
                runs.insert(run.clone(), state);
            }
        }
    }

    /// A pause before the next try, longer each time, not in step with others.
    pub async fn pause(&self, tries: u32) {
        let most = 4_u64 << tries.min(7);
        let pause = rand::rng().random_range(1..=most);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

/// Others were faster each time.
pub fn contended(what: &impl fmt::Display) -> StoreError {
    StoreError::Backend(format!("{what}: others changed it each of {TRIES} times; try again"))
}
