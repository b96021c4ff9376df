//! Load scenarios, the probe that runs in all of them, and the end-to-end figures of `make bench`.
//!
//! It is a client of a system in a process of its own, and knows no more than agents and API
//! clients may. Start with [`run`] (one scenario from start to report), then [`agents`] (what
//! offers events), [`probe`] (what tells whether the answer is right), [`held`] (whether all that was acknowledged is there) and
//! [`mod@bench`]. [`model`] stands apart: arithmetic over what was measured.

pub mod agents;
pub mod bench;
pub mod client;
pub mod compare;
pub mod held;
pub mod model;
pub mod probe;
pub mod report;
pub mod run;
pub mod scenario;
pub mod serve;
pub mod system;
