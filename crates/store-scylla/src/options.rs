//! What a URL says of the database.

use std::{path::PathBuf, time::Duration};

/// The default CQL port.
const PORT: u16 = 9042;

/// Why a URL names no database. None of these repeats a value that could be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// It does not begin with `scylla://`.
    #[error("a CQL store's URL begins with `scylla://`, for instance `scylla://db1:9042,db2:9042/vedetta`")]
    Scheme,
    /// Something like `user:password@` in front of the hosts.
    #[error(
        "a user or password does not belong into a URL; use `?user=NAME&password_env=VARIABLE` or `password_file=PATH`"
    )]
    Credentials,
    /// No host, or one that can't be.
    #[error("host {0} of the URL is not `host` or `host:port`")]
    Host(usize),
    /// No keyspace, or one with other characters.
    #[error(
        "the URL ends with a keyspace of at most 48 of a-z, 0-9 and `_`, for instance `scylla://db1/vedetta`"
    )]
    Keyspace,
    /// An option that does not exist.
    #[error("`{0}` is not an option; these are: {OPTIONS}")]
    Unknown(String),
    /// An option with a value that can't be.
    #[error("option `{option}`: {expected}")]
    Value {
        /// Which.
        option: &'static str,
        /// What it takes.
        expected: &'static str,
    },
}

const OPTIONS: &str =
    "replication, dc, user, password_env, password_file, tls_ca, tls_cert, tls_key, timeout_ms, speculate_ms";

/// How many copies of everything there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replication {
    /// As many in each datacenter.
    Each(u8),
    /// As many as said in each of these.
    Datacenters(Vec<(String, u8)>),
}

/// Where a password stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Password {
    /// In an environment variable.
    Env(String),
    /// In a file; a line feed at its end is not part of it.
    File(PathBuf),
}

/// Paths of PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// Who may have signed the nodes' certificates.
    pub ca: PathBuf,
    /// Our certificate and its key, when the nodes ask for one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Names a keyspace of a cluster and how to talk to it. Holds no secret, only where one stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub(crate) hosts: Vec<String>,
    pub(crate) keyspace: String,
    pub(crate) replication: Replication,
    pub(crate) datacenter: Option<String>,
    pub(crate) login: Option<(String, Password)>,
    pub(crate) tls: Option<Tls>,
    pub(crate) timeout: Duration,
    pub(crate) speculate: Duration,
}

impl Options {
    /// Reads `scylla://host:port,…/keyspace?option=value&…`.
    pub fn parse(url: &str) -> Result<Self, OptionsError> {
        let rest = url.strip_prefix("scylla://").ok_or(OptionsError::Scheme)?;
        if rest.contains('@') {
            return Err(OptionsError::Credentials);
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, keyspace) = place.split_once('/').ok_or(OptionsError::Keyspace)?;
        let hosts = hosts.split(',').enumerate().map(|(at, it)| host(it).ok_or(OptionsError::Host(at + 1)));
        let mut options = Self {
            hosts: hosts.collect::<Result<_, _>>()?,
            keyspace: keyspace_name(keyspace).ok_or(OptionsError::Keyspace)?,
            replication: Replication::Each(3),
            datacenter: None,
            login: None,
            tls: None,
            timeout: Duration::from_secs(10),
            speculate: Duration::from_millis(100),
        };
        options.read(query)?;
        Ok(options)
    }

    /// Where it is, for people: hosts and keyspace.
    pub fn place(&self) -> String {
        format!("scylla://{}/{}", self.hosts.join(","), self.keyspace)
    }

    /// `host:port` of each node that the URL names.
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// The fewest copies that any datacenter has.
    pub fn copies(&self) -> u8 {
        match &self.replication {
            Replication::Each(copies) => *copies,
            Replication::Datacenters(all) => all.iter().map(|(_, copies)| *copies).min().unwrap_or(0),
        }
    }

    /// Whether connections are encrypted, and the nodes' certificates checked.
    pub const fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether the database is told who this is: by a password, or by a certificate.
    pub fn has_identity(&self) -> bool {
        self.login.is_some() || self.tls.as_ref().is_some_and(|tls| tls.identity.is_some())
    }

