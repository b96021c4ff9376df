//! The writer thread: many jobs, one durable commit.
//!
//! ```text
//!   job ─┐
//!   job ─┼─► queue ─► [ run each against what is there + staged ] ─► one commit + fsync ─► answers
//!   job ─┘   bounded
//! ```
//!
//! A thread of its own because every step blocks: the commit on the disk, and the wait while tables
//! in memory go to files. Jobs run one after the other, so a job that reads and then writes needs no
//! lock.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    thread,
    time::Duration,
};

use bytes::Bytes;
use fjall::PersistMode;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::{
    Error, Space, View,
    database::{Core, Handles},
    journal::MARK,
    sealed::{Draft, trusted},
};

/// Whether a write makes the database larger or, in the end, smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// Refused when the disk runs full.
    Grows,
    /// Allowed some way into the reserve.
    Frees,
}

/// Sealed values, and what is to be removed.
type Staged = BTreeMap<(Space, Bytes), Option<Bytes>>;

/// What is staged of a range of a space.
fn staged_range<'s>(
    staged: &'s Staged,
    space: Space,
    range: &Range<Vec<u8>>,
) -> impl Iterator<Item = (&'s Bytes, &'s Option<Bytes>)> + use<'s> {
    let at = |key: &[u8]| (space, Bytes::copy_from_slice(key));
    // The map panics on a range that ends before it begins.
    let end = at(range.end.as_slice().max(&range.start));
    staged.range(at(&range.start)..end).map(|((_, key), value)| (key, value))
}
type Hook = Box<dyn FnOnce(bool) + Send>;

/// One job's view of the database, and what it wants changed.
pub struct Txn<'a> {
    view: View<'a>,
    staged: &'a Staged,
    own: Staged,
    hooks: Vec<Hook>,
}

impl<'a> Txn<'a> {
    /// One value, as earlier jobs and this one left it.
    pub fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>, Error> {
        let at = (space, Bytes::copy_from_slice(key));
        match self.own.get(&at).or_else(|| self.staged.get(&at)) {
            Some(sealed) => Ok(sealed.as_ref().map(|sealed| sealed.slice_ref(trusted(sealed)))),
            None => self.view.get(space, key),
        }
    }

    /// The keys of a range, as earlier jobs and this one left it.
    pub fn keys(&self, space: Space, range: Range<Vec<u8>>) -> Result<BTreeSet<Bytes>, Error> {
        let mut keys = self.view.keys(space, range.clone())?.collect::<Result<BTreeSet<_>, _>>()?;
        for staged in [self.staged, &self.own] {
            for (key, value) in staged_range(staged, space, &range) {
                if value.is_none() {
                    keys.remove(key);
                } else {
                    keys.insert(key.clone());
                }
            }
        }
        Ok(keys)
    }

    /// The first key of a range, as earlier jobs and this one left it.
    pub fn first_key(&self, space: Space, range: Range<Vec<u8>>) -> Result<Option<Bytes>, Error> {
        let changed = |key: &Bytes| {
            let at = (space, key.clone());
            self.own.get(&at).or_else(|| self.staged.get(&at)).map(Option::is_some)
        };
        let put = [self.staged, &self.own].into_iter().filter_map(|staged| {
            let mut keys = staged_range(staged, space, &range).map(|(key, _)| key);
            keys.find(|key| changed(key) == Some(true))
        });
        let put = put.min().cloned();
        for key in self.view.keys(space, range.clone())? {
            let key = key?;
            if changed(&key) != Some(false) {
                return Ok(Some(put.map_or_else(|| key.clone(), |put| put.min(key.clone()))));
            }
        }
        Ok(put)
    }

    /// What is durable, without what earlier jobs of the same commit put.
    pub fn durable(&self) -> View<'a> {
        self.view
    }

    /// Puts a value.
    pub fn put(&mut self, space: Space, key: impl Into<Bytes>, value: impl Into<Draft>) {
        let key = key.into();
        let sealed = value.into().seal(&key);
        self.own.insert((space, key), Some(sealed));
    }

    /// Removes a key.
    pub fn remove(&mut self, space: Space, key: impl Into<Bytes>) {
        self.own.insert((space, key.into()), None);
    }

    /// Runs once on the writer thread when the commit is decided: with `true` after it is durable
    /// and before anybody is answered. Not when the job refuses.
    pub fn when_decided(&mut self, hook: impl FnOnce(bool) + Send + 'static) {
        self.hooks.push(Box::new(hook));
    }
}

/// Something to be written, of which the result types are forgotten.
pub(crate) struct Job {
    cost: usize,
    growth: Growth,
    task: Box<dyn Task>,
    _room: OwnedSemaphorePermit,
}

/// Outside what became of the commit, inside what the job itself said.
type Answer<T, E> = Result<Result<T, E>, Error>;

trait Task: Send {
    fn run(&mut self, txn: &mut Txn<'_>) -> bool;
    fn answer(&mut self, outcome: Result<(), Error>);
}

struct Call<F, T, E> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    reply: Option<oneshot::Sender<Answer<T, E>>>,
}

