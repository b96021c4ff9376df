//! Global ids: type, tenant and key in one opaque word.

use async_graphql::ID;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use vedetta_model::TenantId;

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A tenant.
    Tenant,
    /// A person.
    User,
    /// A finding.
    Finding,
    /// A case.
    Case,
    /// A machine that runs the agent.
    WatchedNode,
    /// A rule.
    Rule,
    /// A decision.
    Change,
    /// An enrollment token.
    EnrollmentToken,
    /// A record that was put aside.
    DeadLetter,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Tenant,
        Self::User,
        Self::Finding,
        Self::Case,
        Self::WatchedNode,
        Self::Rule,
        Self::Change,
        Self::EnrollmentToken,
        Self::DeadLetter,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "Tenant",
            Self::User => "User",
            Self::Finding => "Finding",
            Self::Case => "Case",
            Self::WatchedNode => "WatchedNode",
            Self::Rule => "Rule",
            Self::Change => "Change",
            Self::EnrollmentToken => "EnrollmentToken",
            Self::DeadLetter => "DeadLetter",
        }
    }
}

/// A global id, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobalId {
    /// What it names.
    pub kind: Kind,
    /// Whose it is.
    pub tenant: TenantId,
    /// Which one.
    pub key: String,
}

/// Makes a global id.
pub fn encode(kind: Kind, tenant: &TenantId, key: impl std::fmt::Display) -> ID {
    ID(URL_SAFE_NO_PAD.encode(format!("{}:{tenant}:{key}", kind.as_str())))
}

/// Reads a global id. `None` for anything that this server never made.
pub fn decode(id: &ID) -> Option<GlobalId> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id.as_bytes()).ok()?).ok()?;
    let mut parts = text.splitn(3, ':');
    let (kind, tenant, key) = (parts.next()?, parts.next()?, parts.next()?);
    Some(GlobalId {
        kind: Kind::ALL.into_iter().find(|known| known.as_str() == kind)?,
        tenant: tenant.parse().ok()?,
        key: key.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_garbage_does_not() {
        let tenant: TenantId = "acme".parse().unwrap();
        let id = encode(Kind::Rule, &tenant, "Shell: in a container");
        let read = decode(&id).unwrap();
        assert_eq!((read.kind, read.key.as_str()), (Kind::Rule, "Shell: in a container"));
        for bad in
            ["", "=", "Rule:acme:x", &URL_SAFE_NO_PAD.encode("Rule:acme"), &URL_SAFE_NO_PAD.encode("X:a:b")]
        {
            assert_eq!(decode(&ID(bad.into())), None, "{bad}");
        }
    }
}
