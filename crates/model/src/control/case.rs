//! What people decide about a case. Which findings it groups is a view of the findings.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, UserId};

/// Where the work stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Nobody works on it yet.
    #[default]
    Open,
    /// Somebody does.
    InProgress,
    /// Done; see the disposition.
    Closed,
}

/// What it turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// A real attack or misuse.
    TruePositive,
    /// The rule was wrong.
    FalsePositive,
    /// Real, and meant.
    Benign,
}

/// What happened to a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum CaseEvent {
    /// It was given to somebody, or to nobody.
    CaseAssigned {
        /// To whom.
        assignee: Option<UserId>,
        /// Their sign-in name.
        assignee_name: Option<String>,
    },
    /// Work began, ended or began again.
    CaseStateChanged {
        /// Where it stands now.
        state: CaseState,
        /// What it turned out to be; given when it is closed.
        disposition: Option<Disposition>,
    },
    /// Somebody wrote a comment.
    CaseCommented {
        /// What they wrote.
        text: String,
    },
}

/// A comment on a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Who wrote it.
    pub author: String,
    /// When.
    pub time: Timestamp,
    /// What.
    pub text: String,
}

/// A case's decided part: the fold of its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Who works on it.
    pub assignee: Option<UserId>,
    /// Their sign-in name.
    pub assignee_name: Option<String>,
    /// Where the work stands.
    pub state: CaseState,
    /// What it turned out to be.
    pub disposition: Option<Disposition>,
    /// Comments, oldest first.
    pub comments: Vec<Comment>,
}

impl Case {
    /// Takes one event in.
    pub fn apply(&mut self, event: &CaseEvent, author: &str, time: Timestamp) {
        match event {
            CaseEvent::CaseAssigned { assignee, assignee_name } => {
                self.assignee = *assignee;
                self.assignee_name.clone_from(assignee_name);
            }
            CaseEvent::CaseStateChanged { state, disposition } => {
                self.state = *state;
                self.disposition = *disposition;
            }
            CaseEvent::CaseCommented { text } => {
                self.comments.push(Comment { author: author.to_owned(), time, text: text.clone() });
            }
        }
    }
}
