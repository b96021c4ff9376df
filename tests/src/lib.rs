//! Whole systems for tests: real listeners on free ports, a real log and store in a scratch folder,
//! a real agent as a child process. Start with [`Sandbox`].

mod agent;
pub mod apart;
pub mod attack;
mod await_until;
pub mod disk;
mod held;
pub mod letters;
mod sandbox;

pub use agent::{Agent, binary};
pub use await_until::{DEADLINE, until};
pub use held::{Held, held};
pub use sandbox::{Form, Sandbox};
pub use vedetta_load::client::Client;
