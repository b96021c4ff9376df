//! What a `kafka://…` URL says.

mod query;
mod security;

use std::{str::FromStr, time::Duration};

use query::Query;
pub use security::{PasswordMechanism, Sasl, SecretSource, Security, Tls};

/// How to reach a cluster and what to ask of it; see [the crate](crate) for each knob. It holds names of secrets, never
/// the secrets themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// `host:port,host:port`.
    pub brokers: String,
    /// Stands before each name of a topic and a group.
    pub prefix: String,
    /// How it shows who it is.
    pub security: Security,
    /// What topics must be like.
    pub topics: TopicRules,
    /// How appends travel.
    pub append: AppendOptions,
    /// How members of groups stay alive.
    pub group: GroupOptions,
    /// Most bytes that wait unread in one reader.
    pub read_ahead: usize,
    /// Most time until the cluster answers when the log is opened.
    pub connect_timeout: Duration,
    /// Most time for one question.
    pub request_timeout: Duration,
}

/// What topics must be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicRules {
    /// Who makes topics that are not there.
    pub creation: Creation,
    /// Whether another number of partitions than asked for is refused.
    pub exact_partitions: bool,
    /// Copies of each record.
    pub replication: u32,
    /// Copies that must be written before an append counts.
    pub min_insync: u32,
    /// How long telemetry is kept by the broker at most; other topics are kept for ever.
    pub telemetry_retention: Duration,
    /// Largest record.
    pub max_record_bytes: usize,
}

/// Who makes topics that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creation {
    /// Whoever opens the log.
    Opening,
    /// `vedetta bootstrap`: this process refuses a missing one.
    Bootstrap,
    /// People, by hand.
    ByHand,
}

/// How appends travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendOptions {
    /// Most bytes on their way to the brokers.
    pub queue_bytes: usize,
    /// How long a record waits for others to travel with.
    pub linger: Duration,
    /// Of what travels and lies on disk.
    pub compression: Compression,
    /// After this an append answers that it is not known whether it happened.
    pub timeout: Duration,
}

/// How members of groups stay alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupOptions {
    /// A member that is silent for this long is dead, and its partitions go to others.
    pub session_timeout: Duration,
    /// How often a member tells that it lives, and hears that partitions move.
    pub heartbeat: Duration,
    /// A member that takes nothing for this long has lost its partitions.
    pub max_poll_interval: Duration,
}

/// How record batches are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Blocks of events are compressed already.
    None,
    /// LZ4.
    Lz4,
    /// Zstandard.
    Zstd,
}

impl Compression {
    /// Its name in the URL and at the broker.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

/// What is wrong with a URL. Values of options stay out of it, for they may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// Not `kafka://host:port`.
    #[error("no broker is named; write kafka://host:port,host:port")]
    NoBroker,
    /// Something that is no broker.
    #[error("broker {0} of the list is not host:port; write kafka://host:port,host:port")]
    Broker(usize),
    /// A password before the `@`.
    #[error(
        "the URL holds a user or password; write sasl=…&username=NAME&password_env=VARIABLE (or password_file=PATH) instead"
    )]
    Credentials,
    /// An option that is not known.
    #[error("`{0}` is not an option of kafka://; crates/log-kafka lists them")]
    Unknown(String),
    /// An option that is there twice.
    #[error("`{0}` is given twice")]
    Twice(String),
    /// A value that can't be.
    #[error("`{name}` must be {wanted}")]
    Value {
        /// Which option.
        name: &'static str,
        /// What it may be.
        wanted: String,
    },
    /// One option wants another.
    #[error("`{name}` is missing; {why}")]
    Missing {
        /// Which option.
        name: &'static str,
        /// What wants it.
        why: &'static str,
    },
    /// One option makes no sense without another.
    #[error("`{name}` is for {what} only")]
    Stray {
        /// Which option.
        name: String,
        /// What it is for.
        what: &'static str,
    },
}

impl Options {
    /// The options of brokers, all others as they are by default.
    pub fn to(brokers: &str) -> Self {
        Self {
            brokers: brokers.into(),
            prefix: "vedetta.".into(),
            security: Security::default(),
            topics: TopicRules {
                creation: Creation::Opening,
                exact_partitions: true,
                replication: 3,
                min_insync: 2,
                telemetry_retention: Duration::from_secs(168 * 3600),
                max_record_bytes: 4 << 20,
            },
            append: AppendOptions {
                queue_bytes: 64 << 20,
                linger: Duration::from_millis(2),
                compression: Compression::None,
                timeout: Duration::from_secs(30),
            },
            group: GroupOptions {
                session_timeout: Duration::from_secs(6),
                heartbeat: Duration::from_secs(1),
                max_poll_interval: Duration::from_secs(300),
            },
            read_ahead: 16 << 20,
            connect_timeout: Duration::from_secs(15),
            request_timeout: Duration::from_secs(10),
        }
    }

