//! A machine that runs the agent, as people manage it. (How it fares is a view of telemetry.)

use serde::{Deserialize, Serialize};

use crate::{Timestamp, TokenId};

/// What happened to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum NodeEvent {
    /// It enrolled with a token, for the first time or again.
    NodeEnrolled {
        /// The machine's name.
        hostname: String,
        /// `/etc/machine-id`: an enrolled machine keeps its node id.
        machine_id: String,
        /// SHA-256 of the agent's public key (SubjectPublicKeyInfo), hexadecimal.
        key_sha256: String,
        /// Which token.
        token: TokenId,
        /// The agent's version.
        agent_version: String,
    },
    /// A new certificate was issued to its key.
    CertificateIssued {
        /// Serial number, hexadecimal.
        serial: String,
        /// No use after this.
        expires: Timestamp,
    },
    /// It may no longer send.
    NodeRemoved {
        /// Why.
        reason: String,
    },
}

/// A node's state: the fold of its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// When it first enrolled; `None` before.
    pub enrolled: Option<Timestamp>,
    /// The machine's name.
    pub hostname: String,
    /// `/etc/machine-id`.
    pub machine_id: String,
    /// SHA-256 of the agent's public key, hexadecimal.
    pub key_sha256: String,
    /// The agent's version at enrollment.
    pub agent_version: String,
    /// The newest certificate's end.
    pub certificate_expires: Option<Timestamp>,
    /// May no longer send.
    pub removed: bool,
    /// Since when; `None` while it may.
    #[serde(default)]
    pub removed_since: Option<Timestamp>,
}

impl Node {
    /// Takes one event in.
    pub fn apply(&mut self, event: &NodeEvent, time: Timestamp) {
        match event {
            NodeEvent::NodeEnrolled { hostname, machine_id, key_sha256, agent_version, .. } => {
                self.enrolled.get_or_insert(time);
                self.hostname.clone_from(hostname);
                self.machine_id.clone_from(machine_id);
                self.key_sha256.clone_from(key_sha256);
                self.agent_version.clone_from(agent_version);
                self.removed = false;
                self.removed_since = None;
            }
            NodeEvent::CertificateIssued { expires, .. } => self.certificate_expires = Some(*expires),
            NodeEvent::NodeRemoved { .. } => {
                self.removed = true;
                self.removed_since = Some(time);
            }
        }
    }
}
