//! From records of the log to rows that people query.
//!
//! A [`Projection`] says what one record changes, as whole new row values; the [`Engine`] feeds it,
//! keeps its place and never lets a bad record stop a partition. A row is only ever written from
//! one source partition: rows are keyed by node, by stream, or by the partition itself, and sums
//! are made when they are read.

mod draft;
mod engine;
pub mod keys;
mod progress;

pub mod cases;
pub mod changes;
pub mod control;
pub mod coverage;
pub mod dead_letters;
pub mod findings;
pub mod nodes;
pub mod rules;

use std::fmt::Debug;

use async_trait::async_trait;
use vedetta_log::{Record, Topic};
use vedetta_store::{StoreError, View, ViewChange};

pub use draft::{Draft, Rows, StoredRows};
pub use engine::{Engine, rebuild};
pub use progress::{Changed, NotYet, Progress};

/// What one record of a topic changes in the views.
///
/// * The result depends on the record and the present rows only: no clock, no chance. Dropping the
///   views and applying all records again gives the same bytes.
/// * A record that comes twice changes nothing the second time.
#[async_trait]
pub trait Projection: Debug + Send + Sync {
    /// Names checkpoint and consumer group.
    fn name(&self) -> &'static str;
    /// The topic it reads.
    fn source(&self) -> Topic;
    /// The views it writes; no other projection writes them.
    fn views(&self) -> &'static [View];
    /// Whether rows hold partitions or places of the source, and so mean nothing beside a log where its records lie elsewhere.
    fn holds_places(&self) -> bool;
    /// What the record changes.
    async fn apply(&self, record: &Record, rows: &dyn Rows) -> Result<Vec<ViewChange>, ApplyError>;
}

/// Why a record was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The record can't be understood: it is counted and skipped.
    #[error("{0}")]
    Poison(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
