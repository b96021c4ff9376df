//! The caller's own part of the data: what every object in an answer reads from.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Context, ID,
    dataloader::{DataLoader, Loader},
};
use vedetta_api::Code;
use vedetta_model::{CaseId, NodeId, TenantId, Timestamp, control::Permission};

use super::{
    errors::{Answer, Failure, error},
    ids::{self, Kind},
};
use crate::{
    projections::findings::bucket_of,
    readers::{ReadError, Views, cases::CaseView, nodes::NodeView, overview::FindingSums},
    session::Session,
    state::State,
};

/// A signed-in person's view of their tenant.
#[derive(Clone)]
pub struct Scope(Arc<Inner>);

struct Inner {
    session: Session,
    views: Views,
    state: Arc<State>,
    loader: DataLoader<ViewsLoader>,
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Scope").field(self.tenant()).finish()
    }
}

impl Scope {
    /// The scope of a session.
    pub fn of(session: Session, state: Arc<State>) -> Self {
        let budget = state.config.limits.scanned_rows;
        let views = Views::of(state.store.clone(), session.caller(), budget);
        let loader =
            DataLoader::new(ViewsLoader { views: views.clone(), state: state.clone() }, tokio::spawn);
        Self(Arc::new(Inner { session, views, state, loader }))
    }

    /// The scope of a request. Fails when nobody is signed in.
    pub fn from_context(context: &Context<'_>) -> Answer<Self> {
        context
            .data_opt::<Self>()
            .cloned()
            .ok_or_else(|| Failure(error(Code::Unauthenticated, "sign in first")))
    }

    /// The scope of a request whose caller may do this.
    pub fn allowed(context: &Context<'_>, permission: Permission) -> Answer<Self> {
        let scope = Self::from_context(context)?;
        if scope.session().may(permission) {
            Ok(scope)
        } else {
            Err(Failure(error(Code::Forbidden, "you may not do this in this tenant")))
        }
    }

    /// The same with the caller's tenant named: `None` for any other, whether it exists or not.
    pub fn named(context: &Context<'_>, tenant: &str) -> Answer<Option<Self>> {
        let scope = Self::allowed(context, Permission::Read)?;
        Ok((scope.tenant().as_str() == tenant).then_some(scope))
    }

    /// Whose data.
    pub fn tenant(&self) -> &TenantId {
        self.0.views.tenant()
    }
    /// Who asks.
    pub fn session(&self) -> &Session {
        &self.0.session
    }
    /// The data.
    pub fn views(&self) -> &Views {
        &self.0.views
    }
    /// Shared parts of the role.
    pub fn state(&self) -> &Arc<State> {
        &self.0.state
    }
    /// The time.
    pub fn now(&self) -> Timestamp {
        self.0.state.clock.now()
    }
    /// A global id in this tenant.
    pub fn id(&self, kind: Kind, key: impl std::fmt::Display) -> ID {
        ids::encode(kind, self.tenant(), key)
    }
    /// The key in a global id: `None` when it is of another kind or tenant, or no id at all.
    pub fn key<T: std::str::FromStr>(&self, kind: Kind, id: &ID) -> Option<T> {
        let id = ids::decode(id)?;
        if id.kind != kind || id.tenant != *self.tenant() {
            return None;
        }
        id.key.parse().ok()
    }

    /// One case; those asked for in one answer are read together.
    pub async fn case(&self, id: CaseId) -> Answer<Option<CaseView>> {
        Ok(self.0.loader.load_one(id).await?)
    }
    /// One node; those asked for in one answer are read together.
    pub async fn watched_node(&self, id: NodeId) -> Answer<Option<NodeView>> {
        Ok(self.0.loader.load_one(id).await?)
    }
    /// Findings added up since a moment; asked for often, added up once.
    pub async fn sums(&self, since: Timestamp) -> Answer<Arc<FindingSums>> {
        let sums = self.0.loader.load_one(Since(bucket_of(since))).await?;
        sums.ok_or_else(|| Failure(error(Code::Internal, "findings were not added up")))
    }
}

struct ViewsLoader {
    views: Views,
    state: Arc<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Since(Timestamp);

impl Loader<CaseId> for ViewsLoader {
    type Value = CaseView;
    type Error = Arc<ReadError>;
    async fn load(&self, keys: &[CaseId]) -> Result<HashMap<CaseId, CaseView>, Self::Error> {
        let mut found = HashMap::with_capacity(keys.len());
        for key in keys {
            found.extend(self.views.case(key).await?.map(|case| (*key, case)));
        }
        Ok(found)
    }
}

impl Loader<NodeId> for ViewsLoader {
    type Value = NodeView;
    type Error = Arc<ReadError>;
    async fn load(&self, keys: &[NodeId]) -> Result<HashMap<NodeId, NodeView>, Self::Error> {
        let mut found = HashMap::with_capacity(keys.len());
        for key in keys {
            found.extend(self.views.watched_node(key).await?.map(|node| (*key, node)));
        }
        Ok(found)
    }
}

impl Loader<Since> for ViewsLoader {
    type Value = Arc<FindingSums>;
    type Error = Arc<ReadError>;
    async fn load(&self, keys: &[Since]) -> Result<HashMap<Since, Arc<FindingSums>>, Self::Error> {
        let mut found = HashMap::with_capacity(keys.len());
        for key in keys {
            let sums = self.views.finding_sums(key.0, self.state.clock.now()).await?;
            found.insert(*key, Arc::new(sums));
        }
        Ok(found)
    }
}
