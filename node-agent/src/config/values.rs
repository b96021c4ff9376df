//! The forms of single values.

use std::{convert::Infallible, fmt, path::PathBuf, str::FromStr};

use serde::Deserialize;

use crate::source::{Reads, replay::Times, synthetic};

/// Where ingest listens for agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    host: String,
    port: u16,
}

impl ServerUrl {
    /// The name or address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "https://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "https://{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for ServerUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an address; expected https://HOST:PORT");
        let rest = text.strip_prefix("https://").ok_or_else(wrong)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
        let host = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
        let port = port.parse().map_err(|_| wrong())?;
        if host.is_empty() || host.contains(['/', '@', '?', '#', '[', ']']) || port == 0 {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

/// An enrollment token. Never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// Wraps a secret.
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret, to be sent.
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl FromStr for Token {
    type Err = Infallible;
    fn from_str(secret: &str) -> Result<Self, Infallible> {
        Ok(Self(secret.trim().to_owned()))
    }
}

/// Where events come from.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceSpec {
    /// This machine's kernel.
    Kernel,
    /// A recording.
    Replay {
        /// The file.
        path: PathBuf,
        /// Which times its events get.
        times: Times,
    },
    /// Made up.
    Synthetic(synthetic::Config),
}

pub(super) fn source(text: &str) -> Result<SourceSpec, String> {
    let wrong =
        || format!("`{text}` is no source; expected kernel, replay:FILE or synthetic:EVENTS_PER_SECOND");
    match text.split_once(':') {
        None if text == "kernel" => Ok(SourceSpec::Kernel),
        Some(("replay", path)) if !path.is_empty() => {
            Ok(SourceSpec::Replay { path: path.into(), times: Times::default() })
        }
        Some(("synthetic", rate)) => {
            let rate: f64 = rate.parse().map_err(|_| wrong())?;
            if !(0.0..=1e8).contains(&rate) {
                return Err(wrong());
            }
            Ok(SourceSpec::Synthetic(synthetic::Config::rate(rate)))
        }
        _ => Err(wrong()),
    }
}

pub(super) fn reads(text: &str) -> Result<Reads, String> {
    match text {
        "all" => Ok(Reads::All),
        "sensitive" => Ok(Reads::default()),
        paths => {
            let paths: Vec<_> = paths.split(',').map(|path| path.trim().to_owned()).collect();
            if paths.iter().all(|path| path.starts_with('/')) {
                Ok(Reads::Below(paths))
            } else {
                Err(format!("`{text}`: expected sensitive, all, or absolute paths with commas between"))
            }
        }
    }
}

/// A number of bytes: `1000000`, `256MiB`, `2GiB`.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size; expected a number with KiB, MiB or GiB behind it");
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = match unit.trim() {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)
}
