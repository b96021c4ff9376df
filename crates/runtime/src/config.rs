//! Configuration: documented defaults, then a file, then `VEDETTA_SECTION__KEY` variables, then flags.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::{Table, Value};
use vedetta_backends::{Places, UrlError};

/// Every setting with its default and what it means. This is the documentation.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// The prefix of environment variables.
const ENV_PREFIX: &str = "VEDETTA_";

/// Variables that other tools of the project read under the same prefix.
const NOT_SETTINGS: [&str; 5] =
    ["VEDETTA_AGENT_", "VEDETTA_BPF", "VEDETTA_CORPORA", "VEDETTA_TEST_", "VEDETTA_CONFIG"];

/// What is not a role's own section.
const COMMON_KEYS: [&str; 10] =
    ["data_dir", "keys", "log", "store", "listen", "agents", "topics", "clients", "telemetry", "drain"];

/// A process's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// What is common to all roles.
    pub common: Common,
    /// Each role's own section.
    pub sections: Table,
    /// All of it as it was composed, for `config show`.
    pub merged: Table,
}

/// What is common to all roles.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// The embedded log and store, and key files unless `keys.dir` says otherwise.
    pub data_dir: PathBuf,
    /// What all processes of an installation share and nobody else may know.
    pub keys: KeysConfig,
    /// The log.
    pub log: Backend,
    /// The store.
    pub store: Backend,
    /// Where to listen.
    pub listen: Listen,
    /// How agents reach this installation.
    pub agents: Agents,
    /// Topics, made at start where they are missing.
    pub topics: Topics,
    /// Other processes.
    pub clients: ClientUrls,
    /// Logs of the process itself.
    pub telemetry: Telemetry,
    /// Stopping.
    pub drain: DrainConfig,
}

/// What all processes of an installation share and nobody else may know.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// The folder that `keys/` and `pki/` lie in; empty for the data folder. May be read-only once they are made.
    pub dir: PathBuf,
}

/// A log or store by its URL.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backend {
    /// `file:` (under the data folder), `file:/path`, `memory:`, `kafka://…`, `scylla://…`.
    pub url: String,
}

/// Addresses to listen at. Port 0 takes a free one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Console and API.
    pub public: SocketAddr,
    /// Agents, TLS.
    pub agents: SocketAddr,
    /// Health and metrics.
    pub admin: SocketAddr,
    /// Other roles; used only when roles run apart.
    pub internal: Option<SocketAddr>,
}

/// How agents reach this installation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agents {
    /// What enrolling nodes are told to connect to; empty for `https://` and the listening address.
    pub advertise: String,
    /// Names and addresses in the listener's certificate, beside those in `advertise`.
    pub names: Vec<String>,
}

/// Partitions of each topic. They can't change once the topic exists.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topics {
    /// Blocks of events.
    pub telemetry_partitions: u32,
    /// Findings.
    pub findings_partitions: u32,
    /// Decisions.
    pub control_partitions: u32,
}

/// Other processes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientUrls {
    /// Where the internal services are when they don't run here, `http://host:port`.
    pub internal_url: String,
}

/// Logs of the process itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,vedetta_detect=debug`. The storage engine
    /// tells warnings only, unless it is named: `info,fjall=info`.
    pub log: String,
    /// `text` or `json`.
    pub format: LogFormat,
    /// `stderr` or `stdout`.
    pub output: LogOutput,
}

impl Common {
    /// The folder that key files lie in.
    pub fn keys_dir(&self) -> &Path {
        if self.keys.dir.as_os_str().is_empty() { &self.data_dir } else { &self.keys.dir }
    }

    /// Where log and store are.
    pub fn places(&self) -> Result<Places, UrlError> {
        Places::parse(&self.log.url, &self.store.url)
    }
}

/// Where log lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogOutput {
    /// Standard error.
    Stderr,
    /// Standard output, as containers want it.
    Stdout,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, one object a line.
    Json,
}

/// Stopping.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrainConfig {
    /// How long tasks may take to finish, in seconds.
    pub grace_seconds: u64,
}

/// Why a configuration is no good.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file could not be read.
    #[error("configuration file {path}: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Text is not TOML.
    #[error("{place}: {source}")]
    Syntax {
        /// Which file or variable.
        place: String,
        /// Where and what.
        source: Box<toml::de::Error>,
    },
    /// A key that nothing reads.
    #[error("{place}: unknown setting `{key}`; `vedetta config show` lists all of them")]
    Unknown {
        /// Which file or variable.
        place: String,
        /// The key, with dots.
        key: String,
    },
    /// A value of the wrong type or form.
    #[error("configuration: {0}")]
    Value(String),
}

/// Where settings come from, besides the defaults.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// A file.
    pub file: Option<PathBuf>,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// Settings by dotted key, strongest.
    pub overrides: Vec<(String, String)>,
}

