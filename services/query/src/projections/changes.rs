//! Every decision: who, when, what, and what it was before and after.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use vedetta_model::{
    Timestamp,
    control::{
        CaseEvent, DeadLetterEvent, DomainEvent, Envelope, NodeEvent, RuleSetEvent, TenantEvent, TokenEvent,
        UserEvent,
    },
};
use vedetta_store::{View, ViewKey};

use super::{ApplyError, Draft, control::State, keys::Key, rules::Touched};

/// [`ChangeRow`]s of a tenant, newest first.
pub const CHANGES: View = View("changes");
/// [`ChangeRow`]s of a stream, newest first.
pub const BY_STREAM: View = View("changes_by_stream");
/// [`ChangeRow`]s of the rule set that touched a rule, newest first.
pub const BY_RULE: View = View("changes_by_rule");

/// A decision as people see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeRow {
    /// The decision's own id.
    pub id: uuid::Uuid,
    /// When.
    pub time: Timestamp,
    /// Who, by name.
    pub actor: String,
    /// What kind of thing.
    pub aggregate: String,
    /// Which one.
    pub stream: String,
    /// Its number in the stream.
    pub version: u64,
    /// Past tense, such as `RuleDisabled`.
    pub name: String,
    /// In a line.
    pub summary: String,
    /// The text of a comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What differs, as it was.
    pub before: Value,
    /// What differs, as it is.
    pub after: Value,
}

impl ChangeRow {
    /// What an envelope says by itself, without what was before and after.
    pub fn of(envelope: &Envelope) -> Self {
        let comment = match &envelope.event {
            DomainEvent::Case(CaseEvent::CaseCommented { text }) => Some(text.clone()),
            _ => None,
        };
        Self {
            id: envelope.id,
            time: envelope.time,
            actor: envelope.actor.to_string(),
            aggregate: envelope.event.aggregate().to_owned(),
            stream: envelope.stream.to_string(),
            version: envelope.version,
            name: envelope.event.name(),
            summary: summary(&envelope.event),
            comment,
            before: Value::Null,
            after: Value::Null,
        }
    }
}

/// The beginning of a stream's keys in [`BY_STREAM`].
pub fn stream_list(aggregate: &str, stream: &str) -> Key {
    Key::new().text(aggregate).text(stream)
}

/// Notes a decision that was just taken in.
pub(super) fn note(
    draft: &mut Draft<'_>,
    envelope: &Envelope,
    states: (&State, &State),
    touched: &Touched,
) -> Result<(), ApplyError> {
    let (mut before, mut after) = difference(&public(states.0), &public(states.1));
    if !touched.before.is_empty() || !touched.after.is_empty() {
        before["rules"] = json!(touched.before);
        after["rules"] = json!(touched.after);
    }
    let row = ChangeRow { before, after, ..ChangeRow::of(envelope) };
    let tenant = &envelope.tenant;
    let key = Key::new().newest_first(row.time).uuid(&row.id);
    draft.put(ViewKey::new(tenant, CHANGES, key), &row)?;
    let key = stream_list(&row.aggregate, &row.stream).number_descending(row.version);
    draft.put(ViewKey::new(tenant, BY_STREAM, key), &row)?;
    for rule in touched.names() {
        let key = Key::new().text(rule).number_descending(row.version);
        draft.put(ViewKey::new(tenant, BY_RULE, key), &row)?;
    }
    Ok(())
}

/// A state without secrets and without bulk.
fn public(state: &State) -> Value {
    match state {
        State::Tenant(tenant) => json!({ "name": tenant.name, "limits": tenant.limits }),
        State::User(user) => json!({
            "name": user.name, "permissions": user.permissions, "mustChangePassword": user.one_time,
            "disabled": user.disabled, "sessionsValidFrom": user.sessions_valid_from,
        }),
        State::Token(token) => json!({
            "label": token.label, "expires": token.expires, "maxUses": token.max_uses,
            "usedBy": token.used_by, "revoked": token.revoked,
        }),
        State::Node(node) => json!({
            "hostname": node.hostname, "agentVersion": node.agent_version, "keySha256": node.key_sha256,
            "certificateExpires": node.certificate_expires, "removed": node.removed,
        }),
        State::RuleSet(set) => {
            let hash = |text: &String| blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
            let files: Map<String, Value> =
                set.files.iter().map(|(name, text)| (name.clone(), hash(text).into())).collect();
            json!({ "files": files, "exceptions": set.exceptions })
        }
        State::Case(case) => json!({
            "assignee": case.assignee_name, "state": case.state, "disposition": case.disposition,
            "comments": case.comments.len(),
        }),
        State::DeadLetter(letter) => json!({
            "resubmitted": letter.resubmitted.is_some(), "dismissed": letter.dismissed.is_some(),
        }),
    }
}

