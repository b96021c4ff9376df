//! Who is signed in, checked against the tenant service so that a disabled user loses access soon.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use vedetta_api::{Code, tenant::v1};
use vedetta_auth::{Caller, Keys, TenantCtx};
use vedetta_model::{
    Clock, Timestamp, UserId,
    control::{Actor, Permission},
};
use vedetta_runtime::Clients;

/// Answers that are kept; more sessions than this are asked about again.
const REMEMBERED: usize = 4096;

/// A signed-in person.
#[derive(Debug, Clone)]
pub struct Session(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    caller: TenantCtx,
    token: String,
    viewer: Viewer,
}

/// What the tenant service says of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// Who.
    pub user: UserId,
    /// Sign-in name.
    pub name: String,
    /// What they may do, as of now.
    pub permissions: Vec<Permission>,
    /// A generated password is still in use.
    pub must_change_password: bool,
}

/// Why nobody is signed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The credential is no good (any more).
    #[error("{0}")]
    NotSignedIn(String),
    /// It can't be told just now.
    #[error("sessions can't be checked just now: {0}")]
    Unavailable(String),
}

impl Session {
    /// The verified caller: reads are made with this.
    pub fn caller(&self) -> &TenantCtx {
        &self.0.caller
    }
    /// The person's own token, passed on with every decision.
    pub fn token(&self) -> &str {
        &self.0.token
    }
    /// The person.
    pub fn viewer(&self) -> &Viewer {
        &self.0.viewer
    }
    /// Whether the person may do this, as of now.
    pub fn may(&self, permission: Permission) -> bool {
        self.0.viewer.permissions.contains(&permission)
    }
}

type Digest = [u8; 32];
/// When it was asked, and what was said.
type Known = HashMap<Digest, (Timestamp, Result<Viewer, SessionError>)>;

/// Opens sessions.
#[derive(Debug)]
pub struct Sessions {
    keys: Arc<Keys>,
    clients: Clients,
    clock: Arc<dyn Clock>,
    believed_for: Duration,
    known: Mutex<Known>,
}

impl Sessions {
    /// An answer of the tenant service is believed for `believed_for`.
    pub fn new(keys: Arc<Keys>, clients: Clients, clock: Arc<dyn Clock>, believed_for: Duration) -> Self {
        Self { keys, clients, clock, believed_for, known: Mutex::default() }
    }

    /// The session of a token.
    pub async fn open(&self, token: &str) -> Result<Session, SessionError> {
        let now = self.clock.now();
        let caller =
            self.keys.verify(token, now).map_err(|error| SessionError::NotSignedIn(error.to_string()))?;
        let Caller::User(Actor::User { .. }) = caller.caller() else {
            return Err(SessionError::NotSignedIn("this is not a person's session; sign in".to_owned()));
        };
        let digest = *blake3::hash(token.as_bytes()).as_bytes();
        let viewer = match self.remembered(&digest, now) {
            Some(answer) => answer?,
            None => {
                let answer = self.ask(token).await;
                if !matches!(answer, Err(SessionError::Unavailable(_))) {
                    self.remember(digest, now, answer.clone());
                }
                answer?
            }
        };
        Ok(Session(Arc::new(Inner { caller, token: token.to_owned(), viewer })))
    }

    /// Asks again at the next use of this session.
    pub fn forget(&self, session: &Session) {
        self.lock().remove(blake3::hash(session.token().as_bytes()).as_bytes());
    }

    async fn ask(&self, token: &str) -> Result<Viewer, SessionError> {
        let unavailable = |what: String| SessionError::Unavailable(what);
        let mut client = self.clients.tenant().map_err(|error| unavailable(error.to_string()))?;
        let request =
            with_bearer(v1::GetViewerRequest {}, token).map_err(|error| unavailable(error.to_string()))?;
        match client.get_viewer(request).await {
            Ok(answer) => viewer(&answer.into_inner()).map_err(unavailable),
            Err(status) => {
                let error = vedetta_api::Error::from(status);
                match error.code {
                    Code::Unavailable | Code::Exhausted | Code::Internal => Err(unavailable(error.message)),
                    _ => Err(SessionError::NotSignedIn(error.message)),
                }
            }
        }
    }

    fn remembered(&self, digest: &Digest, now: Timestamp) -> Option<Result<Viewer, SessionError>> {
        let known = self.lock();
        let (asked, answer) = known.get(digest)?;
        (now.since(*asked) < self.believed_for).then(|| answer.clone())
    }

    fn remember(&self, digest: Digest, now: Timestamp, answer: Result<Viewer, SessionError>) {
        let mut known = self.lock();
        if known.len() >= REMEMBERED {
            known.retain(|_, (asked, _)| now.since(*asked) < self.believed_for);
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(digest, (now, answer));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A person from the tenant service's answer.
pub fn viewer(answer: &v1::UserResponse) -> Result<Viewer, String> {
    let user = answer.user.parse().map_err(|error| format!("{error}"))?;
    let permission = |word: &String| {
        serde_json::from_value(word.clone().into()).map_err(|error| format!("permission `{word}`: {error}"))
    };
    Ok(Viewer {
        user,
        name: answer.name.clone(),
        permissions: answer.permissions.iter().map(permission).collect::<Result<_, _>>()?,
        must_change_password: answer.one_time,
    })
}

/// A request that carries a token.
pub fn with_bearer<T>(message: T, token: &str) -> Result<tonic::Request<T>, vedetta_api::Error> {
    let mut request = tonic::Request::new(message);
    let value = format!("Bearer {token}").parse().map_err(|_| {
        vedetta_api::Error::new(Code::Unauthenticated, "the session is not valid here; sign in again")
    })?;
    request.metadata_mut().insert("authorization", value);
    Ok(request)
}
