//! Enrollment tokens: created, used, revoked.

use std::time::Duration;

use vedetta_model::{
    NodeId, Timestamp,
    control::{Token, TokenEvent},
};

use super::{Refusal, at_most, text};

/// Most nodes that one token enrolls.
const MAX_USES: u32 = 100_000;

/// What a token is for.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// What people call it.
    pub label: &'a str,
    /// For how long.
    pub valid: Duration,
    /// How many nodes it may enroll.
    pub max_uses: u32,
}

/// Creates a token whose secret was drawn before.
pub fn create(
    state: &Token,
    terms: &Terms<'_>,
    secret_sha256: String,
    longest: Duration,
    now: Timestamp,
) -> Result<Vec<TokenEvent>, Refusal> {
    let Terms { label, valid, max_uses } = *terms;
    if state.created.is_some() {
        return Err(Refusal::Conflict("this token exists already".into()));
    }
    text("the label", label, 200)?;
    if valid.is_zero() || valid > longest {
        return Err(Refusal::Invalid(format!(
            "a token is valid for 1 second up to {} days",
            longest.as_secs() / 86_400
        )));
    }
    if !(1..=MAX_USES).contains(&max_uses) {
        return Err(Refusal::Invalid(format!("a token enrolls 1 to {MAX_USES} nodes")));
    }
    Ok(vec![TokenEvent::TokenCreated {
        label: label.to_owned(),
        secret_sha256,
        expires: now.after(valid),
        max_uses,
    }])
}

/// Uses it for a node. A node that used it before does not count again.
pub fn use_for(state: &Token, node: NodeId, now: Timestamp) -> Result<Vec<TokenEvent>, Refusal> {
    state.admits(&node, now).map_err(|refusal| Refusal::Credential(refusal.to_string()))?;
    if state.used_by.contains(&node) {
        return Ok(vec![]);
    }
    Ok(vec![TokenEvent::TokenUsed { node }])
}

/// Takes it back. Nodes that it enrolled stay.
pub fn revoke(state: &Token, reason: &str) -> Result<Vec<TokenEvent>, Refusal> {
    if state.created.is_none() {
        return Err(Refusal::NotFound("no such enrollment token".into()));
    }
    at_most("the reason", reason, 1000)?;
    if state.revoked {
        return Ok(vec![]);
    }
    Ok(vec![TokenEvent::TokenRevoked { reason: reason.to_owned() }])
}

#[cfg(test)]
mod tests {
    use vedetta_model::control::TokenRefusal;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn node(n: u128) -> NodeId {
        NodeId::from_uuid(uuid::Uuid::from_u128(n))
    }

    fn given(events: &[TokenEvent]) -> Token {
        let mut state = Token::default();
        events.iter().for_each(|event| state.apply(event, NOW));
        state
    }

    fn created(max_uses: u32) -> Vec<TokenEvent> {
        let terms = Terms { label: "ci", valid: HOUR, max_uses };
        create(&Token::default(), &terms, "hash".into(), HOUR * 24, NOW).unwrap()
    }

    fn refusal(state: &Token, n: u128, now: Timestamp) -> String {
        use_for(state, node(n), now).unwrap_err().to_string()
    }

    #[test]
    fn a_token_enrolls_as_many_nodes_as_it_may_and_the_same_one_again() {
        let mut events = created(1);
        let state = given(&events);
        let used = use_for(&state, node(1), NOW).unwrap();
        assert_eq!(used, [TokenEvent::TokenUsed { node: node(1) }]);
        events.extend(used);
        let state = given(&events);
        assert_eq!(use_for(&state, node(1), NOW), Ok(vec![]), "the same node, again");
        assert_eq!(refusal(&state, 2, NOW), TokenRefusal::UsedUp.to_string());
    }

    #[test]
    fn every_refusal_has_its_own_words() {
        assert_eq!(refusal(&Token::default(), 1, NOW), TokenRefusal::Unknown.to_string());
        let mut events = created(9);
        assert_eq!(refusal(&given(&events), 1, NOW.after(HOUR)), TokenRefusal::Expired.to_string());
        events.extend(revoke(&given(&events), "leaked").unwrap());
        assert_eq!(refusal(&given(&events), 1, NOW), TokenRefusal::Revoked.to_string());
        assert_eq!(revoke(&given(&events), "again"), Ok(vec![]));
    }

    #[test]
    fn endless_and_useless_tokens_are_refused() {
        let make = |valid, max_uses| {
            create(&Token::default(), &Terms { label: "l", valid, max_uses }, "h".into(), HOUR, NOW)
        };
        assert!(make(HOUR, 1).is_ok());
        assert!(make(Duration::ZERO, 1).is_err());
        assert!(make(HOUR * 2, 1).is_err());
        assert!(make(HOUR, 0).is_err());
        assert!(revoke(&Token::default(), "r").is_err());
    }
}
