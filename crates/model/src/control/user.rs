//! A person who signs in with a local password.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What a person may do in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See findings, cases, nodes, rules.
    Read,
    /// Work on cases.
    Triage,
    /// Change rules and exceptions.
    ManageRules,
    /// Create and revoke enrollment tokens, remove nodes.
    ManageNodes,
    /// Create users, change limits.
    Administer,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Read, Self::Triage, Self::ManageRules, Self::ManageNodes, Self::Administer];
}

/// What happened to a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum UserEvent {
    /// The account was made.
    UserCreated {
        /// Sign-in name, unique in its tenant.
        name: String,
        /// Argon2id in PHC form.
        password_hash: String,
        /// What the user may do.
        permissions: Vec<Permission>,
        /// The password was generated and must be changed by whoever uses it.
        one_time: bool,
    },
    /// A new password was set.
    PasswordChanged {
        /// Argon2id in PHC form.
        password_hash: String,
    },
    /// Rights were changed.
    PermissionsChanged {
        /// The new ones.
        permissions: Vec<Permission>,
    },
    /// The account can no longer sign in.
    UserDisabled {
        /// Why.
        reason: String,
    },
}

/// A user's state: the fold of its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// When it was created; `None` before.
    pub created: Option<Timestamp>,
    /// Sign-in name.
    pub name: String,
    /// Argon2id in PHC form.
    pub password_hash: String,
    /// What the user may do.
    pub permissions: Vec<Permission>,
    /// The generated password is still in use.
    pub one_time: bool,
    /// The account can no longer sign in.
    pub disabled: bool,
    /// Sessions begun before this moment are over.
    pub sessions_valid_from: Timestamp,
}

impl User {
    /// Takes one event in.
    pub fn apply(&mut self, event: &UserEvent, time: Timestamp) {
        match event {
            UserEvent::UserCreated { name, password_hash, permissions, one_time } => {
                self.created = Some(time);
                self.name.clone_from(name);
                self.password_hash.clone_from(password_hash);
                self.permissions.clone_from(permissions);
                self.one_time = *one_time;
            }
            UserEvent::PasswordChanged { password_hash } => {
                self.password_hash.clone_from(password_hash);
                self.one_time = false;
                self.sessions_valid_from = time;
            }
            UserEvent::PermissionsChanged { permissions } => self.permissions.clone_from(permissions),
            UserEvent::UserDisabled { .. } => {
                self.disabled = true;
                self.sessions_valid_from = time;
            }
        }
    }
}
