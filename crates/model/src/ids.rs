//! Typed identifiers. Each prints with a prefix (`nod_…`) so that one can't be mistaken for another.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;
use uuid::Uuid;

/// Why a text is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind}: expected {expected}")]
pub struct ParseIdError {
    /// What was wanted, for instance `node id`.
    pub kind: &'static str,
    /// The refused text.
    pub text: String,
    /// The form that would be accepted.
    pub expected: &'static str,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that was made elsewhere: ids take their randomness as a parameter.
            pub const fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
            /// Draws a new random id from `rng`.
            pub fn random(rng: &mut (impl rand::RngCore + ?Sized)) -> Self {
                let mut bytes = [0; 16];
                rng.fill_bytes(&mut bytes);
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
            }
            /// The 16 bytes without the prefix.
            pub const fn as_uuid(&self) -> &Uuid { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.as_simple())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }
        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|rest| rest.len() == 32)
                    .and_then(|rest| Uuid::try_parse(rest).ok())
                    .map(Self)
                    .ok_or_else(|| ParseIdError {
                        kind: $kind,
                        text: text.chars().take(64).collect(),
                        expected: concat!($prefix, "_ and 32 hexadecimal digits"),
                    })
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(self) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

uuid_id!(
    /// A machine that runs the agent. Kept when the machine enrolls again.
    NodeId, "nod", "node id"
);
uuid_id!(
    /// One run of an agent: sequence numbers start at 1 in each.
    BootId, "run", "agent run id"
);
uuid_id!(
    /// A person who signs in.
    UserId, "usr", "user id"
);
uuid_id!(
    /// An enrollment token (the record of it, not the secret).
    TokenId, "tok", "enrollment token id"
);
uuid_id!(
    /// A match of one rule version on one event: the same on every replay.
    FindingId, "fnd", "finding id"
);
uuid_id!(
    /// A group of related findings that people work on.
    CaseId, "cas", "case id"
);

/// A customer. A short lower-case name that never changes; it stands in URLs and log keys.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(SmolStr);

impl TenantId {
    /// Longest accepted name, in bytes.
    pub const MAX_LEN: usize = 40;

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantId {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let ok = !text.is_empty()
            && text.len() <= Self::MAX_LEN
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if ok {
            Ok(Self(text.into()))
        } else {
            Err(ParseIdError {
                kind: "tenant id",
                text: text.chars().take(64).collect(),
                expected: "1 to 40 of a-z, 0-9 and `-`, with no `-` at either end",
            })
        }
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TenantId {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TenantId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Where an event happened and its place there. Unique for ever: `run_…` is random per agent run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// The node that saw it.
    pub node: NodeId,
    /// The agent run that numbered it.
    pub boot: BootId,
    /// 1, 2, 3 … without gaps unless something was lost.
    pub seq: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "evt_{}_{}_{}", self.node.0.as_simple(), self.boot.0.as_simple(), self.seq)
    }
}

impl FromStr for EventId {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let parts = || {
            let mut parts = text.strip_prefix("evt_")?.split('_');
            let id = Self {
                node: NodeId(Uuid::try_parse(parts.next()?).ok()?),
                boot: BootId(Uuid::try_parse(parts.next()?).ok()?),
                seq: parts.next()?.parse().ok()?,
            };
            parts.next().is_none().then_some(id)
        };
        parts().ok_or_else(|| ParseIdError {
            kind: "event id",
            text: text.chars().take(96).collect(),
            expected: "evt_<node>_<run>_<number>",
        })
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl FindingId {
    /// The id of the finding that rule version `rule_version` makes of `event`: a hash of both, so
    /// that a repeat or a replay gives the same one.
    pub fn of(tenant: &TenantId, rule_version: &str, event: &EventId) -> Self {
        Self(hashed("finding", &[tenant.as_str(), rule_version, &event.to_string()]))
    }

    /// The id of a finding that no event caused, such as a node gone silent: `what` names the
    /// occurrence.
    pub fn of_condition(tenant: &TenantId, rule: &str, what: &str) -> Self {
        Self(hashed("condition", &[tenant.as_str(), rule, what]))
    }
}

impl CaseId {
    /// The id of the case that groups what shares `key` and began with `first`.
    pub fn of(tenant: &TenantId, key: &str, first: &FindingId) -> Self {
        Self(hashed("case", &[tenant.as_str(), key, &first.to_string()]))
    }
}

fn hashed(domain: &str, parts: &[&str]) -> Uuid {
    let mut hasher = blake3::Hasher::new();
    for part in std::iter::once(&domain).chain(parts) {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_and_parses_back_and_refuses_another_kind() {
        let node = NodeId::from_uuid(Uuid::from_u128(7));
        assert_eq!(node.to_string().parse::<NodeId>(), Ok(node));
        assert!(node.to_string().parse::<UserId>().is_err());
        let event = EventId { node, boot: BootId::from_uuid(Uuid::from_u128(9)), seq: 42 };
        assert_eq!(event.to_string().parse::<EventId>(), Ok(event));
        assert!("evt_1_2".parse::<EventId>().is_err());
    }

    #[test]
    fn a_tenant_is_a_short_lower_case_name() {
        assert!("default".parse::<TenantId>().is_ok());
        for bad in ["", "Ünal", "a b", "-a", "a-", "../x", &"x".repeat(41)] {
            assert!(bad.parse::<TenantId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_same_rule_and_event_give_the_same_finding_and_another_tenant_another() {
        let event = EventId {
            node: NodeId::from_uuid(Uuid::from_u128(1)),
            boot: BootId::from_uuid(Uuid::from_u128(2)),
            seq: 3,
        };
        let (a, b): (TenantId, TenantId) = ("a".parse().unwrap(), "b".parse().unwrap());
        assert_eq!(FindingId::of(&a, "r@1", &event), FindingId::of(&a, "r@1", &event));
        assert_ne!(FindingId::of(&a, "r@1", &event), FindingId::of(&b, "r@1", &event));
        assert_ne!(FindingId::of(&a, "r@1", &event), FindingId::of(&a, "r@2", &event));
    }
}
