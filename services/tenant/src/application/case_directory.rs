//! Which cases there are.

use std::sync::Arc;

use vedetta_api::{Code, Error};
use vedetta_model::{CaseId, TenantId};
use vedetta_store::{View, ViewKey, ViewStore};

use super::unavailable;

/// The query role's rows of cases: a case is a view of the findings, so only the view knows it. The
/// key is the id's 16 bytes (`services/query/src/projections/cases.rs`).
const CASES: View = View("cases");

/// Looks cases up, so that nothing is decided about one that is not there or another tenant's. While
/// views are rebuilt a case that nobody worked on yet is not found.
#[derive(Debug, Clone)]
pub struct CaseDirectory(Arc<dyn ViewStore>);

impl CaseDirectory {
    /// In a view store.
    pub fn new(views: Arc<dyn ViewStore>) -> Self {
        Self(views)
    }

    /// Refuses a case that the tenant does not have.
    pub async fn require(&self, tenant: &TenantId, case: CaseId) -> Result<(), Error> {
        let key = ViewKey::new(tenant, CASES, case.as_uuid().as_bytes().to_vec());
        match self.0.get(&key).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(Error::new(Code::NotFound, "no such case")),
            Err(error) => Err(unavailable(&error)),
        }
    }
}
