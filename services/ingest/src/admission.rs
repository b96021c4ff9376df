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
    progress::{Claim, Progress, Seen},
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
    /// It goes to the log; its numbers are claimed meanwhile.
    Append(Header, Claim),
    /// All of it is durable already.
    Repeated(Header),
    /// Its numbers are those of other events: it is put aside, and then refused.
    Overlaps(Header, Refusal),
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
        let limit = || self.limit(identity, &header, block.len(), now);
        match self.progress.claim(&header) {
            Seen::New(claim) => match limit() {
                Ok(()) => Verdict::Append(header, claim),
                Err(refusal) => Verdict::Refused(refusal),
            },
            Seen::Repeated => Verdict::Repeated(header),
            Seen::Undecided(with) => {
                let message = format!("events {with} of this run are on their way to the log");
                Verdict::Refused(for_now(Code::Unavailable, message, &header))
            }
            // It costs what it would have cost otherwise: it is kept too, elsewhere.
            Seen::Overlaps(with) => match limit() {
                Ok(()) => {
                    let message = format!(
                        "events {} to {} of this run overlap events {with}, which came before with other content",
                        header.first, header.last
                    );
                    let refusal = refusal(Code::Overlaps, message, Some(&header));
                    Verdict::Overlaps(header, refusal)
                }
                Err(refusal) => Verdict::Refused(refusal),
            },
        }
    }

    fn limit(
        &self,
        identity: &NodeIdentity,
        header: &Header,
        bytes: usize,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let weight = f64::from(header.count).max((bytes / BYTES_PER_EVENT) as f64);
        let limits = self.control.limits(&identity.tenant);
        let who = (&identity.tenant, identity.node);
        let taken = self.buckets.take(who, weight, &limits, self.burst_seconds, now);
        taken.map_err(|(limited, wait)| {
            let message = match limited {
                Limited::Node => {
                    format!("this node may send {} events a second", limits.node_events_per_second)
                }
                Limited::Tenant => {
                    format!(
                        "tenant {} may send {} events a second",
                        identity.tenant, limits.events_per_second
                    )
                }
            };
            let mut refusal = refusal(Code::ResourceExhausted, message, Some(header));
            refusal.retry_after_ms = millis(wait.clamp(RETRY.0, RETRY.1));
            refusal
        })
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

/// Tells the agent why the log did not take its block. What the log itself says names folders and brokers: that is for
/// this service's log, not for an agent.
pub fn refusal_of_append(error: &AppendError, header: &Header) -> Refusal {
    match error {
        AppendError::TooLarge { .. } => refusal(Code::TooLarge, error.to_string(), Some(header)),
        AppendError::Full(_) => {
            for_now(Code::ResourceExhausted, "the log takes no more just now".to_owned(), header)
        }
        _ => for_now(Code::Unavailable, "the log can't be written just now".to_owned(), header),
    }
}

/// Tells the agent that too much waits for the log already.
pub fn refusal_of_overload(header: &Header) -> Refusal {
    for_now(Code::ResourceExhausted, "too many blocks wait for the log".to_owned(), header)
}

/// What is worth another try once the log has moved on.
fn for_now(code: Code, message: String, header: &Header) -> Refusal {
    Refusal { retry_after_ms: millis(LOG_RETRY), ..refusal(code, message, Some(header)) }
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
