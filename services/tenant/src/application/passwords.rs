//! Hashing passwords without letting strangers use up memory and processors.

use std::sync::Arc;

use rand::{SeedableRng, rngs::StdRng};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vedetta_api::{Code, Error};
use vedetta_aside::aside;
use vedetta_auth::password;
use zeroize::Zeroizing;

use super::Random;

/// Callers that may wait for their turn; more are told to come again.
const WAITING: usize = 64;

/// Checks and hashes passwords off the async threads, a few at a time.
#[derive(Debug, Clone)]
pub struct Passwords {
    at_once: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    random: Random,
}

impl Passwords {
    /// At most `at_once` at a time.
    pub fn new(at_once: usize, random: Random) -> Self {
        let at_once = at_once.max(1);
        Self {
            at_once: Arc::new(Semaphore::new(at_once)),
            admitted: Arc::new(Semaphore::new(at_once + WAITING)),
            random,
        }
    }

    /// Whether it is the password of that hash. `None` takes as long and is false.
    pub async fn verify(&self, given: &str, hash: Option<String>) -> Result<bool, Error> {
        let given = Zeroizing::new(given.to_owned());
        self.run(move || password::verify(&given, hash.as_deref())).await
    }

    /// The hash to keep.
    pub async fn hash(&self, plain: Zeroizing<String>) -> Result<String, Error> {
        let random = self.random.clone();
        let mut seed = random.draw(StdRng::from_rng);
        let hashed = self.run(move || password::hash(&plain, &mut seed)).await?;
        hashed.map_err(|error| {
            tracing::error!(%error, "a password could not be hashed");
            Error::new(Code::Internal, "the password could not be kept; the log of the server says why")
        })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let busy =
            || Error::new(Code::Exhausted, "too many passwords are being checked; try again in a moment");
        let admitted = self.admitted.clone().try_acquire_owned().map_err(|_| busy())?;
        let turn = self.at_once.clone().acquire_owned().await.map_err(|_| busy())?;
        // The permits go along: a caller who goes away does not make room for another computation.
        let permits: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (admitted, turn);
        let work = move || {
            let done = work();
            drop(permits);
            done
        };
        aside(work).await.map_err(|error| {
            tracing::error!(%error, "a password computation did not end");
            Error::new(Code::Internal, "the password could not be checked; the log of the server says why")
        })
    }
}