/// Both values with only what differs between them.
fn difference(before: &Value, after: &Value) -> (Value, Value) {
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return (before.clone(), after.clone());
    };
    let (mut old, mut new) = (Map::new(), Map::new());
    for key in before.keys().chain(after.keys().filter(|key| !before.contains_key(*key))) {
        let (was, is) = (before.get(key), after.get(key));
        if was == is {
            continue;
        }
        let (was, is) = match (was, is) {
            (Some(was), Some(is)) => {
                let (was, is) = difference(was, is);
                (Some(was), Some(is))
            }
            (was, is) => (was.cloned(), is.cloned()),
        };
        old.extend(was.map(|was| (key.clone(), was)));
        new.extend(is.map(|is| (key.clone(), is)));
    }
    (Value::Object(old), Value::Object(new))
}

fn summary(event: &DomainEvent) -> String {
    let because = |reason: &str| if reason.is_empty() { String::new() } else { format!(": {reason}") };
    match event {
        DomainEvent::Tenant(TenantEvent::TenantCreated { name }) => format!("created tenant {name}"),
        DomainEvent::Tenant(TenantEvent::LimitsChanged { .. }) => "changed limits".to_owned(),
        DomainEvent::User(UserEvent::UserCreated { name, .. }) => format!("created user {name}"),
        DomainEvent::User(UserEvent::PasswordChanged { .. }) => "changed a password".to_owned(),
        DomainEvent::User(UserEvent::PermissionsChanged { .. }) => "changed permissions".to_owned(),
        DomainEvent::User(UserEvent::UserDisabled { reason }) => {
            format!("disabled a user{}", because(reason))
        }
        DomainEvent::Token(TokenEvent::TokenCreated { label, .. }) => {
            format!("created the enrollment token “{label}”")
        }
        DomainEvent::Token(TokenEvent::TokenUsed { node }) => format!("enrolled {node} with a token"),
        DomainEvent::Token(TokenEvent::TokenRevoked { reason }) => {
            format!("revoked an enrollment token{}", because(reason))
        }
        DomainEvent::Node(NodeEvent::NodeEnrolled { hostname, .. }) => format!("enrolled {hostname}"),
        DomainEvent::Node(NodeEvent::CertificateIssued { expires, .. }) => {
            // To the second: the rest of the text is zeros.
            let expires = expires.to_string();
            let second = expires.split_once('.').map_or(&*expires, |(second, _)| second);
            format!("issued a certificate until {second}Z")
        }
        DomainEvent::Node(NodeEvent::NodeRemoved { reason }) => format!("removed a node{}", because(reason)),
        DomainEvent::RuleSet(RuleSetEvent::RulesImported { files }) => match files.as_slice() {
            [file] => format!("imported rule file {}", file.name),
            files => format!("imported {} rule files", files.len()),
        },
        DomainEvent::RuleSet(RuleSetEvent::RulesRemoved { files }) => match files.as_slice() {
            [file] => format!("removed rule file {file}"),
            files => format!("removed {} rule files", files.len()),
        },
        DomainEvent::RuleSet(RuleSetEvent::RuleEnabled { rule, reason }) => {
            format!("turned on {rule}{}", because(reason))
        }
        DomainEvent::RuleSet(RuleSetEvent::RuleDisabled { rule, reason }) => {
            format!("turned off {rule}{}", because(reason))
        }
        DomainEvent::RuleSet(RuleSetEvent::ExceptionAdded { rule, exception, reason }) => {
            format!("added exception {} to {rule}{}", exception.name, because(reason))
        }
        DomainEvent::RuleSet(RuleSetEvent::ExceptionRemoved { rule, name, reason }) => {
            format!("removed exception {name} from {rule}{}", because(reason))
        }
        DomainEvent::Case(CaseEvent::CaseAssigned { assignee_name, .. }) => match assignee_name {
            Some(name) => format!("assigned to {name}"),
            None => "assigned to nobody".to_owned(),
        },
        DomainEvent::Case(CaseEvent::CaseStateChanged { state, disposition }) => {
            let word = |value: Value| value.as_str().unwrap_or_default().replace('_', " ");
            match disposition {
                Some(disposition) => format!("{} as {}", word(json!(state)), word(json!(disposition))),
                None => format!("set to {}", word(json!(state))),
            }
        }
        DomainEvent::Case(CaseEvent::CaseCommented { .. }) => "commented".to_owned(),
        DomainEvent::DeadLetter(DeadLetterEvent::DeadLetterResubmitted { .. }) => {
            "resubmitted a record that was set aside".to_owned()
        }
        DomainEvent::DeadLetter(DeadLetterEvent::DeadLetterDismissed { reason }) => {
            format!("dismissed a record that was set aside{}", because(reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_only_what_differs() {
        let before = json!({ "a": 1, "b": { "x": 1, "y": 2 }, "gone": true });
        let after = json!({ "a": 1, "b": { "x": 1, "y": 3 }, "new": [] });
        let expected = (json!({ "b": { "y": 2 }, "gone": true }), json!({ "b": { "y": 3 }, "new": [] }));
        assert_eq!(difference(&before, &after), expected);
    }
}
