//! How statements are run: prepared, with the consistency of their kind, and with errors that say where.

use std::{fmt, sync::Arc};

use futures::{StreamExt as _, TryStreamExt as _};
use scylla::{
    client::session::Session,
    deserialize::row::DeserializeRow,
    policies::retry::FallthroughRetryPolicy,
    response::query_result::{QueryResult, QueryRowsResult},
    serialize::row::SerializeRow,
    statement::{
        batch::{Batch, BatchType},
        prepared::PreparedStatement,
    },
    value::{CqlValue, Row},
};
use vedetta_store::StoreError;

use crate::errors::{self, Failure};

/// How many requests of one call run at a time.
pub const SIDE_BY_SIDE: usize = 16;
/// What a batch of rows of one partition holds at most.
pub const BATCH_BYTES: usize = 256 << 10;
pub const BATCH_ROWS: usize = 500;

type Values = Box<dyn SerializeRow + Send + Sync>;

/// Statements that change one partition together.
#[derive(Default)]
pub struct Changes {
    statements: Vec<(PreparedStatement, Values)>,
}

impl Changes {
    pub fn add(&mut self, statement: &PreparedStatement, values: impl SerializeRow + Send + Sync + 'static) {
        self.statements.push((statement.clone(), Box::new(values)));
    }

    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    pub fn len(&self) -> usize {
        self.statements.len()
    }

    fn into_batch(self) -> (Batch, Vec<Values>) {
        // Nothing to log: one partition's changes are one mutation.
        let mut batch = Batch::new(BatchType::Unlogged);
        let mut values = Vec::with_capacity(self.statements.len());
        for (statement, its) in self.statements {
            batch.append_statement(statement);
            values.push(its);
        }
        (batch, values)
    }
}

/// What became of a conditional write.
#[derive(Debug)]
pub enum Cas {
    /// It was done.
    Applied,
    /// The condition did not hold; nothing was done.
    Refused,
    /// No answer: a serial read tells.
    Unknown(StoreError),
}

/// A session that knows where it is connected to.
#[derive(Clone)]
pub struct Cql {
    session: Arc<Session>,
    place: Arc<str>,
}

impl fmt::Debug for Cql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

impl Cql {
    pub fn new(session: Session, place: &str) -> Self {
        Self { session: Arc::new(session), place: place.into() }
    }

    pub fn failed(&self, error: &(dyn std::error::Error + 'static)) -> StoreError {
        errors::failed(&self.place, error)
    }

    /// All rows, gathered page by page.
    pub async fn rows<R>(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<Vec<R>, StoreError>
    where
        R: for<'f, 'm> DeserializeRow<'f, 'm> + Send + 'static,
    {
        self.stream(statement, values).await?.try_collect().await
    }

    /// Rows as they come; the next page is fetched while one is read.
    pub async fn stream<R>(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<futures::stream::BoxStream<'static, Result<R, StoreError>>, StoreError>
    where
        R: for<'f, 'm> DeserializeRow<'f, 'm> + Send + 'static,
    {
        let pager =
            self.session.execute_iter(statement.clone(), values).await.map_err(|e| self.failed(&e))?;
        let rows = pager.rows_stream::<R>().map_err(|error| self.failed(&error))?;
        let place = self.place.clone();
        Ok(rows.map_err(move |error| errors::failed(&place, &error)).boxed())
    }

    /// The one row, when there is one.
    pub async fn row<R>(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<Option<R>, StoreError>
    where
        R: for<'f, 'm> DeserializeRow<'f, 'm>,
    {
        let result =
            self.session.execute_unpaged(statement, values).await.map_err(|error| self.failed(&error))?;
        let rows = result.into_rows_result().map_err(|error| self.failed(&error))?;
        rows.maybe_first_row().map_err(|error| self.failed(&error))
    }

    pub async fn write(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<(), StoreError> {
        self.session.execute_unpaged(statement, values).await.map(drop).map_err(|error| self.failed(&error))
    }

    /// Changes of one partition, all of which may be made again.
    pub async fn write_all(&self, changes: Changes) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let (mut batch, values) = changes.into_batch();
        batch.set_is_idempotent(true);
        self.session.batch(&batch, values).await.map(drop).map_err(|error| self.failed(&error))
    }

    /// Changes of one partition, of which at least one has a condition: all or none. Never tried again by the driver: what
    /// was accepted the first time would be refused the second.
    pub async fn cas(&self, changes: Changes) -> Result<Cas, StoreError> {
        let (mut batch, values) = changes.into_batch();
        batch.set_retry_policy(Some(Arc::new(FallthroughRetryPolicy)));
        match self.session.batch(&batch, values).await {
            Ok(result) => {
                self.applied(result).map(|applied| if applied { Cas::Applied } else { Cas::Refused })
            }
            Err(error) => {
                let told = self.failed(&error);
                if errors::failure(&error) == Failure::NotDone { Err(told) } else { Ok(Cas::Unknown(told)) }
            }
        }
    }

    fn applied(&self, result: QueryResult) -> Result<bool, StoreError> {
        let rows = result.into_rows_result().map_err(|error| self.failed(&error))?;
        let missing = || {
            StoreError::Backend(format!(
                "{}: the answer to a conditional write has no `[applied]`",
                self.place
            ))
        };
        applied(&rows).ok_or_else(missing)
    }
}

/// Reads `[applied]` by its name: what stands beside it differs from server to server.
pub fn applied(rows: &QueryRowsResult) -> Option<bool> {
    let (at, _) = rows.column_specs().get_by_name("[applied]")?;
    let row: Row = rows.maybe_first_row().ok()??;
    match row.columns.into_iter().nth(at)? {
        Some(CqlValue::Boolean(applied)) => Some(applied),
        _ => None,
    }
}
