//! Who this node is: its key, the certificate for it, and where the server is. Kept in the state
//! folder so that a machine that stops anywhere has the old identity or the new one, whole.
//!
//! ```text
//!   <state>/key.pem         made here, never leaves, the same for ever (0600)
//!   <state>/identity.json   certificate, authorities, server; replaced at each renewal
//!   <state>/machine-id      only where /etc/machine-id is missing
//! ```

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::{Rng, RngCore};
use serde::{Deserialize, Serialize};
use vedetta_api::Channel;
use vedetta_auth::{
    NodeIdentity, PkiError,
    client::{self, NodeKey, Trust},
};
use vedetta_model::{NodeId, TenantId, Timestamp};

use crate::config::ServerUrl;

const KEY: &str = "key.pem";
const IDENTITY: &str = "identity.json";
const MACHINE_ID: &str = "machine-id";

/// The state folder cannot be used as it is.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A file cannot be read or written.
    #[error("{}: {source}; the agent needs to own its state folder", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what the agent wrote.
    #[error("{}: {reason}; move it away and enroll again", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A key cannot be made.
    #[error(transparent)]
    Pki(#[from] PkiError),
}

/// A node's identity, complete and read back.
#[derive(Debug)]
pub struct Identity {
    node: NodeIdentity,
    key: Arc<NodeKey>,
    server: ServerUrl,
    chain: Vec<Vec<u8>>,
    authorities: Vec<Vec<u8>>,
    issued: Timestamp,
}

/// What the server gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificates {
    /// Leaf first, DER.
    pub chain: Vec<Vec<u8>>,
    /// The authorities to trust, DER.
    pub authorities: Vec<Vec<u8>>,
}

impl Identity {
    /// Puts an identity together; who it is stands in the certificate.
    pub fn new(
        key: Arc<NodeKey>,
        server: ServerUrl,
        certificates: Certificates,
        issued: Timestamp,
    ) -> Result<Self, PkiError> {
        let Certificates { chain, authorities } = certificates;
        let leaf = chain.first().ok_or(PkiError::Identity("there is none"))?;
        let node = NodeIdentity::from_certificate(leaf)?;
        if node.key_sha256 != key.key_sha256() {
            return Err(PkiError::Identity("it is for another key"));
        }
        Ok(Self { node, key, server, chain, authorities, issued })
    }

    /// The customer.
    pub const fn tenant(&self) -> &TenantId {
        &self.node.tenant
    }

    /// This machine.
    pub const fn node(&self) -> NodeId {
        self.node.node
    }

    /// Where ingest is.
    pub const fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// The same at another address.
    pub fn at(self, server: ServerUrl) -> Self {
        Self { server, ..self }
    }

    /// The node's key.
    pub const fn key(&self) -> &Arc<NodeKey> {
        &self.key
    }

    /// No use after this.
    pub const fn expires(&self) -> Timestamp {
        self.node.expires
    }

    /// Whether the certificate's time is over.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.expires()
    }

    /// When to renew: between 50 and 70 % of the certificate's life, so that nodes that enrolled
    /// together do not renew together.
    pub fn renew_at(&self, rng: &mut (impl RngCore + ?Sized)) -> Timestamp {
        let life = self.expires().since(self.issued);
        self.issued.after(life.mul_f64(rng.random_range(0.5..0.7)))
    }

    /// A way to the server with this identity. Connects at its first use.
    pub fn channel(&self) -> Result<Channel, PkiError> {
        let trust = Trust::Authorities(self.authorities.clone());
        let tls =
            client::tls_config(&trust, Some(&client::Identity { chain_der: &self.chain, key: &self.key }))?;
        client::channel(&self.server.to_string(), tls).map(Channel::remote)
    }
}