    fn read(&mut self, query: &str) -> Result<(), OptionsError> {
        let refused = |option, expected| OptionsError::Value { option, expected };
        let (mut user, mut password, mut ca, mut cert, mut key) = (None, None, None, None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let path = |option| match value {
                "" => Err(refused(option, "takes a path")),
                path => Ok(Some(PathBuf::from(path))),
            };
            let millis = |option| match value.parse() {
                Ok(millis @ 1..=600_000) => Ok(Duration::from_millis(millis)),
                _ => Err(refused(option, "takes milliseconds, 1 to 600000")),
            };
            match name {
                "replication" => {
                    let expected =
                        "takes a number of copies, or one for each datacenter: `3` or `dc1:3,dc2:3`";
                    self.replication = replication(value).ok_or(refused("replication", expected))?;
                }
                "dc" if is_word(value) => self.datacenter = Some(value.into()),
                "dc" => return Err(refused("dc", "takes the name of the nearest datacenter")),
                "user" if !value.is_empty() => user = Some(value.to_owned()),
                "user" => return Err(refused("user", "takes a user's name")),
                "password_env" if is_word(value) => password = Some(Password::Env(value.into())),
                "password_env" => return Err(refused("password_env", "takes the name of a variable")),
                "password_file" => password = path("password_file")?.map(Password::File),
                "tls_ca" => ca = path("tls_ca")?,
                "tls_cert" => cert = path("tls_cert")?,
                "tls_key" => key = path("tls_key")?,
                "timeout_ms" => self.timeout = millis("timeout_ms")?,
                "speculate_ms" => self.speculate = millis("speculate_ms")?,
                _ => return Err(OptionsError::Unknown(name.chars().take(32).collect())),
            }
        }
        self.login = match (user, password) {
            (None, None) => None,
            (Some(user), Some(password)) => Some((user, password)),
            _ => return Err(refused("user", "needs `password_env` or `password_file`, and they need it")),
        };
        self.tls = match (ca, cert, key) {
            (None, None, None) => None,
            (Some(ca), None, None) => Some(Tls { ca, identity: None }),
            (Some(ca), Some(cert), Some(key)) => Some(Tls { ca, identity: Some((cert, key)) }),
            _ => {
                return Err(refused(
                    "tls_ca",
                    "is needed by `tls_cert` and `tls_key`, which need each other",
                ));
            }
        };
        Ok(())
    }
}

fn is_word(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    !text.is_empty() && text.len() <= 128 && text.chars().all(fits)
}

/// `host` or `host:port` as `host:port`; IPv6 addresses stand in brackets.
fn host(text: &str) -> Option<String> {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()?),
        _ => (text, PORT),
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let is_good = match bare {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => is_word(name),
    };
    is_good.then(|| format!("{name}:{port}"))
}

fn keyspace_name(text: &str) -> Option<String> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let is_good = (1..=48).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with('_');
    is_good.then(|| text.to_owned())
}

fn replication(text: &str) -> Option<Replication> {
    let copies = |text: &str| text.parse().ok().filter(|copies| (1..=9).contains(copies));
    if let Some(copies) = copies(text) {
        return Some(Replication::Each(copies));
    }
    let datacenters = text.split(',').map(|one| {
        let (name, number) = one.split_once(':')?;
        Some((is_word(name).then(|| name.to_owned())?, copies(number)?))
    });
    datacenters.collect::<Option<_>>().map(Replication::Datacenters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_get_the_default_port_and_options_are_read() {
        let options = Options::parse(
            "scylla://db1,db2:9142,[::1]/vedetta?replication=east:3,west:2&dc=east&user=v&password_env=PW&timeout_ms=500&tls_ca=/ca.pem",
        );
        let options = options.unwrap();
        assert_eq!(options.hosts, ["db1:9042", "db2:9142", "[::1]:9042"]);
        assert_eq!(options.place(), "scylla://db1:9042,db2:9142,[::1]:9042/vedetta");
        let copies = [("east".to_owned(), 3), ("west".to_owned(), 2)];
        assert_eq!(options.replication, Replication::Datacenters(copies.into()));
        assert_eq!(options.login, Some(("v".into(), Password::Env("PW".into()))));
        assert_eq!(options.timeout, Duration::from_millis(500));
        assert_eq!(options.tls, Some(Tls { ca: "/ca.pem".into(), identity: None }));
    }

    #[test]
    fn a_refusal_says_what_to_write_and_never_repeats_a_secret() {
        let refused = |url| Options::parse(url).unwrap_err().to_string();
        assert!(refused("scylla://me:secret@db1/v").contains("password_env"));
        assert!(!refused("scylla://me:secret@db1/v").contains("secret"));
        assert!(!refused("scylla://db1/v?password_env=not a word").contains("not a word"));
        assert!(refused("scylla://db1").contains("keyspace"));
        assert!(refused("scylla://db1/Vedetta").contains("keyspace"));
        assert!(refused("scylla://db1,/v").contains("host 2"));
        assert!(refused("scylla://db1/v?replicas=3").contains("`replicas` is not an option"));
        assert!(refused("scylla://db1/v?replication=0").contains("number of copies"));
        assert!(refused("scylla://db1/v?user=me").contains("password_env"));
        assert!(refused("scylla://db1/v?tls_cert=c").contains("tls_ca"));
        assert!(refused("scylla://db1/v?timeout_ms=0").contains("milliseconds"));
    }
}
