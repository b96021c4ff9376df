//! What can be wrapped around any log. Each layer is a log itself, so they stack:
//! `Retry<Metered<Chaos<MemoryLog>>>`.

mod chaos;
mod lasting;
mod metered;
mod retry;
mod traced;

pub use chaos::{Chaos, Faults};
pub use lasting::{Lasting, LastingMember};
pub use metered::{Metered, Metrics};
pub use retry::Retry;
pub use traced::Traced;
