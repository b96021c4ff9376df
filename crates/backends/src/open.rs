//! Opening and closing.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use backon::ExponentialBuilder;
use prometheus_client::registry::Registry;
use vedetta_embedded::{Database, Options};
use vedetta_log::{EventLog, MemoryLog, layers as log_layers};
use vedetta_log_embedded::EmbeddedLog;
use vedetta_log_kafka::KafkaLog;
use vedetta_model::Clock;
use vedetta_store::{BlockStore, EventStore, MemoryStore, StoreError, ViewStore, layers as store_layers};
use vedetta_store_embedded::EmbeddedStore;
use vedetta_store_scylla::ScyllaStore;

use crate::{
    Migrated, OpenError, Places, Told,
    remote::Patience,
    url::{self, LogPlace, Place, StorePlace},
};

/// An open log and an open store.
pub struct Backends {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// Streams of decisions.
    pub events: Arc<dyn EventStore>,
    /// Rows that people query.
    pub views: Arc<dyn ViewStore>,
    /// Blocks of events.
    pub blocks: Arc<dyn BlockStore>,
    store: Closing,
    databases: Vec<(PathBuf, Database)>,
}

/// Whether an append that may have failed is tried again.
#[derive(Debug, Clone, Copy)]
enum Appends {
    Repeated,
    Once,
}

/// What has to be closed of a store.
enum Closing {
    Nothing,
    Embedded(EmbeddedStore),
    Scylla(ScyllaStore),
}

impl fmt::Debug for Backends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backends")
            .field("log", &self.log)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl Backends {
    /// Opens what the URLs name, metered in `registry` and retrying what passes by itself.
    pub async fn open(
        log_url: &str,
        store_url: &str,
        registry: &mut Registry,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        Self::open_with(log_url, store_url, registry, clock, Appends::Repeated).await
    }

    /// The same, but an append to the log is tried once: for whoever counts what arrived.
    pub async fn open_appending_once(
        log_url: &str,
        store_url: &str,
        registry: &mut Registry,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        Self::open_with(log_url, store_url, registry, clock, Appends::Once).await
    }

    async fn open_with(
        log_url: &str,
        store_url: &str,
        registry: &mut Registry,
        clock: Arc<dyn Clock>,
        appends: Appends,
    ) -> Result<Self, OpenError> {
        let places = Places::parse(log_url, store_url)?;
        Self::start(&places, registry, clock, None, appends).await
    }

    /// The same for places that were read before. With `told` it waits for clusters that do not answer, for as long as that
    /// takes, and tells at each try; it ends with what waiting does not help against.
    pub async fn open_places(
        places: &Places,
        registry: &mut Registry,
        clock: Arc<dyn Clock>,
        told: Option<Told<'_>>,
    ) -> Result<Self, OpenError> {
        Self::start(places, registry, clock, told, Appends::Repeated).await
    }

    async fn start(
        places: &Places,
        registry: &mut Registry,
        clock: Arc<dyn Clock>,
        told: Option<Told<'_>>,
        appends: Appends,
    ) -> Result<Self, OpenError> {
        let patience = Patience { told, seed: clock.now().as_nanos().unsigned_abs() };
        let mut databases = Vec::new();
        let opened = open(places, patience, appends, &mut databases, registry, clock).await;
        if opened.is_err() {
            // Whoever tries again must find the directory free.
            for (_, db) in &databases {
                db.close().await;
            }
        }
        let (log, (events, views, blocks), store) = opened?;
        Ok(Self { log, events, views, blocks, store, databases })
    }

    /// Makes the schema that a store's URL needs, or brings it to this build's version. `None` for stores that need none.
    pub async fn migrate(store_url: &str, clock: &dyn Clock) -> Result<Option<Migrated>, OpenError> {
        match url::parse_store(store_url)? {
            StorePlace::Local(_) => Ok(None),
            StorePlace::Scylla(url) => Ok(Some(Box::pin(vedetta_store_scylla::migrate(&url, clock)).await?)),
        }
    }

    /// The store's clock less `clock`, in nanoseconds, when it has one of its own.
    pub async fn clock_offset(&self, clock: &dyn Clock) -> Option<Result<i64, StoreError>> {
        match &self.store {
            Closing::Nothing | Closing::Embedded(_) => None,
            Closing::Scylla(store) => Some(store.clock_offset(clock).await),
        }
    }

    /// Takes no more calls, finishes those under way, and lets go of files: first the log, then the
    /// store, then what lies under both.
    pub async fn close(&self) {
        self.log.close().await;
        match &self.store {
            Closing::Nothing => {}
            Closing::Embedded(store) => store.close().await,
            Closing::Scylla(store) => store.close().await,
        }
        for (_, db) in &self.databases {
            db.close().await;
        }
    }
}

