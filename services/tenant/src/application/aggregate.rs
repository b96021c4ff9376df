//! What the streams of all aggregates have in common.

use vedetta_model::control::{
    Case, CaseEvent, DeadLetter, DeadLetterEvent, DomainEvent, Envelope, Node, NodeEvent, RuleSet,
    RuleSetEvent, Tenant, TenantEvent, Token, TokenEvent, User, UserEvent,
};

/// A state that is the fold of its events.
pub trait Aggregate: Default + Send {
    /// Its events.
    type Event: Send;
    /// Its name in stream ids.
    const NAME: &'static str;
    /// Takes one event of its history in; an event of another aggregate changes nothing.
    fn take(&mut self, envelope: &Envelope);
    /// An event as it is stored.
    fn wrap(event: Self::Event) -> DomainEvent;
}

macro_rules! aggregate {
    ($state:ty, $event:ty, $variant:ident, $name:literal, |$me:ident, $e:ident, $envelope:ident| $apply:expr) => {
        impl Aggregate for $state {
            type Event = $event;
            const NAME: &'static str = $name;
            fn take(&mut self, $envelope: &Envelope) {
                if let DomainEvent::$variant($e) = &$envelope.event {
                    let $me = self;
                    $apply;
                }
            }
            fn wrap(event: $event) -> DomainEvent {
                DomainEvent::$variant(event)
            }
        }
    };
}

aggregate!(Tenant, TenantEvent, Tenant, "tenant", |me, e, envelope| me.apply(e, envelope.time));
aggregate!(User, UserEvent, User, "user", |me, e, envelope| me.apply(e, envelope.time));
aggregate!(Token, TokenEvent, Token, "token", |me, e, envelope| me.apply(e, envelope.time));
aggregate!(Node, NodeEvent, Node, "node", |me, e, envelope| me.apply(e, envelope.time));
aggregate!(RuleSet, RuleSetEvent, RuleSet, "rule_set", |me, e, envelope| me.apply(e));
aggregate!(Case, CaseEvent, Case, "case", |me, e, envelope| me.apply(
    e,
    &envelope.actor.to_string(),
    envelope.time
));
aggregate!(DeadLetter, DeadLetterEvent, DeadLetter, "dead_letter", |me, e, envelope| me.apply(
    e,
    &envelope.actor.to_string(),
    envelope.time
));
