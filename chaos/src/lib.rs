//! Faults against a whole system of real processes in the distributed form: each service a process, three Kafka brokers, a
//! database, a network of its own for each. Agents with real certificates and streams offer all the while, and what was
//! acknowledged must be there in the end, once, and in its own tenant only.
//!
//! Start with [`rounds`]. What goes wrong: [`fault`]; what must hold: [`check`]; on what: [`rig`], [`net`] and [`spooling`]. How to
//! read its output: `docs/chaos.md`.

pub mod check;
pub mod drills;
pub mod fault;
pub mod net;
pub mod rig;
pub mod rounds;
pub mod spooling;
pub mod table;
