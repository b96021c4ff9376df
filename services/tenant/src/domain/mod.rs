//! Decisions, one file an aggregate: `(state, command, now) -> events or a refusal`. No IO, no async.

pub mod case;
pub mod dead_letter;
pub mod node;
pub mod rule_set;
pub mod tenant;
pub mod token;
pub mod user;

use vedetta_api::{Code, Error};

/// Why a command was not accepted, in words for whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The command makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// It contradicts what is there.
    #[error("{0}")]
    Conflict(String),
    /// The credential in it is no good.
    #[error("{0}")]
    Credential(String),
    /// A limit is reached.
    #[error("{0}")]
    Exhausted(String),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::NotFound(_) => Code::NotFound,
            Refusal::Invalid(_) => Code::Invalid,
            Refusal::Conflict(_) => Code::Conflict,
            Refusal::Credential(_) => Code::Unauthenticated,
            Refusal::Exhausted(_) => Code::Exhausted,
        };
        Self::new(code, refusal)
    }
}

/// Refuses a text that is empty or longer than `most` bytes.
fn text(what: &str, value: &str, most: usize) -> Result<(), Refusal> {
    if value.trim().is_empty() {
        return Err(Refusal::Invalid(format!("{what} is empty")));
    }
    at_most(what, value, most)
}

/// Refuses a text that is longer than `most` bytes.
fn at_most(what: &str, value: &str, most: usize) -> Result<(), Refusal> {
    if value.len() > most {
        return Err(Refusal::Invalid(format!("{what} has {} bytes, at most {most} are kept", value.len())));
    }
    Ok(())
}
