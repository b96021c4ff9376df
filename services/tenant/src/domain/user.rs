//! Users: created, given passwords and rights, disabled.

use vedetta_model::{
    Timestamp,
    control::{Permission, User, UserEvent},
};

use super::Refusal;

/// A sign-in name as it is kept: capitals make no other name.
pub fn canonical(name: &str) -> String {
    name.trim().to_ascii_lowercase()
}

/// Creates an account whose password was hashed before.
pub fn create(
    state: &User,
    name: &str,
    password_hash: String,
    permissions: Vec<Permission>,
    one_time: bool,
) -> Result<Vec<UserEvent>, Refusal> {
    if state.created.is_some() {
        return Err(Refusal::Conflict(format!("there is already a user {name}")));
    }
    check_name(name)?;
    if permissions.is_empty() {
        return Err(Refusal::Invalid(
            "a user without any permission can see nothing; give at least `read`".into(),
        ));
    }
    Ok(vec![UserEvent::UserCreated { name: name.to_owned(), password_hash, permissions, one_time }])
}

/// Whether a session that was issued at `issued` is still good.
pub fn check_session(state: &User, issued: Timestamp) -> Result<(), Refusal> {
    if state.created.is_none() || state.disabled || issued < state.sessions_valid_from {
        return Err(Refusal::Credential("the session has ended; sign in again".into()));
    }
    Ok(())
}

/// Sets a new password, hashed before. The old one was checked against `checked` before.
pub fn change_password(
    state: &User,
    checked: &str,
    password_hash: String,
) -> Result<Vec<UserEvent>, Refusal> {
    if state.created.is_none() || state.disabled {
        return Err(Refusal::Credential("name or password is wrong".into()));
    }
    if state.password_hash != checked {
        return Err(Refusal::Conflict("the password was changed at the same moment; sign in again".into()));
    }
    Ok(vec![UserEvent::PasswordChanged { password_hash }])
}

/// Names that can stand in a list and in a history.
fn check_name(name: &str) -> Result<(), Refusal> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "._-@+".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(fine) {
        return Err(Refusal::Invalid("a sign-in name has 1 to 64 letters, digits and . _ - @ +".into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created() -> User {
        let mut state = User::default();
        for event in create(&state.clone(), "ada", "h1".into(), vec![Permission::Read], true).unwrap() {
            state.apply(&event, Timestamp::from_millis(1));
        }
        state
    }

    #[test]
    fn a_name_is_taken_once() {
        assert!(matches!(
            create(&created(), "ada", "h2".into(), vec![Permission::Read], false),
            Err(Refusal::Conflict(_))
        ));
    }

    #[test]
    fn names_that_can_not_be_shown_are_refused() {
        for name in ["", "a b", "<script>", &"x".repeat(65)] {
            let made = create(&User::default(), name, "h".into(), vec![Permission::Read], false);
            assert!(matches!(made, Err(Refusal::Invalid(_))), "{name}");
        }
    }

    #[test]
    fn a_new_password_ends_the_one_time_state_and_every_session() {
        let mut state = created();
        assert!(state.one_time);
        for event in change_password(&state.clone(), "h1", "h2".into()).unwrap() {
            state.apply(&event, Timestamp::from_millis(9));
        }
        assert!(!state.one_time);
        assert_eq!(state.sessions_valid_from, Timestamp::from_millis(9));
    }

    #[test]
    fn a_session_ends_with_a_new_password_and_with_the_account() {
        let mut state = created();
        let (before, at) = (Timestamp::from_millis(5), Timestamp::from_millis(9));
        assert_eq!(check_session(&state, before), Ok(()));
        state.apply(&UserEvent::PasswordChanged { password_hash: "h2".into() }, at);
        assert!(matches!(check_session(&state, before), Err(Refusal::Credential(_))));
        assert_eq!(check_session(&state, at), Ok(()));
        state.apply(&UserEvent::UserDisabled { reason: "left".into() }, at);
        assert!(check_session(&state, Timestamp::from_millis(99)).is_err());
        assert!(check_session(&User::default(), at).is_err());
    }

    #[test]
    fn capitals_make_no_other_name() {
        assert_eq!(canonical(" Ada@Example.org "), "ada@example.org");
    }

    #[test]
    fn of_two_new_passwords_at_once_the_second_is_told() {
        assert!(matches!(
            change_password(&created(), "an older hash", "h2".into()),
            Err(Refusal::Conflict(_))
        ));
    }

    #[test]
    fn a_disabled_user_can_not_change_a_password() {
        let mut state = created();
        state.apply(&UserEvent::UserDisabled { reason: "left".into() }, Timestamp::from_millis(2));
        assert!(matches!(change_password(&state, "h1", "h2".into()), Err(Refusal::Credential(_))));
    }
}
