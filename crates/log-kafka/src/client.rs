//! What every connection to the cluster shares: its settings, and what went wrong on it last.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rdkafka::{
    ClientConfig, ClientContext,
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
};

use crate::{
    OpenError,
    options::{Options, Sasl, SecretSource},
};

/// The settings that a client of any kind starts from; it holds secrets and is never shown.
pub fn settings(options: &Options) -> Result<ClientConfig, OpenError> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &options.brokers)
        .set("client.id", "vedetta")
        .set("allow.auto.create.topics", "false")
        .set("socket.keepalive.enable", "true")
        .set("reconnect.backoff.ms", "50")
        .set("reconnect.backoff.max.ms", "1000")
        .set("socket.connection.setup.timeout.ms", "10000")
        // A restarted cluster is found again although all of its addresses changed.
        .set("metadata.recovery.strategy", "rebootstrap")
        .set_log_level(RDKafkaLogLevel::Warning);
    let security = &options.security;
    config.set(
        "security.protocol",
        match (&security.tls, &security.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        },
    );
    if let Some(tls) = &security.tls {
        for (name, path) in [
            ("ssl.ca.location", &tls.ca),
            ("ssl.certificate.location", &tls.cert),
            ("ssl.key.location", &tls.key),
        ] {
            let Some(path) = path else { continue };
            std::fs::File::open(path).map_err(|source| OpenError::File { path: path.clone(), source })?;
            config.set(name, path.display().to_string());
        }
        if let Some(source) = &tls.key_password {
            config.set("ssl.key.password", secret(source)?);
        }
    }
    match &security.sasl {
        None => {}
        Some(Sasl::Password { mechanism, username, password }) => {
            config
                .set("sasl.mechanism", mechanism.as_str())
                .set("sasl.username", username)
                .set("sasl.password", secret(password)?);
        }
        Some(Sasl::Oidc { token_url, client_id, client_secret, scope }) => {
            config
                .set("sasl.mechanism", "OAUTHBEARER")
                .set("sasl.oauthbearer.method", "oidc")
                .set("sasl.oauthbearer.token.endpoint.url", token_url)
                .set("sasl.oauthbearer.client.id", client_id)
                .set("sasl.oauthbearer.client.secret", secret(client_secret)?);
            if let Some(scope) = scope {
                config.set("sasl.oauthbearer.scope", scope);
            }
        }
    }
    Ok(config)
}

fn secret(source: &SecretSource) -> Result<String, OpenError> {
    let missing = |why: String| OpenError::Secret { place: source.clone(), why };
    let secret = match source {
        SecretSource::Env(name) => std::env::var(name).map_err(|error| missing(error.to_string()))?,
        SecretSource::File(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| missing(error.to_string()))?;
            text.trim_end_matches(['\r', '\n']).to_owned()
        }
    };
    if secret.is_empty() { Err(missing("it is empty".into())) } else { Ok(secret) }
}

/// What a client last complained of. Clones share it.
#[derive(Clone, Default)]
pub struct Troubles(Arc<Mutex<Option<Trouble>>>);

/// One complaint: which broker, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Whether trying again is no use: wrong password, wrong certificate.
    pub refused: bool,
    /// In words, with the address.
    pub what: String,
}

impl Troubles {
    pub fn last(&self) -> Option<Trouble> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `what`, and what is known of why.
    pub fn explain(&self, what: impl fmt::Display) -> String {
        match self.last() {
            Some(trouble) => format!("{what} ({})", trouble.what),
            None => what.to_string(),
        }
    }

    pub fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub fn note(&self, error: &KafkaError, reason: &str) {
        let code = error.rdkafka_error_code();
        // Comes after those that say why, and says less.
        if code == Some(RDKafkaErrorCode::AllBrokersDown) && self.last().is_some() {
            return;
        }
        let refused = matches!(code, Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SSL));
        let trouble = Trouble { refused, what: told(reason) };
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() != Some(&trouble) {
            tracing::warn!(trouble = %trouble.what, "kafka");
            *last = Some(trouble);
        }
    }
}

/// librdkafka's words without its own names and times, so that the same trouble has the same words.
fn told(reason: &str) -> String {
    let text =
        reason.split_once("]: ").filter(|(head, _)| head.starts_with("[thrd:")).map_or(reason, |(_, t)| t);
    let text = text.split(" (after ").next().unwrap_or(text);
    let text = text.split_once("://").map_or(text, |(_, place)| place);
    text.replacen("/bootstrap: ", ": ", 1).trim_end_matches([':', ' ']).replace('\n', " ")
}

/// The context of clients that need no more than to be listened to.
#[derive(Clone, Default)]
pub struct Plain(pub Troubles);

impl ClientContext for Plain {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, message: &str) {
        log(level, fac, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        self.0.note(&error, reason);
    }
}

impl rdkafka::consumer::ConsumerContext for Plain {}

/// What librdkafka says by itself; what matters of it comes as an error as well.
pub fn log(level: RDKafkaLogLevel, fac: &str, message: &str) {
    tracing::debug!(?level, fac, message, "librdkafka");
}

/// Milliseconds as librdkafka wants them.
pub fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

/// Runs a call that waits for the cluster beside the async threads.
pub async fn ask<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KafkaError> + Send + 'static,
) -> Result<T, KafkaError> {
    let canceled = |_| KafkaError::Canceled;
    vedetta_aside::aside(work).await.map_err(canceled)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_names_the_address_and_the_cause() {
        for (reason, wanted) in [
            (
                "127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)",
                "127.0.0.1:1: Connect to ipv4#127.0.0.1:1 failed: Connection refused",
            ),
            (
                "[thrd:sasl_ssl://b:9/1]: sasl_ssl://b:9/1: SASL authentication error: no (after 3ms in state AUTH_REQ)",
                "b:9/1: SASL authentication error: no",
            ),
        ] {
            assert_eq!(told(reason), wanted);
        }
    }

    #[test]
    fn the_cause_stays_although_all_are_down() {
        let troubles = Troubles::default();
        troubles.note(&KafkaError::Global(RDKafkaErrorCode::Authentication), "b:1/1: wrong");
        troubles.note(&KafkaError::Global(RDKafkaErrorCode::AllBrokersDown), "1/1 brokers are down");
        assert_eq!(troubles.last(), Some(Trouble { refused: true, what: "b:1/1: wrong".into() }));
        assert_eq!(troubles.explain("no answer"), "no answer (b:1/1: wrong)");
    }
}
