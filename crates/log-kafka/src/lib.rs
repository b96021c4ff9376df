//! The event log on Apache Kafka, 3.9 or newer.
//!
//! It never decides what a log promises: that is `vedetta-log`'s contract, and its conformance suite runs here against a real
//! cluster. Start with [`KafkaLog`]; why it is as it is: `docs/adr/0011-kafka.md`.
//!
//! # The URL
//! `kafka://host:port,host:port/?name=value&name=value`, all of it optional but the brokers. `%20` and the like are read.
//!
//! | Option | Default | What it is |
//! |---|---|---|
//! | `topic_prefix` | `vedetta.` | stands before the names of topics and groups |
//! | `create_topics` | `yes` | `no`: also `vedetta bootstrap` refuses a missing topic, with the command that makes it |
//! | `partitions` | `exact` | `present`: another number of partitions than configured is taken as it is |
//! | `replication` | 3 | copies of each record; 1 on a single broker |
//! | `min_insync` | 2 (1 when `replication` < 3) | copies that must be written before an append is `Ok` |
//! | `telemetry_retention_hours` | 168 | the broker's own limit for `telemetry`; other topics are kept for ever |
//! | `max_record_bytes` | 4194304 | largest record, 64 KiB to 64 MiB |
//! | `queue_mib` | 64 | appends under way; beyond it callers wait |
//! | `linger_ms` | 2 | how long a record waits for others to travel with |
//! | `compression` | `none` | `lz4`, `zstd`; blocks of events are compressed already |
//! | `append_timeout_ms` | 30000 | after this an append answers `Full` (nothing was sent) or `Unknown` |
//! | `session_timeout_ms` | 6000 | a member that is silent for this long loses its partitions, which others have a second or two later; the least that brokers allow unless `group.min.session.timeout.ms` says otherwise |
//! | `heartbeat_ms` | 1000, at most a third of the above | how fast members hear of each other |
//! | `max_poll_interval_ms` | 300000 | a member that asks for nothing for this long loses its partitions |
//! | `read_ahead_mib` | 16 | what each reader and member holds unread |
//! | `connect_timeout_ms` | 15000 | how long opening waits for a broker |
//! | `request_timeout_ms` | 10000 | most time for one question |
//! | `tls` | `no` | `yes`: encrypted; the brokers' certificates and names are checked |
//! | `ca`, `cert`, `key` | the system's list; none | PEM files |
//! | `sasl` | none | `plain` (with `tls=yes` only), `scram-sha-256`, `scram-sha-512`, `oauthbearer` |
//! | `username` | | for the first three |
//! | `token_url`, `client_id`, `scope` | | for `oauthbearer`: the OpenID provider's token endpoint |
//!
//! A secret never stands in the URL: `password_env=VARIABLE` or `password_file=PATH` say where it is, and so do
//! `client_secret_env`, `client_secret_file`, `key_password_env` and `key_password_file`. They are read once, when the log is opened,
//! and shown nowhere.
//!
//! # What an append may answer
//! `Ok`: `min_insync` brokers have it. `Full`: nothing left this process. `Misconfigured`: the cluster refused it for good, with
//! what to change. `Unknown`: records were sent and no answer came, or the producer ended with them under way. The producer goes on
//! trying those that were sent, so they may also arrive *later*, behind a repeat by the caller; consumers know a repeat by its id. It
//! never sends anything twice by itself: repeats within a producer are recognised by the brokers, and what a dead
//! producer held is never handed to the next one.
//!
//! # What the broker must allow
//! On topics of the prefix: Read, Write, Describe, DescribeConfigs, Delete (for trimming), Create; on groups of the prefix: Read, Describe.
//! Set `offsets.retention.minutes` above the longest time that a group may stand still with no member; afterwards it begins again at
//! the low watermark.

mod client;
mod commits;
mod consume;
mod discard;
mod flight;
mod log;
mod member;
pub mod options;
mod producer;
mod reader;
mod record;
#[cfg(feature = "testing")]
pub mod testing;
mod topics;

use std::path::PathBuf;

pub use log::KafkaLog;
pub use options::{Options, OptionsError, SecretSource};

/// Why the log could not be opened. No secret is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A secret is not where the URL says.
    #[error("kafka: {place} holds no secret: {why}")]
    Secret {
        /// Where it should be.
        place: SecretSource,
        /// What is wrong.
        why: String,
    },
    /// A file of the URL can't be read.
    #[error("kafka: {path} can't be read: {source}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// librdkafka does not take the settings, a damaged certificate for instance.
    #[error("kafka: the client can't be made: {0}")]
    Settings(String),
    /// No broker answers.
    #[error(
        "kafka: no broker of {brokers} answers: {why}; check the addresses in the URL, and that one of them runs"
    )]
    Unreachable {
        /// The addresses.
        brokers: String,
        /// What the client says.
        why: String,
    },
    /// A broker answers and wants nothing of us.
    #[error(
        "kafka: the broker refuses this client: {0}; check tls, ca, cert, sasl, username and where the secret lies"
    )]
    Refused(String),
}
