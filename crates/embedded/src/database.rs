//! The handle.

use std::{
    fmt,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use fjall::Keyspace;
use tokio::sync::{Semaphore, mpsc, watch};
use vedetta_aside::aside;

use crate::{
    Error, Growth, OpenError, Txn, View, disk,
    known::{self, Notes},
    opening::{self, Opened},
    writer::{self, Job},
};

/// How long a table in memory may take to go to the disk.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(30);

/// Commits after which the engine takes what was before to be old.
const COMMITS_TO_BE_OLD: u8 = 4;

/// The space that the database keeps for itself.
const MARKS: Space = Space(0);

/// How a database behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Memory for blocks read before.
    pub cache_bytes: u64,
    /// Free disk that growing writes leave alone, so that what was accepted can be sorted and merged.
    pub reserve_bytes: u64,
    /// Most calls waiting for the writer; more wait outside.
    pub queue_jobs: usize,
    /// Most bytes waiting for the writer; more wait outside.
    pub queue_bytes: usize,
    /// Most bytes in one commit.
    pub group_bytes: usize,
    /// What one table gathers in memory before it goes to a file.
    pub memtable_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 64 << 20,
            reserve_bytes: 256 << 20,
            queue_jobs: 1024,
            queue_bytes: 64 << 20,
            group_bytes: 8 << 20,
            memtable_bytes: 16 << 20,
        }
    }
}

/// One ordered table of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Space(pub(crate) usize);

/// What a space holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Rows: values lie beside their keys.
    Small,
    /// Blocks: values lie in files of their own, so that merging keys does not copy them again.
    Large,
}

/// An open database. Cheap to clone; the last clone closes it.
#[derive(Clone)]
pub struct Database {
    core: Arc<Core>,
    front: Arc<Front>,
}

/// What callers and the writer share.
pub(crate) struct Core {
    pub(crate) dir: PathBuf,
    pub(crate) options: Options,
    state: RwLock<State>,
    notes: Mutex<Notes>,
    last_commit: AtomicU64,
}

struct State {
    names: Vec<(&'static str, Values)>,
    open: Option<Handles>,
    /// Why it has to be opened again before anything is written. What was durable can still be read.
    broken: Option<Error>,
    /// Keeps other processes out.
    lock: Option<File>,
}

#[derive(Clone)]
pub(crate) struct Handles {
    pub(crate) db: fjall::Database,
    pub(crate) spaces: Vec<Keyspace>,
}

/// The callers' end of the queue.
struct Front {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    room: Arc<Semaphore>,
    ended: watch::Receiver<bool>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.core.dir).finish()
    }
}

impl Database {
    /// Opens the database in `dir`, makes one if there is none, and keeps others out while it is open.
    pub fn open(dir: &Path, options: Options) -> Result<Self, OpenError> {
        let lock = opening::lock(dir)?;
        let Opened { db, marks, known } = opening::open(dir, &options)?;
        let last_commit = AtomicU64::new(known.commit);
        let noted = Notes::open(dir, known).and_then(|mut notes| notes.space(marks.id()).map(|()| notes));
        let notes = noted.map_err(|source| OpenError::Io { path: dir.join(known::NAME), source })?;
        let state = State {
            names: vec![(opening::MARKS, Values::Small)],
            open: Some(Handles { db, spaces: vec![marks] }),
            broken: None,
            lock: Some(lock),
        };
        let (state, notes) = (RwLock::new(state), Mutex::new(notes));
        let core = Arc::new(Core { dir: dir.into(), state, notes, last_commit, options });
        let (jobs, queue) = mpsc::channel(core.options.queue_jobs);
        let (end, ended) = watch::channel(false);
        let for_writer = core.clone();
        std::thread::Builder::new()
            .name("vedetta-db".into())
            .spawn(move || {
                writer::run(&for_writer, queue);
                for_writer.shut();
                end.send_replace(true);
            })
            .map_err(|source| OpenError::Io { path: dir.into(), source })?;
        let room = Arc::new(Semaphore::new(core.options.queue_bytes));
        Ok(Self { core, front: Arc::new(Front { jobs: Mutex::new(Some(jobs)), room, ended }) })
    }

    /// Where it lies.
    pub fn dir(&self) -> &Path {
        &self.core.dir
    }

