//! Load, decide, append; nothing clever.

mod aggregate;
mod case_directory;
mod cases;
mod census;
mod commands;
mod dead_letters;
mod nodes;
mod passwords;
mod queries;
mod random;
mod rules;
mod streams;
mod users;

pub use aggregate::Aggregate;
pub use case_directory::CaseDirectory;
pub use census::Census;
pub use commands::Commands;
pub use nodes::EnrollNode;
pub use passwords::Passwords;
pub use random::Random;
pub use streams::{Decided, Streams, unavailable};
pub use users::UserMade;
