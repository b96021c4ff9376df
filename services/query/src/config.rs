//! Settings of this role.

use std::time::Duration;

use serde::Deserialize;

/// Section `[query]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Consumer groups are named after this and the projection.
    pub group: String,
    /// A finding joins a case of the same group when at most this long lies between them.
    pub case_window_seconds: u64,
    /// A node is silent after this many heartbeats that did not come.
    pub silent_after_heartbeats: u32,
    /// A node shows as losing events for this long after a loss.
    pub losing_seconds: u64,
    /// How long a session lasts.
    pub session_hours: u64,
    /// How long an answer to "is this session still good" is believed.
    pub session_cache_seconds: u64,
    /// Longest run of one GraphQL operation.
    pub query_timeout_seconds: u64,
    /// How long a mutation waits for its own change to be readable.
    pub read_your_writes_milliseconds: u64,
    /// Events that a subscriber may lag behind before it is told to fetch again.
    pub subscription_buffer: usize,
    /// WebSocket connections at a time.
    pub max_connections: usize,
    /// Subscriptions of one connection at a time.
    pub max_subscriptions: usize,
    /// Password checks at a time: each costs memory and processor time on purpose.
    pub max_logins: usize,
    /// How long a small block waits for what follows before it is kept for searches.
    pub archive_linger_milliseconds: u64,
    /// Days that events are kept for searches.
    pub retention_days: u32,
    /// Hours after the end of an hour, when its small blocks are merged.
    pub compact_after_hours: u32,
    /// Hours that telemetry stays in the log at least, so that it can be read again. After that it stays only until everybody
    /// has read it.
    pub telemetry_hours: u32,
    /// Consumer groups of other roles that have to read telemetry before it goes: the one in `detect.group`.
    pub telemetry_readers: Vec<String>,
    /// Searches for events at a time.
    pub max_searches: usize,
    /// What a GraphQL operation may ask for.
    pub limits: Limits,
}

/// What a GraphQL operation may ask for.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of the request body.
    pub body_bytes: usize,
    /// Fields inside fields.
    pub depth: usize,
    /// Cost, about one for each value in the answer.
    pub complexity: usize,
    /// Aliases in the document.
    pub aliases: usize,
    /// Directives in the document.
    pub directives: usize,
    /// Rows that one list may look at; a longer search goes on with the next page.
    pub scanned_rows: usize,
    /// Bytes of blocks that one search for events may read; a longer one goes on with the next page.
    pub searched_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            group: "query".into(),
            case_window_seconds: 30 * 60,
            silent_after_heartbeats: 2,
            losing_seconds: 60,
            session_hours: 12,
            session_cache_seconds: 5,
            query_timeout_seconds: 10,
            read_your_writes_milliseconds: 2000,
            subscription_buffer: 1024,
            max_connections: 1024,
            max_subscriptions: 64,
            max_logins: 4,
            archive_linger_milliseconds: 500,
            retention_days: 7,
            compact_after_hours: 3,
            telemetry_hours: 24,
            telemetry_readers: vec!["detect".into()],
            max_searches: 8,
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 << 10,
            depth: 12,
            complexity: 50_000,
            aliases: 20,
            directives: 20,
            scanned_rows: 5000,
            searched_bytes: 256 << 20,
        }
    }
}

impl Config {
    /// See [`Self::case_window_seconds`].
    pub const fn case_window(&self) -> Duration {
        Duration::from_secs(self.case_window_seconds)
    }
    /// See [`Self::retention_days`].
    pub const fn retention(&self) -> Duration {
        Duration::from_secs(self.retention_days as u64 * 24 * 3600)
    }
    /// See [`Self::compact_after_hours`].
    pub const fn compact_after(&self) -> Duration {
        Duration::from_secs(self.compact_after_hours as u64 * 3600)
    }
    /// See [`Self::telemetry_hours`].
    pub const fn telemetry(&self) -> Duration {
        Duration::from_secs(self.telemetry_hours as u64 * 3600)
    }
    /// See [`Self::session_hours`].
    pub const fn session(&self) -> Duration {
        Duration::from_secs(self.session_hours * 3600)
    }
    /// See [`Self::query_timeout_seconds`].
    pub const fn query_timeout(&self) -> Duration {
        Duration::from_secs(self.query_timeout_seconds)
    }
    /// See [`Self::read_your_writes_milliseconds`].
    pub const fn read_your_writes(&self) -> Duration {
        Duration::from_millis(self.read_your_writes_milliseconds)
    }
}