    /// The space of that name; made if it is not there.
    pub fn space(&self, name: &'static str, values: Values) -> Result<Space, Error> {
        let mut state = self.core.state.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = state.names.iter().position(|(known, _)| *known == name) {
            return Ok(Space(at));
        }
        let handles = state.open.as_mut().ok_or(Error::Closed)?;
        let space = opening::create(&handles.db, name, values, &self.core.options)?;
        let noted = self.core.notes().space(space.id());
        noted.map_err(|error| Error::Unavailable(format!("{}: {error}", known::NAME)))?;
        handles.spaces.push(space);
        state.names.push((name, values));
        Ok(Space(state.names.len() - 1))
    }

    /// Reads. The closure blocks on the disk at worst for a few reads: callers on an async thread
    /// use it for single keys and [`read_blocking`](Self::read_blocking) for ranges.
    pub fn read<T>(&self, work: impl FnOnce(View<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.core.read(work)
    }

    /// Reads on a thread that may block, for ranges that reach into many blocks.
    pub async fn read_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(View<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.blocking(|core| core.read(work)).await
    }

    /// Has the writer run `work` and make durable what it put, together with what others put at the
    /// same time. Outer `Err`: nothing is known to be written. Inner `Err`: `work` refused and what it
    /// put is forgotten. `cost` is about how many bytes it will put. Waits while the queue is full.
    pub async fn write<T, E>(
        &self,
        cost: usize,
        growth: Growth,
        work: impl FnOnce(&mut Txn<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, Error>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        let jobs =
            self.front.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Error::Closed)?;
        let share = u32::try_from(cost.clamp(1, self.core.options.queue_bytes)).unwrap_or(u32::MAX);
        let room = self.front.room.clone().acquire_many_owned(share).await.map_err(|_| Error::Closed)?;
        let (job, answer) = Job::new(cost, growth, room, work);
        jobs.send(job).await.map_err(|_| Error::Closed)?;
        drop(jobs);
        answer.await.unwrap_or_else(|_| Err(Error::Unknown("the writer ended".into())))
    }

    /// Has the engine give the disk back what was removed from a space, when the disk is short. By itself it does so only
    /// while more is written, and on a full disk nothing is. May take as long as merging the space's keys. Whether there
    /// was a need.
    pub async fn reclaim(&self, space: Space) -> Result<bool, Error> {
        if !self.core.is_short()? {
            return Ok(false);
        }
        // The engine lets go of what is older than some later write. Nobody else writes now.
        self.mark().await?;
        self.blocking(|core| core.flush(None)).await?;
        // The first merge finds which files of large values nothing refers to, the second leaves them out.
        for _ in 0..2 {
            self.mark().await?;
            self.blocking(move |core| {
                core.flush(Some(MARKS))?;
                core.merge(space)
            })
            .await?;
        }
        self.mark().await?;
        self.blocking(move |core| core.flush(Some(MARKS))).await?;
        Ok(true)
    }

    /// A few commits, so that what was before is older than what the engine keeps for readers.
    async fn mark(&self) -> Result<(), Error> {
        for n in 0..COMMITS_TO_BE_OLD {
            let marked = self.write(1, Growth::Frees, move |txn| {
                txn.put(MARKS, &b"reclaim"[..], [n]);
                Ok::<_, Error>(())
            });
            marked.await.flatten()?;
        }
        Ok(())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Core) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let core = self.core.clone();
        let done = aside(move || work(&core)).await;
        done.unwrap_or_else(|panic| Err(Error::Unavailable(format!("work on the disk failed: {panic}"))))
    }

