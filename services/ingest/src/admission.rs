//! Whether a block may be appended: everything that can be said without waiting.

use std::time::Duration;

use bytes::Bytes;
use vedetta_api::agent::v1::{Refusal, refusal::Code};
use vedetta_auth::NodeIdentity;
use vedetta_block::{BlockError, Header};
use vedetta_log::{AppendError, Headers, Key, NewRecord};
use vedetta_model::{
    Timestamp,
    simulated::{Bug, planted},
};

use crate::{
    buckets::{Buckets, Limited},
    control::Control,
    progress::Progress,
};

/// Bytes of a block that count as one event at least: nobody gets around a limit by claiming few
/// events in large blocks.
const BYTES_PER_EVENT: usize = 1024;
/// When to try again after the log itself refused.
const LOG_RETRY: Duration = Duration::from_secs(1);
/// Between these a wait for a limit is told.
const RETRY: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(30));

/// What becomes of a block.
#[derive(Debug)]
pub enum Verdict {
    /// It goes to the log.
    Append(Header),
    /// All of it is durable already.
    Repeated(Header),
    /// It goes nowhere.
    Refused(Refusal),
}

/// What blocks are judged by.
#[derive(Debug)]
pub struct Admission {
    /// Decisions of people.
    pub control: std::sync::Arc<Control>,
    /// What may be sent.
    pub buckets: Buckets,
    /// What is durable.
    pub progress: Progress,
    /// Largest block.
    pub max_block_bytes: usize,
    /// For how long a limit may be exceeded.
    pub burst_seconds: u32,
}

impl Admission {
    /// Judges a block that came over a node's connection.
    pub fn judge(&self, identity: &NodeIdentity, block: &[u8], now: Timestamp) -> Verdict {
        if block.len() > self.max_block_bytes {
            let message =
                format!("the block has {} bytes, over the limit of {}", block.len(), self.max_block_bytes);
            let header = Header::parse(block).ok().map(|(header, _)| header);
            return Verdict::Refused(refusal(Code::TooLarge, message, header.as_ref()));
        }
        let header = match Header::verify(block) {
            Ok(header) => header,
            Err(error @ BlockError::TooLarge(_)) => {
                return Verdict::Refused(refusal(Code::TooLarge, error.to_string(), None));
            }
            Err(error) => {
                let header = Header::parse(block).ok().map(|(header, _)| header);
                return Verdict::Refused(refusal(Code::Malformed, error.to_string(), header.as_ref()));
            }
        };
        let is_own = (&header.tenant, header.node) == (&identity.tenant, identity.node);
        if !is_own && !planted(Bug::ForeignTenant) {
            let message = format!("the block is not from {identity}, whose certificate this connection has");
            return Verdict::Refused(refusal(Code::Foreign, message, Some(&header)));
        }
        if self.progress.covers(header.node, header.boot, header.first, header.last) {
            return Verdict::Repeated(header);
        }
        let weight = f64::from(header.count).max((block.len() / BYTES_PER_EVENT) as f64);
        let limits = self.control.limits(&identity.tenant);
        let who = (&identity.tenant, identity.node);
        match self.buckets.take(who, weight, &limits, self.burst_seconds, now) {
            Ok(()) => Verdict::Append(header),
            Err((limited, wait)) => {
                let message = match limited {
                    Limited::Node => {
                        format!("this node may send {} events a second", limits.node_events_per_second)
                    }
                    Limited::Tenant => format!(
                        "tenant {} may send {} events a second",
                        identity.tenant, limits.events_per_second
                    ),
                };
                let mut refusal = refusal(Code::ResourceExhausted, message, Some(&header));
                refusal.retry_after_ms = millis(wait.clamp(RETRY.0, RETRY.1));
                Verdict::Refused(refusal)
            }
        }
    }
}

/// The record that carries a block.
pub fn record(header: &Header, block: Bytes) -> NewRecord {
    let text = |value: &dyn std::fmt::Display| Bytes::from(value.to_string());
    let headers = Headers::from([
        ("boot".into(), text(&header.boot)),
        ("first".into(), text(&header.first)),
        ("last".into(), text(&header.last)),
        ("count".into(), text(&header.count)),
    ]);
    NewRecord {
        tenant: header.tenant.clone(),
        key: Key::of(&header.tenant, header.node),
        headers,
        payload: block,
    }
}

/// Tells the agent why the log did not take its block.
pub fn refusal_of_append(error: &AppendError, header: &Header) -> Refusal {
    let code = match error {
        AppendError::TooLarge { .. } => Code::TooLarge,
        AppendError::Full(_) => Code::ResourceExhausted,
        _ => Code::Unavailable,
    };
    let mut refusal = refusal(code, error.to_string(), Some(header));
    if code != Code::TooLarge {
        refusal.retry_after_ms = millis(LOG_RETRY);
    }
    refusal
}

/// Tells the agent that too much waits for the log already.
pub fn refusal_of_overload(header: &Header) -> Refusal {
    let message = "too many blocks wait for the log".to_owned();
    let mut refusal = refusal(Code::ResourceExhausted, message, Some(header));
    refusal.retry_after_ms = millis(LOG_RETRY);
    refusal
}

fn refusal(code: Code, message: String, header: Option<&Header>) -> Refusal {
    Refusal {
        code: code.into(),
        message,
        boot: header.map(|h| h.boot.as_uuid().as_bytes().to_vec()).unwrap_or_default(),
        first: header.map_or(0, |h| h.first),
        last: header.map_or(0, |h| h.last),
        retry_after_ms: 0,
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
