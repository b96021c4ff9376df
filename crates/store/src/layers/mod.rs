//! What can be wrapped around any store. Each layer is a store itself, of whichever of the three
//! contracts the wrapped one fulfils, so they stack: `Retry<Metered<Chaos<MemoryStore>>>`.

mod blocks;
mod chaos;
mod coalesced;
mod metered;
mod retry;
mod traced;

pub use chaos::{Chaos, Faults};
pub use coalesced::Coalesced;
pub use metered::{Metered, Metrics};
pub use retry::Retry;
pub use traced::Traced;
