//! What people decide about a record that was put aside. Its stream is named by where the record lay:
//! `topic/partition/offset`.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What happened to a record that was put aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum DeadLetterEvent {
    /// It is to be sent again to where it came from. Whoever reads this does it.
    DeadLetterResubmitted {
        /// Where the letter lies among the dead letters, `topic/partition/offset`.
        letter: String,
    },
    /// It was seen, and what is in it stays missing.
    DeadLetterDismissed {
        /// Why; may be empty.
        reason: String,
    },
}

/// Who decided, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Who, by name.
    pub by: String,
    /// When.
    pub time: Timestamp,
    /// Why; may be empty.
    #[serde(default)]
    pub reason: String,
}

/// The decided part of a record that was put aside: the fold of its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// It was sent again: that is done once. If it fails again it comes back as another letter.
    pub resubmitted: Option<Decided>,
    /// It was seen.
    pub dismissed: Option<Decided>,
}

impl DeadLetter {
    /// Whether somebody has still to look at it.
    pub const fn is_open(&self) -> bool {
        self.resubmitted.is_none() && self.dismissed.is_none()
    }

    /// Takes one event in.
    pub fn apply(&mut self, event: &DeadLetterEvent, by: &str, time: Timestamp) {
        let decided = |reason: &str| Some(Decided { by: by.to_owned(), time, reason: reason.to_owned() });
        match event {
            DeadLetterEvent::DeadLetterResubmitted { .. } => self.resubmitted = decided(""),
            DeadLetterEvent::DeadLetterDismissed { reason } => self.dismissed = decided(reason),
        }
    }
}
