//! A tenant comes to be.

use vedetta_model::control::{Tenant, TenantEvent};

use super::{Refusal, text};

/// Creates it. One that exists stays as it is.
pub fn create(state: &Tenant, name: &str) -> Result<Vec<TenantEvent>, Refusal> {
    if state.created.is_some() {
        return Ok(vec![]);
    }
    text("the name", name, 200)?;
    Ok(vec![TenantEvent::TenantCreated { name: name.to_owned() }])
}

#[cfg(test)]
mod tests {
    use vedetta_model::Timestamp;

    use super::*;

    #[test]
    fn a_tenant_is_created_once() {
        let mut state = Tenant::default();
        let events = create(&state, "Default").unwrap();
        assert_eq!(events, [TenantEvent::TenantCreated { name: "Default".into() }]);
        state.apply(&events[0], Timestamp::from_millis(1));
        assert_eq!(create(&state, "Other"), Ok(vec![]));
    }

    #[test]
    fn a_tenant_needs_a_name() {
        assert!(matches!(create(&Tenant::default(), " "), Err(Refusal::Invalid(_))));
    }
}
