//! One closed list of error codes, mapped once to gRPC and once to HTTP.

use std::fmt;

/// What kind of failure it is. Callers match on this and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// No such thing, or another tenant's.
    NotFound,
    /// The request is wrong; sending it again is no use.
    Invalid,
    /// Somebody else was faster; load and decide again.
    Conflict,
    /// Nobody is signed in, or the credential is no good.
    Unauthenticated,
    /// The caller may not do this to a thing it may see.
    Forbidden,
    /// A limit or a full disk; try again later.
    Exhausted,
    /// A part does not answer; try again later.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl Code {
    /// The name in GraphQL `extensions.code` and REST bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::Invalid => "INVALID",
            Self::Conflict => "CONFLICT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::Exhausted => "EXHAUSTED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    /// The gRPC status code.
    pub const fn grpc(self) -> tonic::Code {
        match self {
            Self::NotFound => tonic::Code::NotFound,
            Self::Invalid => tonic::Code::InvalidArgument,
            Self::Conflict => tonic::Code::Aborted,
            Self::Unauthenticated => tonic::Code::Unauthenticated,
            Self::Forbidden => tonic::Code::PermissionDenied,
            Self::Exhausted => tonic::Code::ResourceExhausted,
            Self::Unavailable => tonic::Code::Unavailable,
            Self::Internal => tonic::Code::Internal,
        }
    }

    /// The HTTP status.
    pub const fn http(self) -> http::StatusCode {
        match self {
            Self::NotFound => http::StatusCode::NOT_FOUND,
            Self::Invalid => http::StatusCode::BAD_REQUEST,
            Self::Conflict => http::StatusCode::CONFLICT,
            Self::Unauthenticated => http::StatusCode::UNAUTHORIZED,
            Self::Forbidden => http::StatusCode::FORBIDDEN,
            Self::Exhausted => http::StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => http::StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => http::StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<tonic::Code> for Code {
    fn from(code: tonic::Code) -> Self {
        match code {
            tonic::Code::NotFound => Self::NotFound,
            tonic::Code::InvalidArgument | tonic::Code::OutOfRange | tonic::Code::FailedPrecondition => {
                Self::Invalid
            }
            tonic::Code::Aborted | tonic::Code::AlreadyExists => Self::Conflict,
            tonic::Code::Unauthenticated => Self::Unauthenticated,
            tonic::Code::PermissionDenied => Self::Forbidden,
            tonic::Code::ResourceExhausted => Self::Exhausted,
            tonic::Code::Unavailable | tonic::Code::DeadlineExceeded | tonic::Code::Cancelled => {
                Self::Unavailable
            }
            _ => Self::Internal,
        }
    }
}

/// A failure that may be shown to the caller: its text never speaks of another tenant.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What kind.
    pub code: Code,
    /// In words: concise, lower-case, what to do next.
    pub message: String,
}

impl Error {
    /// A failure with its words.
    pub fn new(code: Code, message: impl fmt::Display) -> Self {
        Self { code, message: message.to_string() }
    }
}

impl From<Error> for tonic::Status {
    fn from(error: Error) -> Self {
        Self::new(error.code.grpc(), error.message)
    }
}

impl From<tonic::Status> for Error {
    fn from(status: tonic::Status) -> Self {
        Self { code: status.code().into(), message: status.message().to_owned() }
    }
}
