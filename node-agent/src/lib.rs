//! On each node: load probes, decode, enrich, spool, ship.
//!
//! The agent observes and reports; it never judges and never changes what it sees. Start with
//! [`source`] (where events come from), then [`decode`] and [`process_table`] (what the kernel
//! source makes of raw records).

pub mod batch;
pub mod config;
pub mod decode;
pub mod enroll;
pub mod heartbeat;
pub mod identity;
pub mod ledger;
pub mod offsets;
pub mod privileges;
pub mod process_table;
pub mod run;
pub mod ship;
pub mod source;
pub mod spool;
