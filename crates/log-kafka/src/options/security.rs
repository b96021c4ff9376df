//! Encryption, and who this is.

use std::{fmt, path::PathBuf};

use super::{OptionsError, query::Query, value};

/// Encryption and identity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Security {
    /// Whether connections are encrypted.
    pub tls: Option<Tls>,
    /// Who this is.
    pub sasl: Option<Sasl>,
}

/// Encryption. Files are in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tls {
    /// Who signs the brokers' certificates; the system's list without it.
    pub ca: Option<PathBuf>,
    /// This client's certificate.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// What opens the key.
    pub key_password: Option<SecretSource>,
}

/// Who this is, to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sasl {
    /// By a password; for `Plain` the broker sees it.
    Password {
        /// Which way.
        mechanism: PasswordMechanism,
        /// The name.
        username: String,
        /// The password.
        password: SecretSource,
    },
    /// By a token that an OpenID provider gives for a client id and its secret (`OAUTHBEARER`).
    Oidc {
        /// Where tokens come from.
        token_url: String,
        /// The client id.
        client_id: String,
        /// Its secret.
        client_secret: SecretSource,
        /// What the token is to be good for.
        scope: Option<String>,
    },
}

/// How a password is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordMechanism {
    /// In the clear; only over TLS.
    Plain,
    /// By a challenge.
    ScramSha256,
    /// By a challenge.
    ScramSha512,
}

impl PasswordMechanism {
    /// Its name at the broker.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// Where a secret lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In a variable of the environment.
    Env(String),
    /// In a file, without the line's end.
    File(PathBuf),
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "the variable {name}"),
            Self::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}

impl Security {
    pub(super) fn read(query: &mut Query) -> Result<Self, OptionsError> {
        let security = Self { tls: tls(query)?, sasl: sasl(query)? };
        let clear = PasswordMechanism::Plain;
        if security.tls.is_none()
            && matches!(&security.sasl, Some(Sasl::Password { mechanism, .. }) if *mechanism == clear)
        {
            let why = "sasl=plain shows the password to everybody without it";
            return Err(OptionsError::Missing { name: "tls=yes", why });
        }
        Ok(security)
    }
}

fn tls(query: &mut Query) -> Result<Option<Tls>, OptionsError> {
    if !query.one_of("tls", &[("yes", true), ("no", false)], false)? {
        return query
            .none_of(&["ca", "cert", "key", "key_password_env", "key_password_file"], "tls=yes")
            .map(|()| None);
    }
    let path = |query: &mut Query, name| query.take(name).map(PathBuf::from);
    let tls = Tls {
        ca: path(query, "ca"),
        cert: path(query, "cert"),
        key: path(query, "key"),
        key_password: query.secret("key_password_env", "key_password_file")?,
    };
    match (&tls.cert, &tls.key) {
        (Some(_), None) => Err(OptionsError::Missing { name: "key", why: "`cert` needs its key" }),
        (None, Some(_)) => Err(OptionsError::Missing { name: "cert", why: "`key` needs its certificate" }),
        _ => Ok(Some(tls)),
    }
}

fn sasl(query: &mut Query) -> Result<Option<Sasl>, OptionsError> {
    const PASSWORD: &[&str] = &["username", "password_env", "password_file"];
    const OIDC: &[&str] = &["token_url", "client_id", "client_secret_env", "client_secret_file", "scope"];
    let need = |value: Option<_>, name, why| value.ok_or(OptionsError::Missing { name, why });
    let mechanism = match query.take("sasl").as_deref() {
        None => {
            query.none_of(PASSWORD, "sasl=…")?;
            return query.none_of(OIDC, "sasl=oauthbearer").map(|()| None);
        }
        Some("plain") => PasswordMechanism::Plain,
        Some("scram-sha-256") => PasswordMechanism::ScramSha256,
        Some("scram-sha-512") => PasswordMechanism::ScramSha512,
        Some("oauthbearer") => {
            query.none_of(PASSWORD, "sasl=plain and sasl=scram-…")?;
            let why = "sasl=oauthbearer fetches a token with it";
            let secret = query.secret("client_secret_env", "client_secret_file")?;
            return Ok(Some(Sasl::Oidc {
                token_url: need(query.take("token_url"), "token_url", why)?,
                client_id: need(query.take("client_id"), "client_id", why)?,
                client_secret: secret
                    .ok_or(OptionsError::Missing { name: "client_secret_env or client_secret_file", why })?,
                scope: query.take("scope"),
            }));
        }
        Some(_) => return Err(value("sasl", "plain, scram-sha-256, scram-sha-512 or oauthbearer")),
    };
    query.none_of(OIDC, "sasl=oauthbearer")?;
    let why = "sasl=… needs it";
    let username = need(query.take("username"), "username", why)?;
    let password = query.secret("password_env", "password_file")?;
    let password = password.ok_or(OptionsError::Missing { name: "password_env or password_file", why })?;
    Ok(Some(Sasl::Password { mechanism, username, password }))
}
