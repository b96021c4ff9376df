//! What all processes of an installation share and nobody else may know.

use std::sync::Arc;

use anyhow::Context as _;
use vedetta_auth::{AuthError, Authority, Keys};
use vedetta_model::Clock;

use crate::config::Common;

/// The key that signs sessions, and the authority that signs certificates. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// Signs and verifies session and service tokens.
    pub keys: Arc<Keys>,
    /// Signs certificates of nodes and of the agents' listener.
    pub authority: Arc<Authority>,
}

impl Secrets {
    /// Reads them, or makes what is missing. Of several processes that do so at once all get the same.
    pub fn open_or_create(common: &Common, clock: &dyn Clock) -> anyhow::Result<Self> {
        let dir = common.keys_dir();
        let keys = Keys::open_or_create(&dir.join("keys"), &mut rand::rng());
        Self::of(keys, Authority::open_or_create(&dir.join("pki"), clock))
    }

    /// Reads them. Where they are missing the error says how they are made.
    pub fn open(common: &Common, clock: &dyn Clock) -> anyhow::Result<Self> {
        let dir = common.keys_dir();
        Self::of(Keys::open(&dir.join("keys")), Authority::open(&dir.join("pki"), clock))
    }

    fn of(keys: Result<Keys, AuthError>, authority: Result<Authority, AuthError>) -> anyhow::Result<Self> {
        let both = keys.and_then(|keys| Ok(Self { keys: Arc::new(keys), authority: Arc::new(authority?) }));
        match both {
            Err(error @ AuthError::NoKeyFile { .. }) => Err(error).context(
                "processes that run apart share their keys: run `vedetta bootstrap` once, and give each process the folder it \
                 made as keys.dir (VEDETTA_KEYS__DIR)",
            ),
            both => Ok(both?),
        }
    }
}

#[cfg(test)]
mod tests {
    use vedetta_model::SystemClock;

    use super::*;
    use crate::config::{Config, Sources};

    fn common(dir: &std::path::Path) -> Common {
        let overrides = vec![("keys.dir".to_owned(), dir.display().to_string())];
        Config::load(&Sources { overrides, ..Sources::default() }).unwrap().common
    }

    #[test]
    fn they_are_never_made_where_they_have_to_be_there() {
        let dir = tempfile::tempdir().unwrap();
        let common = common(dir.path());
        let error = format!("{:#}", Secrets::open(&common, &SystemClock).unwrap_err());
        assert!(error.contains("session.key is missing") && error.contains("vedetta bootstrap"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        let made = Secrets::open_or_create(&common, &SystemClock).unwrap();
        let found = Secrets::open(&common, &SystemClock).unwrap();
        assert_eq!(made.authority.pin(), found.authority.pin());
    }
}