impl Config {
    /// Composes a configuration.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let mut merged = parse("config.default.toml", DEFAULTS)?;
        let known = merged.clone();
        if let Some(path) = &sources.file {
            let text = std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Read { path: path.clone(), source })?;
            let place = path.display().to_string();
            let table = parse(&place, &text)?;
            refuse_unknown(&place, &table, &known, &mut Vec::new())?;
            merge(&mut merged, table);
        }
        for (name, value) in &sources.env {
            let Some(rest) = name.strip_prefix(ENV_PREFIX) else { continue };
            if NOT_SETTINGS.iter().any(|other| name.starts_with(other)) {
                continue;
            }
            let path: Vec<String> = rest.split("__").map(str::to_ascii_lowercase).collect();
            set(name, &mut merged, &known, &path, value)?;
        }
        for (key, value) in &sources.overrides {
            let path: Vec<String> = key.split('.').map(str::to_owned).collect();
            set(key, &mut merged, &known, &path, value)?;
        }
        Self::from_merged(merged)
    }

    /// A role's own settings: its section, or defaults. Unknown keys are refused by the role's type.
    pub fn section<C: serde::de::DeserializeOwned + Default>(&self, role: &str) -> anyhow::Result<C> {
        section(&self.sections, role)
    }

    fn from_merged(merged: Table) -> Result<Self, ConfigError> {
        let common_keys: BTreeSet<&str> = COMMON_KEYS.into();
        let (common, sections): (Table, Table) =
            merged.clone().into_iter().partition(|(key, _)| common_keys.contains(key.as_str()));
        let mut common: Common = Value::Table(common)
            .try_into()
            .map_err(|e: toml::de::Error| ConfigError::Value(e.to_string()))?;
        for url in [&mut common.log.url, &mut common.store.url] {
            if url == "file:" {
                *url = format!("file:{}", common.data_dir.join("db").display());
            }
        }
        Ok(Self { common, sections, merged })
    }
}

/// A role's settings among the sections of a configuration.
pub(crate) fn section<C: serde::de::DeserializeOwned + Default>(
    sections: &Table,
    role: &str,
) -> anyhow::Result<C> {
    match sections.get(role) {
        None => Ok(C::default()),
        Some(value) => {
            value.clone().try_into().map_err(|e| anyhow::anyhow!("configuration section [{role}]: {e}"))
        }
    }
}

fn parse(place: &str, text: &str) -> Result<Table, ConfigError> {
    text.parse().map_err(|source| ConfigError::Syntax { place: place.to_owned(), source: Box::new(source) })
}

fn merge(into: &mut Table, from: Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(into)), Value::Table(from)) => merge(into, from),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

fn refuse_unknown(
    place: &str,
    given: &Table,
    known: &Table,
    path: &mut Vec<String>,
) -> Result<(), ConfigError> {
    for (key, value) in given {
        path.push(key.clone());
        match (value, known.get(key)) {
            (_, None) => return Err(ConfigError::Unknown { place: place.to_owned(), key: path.join(".") }),
            // A role's section: the role's own type refuses what it does not know.
            (Value::Table(_), Some(Value::Table(known))) if known.is_empty() => {}
            (Value::Table(given), Some(Value::Table(known))) => refuse_unknown(place, given, known, path)?,
            _ => {}
        }
        path.pop();
    }
    Ok(())
}

/// Sets one value, which takes the type of the default.
fn set(
    place: &str,
    merged: &mut Table,
    known: &Table,
    path: &[String],
    text: &str,
) -> Result<(), ConfigError> {
    let unknown = || ConfigError::Unknown { place: place.to_owned(), key: path.join(".") };
    let (last, parents) = path.split_last().ok_or_else(unknown)?;
    let mut default = known;
    let mut table = merged;
    for key in parents {
        default = default.get(key).and_then(Value::as_table).ok_or_else(unknown)?;
        table = table.get_mut(key).and_then(Value::as_table_mut).ok_or_else(unknown)?;
    }
    let of_role = !parents.is_empty() && default.is_empty();
    let literal = || format!("v = {text}").parse::<Table>().ok().and_then(|mut t| t.remove("v"));
    let value = match default.get(last) {
        None if of_role => literal().unwrap_or_else(|| Value::String(text.to_owned())),
        None | Some(Value::Table(_)) => return Err(unknown()),
        Some(Value::String(_)) => Value::String(text.to_owned()),
        Some(_) => literal().ok_or_else(|| {
            ConfigError::Value(format!("{place}: `{text}` is not a value for {}", path.join(".")))
        })?,
    };
    table.insert(last.clone(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_env(name: &str, value: &str) -> Result<Config, ConfigError> {
        Config::load(&Sources { env: vec![(name.into(), value.into())], ..Sources::default() })
    }

    #[test]
    fn the_documented_defaults_are_a_valid_configuration() {
        let config = Config::load(&Sources::default()).unwrap();
        assert!(config.common.listen.public.ip().is_loopback());
        assert!(config.common.log.url.starts_with("file:"));
    }

    #[test]
    fn a_variable_overrides_the_default_and_takes_its_type() {
        assert_eq!(with_env("VEDETTA_LOG__URL", "memory:").unwrap().common.log.url, "memory:");
        assert_eq!(with_env("VEDETTA_DRAIN__GRACE_SECONDS", "3").unwrap().common.drain.grace_seconds, 3);
        assert!(with_env("VEDETTA_DRAIN__GRACE_SECONDS", "soon").is_err());
    }

    #[test]
    fn an_unknown_setting_is_refused_with_its_name() {
        let error = with_env("VEDETTA_LOG__ULR", "memory:").unwrap_err().to_string();
        assert!(error.contains("log.ulr"), "{error}");
        assert!(with_env("VEDETTA_AGENT_SERVER", "x").is_ok(), "the agent's own variables are not ours");
    }

    #[test]
    fn a_file_is_refused_as_a_whole_when_one_key_is_unknown() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("v.toml");
        std::fs::write(&file, "[listen]\npublic = \"127.0.0.1:1\"\npubic = \"x\"\n").unwrap();
        let error =
            Config::load(&Sources { file: Some(file), ..Sources::default() }).unwrap_err().to_string();
        assert!(error.contains("listen.pubic"), "{error}");
    }
}
