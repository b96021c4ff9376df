//! Nodes: enrolled, certified, removed.

use vedetta_model::{
    NodeId, TenantId, Timestamp, TokenId,
    control::{Node, NodeEvent, Token},
};

use super::{Refusal, at_most, text};

/// What a node says of itself when it enrolls.
#[derive(Debug, Clone)]
pub struct Enrollment<'a> {
    /// The machine's name.
    pub hostname: &'a str,
    /// `/etc/machine-id`.
    pub machine_id: &'a str,
    /// The agent's version.
    pub agent_version: &'a str,
}

/// The id of a machine: the same each time it enrolls with the same tenant, also after it was
/// removed. Capitals make no other machine.
pub fn id_of(tenant: &TenantId, machine_id: &str) -> NodeId {
    let machine_id = machine_id.trim().to_ascii_lowercase();
    const NAMESPACE: uuid::Uuid = uuid::Uuid::from_u128(0x7665_6465_7474_612d_6e6f_6465_2d69_6431);
    NodeId::from_uuid(uuid::Uuid::new_v5(&NAMESPACE, format!("{tenant}/{machine_id}").as_bytes()))
}

/// Whether what a node says of itself can be kept.
pub fn check(enrollment: &Enrollment<'_>) -> Result<(), Refusal> {
    text("the host name", enrollment.hostname, 255)?;
    text("the machine id", enrollment.machine_id, 128)?;
    at_most("the agent version", enrollment.agent_version, 64)
}

/// Enrolls it, for the first time or again: the key may be a new one, the id stays.
pub fn enroll(
    enrollment: &Enrollment<'_>,
    key_sha256: String,
    token: TokenId,
    certificate: Certificate,
) -> Result<Vec<NodeEvent>, Refusal> {
    check(enrollment)?;
    Ok(vec![
        NodeEvent::NodeEnrolled {
            hostname: enrollment.hostname.to_owned(),
            machine_id: enrollment.machine_id.to_owned(),
            key_sha256,
            token,
            agent_version: enrollment.agent_version.to_owned(),
        },
        certificate.event(),
    ])
}

/// Whether a token may bring a machine back: a removed one needs a token that was made after it was
/// removed, or the token it still holds would undo the removal at its next start.
pub fn check_return(state: &Node, token: &Token) -> Result<(), Refusal> {
    let is_new_enough = match (state.removed_since, token.created) {
        (Some(removed), Some(created)) => created > removed,
        _ => true,
    };
    if is_new_enough {
        return Ok(());
    }
    Err(Refusal::Credential("this node was removed; enroll it again with a token made since".into()))
}

/// Refuses one node more when `others` are enrolled already.
pub fn check_limit(others: usize, limit: u32) -> Result<(), Refusal> {
    if others >= limit as usize {
        return Err(Refusal::Exhausted(format!(
            "this tenant has {others} nodes, and {limit} is its limit; remove nodes or raise the limit"
        )));
    }
    Ok(())
}

/// A certificate that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Serial number, hexadecimal.
    pub serial: String,
    /// No use after this.
    pub expires: Timestamp,
}

impl Certificate {
    fn event(self) -> NodeEvent {
        NodeEvent::CertificateIssued { serial: self.serial, expires: self.expires }
    }
}

/// Gives a new certificate to the key that enrolled.
pub fn renew(state: &Node, key_sha256: &str, certificate: Certificate) -> Result<Vec<NodeEvent>, Refusal> {
    if state.enrolled.is_none() {
        return Err(Refusal::NotFound("no such node".into()));
    }
    if state.removed {
        return Err(Refusal::Credential("this node was removed; enroll it again with a new token".into()));
    }
    if state.key_sha256 != key_sha256 {
        return Err(Refusal::Credential(
            "this is not the key that enrolled; enroll again with a token".into(),
        ));
    }
    Ok(vec![certificate.event()])
}

/// Takes its right to send away.
pub fn remove(state: &Node, reason: &str) -> Result<Vec<NodeEvent>, Refusal> {
    if state.enrolled.is_none() {
        return Err(Refusal::NotFound("no such node".into()));
    }
    at_most("the reason", reason, 1000)?;
    if state.removed {
        return Ok(vec![]);
    }
    Ok(vec![NodeEvent::NodeRemoved { reason: reason.to_owned() }])
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEN: Timestamp = Timestamp::from_millis(1);

    fn machine() -> Enrollment<'static> {
        Enrollment { hostname: "web-1", machine_id: "0123", agent_version: "0.1.0" }
    }

    fn certificate() -> Certificate {
        Certificate { serial: "0a".into(), expires: Timestamp::from_millis(9) }
    }

    fn given(events: &[NodeEvent]) -> Node {
        let mut state = Node::default();
        events.iter().for_each(|event| state.apply(event, THEN));
        state
    }

    fn enrolled() -> Vec<NodeEvent> {
        enroll(&machine(), "key".into(), TokenId::from_uuid(uuid::Uuid::nil()), certificate()).unwrap()
    }

    #[test]
    fn a_machine_keeps_its_id_within_a_tenant_only() {
        let (a, b): (TenantId, TenantId) = ("a".parse().unwrap(), "b".parse().unwrap());
        assert_eq!(id_of(&a, "m"), id_of(&a, "m"));
        assert_ne!(id_of(&a, "m"), id_of(&b, "m"));
        assert_ne!(id_of(&a, "m"), id_of(&a, "n"));
        assert_eq!(id_of(&a, " M\n"), id_of(&a, "m"));
    }

    #[test]
    fn a_full_tenant_takes_no_node_more() {
        assert_eq!(check_limit(9, 10), Ok(()));
        assert!(matches!(check_limit(10, 10), Err(Refusal::Exhausted(_))));
    }

    #[test]
    fn a_machine_without_a_name_or_an_id_is_refused() {
        for wrong in [
            Enrollment { hostname: " ", ..machine() },
            Enrollment { machine_id: "", ..machine() },
            Enrollment { machine_id: &"x".repeat(129), ..machine() },
        ] {
            assert!(matches!(check(&wrong), Err(Refusal::Invalid(_))), "{wrong:?}");
        }
    }

    #[test]
    fn only_the_key_that_enrolled_is_renewed() {
        let state = given(&enrolled());
        assert_eq!(renew(&state, "key", certificate()).unwrap().len(), 1);
        assert!(matches!(renew(&state, "other", certificate()), Err(Refusal::Credential(_))));
        assert!(matches!(renew(&Node::default(), "key", certificate()), Err(Refusal::NotFound(_))));
    }

    #[test]
    fn a_removed_node_is_not_renewed_and_comes_back_by_enrolling() {
        let mut events = enrolled();
        events.extend(remove(&given(&events), "sold").unwrap());
        assert!(matches!(renew(&given(&events), "key", certificate()), Err(Refusal::Credential(_))));
        assert_eq!(remove(&given(&events), "again"), Ok(vec![]));
        let removed = given(&events);
        let made = |at| Token { created: Some(at), ..Token::default() };
        assert!(matches!(check_return(&removed, &made(THEN)), Err(Refusal::Credential(_))));
        assert_eq!(check_return(&removed, &made(Timestamp::from_millis(2))), Ok(()));
        assert_eq!(check_return(&Node::default(), &made(THEN)), Ok(()));
        events.extend(enrolled());
        assert!(!given(&events).removed);
        assert_eq!(check_return(&given(&events), &made(THEN)), Ok(()));
    }
}