/// A log that answers, or where it is to be opened.
enum LogIn<'a> {
    Kafka(KafkaLog),
    Local(&'a Place),
}

/// A store that answers, or where it is to be opened.
enum StoreIn<'a> {
    Scylla(ScyllaStore),
    Local(&'a Place),
}

async fn open(
    places: &Places,
    patience: Patience<'_>,
    appends: Appends,
    databases: &mut Vec<(PathBuf, Database)>,
    registry: &mut Registry,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<dyn EventLog>, Stores, Closing), OpenError> {
    // Both at once: who looks wants to know of both what they wait for.
    let log = async {
        Ok(match &places.log {
            LogPlace::Kafka(options) => LogIn::Kafka(patience.kafka(options).await?),
            LogPlace::Local(place) => LogIn::Local(place),
        })
    };
    let store = async {
        Ok::<_, OpenError>(match &places.store {
            StorePlace::Scylla(url) => StoreIn::Scylla(patience.scylla(url, &clock).await?),
            StorePlace::Local(place) => StoreIn::Local(place),
        })
    };
    let (log, store) = tokio::try_join!(log, store)?;

    let seed = patience.seed;
    let layers = LogLayers { metrics: log_layers::Metrics::register(registry), seed, appends };
    let log = match log {
        LogIn::Kafka(kafka) => layers.around(kafka),
        LogIn::Local(Place::Memory) => layers.around(MemoryLog::new(clock.clone())),
        LogIn::Local(Place::Directory { path, reserve_mib }) => {
            let db = database(databases, path, *reserve_mib)?;
            let log = EmbeddedLog::open(&db, clock.clone()).map_err(|source| contents(path, source))?;
            layers.around(log)
        }
    };
    let metrics = store_layers::Metrics::register(registry);
    let (stores, closing) = match store {
        StoreIn::Scylla(store) => {
            let (events, views, blocks) = wrap_store(store.clone(), metrics, seed);
            ((events, Arc::new(store_layers::Coalesced::new(views)) as _, blocks), Closing::Scylla(store))
        }
        StoreIn::Local(Place::Memory) => (wrap_store(MemoryStore::new(), metrics, seed), Closing::Nothing),
        StoreIn::Local(Place::Directory { path, reserve_mib }) => {
            let db = database(databases, path, *reserve_mib)?;
            let store = EmbeddedStore::open(&db).await.map_err(|source| contents(path, source))?;
            (wrap_store(store.clone(), metrics, seed), Closing::Embedded(store))
        }
    };
    Ok((log, stores, closing))
}

type Stores = (Arc<dyn EventStore>, Arc<dyn ViewStore>, Arc<dyn BlockStore>);

/// The database at a path: the same one for the same directory, however it is written.
fn database(
    databases: &mut Vec<(PathBuf, Database)>,
    path: &Path,
    reserve_mib: Option<u64>,
) -> Result<Database, vedetta_embedded::OpenError> {
    let io_error = |source| vedetta_embedded::OpenError::Io { path: path.into(), source };
    std::fs::create_dir_all(path).map_err(io_error)?;
    let real = path.canonicalize().map_err(io_error)?;
    if let Some((_, db)) = databases.iter().find(|(known, _)| *known == real) {
        return Ok(db.clone());
    }
    let mut options = Options::default();
    if let Some(mib) = reserve_mib {
        options.reserve_bytes = mib.saturating_mul(1 << 20);
    }
    let db = Database::open(&real, options)?;
    databases.push((real, db.clone()));
    Ok(db)
}

fn contents(path: &Path, source: vedetta_embedded::Error) -> OpenError {
    OpenError::Contents { dir: path.display().to_string(), source }
}

/// How calls that failed are repeated: twice, and not in step with other processes.
fn backoff(seed: u64) -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(20))
        .with_max_delay(Duration::from_millis(200))
        .with_max_times(2)
        .with_jitter()
        .with_jitter_seed(seed)
}

/// What stands around a log.
struct LogLayers {
    metrics: log_layers::Metrics,
    seed: u64,
    appends: Appends,
}

impl LogLayers {
    fn around(self, log: impl EventLog + 'static) -> Arc<dyn EventLog> {
        let metered = log_layers::Metered::new(log, self.metrics);
        let retry = log_layers::Retry::new(metered, backoff(self.seed));
        let retry = match self.appends {
            Appends::Repeated => retry,
            Appends::Once => retry.appending_once(),
        };
        Arc::new(log_layers::Lasting::new(retry))
    }
}

fn wrap_store<S>(store: S, metrics: store_layers::Metrics, seed: u64) -> Stores
where
    S: EventStore + ViewStore + BlockStore + Clone + 'static,
{
    let store = Arc::new(store_layers::Retry::new(store_layers::Metered::new(store, metrics), backoff(seed)));
    (store.clone(), store.clone(), store)
}
