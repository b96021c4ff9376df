//! On each node: load probes, decode, enrich, spool, ship.
//!
//! The agent observes and reports; it never judges and never changes what it sees. Start with
//! [`run`] (how the parts work together), then [`source`] (where events come from), [`decode`] and
//! [`process_table`] (what the kernel source makes of raw records), [`batch`] (events into blocks),
//! [`spool`] (blocks on disk) and [`ship`] (blocks to the server).

pub mod config;
pub mod run;

pub mod source;

pub mod decode;

pub mod process_table;

pub mod offsets;

pub mod batch;
pub mod heartbeat;
pub mod ledger;

pub mod spool;

pub mod ship;

pub mod enroll;
pub mod identity;
pub mod privileges;
