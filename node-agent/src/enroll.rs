//! From an enrollment token to a certificate, and from one certificate to the next.

mod keeper;

use vedetta_api::{
    Channel,
    agent::v1::{
        EnrollRequest, RenewRequest, agent_client::AgentClient, enrollment_client::EnrollmentClient,
    },
};
use vedetta_auth::{
    EnrollmentSecret, PkiError,
    client::{self, NodeKey, Pin, Trust},
};

pub use self::keeper::Keeper;
use crate::{
    config::{ServerUrl, Token},
    identity::Certificates,
    ship::status_words,
};

/// What a node tells when it enrolls.
#[derive(Debug, Clone)]
pub struct Applicant {
    /// The right to enroll.
    pub token: Token,
    /// The machine's name.
    pub hostname: String,
    /// What makes it the same node when it enrolls again.
    pub machine_id: String,
}

/// A node did not get its certificate.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// The server said no; its words say what to do.
    #[error("{0}")]
    Refused(String),
    /// The token was cut or changed on its way here.
    #[error(transparent)]
    Token(#[from] vedetta_auth::enrollment::MalformedToken),
    /// Whoever answers is not the server that was meant.
    #[error(
        "the server at this address is not the one that --ca-pin names ({0}); compare both with what was printed beside the token"
    )]
    Untrusted(String),
    /// The server is not there, or cannot do it now. Another try may help.
    #[error("{0}")]
    Unavailable(String),
    /// Key or certificate are no good.
    #[error(transparent)]
    Pki(#[from] PkiError),
}

impl EnrollError {
    /// Whether trying again without changing anything can help.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<tonic::Status> for EnrollError {
    fn from(status: tonic::Status) -> Self {
        use tonic::Code;
        let words = status_words(&status);
        if words.contains("invalid peer certificate") {
            return Self::Untrusted(words);
        }
        match status.code() {
            Code::Unauthenticated
            | Code::PermissionDenied
            | Code::InvalidArgument
            | Code::FailedPrecondition => Self::Refused(status.message().to_owned()),
            _ => Self::Unavailable(words),
        }
    }
}

/// A way to a server that is known by the pin of its authority only. Good for enrollment.
pub fn pinned_channel(server: &ServerUrl, pin: Pin) -> Result<Channel, PkiError> {
    let tls = client::tls_config(&Trust::Pin(pin), None)?;
    client::channel(&server.to_string(), tls).map(Channel::remote)
}

/// Asks for a certificate with a token.
pub async fn enroll(
    channel: Channel,
    key: &NodeKey,
    applicant: Applicant,
) -> Result<Certificates, EnrollError> {
    // A copying mistake is found here, before anybody is asked.
    EnrollmentSecret::parse(applicant.token.secret())?;
    let request = EnrollRequest {
        token: applicant.token.secret().to_owned(),
        csr: client::csr(key)?,
        hostname: applicant.hostname,
        machine_id: applicant.machine_id,
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let answer = EnrollmentClient::new(channel).enroll(request).await?.into_inner();
    Ok(Certificates { chain: answer.certificates, authorities: answer.authorities })
}

/// Asks for a new certificate with the present one.
pub async fn renew(channel: Channel, key: &NodeKey) -> Result<Certificates, EnrollError> {
    let request =
        RenewRequest { csr: client::csr(key)?, agent_version: env!("CARGO_PKG_VERSION").to_owned() };
    let answer = AgentClient::new(channel).renew(request).await?.into_inner();
    Ok(Certificates { chain: answer.certificates, authorities: answer.authorities })
}
