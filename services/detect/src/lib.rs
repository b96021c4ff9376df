//! Log to findings: reads blocks of events, judges each by its tenant's rules, and appends what
//! matched to the findings topic. Also notices when a node falls silent.
//!
//! It keeps no state that the log cannot give back, and never writes to what people decide. Start
//! with [`ROLE`], then `worker`.

mod config;
mod evaluate;
mod findings;
pub mod liveness;
mod metrics;
mod role;
mod rule_sets;
mod worker;

pub use config::Config;
pub use evaluate::{evaluate, group_key};
pub use findings::{decode_finding, encode_finding};
pub use role::ROLE;
pub use rule_sets::{InForce, RuleSets};