    /// Takes no more writes, finishes those under way and lets go of the directory.
    pub async fn close(&self) {
        drop(self.front.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut ended = self.front.ended.clone();
        // An error means that the writer is gone, which is what is waited for.
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

impl Core {
    fn read<T>(&self, work: impl FnOnce(View<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        match &state.open {
            Some(handles) => work(View { spaces: &handles.spaces, snapshot: &handles.db.snapshot() }),
            None => Err(state.broken.clone().unwrap_or(Error::Closed)),
        }
    }

    fn present(&self) -> Result<Handles, Error> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.open.clone().ok_or_else(|| state.broken.clone().unwrap_or(Error::Closed))
    }

    /// Whether writes that grow are refused, or soon will be.
    fn is_short(&self) -> Result<bool, Error> {
        let waiting = self.present()?.db.write_buffer_size();
        let free = disk::free_bytes(&self.dir).map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(free < self.options.reserve_bytes.saturating_mul(2).saturating_add(waiting))
    }

    /// Sends what a space, or every one, holds in memory to its files, and waits for it. Journals that nothing needs any
    /// more go with it.
    fn flush(&self, only: Option<Space>) -> Result<(), Error> {
        let handles = self.present()?;
        let spaces: Vec<&Keyspace> = match only {
            Some(space) => handles.spaces.get(space.0).into_iter().collect(),
            None => handles.spaces.iter().collect(),
        };
        for space in &spaces {
            space.rotate_memtable()?;
        }
        let deadline = Instant::now() + FLUSH_TIMEOUT;
        while spaces.iter().any(|space| space.sealed_memtable_count() > 0) {
            if Instant::now() > deadline {
                return Err(Error::Unavailable("a table in memory does not go to the disk".into()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Merges all files of a space: what was removed meets what it removes.
    fn merge(&self, space: Space) -> Result<(), Error> {
        match self.present()?.spaces.get(space.0) {
            Some(keyspace) => Ok(keyspace.major_compact()?),
            None => Err(Error::Unavailable(format!("no space {}", space.0))),
        }
    }

    /// The open handles, opening again if the last use broke them.
    pub(crate) fn handles(&self) -> Result<Handles, Error> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let (Some(handles), None) = (&state.open, &state.broken) {
            return Ok(handles.clone());
        }
        // Until the disk takes writes, opening would only take from readers what they have.
        disk::probe(&self.dir).map_err(|error| {
            Error::Unavailable(format!("{} can't be written: {error}", self.dir.display()))
        })?;
        state.open = None;
        match self.open_again(&state.names) {
            Ok(handles) => {
                tracing::warn!(dir = %self.dir.display(), "opened the database again after a failed write");
                state.broken = None;
                Ok(state.open.insert(handles).clone())
            }
            Err(error) => {
                state.broken = Some(error.clone());
                Err(error)
            }
        }
    }

    fn open_again(&self, names: &[(&'static str, Values)]) -> Result<Handles, Error> {
        let opened = opening::open(&self.dir, &self.options);
        let Opened { db, known, .. } = opened.map_err(|error| Error::Unavailable(error.to_string()))?;
        // What was not acknowledged and is there after all may be from now on.
        self.note(known.commit).map_err(|error| Error::Unavailable(format!("{}: {error}", known::NAME)))?;
        let spaces = names.iter().map(|(name, values)| opening::create(&db, name, *values, &self.options));
        Ok(Handles { spaces: spaces.collect::<Result<_, _>>()?, db })
    }

    /// Says that a failed write broke the handles: the next write opens again.
    pub(crate) fn discard(&self, why: Error) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.broken = Some(why);
    }

    /// The number of the next commit. Only the writer commits.
    pub(crate) fn next_commit(&self) -> u64 {
        self.last_commit.load(Ordering::Relaxed) + 1
    }

    /// Notes that a commit is durable, before anybody hears of it. A disk that fails just then may have said yes to a sync
    /// that it did not carry out; that it takes this write shows that it was still well.
    pub(crate) fn note(&self, commit: u64) -> io::Result<()> {
        self.last_commit.store(commit, Ordering::Relaxed);
        self.notes().commit(commit)
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shut(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.open = None;
        state.broken = None;
        // Only now: whoever waits for it finds the files let go of.
        state.lock = None;
    }

    /// Refuses when writing `bytes` more would eat into the reserve.
    pub(crate) fn check_room(&self, handles: &Handles, bytes: u64, growth: Growth) -> Result<(), Error> {
        let free = disk::free_bytes(&self.dir).map_err(|error| Error::Unavailable(error.to_string()))?;
        let reserve = match growth {
            Growth::Grows => self.options.reserve_bytes,
            Growth::Frees => self.options.reserve_bytes / 2,
        };
        // What lies in memory was accepted before and still has to go to files.
        let wanted = reserve.saturating_add(handles.db.write_buffer_size()).saturating_add(bytes);
        if free < wanted {
            let dir = self.dir.display();
            return Err(Error::Full(format!("{dir} has {free} bytes free and needs {wanted}; make room")));
        }
        Ok(())
    }
}