    /// The URL without anything that could be a secret.
    pub fn shown(&self) -> String {
        format!("kafka://{}/?topic_prefix={}", self.brokers, self.prefix)
    }
}

impl FromStr for Options {
    type Err = OptionsError;

    fn from_str(url: &str) -> Result<Self, OptionsError> {
        let rest = url.strip_prefix("kafka:").unwrap_or(url);
        let rest = rest.strip_prefix("//").ok_or(OptionsError::NoBroker)?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        if place.contains('@') {
            return Err(OptionsError::Credentials);
        }
        let brokers = place.strip_suffix('/').unwrap_or(place);
        if brokers.is_empty() {
            return Err(OptionsError::NoBroker);
        }
        for (at, broker) in brokers.split(',').enumerate() {
            let parts = broker.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>()));
            let fine =
                matches!(parts, Some((host, Ok(1..))) if !host.is_empty() && host.bytes().all(is_host));
            if !fine {
                return Err(OptionsError::Broker(at + 1));
            }
        }
        let mut query = Query::read(query)?;
        let mut options = Self::to(brokers);
        options.read(&mut query)?;
        query.finish()?;
        Ok(options)
    }
}

const fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']')
}

impl Options {
    fn read(&mut self, query: &mut Query) -> Result<(), OptionsError> {
        if let Some(prefix) = query.take("topic_prefix") {
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            if prefix.len() > 100 || !prefix.bytes().all(legal) {
                return Err(value("topic_prefix", "at most 100 of a-z, A-Z, 0-9, `.`, `_` and `-`"));
            }
            self.prefix = prefix;
        }
        let topics = &mut self.topics;
        topics.creation = query.one_of(
            "create_topics",
            &[("yes", Creation::Opening), ("no", Creation::ByHand)],
            topics.creation,
        )?;
        topics.exact_partitions =
            query.one_of("partitions", &[("exact", true), ("present", false)], topics.exact_partitions)?;
        topics.replication = query.number("replication", 1..=100, u64::from(topics.replication))? as u32;
        let usual = if topics.replication < 3 { 1 } else { 2 };
        topics.min_insync = query.number("min_insync", 1..=u64::from(topics.replication), usual)? as u32;
        let hours = query.number("telemetry_retention_hours", 1..=100_000, 168)?;
        topics.telemetry_retention = Duration::from_secs(hours * 3600);
        let most = query.number("max_record_bytes", 1 << 16..=64 << 20, topics.max_record_bytes as u64)?;
        topics.max_record_bytes = most as usize;

        let append = &mut self.append;
        append.queue_bytes = query.mebibytes("queue_mib", append.queue_bytes)?;
        append.linger = query.millis("linger_ms", 0..=1000, append.linger)?;
        append.compression = query.one_of(
            "compression",
            &[Compression::None, Compression::Lz4, Compression::Zstd].map(|c| (c.as_str(), c)),
            append.compression,
        )?;
        append.timeout = query.millis("append_timeout_ms", 1000..=600_000, append.timeout)?;

        let group = &mut self.group;
        group.session_timeout = query.millis("session_timeout_ms", 1000..=600_000, group.session_timeout)?;
        let usual = group.heartbeat.min(group.session_timeout / 3);
        group.heartbeat = query.millis("heartbeat_ms", 100..=60_000, usual)?;
        if group.heartbeat * 3 > group.session_timeout {
            return Err(value("heartbeat_ms", "at most a third of session_timeout_ms"));
        }
        group.max_poll_interval =
            query.millis("max_poll_interval_ms", 10_000..=86_400_000, group.max_poll_interval)?;
        if group.max_poll_interval < group.session_timeout {
            return Err(value("max_poll_interval_ms", "at least session_timeout_ms"));
        }

        self.read_ahead = query.mebibytes("read_ahead_mib", self.read_ahead)?;
        self.connect_timeout = query.millis("connect_timeout_ms", 1000..=600_000, self.connect_timeout)?;
        self.request_timeout = query.millis("request_timeout_ms", 1000..=600_000, self.request_timeout)?;
        self.security = Security::read(query)?;
        Ok(())
    }
}

fn value(name: &'static str, wanted: impl Into<String>) -> OptionsError {
    OptionsError::Value { name, wanted: wanted.into() }
}

#[cfg(test)]
mod tests;
