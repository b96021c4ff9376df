//! The right to enroll nodes: short-lived, counted, revocable.

use serde::{Deserialize, Serialize};

use crate::{NodeId, Timestamp};

/// What happened to an enrollment token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum TokenEvent {
    /// It was created. The secret is shown once and only its hash is kept.
    TokenCreated {
        /// What people call it.
        label: String,
        /// SHA-256 of the secret, hexadecimal.
        secret_sha256: String,
        /// No use after this.
        expires: Timestamp,
        /// Nodes it may enroll; an enrolled node that enrolls again does not count twice.
        max_uses: u32,
    },
    /// A node enrolled with it.
    TokenUsed {
        /// Which.
        node: NodeId,
    },
    /// It was taken back.
    TokenRevoked {
        /// Why.
        reason: String,
    },
}

/// Why a token does not enroll. Each is told to the agent in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum TokenRefusal {
    /// No such token.
    #[error("this enrollment token is not known here; create a new one")]
    Unknown,
    /// Its time is over.
    #[error("this enrollment token has expired; create a new one")]
    Expired,
    /// It has enrolled as many nodes as it may.
    #[error("this enrollment token is used up; create a new one or raise its use count")]
    UsedUp,
    /// It was taken back.
    #[error("this enrollment token was revoked; create a new one")]
    Revoked,
}

/// A token's state: the fold of its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// When it was created; `None` before.
    pub created: Option<Timestamp>,
    /// What people call it.
    pub label: String,
    /// SHA-256 of the secret, hexadecimal.
    pub secret_sha256: String,
    /// No use after this.
    pub expires: Timestamp,
    /// Nodes it may enroll.
    pub max_uses: u32,
    /// Nodes it has enrolled.
    pub used_by: Vec<NodeId>,
    /// Taken back.
    pub revoked: bool,
}

impl Token {
    /// Takes one event in.
    pub fn apply(&mut self, event: &TokenEvent, time: Timestamp) {
        match event {
            TokenEvent::TokenCreated { label, secret_sha256, expires, max_uses } => {
                self.created = Some(time);
                self.label.clone_from(label);
                self.secret_sha256.clone_from(secret_sha256);
                self.expires = *expires;
                self.max_uses = *max_uses;
            }
            TokenEvent::TokenUsed { node } => {
                if !self.used_by.contains(node) {
                    self.used_by.push(*node);
                }
            }
            TokenEvent::TokenRevoked { .. } => self.revoked = true,
        }
    }

    /// Whether it may enroll `node` at `now`.
    pub fn admits(&self, node: &NodeId, now: Timestamp) -> Result<(), TokenRefusal> {
        if self.created.is_none() {
            return Err(TokenRefusal::Unknown);
        }
        if self.revoked {
            return Err(TokenRefusal::Revoked);
        }
        if now >= self.expires {
            return Err(TokenRefusal::Expired);
        }
        if !self.used_by.contains(node) && self.used_by.len() >= self.max_uses as usize {
            return Err(TokenRefusal::UsedUp);
        }
        Ok(())
    }
}
