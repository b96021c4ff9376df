//! Failures as GraphQL says them: `extensions.code` is one of a closed list.

use async_graphql::{Error, ErrorExtensions, SimpleObject};
use vedetta_api::Code;

use crate::{readers::ReadError, session::SessionError};

/// An error with its code.
pub fn error(code: Code, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code.as_str()))
}

impl From<ReadError> for Failure {
    fn from(failure: ReadError) -> Self {
        let code = match &failure {
            ReadError::Store(_) => Code::Unavailable,
            ReadError::Damaged { .. } => Code::Internal,
            ReadError::BadCursor | ReadError::TooMuch(_) => Code::Invalid,
        };
        match code {
            Code::Invalid => Self(error(code, failure.to_string())),
            _ => {
                // What exactly is wrong with the store is for operators.
                tracing::error!(error = %failure, "views were not read");
                Self(error(code, "this could not be read just now; try again in a moment"))
            }
        }
    }
}

impl From<std::sync::Arc<ReadError>> for Failure {
    fn from(failure: std::sync::Arc<ReadError>) -> Self {
        Self::from((*failure).clone())
    }
}

impl From<vedetta_api::Error> for Failure {
    fn from(failure: vedetta_api::Error) -> Self {
        Self(error(failure.code, failure.message))
    }
}

impl From<SessionError> for Failure {
    fn from(failure: SessionError) -> Self {
        let code = match &failure {
            SessionError::NotSignedIn(_) => Code::Unauthenticated,
            SessionError::Unavailable(_) => Code::Unavailable,
        };
        Self(error(code, failure.to_string()))
    }
}

/// A failure on its way to a GraphQL error.
#[derive(Debug, Clone)]
pub struct Failure(pub Error);

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

/// What resolvers return.
pub type Answer<T> = Result<T, Failure>;

/// Why a mutation was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, SimpleObject)]
pub struct UserError {
    /// Closed set: NOT_FOUND, INVALID, CONFLICT, FORBIDDEN, EXHAUSTED, UNAVAILABLE.
    pub code: String,
    /// In words.
    pub message: String,
    /// Path in the input, such as ["exception", "fields", "0"].
    pub field: Vec<String>,
    /// Line in a rule file.
    pub line: Option<i32>,
    /// Column in a rule file.
    pub column: Option<i32>,
}

impl UserError {
    /// A refusal that is about a part of the input.
    pub fn new(code: Code, message: impl Into<String>, field: &[&str]) -> Self {
        Self {
            code: code.as_str().to_owned(),
            message: message.into(),
            field: field.iter().map(|&part| part.to_owned()).collect(),
            line: None,
            column: None,
        }
    }

    /// No such thing, or another tenant's: the answer is the same.
    pub fn not_found(what: &str, field: &str) -> Self {
        Self::new(Code::NotFound, format!("no such {what}"), &[field])
    }
}
