//! Keeps a node's identity good for as long as the agent runs.

use std::{sync::Arc, time::Duration};

use rand::{RngCore, SeedableRng, rngs::StdRng};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;
use vedetta_auth::client::Pin;
use vedetta_model::{Clock, Timestamp};

use super::{Applicant, EnrollError, enroll, pinned_channel, renew};
use crate::{
    identity::{Certificates, Identity, LOOK, StateDir, StateError},
    ship::Backoff,
};

/// Renews in time; enrolls again when that came too late and there is a token.
#[derive(Debug)]
pub struct Keeper {
    state: StateDir,
    clock: Arc<dyn Clock>,
    current: watch::Sender<Arc<Identity>>,
    again: Option<(Pin, Applicant)>,
    backoff: Backoff,
    rng: StdRng,
}

#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error(transparent)]
    Enroll(#[from] EnrollError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("the server gave this machine another id, {0}; start the agent again to use it")]
    Other(String),
    #[error(
        "the certificate expired at {0}; create an enrollment token and run `vedetta-agent enroll` with it, the node keeps its id"
    )]
    Expired(Timestamp),
}

impl Keeper {
    /// Keeps `identity` good. `again` is what an expired node may enroll with.
    pub fn new(
        state: StateDir,
        identity: Identity,
        again: Option<(Pin, Applicant)>,
        clock: Arc<dyn Clock>,
        rng: &mut impl RngCore,
    ) -> Self {
        let backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(300), rng);
        let current = watch::channel(Arc::new(identity)).0;
        Self { state, clock, current, again, backoff, rng: StdRng::from_rng(rng) }
    }

    /// The identity at any time.
    pub fn identity(&self) -> watch::Receiver<Arc<Identity>> {
        self.current.subscribe()
    }

    /// Runs until told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            let due = self.current.borrow().renew_at(&mut self.rng);
            tokio::select! {
                () = self.until(due) => {}
                () = stop.cancelled() => return,
            }
            let renewed = tokio::select! {
                renewed = self.renew() => renewed,
                () = stop.cancelled() => return,
            };
            let wait = match renewed {
                Ok(identity) => {
                    tracing::info!(expires = %identity.expires(), "the node's certificate was renewed");
                    self.current.send_replace(Arc::new(identity));
                    self.backoff.reset();
                    continue;
                }
                Err(error) => {
                    let wait = self.backoff.next_wait();
                    tracing::error!(%error, retry_in = ?wait, "the node's certificate cannot be renewed");
                    wait
                }
            };
            tokio::select! {
                () = sleep(wait) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn until(&self, due: Timestamp) {
        loop {
            let left = due.since(self.clock.now());
            if left.is_zero() {
                return;
            }
            sleep(left.min(LOOK)).await;
        }
    }

    async fn renew(&self) -> Result<Identity, KeepError> {
        let old = Arc::clone(&self.current.borrow());
        let certificates = if old.has_expired(self.clock.now()) {
            self.enroll_again(&old).await?
        } else {
            renew(old.channel().map_err(EnrollError::from)?, old.key()).await?
        };
        let (key, server) = (Arc::clone(old.key()), old.server().clone());
        let new = Identity::new(key, server, certificates, self.clock.now()).map_err(EnrollError::from)?;
        if (new.tenant(), new.node()) != (old.tenant(), old.node()) {
            return Err(KeepError::Other(new.node().to_string()));
        }
        self.state.store(&new)?;
        Ok(new)
    }

    async fn enroll_again(&self, old: &Identity) -> Result<Certificates, KeepError> {
        let Some((pin, applicant)) = &self.again else { return Err(KeepError::Expired(old.expires())) };
        let channel = pinned_channel(old.server(), *pin).map_err(EnrollError::from)?;
        Ok(enroll(channel, old.key(), applicant.clone()).await?)
    }
}
