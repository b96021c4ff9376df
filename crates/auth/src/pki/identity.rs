//! Which node a certificate is for.

use std::{fmt, sync::Arc};

use vedetta_model::{NodeId, TenantId, Timestamp};
use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer, X509Certificate},
};

use super::{PkiError, pin::Pin};

/// The node that a certificate was issued to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeIdentity {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub node: NodeId,
    /// The certificate's serial number, hexadecimal.
    pub serial: String,
    /// No use after this.
    pub expires: Timestamp,
    /// SHA-256 of its public key, hexadecimal.
    pub key_sha256: String,
}

impl NodeIdentity {
    /// Reads who a certificate is for. Whether it is the authority's and still good must have been
    /// checked before, as the TLS handshake does.
    pub fn from_certificate(der: &[u8]) -> Result<Self, PkiError> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| PkiError::Identity("it can't be read"))?;
        if !rest.is_empty() {
            return Err(PkiError::Identity("something follows it"));
        }
        let names =
            certificate.subject_alternative_name().map_err(|_| PkiError::Identity("it can't be read"))?;
        let names = names.ok_or(PkiError::Identity("it has no name"))?;
        let [GeneralName::URI(uri)] = names.value.general_names.as_slice() else {
            return Err(PkiError::Identity("its name is not exactly one URI"));
        };
        let (tenant, node) = parse_node_uri(uri).ok_or(PkiError::Identity("its URI does not name a node"))?;
        Ok(Self {
            tenant,
            node,
            serial: hex::encode(certificate.raw_serial()),
            expires: Timestamp::from_millis(
                certificate.validity().not_after.timestamp().saturating_mul(1000),
            ),
            key_sha256: Pin::of_key(certificate.public_key().raw).hex(),
        })
    }
}

impl fmt::Display for NodeIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.node)
    }
}

/// Who is at the other end of a connection to the agents' listener; in the extensions of each
/// request there. `None` when it showed no certificate, which only enrollment accepts.
#[derive(Debug, Clone, Default)]
pub struct PeerIdentity(pub Option<Arc<NodeIdentity>>);

const PREFIX: &str = "spiffe://vedetta/tenant/";

pub fn node_uri(tenant: &TenantId, node: &NodeId) -> String {
    format!("{PREFIX}{tenant}/node/{node}")
}

fn parse_node_uri(uri: &str) -> Option<(TenantId, NodeId)> {
    let (tenant, node) = uri.strip_prefix(PREFIX)?.split_once("/node/")?;
    Some((tenant.parse().ok()?, node.parse().ok()?))
}
