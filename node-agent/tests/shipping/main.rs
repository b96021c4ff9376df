//! The agent against a stand-in for ingest, over real sockets: nothing acknowledged is lost, all
//! else is sent again or counted, and every refusal is understood.

mod support;

mod delivery;
mod enrollment;
mod killed;
mod program;
mod refusals;
mod reports;