impl Job {
    pub(crate) fn new<T, E, F>(
        cost: usize,
        growth: Growth,
        room: OwnedSemaphorePermit,
        work: F,
    ) -> (Self, oneshot::Receiver<Answer<T, E>>)
    where
        F: FnOnce(&mut Txn<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let call = Call { work: Some(work), result: None, reply: Some(reply) };
        (Self { cost, growth, task: Box::new(call), _room: room }, answer)
    }
}

impl<F, T, E> Task for Call<F, T, E>
where
    F: FnOnce(&mut Txn<'_>) -> Result<T, E> + Send,
    T: Send,
    E: Send,
{
    fn run(&mut self, txn: &mut Txn<'_>) -> bool {
        self.result = self.work.take().map(|work| work(txn));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(&mut self, outcome: Result<(), Error>) {
        let result = match (outcome, self.result.take()) {
            (Ok(()), Some(result)) => Ok(result),
            (Ok(()), None) => Err(Error::Unavailable("the write was not run".into())),
            (Err(error), _) => Err(error),
        };
        if let Some(reply) = self.reply.take() {
            // The caller may have gone; the contract leaves open what became of its write.
            let _ = reply.send(result);
        }
    }
}

pub(crate) fn run(core: &Core, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.blocking_recv() {
        let mut cost = first.cost;
        let mut jobs = vec![first];
        while cost < core.options.group_bytes
            && let Ok(job) = queue.try_recv()
        {
            cost += job.cost;
            jobs.push(job);
        }
        commit_group(core, jobs);
    }
}

fn commit_group(core: &Core, jobs: Vec<Job>) {
    let handles = match core.handles() {
        Ok(handles) => handles,
        Err(error) => return jobs.into_iter().for_each(|mut job| job.task.answer(Err(error.clone()))),
    };
    let snapshot = handles.db.snapshot();
    let mut admitted = Vec::with_capacity(jobs.len());
    let mut staged = Staged::new();
    let mut hooks = Vec::new();
    let mut bytes = 0;
    for mut job in jobs {
        bytes += job.cost as u64;
        if let Err(full) = core.check_room(&handles, bytes, job.growth) {
            job.task.answer(Err(full));
            continue;
        }
        let view = View { spaces: &handles.spaces, snapshot: &snapshot };
        let mut txn = Txn { view, staged: &staged, own: Staged::new(), hooks: vec![] };
        let accepted = job.task.run(&mut txn);
        let Txn { own, hooks: own_hooks, .. } = txn;
        if accepted {
            if staged.is_empty() {
                staged = own;
            } else {
                staged.extend(own);
            }
            hooks.extend(own_hooks);
        }
        admitted.push(job);
    }

    let outcome = if staged.is_empty() { Ok(()) } else { commit(core, handles, &staged) };
    for hook in hooks {
        hook(outcome.is_ok());
    }
    for mut job in admitted {
        job.task.answer(outcome.clone());
    }
}

fn commit(core: &Core, mut handles: Handles, staged: &Staged) -> Result<(), Error> {
    // A database that broke in the background says so before anything is written. Opened again it
    // holds exactly what was durable, which is what the jobs saw, so the commit stays valid.
    if let Err(error) = wait_for_tables(&handles) {
        tracing::warn!(dir = %core.dir.display(), %error, "the database broke in the background");
        drop(handles);
        core.discard(error.into());
        handles = core.handles()?;
        wait_for_tables(&handles)?;
    }
    let number = core.next_commit();
    let mut batch = handles.db.batch().durability(Some(PersistMode::SyncData));
    if let Some(marks) = handles.spaces.first() {
        batch.insert(marks, MARK, Draft::from(number.to_le_bytes()).seal(MARK));
    }
    for ((space, key), value) in staged {
        let Some(keyspace) = handles.spaces.get(space.0) else {
            return Err(Error::Unavailable(format!("no space {}", space.0)));
        };
        match value {
            Some(sealed) => batch.insert(keyspace, key.clone(), sealed.clone()),
            None => batch.remove(keyspace, key.clone()),
        }
    }
    let durable = batch.commit().and_then(|()| Ok(core.note(number)?));
    let Err(error) = durable else { return Ok(()) };
    tracing::error!(dir = %core.dir.display(), %error, "a commit failed");
    let error = Error::Unknown(error.to_string());
    drop(handles);
    core.discard(error.clone());
    Err(error)
}

/// Waits while too many tables in memory wait for the disk. The engine would wait too, but would
/// not notice when the threads it waits for are gone.
fn wait_for_tables(handles: &Handles) -> Result<(), fjall::Error> {
    loop {
        handles.db.persist(PersistMode::Buffer)?;
        let behind =
            |space: &fjall::Keyspace| space.sealed_memtable_count() >= 3 || space.l0_table_count() >= 28;
        if !handles.spaces.iter().any(behind) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(1));
    }
}