/// The folder that all of it is kept in.
#[derive(Debug, Clone)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// Makes the folder if need be, for its owner only.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|source| StateError::Io { path: path.to_owned(), source })?;
        Ok(Self(path.to_owned()))
    }

    /// Where the spool is.
    pub fn spool(&self) -> PathBuf {
        self.0.join("spool")
    }

    /// The node's key, made at the first call.
    pub fn key(&self) -> Result<Arc<NodeKey>, StateError> {
        let path = self.0.join(KEY);
        if let Some(pem) = read(&path)? {
            let key = pem.parse().map_err(|error: PkiError| damaged(&path, &error))?;
            return Ok(Arc::new(key));
        }
        let key = client::generate_key()?;
        write(&path, key.to_pem().as_bytes())?;
        Ok(Arc::new(key))
    }

    /// The stored identity. `None` when this node has never enrolled.
    pub fn identity(&self) -> Result<Option<Identity>, StateError> {
        let path = self.0.join(IDENTITY);
        let Some(text) = read(&path)? else { return Ok(None) };
        let stored: Stored = serde_json::from_str(&text).map_err(|error| damaged(&path, &error))?;
        let server = stored.server.parse().map_err(|error: String| damaged(&path, &error))?;
        let certificates = Certificates {
            chain: decode(&stored.certificates).map_err(|error| damaged(&path, &error))?,
            authorities: decode(&stored.authorities).map_err(|error| damaged(&path, &error))?,
        };
        let identity = Identity::new(self.key()?, server, certificates, stored.issued);
        Ok(Some(identity.map_err(|error| damaged(&path, &error))?))
    }

    /// Stores an identity in place of the one before.
    pub fn store(&self, identity: &Identity) -> Result<(), StateError> {
        let stored = Stored {
            tenant: identity.tenant().clone(),
            node: identity.node(),
            server: identity.server.to_string(),
            issued: identity.issued,
            expires: identity.expires(),
            certificates: encode(&identity.chain),
            authorities: encode(&identity.authorities),
        };
        let path = self.0.join(IDENTITY);
        let text = serde_json::to_string_pretty(&stored).map_err(|error| damaged(&path, &error))?;
        write(&path, text.as_bytes())
    }

    /// What identifies this machine when it enrolls again.
    pub fn machine_id(&self, etc: &Path, rng: &mut impl RngCore) -> Result<String, StateError> {
        let sound = |id: &String| (16..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit());
        let own = self.0.join(MACHINE_ID);
        for path in [etc, &own] {
            // Where it is missing, or says `uninitialized`, the machine has none.
            if let Some(id) = read(path)?.map(|id| id.trim().to_owned()).filter(sound) {
                return Ok(id);
            }
        }
        let id = format!("{:032x}", rng.random::<u128>());
        write(&own, id.as_bytes())?;
        Ok(id)
    }
}

/// As it stands in the file. Tenant, node and end are for people: the certificate decides.
#[derive(Serialize, Deserialize)]
struct Stored {
    tenant: TenantId,
    node: NodeId,
    server: String,
    issued: Timestamp,
    expires: Timestamp,
    certificates: Vec<String>,
    authorities: Vec<String>,
}

fn encode(list: &[Vec<u8>]) -> Vec<String> {
    list.iter().map(|der| STANDARD.encode(der)).collect()
}

fn decode(list: &[String]) -> Result<Vec<Vec<u8>>, base64::DecodeError> {
    list.iter().map(|text| STANDARD.decode(text)).collect()
}

fn damaged(path: &Path, reason: &impl ToString) -> StateError {
    StateError::Damaged { path: path.to_owned(), reason: reason.to_string() }
}

fn read(path: &Path) -> Result<Option<String>, StateError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StateError::Io { path: path.to_owned(), source }),
    }
}

/// Whole or not at all, and durable when it returns.
fn write(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    let replace = || {
        let new = path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    };
    replace().map_err(|source| StateError::Io { path: path.to_owned(), source })
}

/// Longest time between two looks at the clock, which may jump while a machine sleeps.
pub(crate) const LOOK: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
