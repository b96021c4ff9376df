//! The whole service path (agents → ingest → log → detect → stores → query, with the tenant service and its relay) in one
//! thread under a seed, with everything going wrong that can.
//!
//! ```text
//!   seed ─► plan: which faults, how often          the real code of every role, its tasks in an order by the seed
//!            │                                     ┌───────────────────────────────────────────────┐
//!            ▼                                     │ agents ─ links ─► ingest ─► log ─► detect ─► …│
//!   clock · dice · links · log · store · disks ───►└───────────────────────────────────────────────┘
//!            │                                                          │
//!            └── then calm: all faults end, all that waits is done ─────┴─► checker: acknowledged = can be asked for
//! ```
//!
//! Time is tokio's paused clock: it jumps when nothing can run, so minutes pass in milliseconds. Nothing in here takes chance
//! from anywhere but the seed (see [`random`] for what the system would give), so a seed always plays the same.
//!
//! Start with [`run`]: one seed from beginning to end. What may go wrong is in [`fault`]; what the parts stand on in [`log`],
//! [`store`], [`disk`] and [`link`]; who acts in [`service`], [`node`], [`people`] and [`hostile`]; what must hold in
//! [`check`], by the truth in [`books`] and what is [`present`]. [`many`] plays a range of seeds, each in a process of its own.

pub mod books;
pub mod check;
pub mod disk;
pub mod fault;
pub mod hostile;
pub mod link;
pub mod log;
pub mod many;
pub mod node;
pub mod people;
pub mod present;
pub mod random;
pub mod run;
pub mod service;
pub mod store;
pub mod world;
