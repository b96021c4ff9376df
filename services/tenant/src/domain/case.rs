//! Cases: assigned, worked on, closed, commented. Which findings a case groups is not decided here.

use vedetta_model::{
    UserId,
    control::{Case, CaseEvent, CaseState, Disposition},
};

use super::{Refusal, text};

/// Gives it to somebody, or to nobody.
pub fn assign(state: &Case, assignee: Option<(UserId, String)>) -> Vec<CaseEvent> {
    let (assignee, assignee_name) = assignee.unzip();
    if state.assignee == assignee {
        return vec![];
    }
    vec![CaseEvent::CaseAssigned { assignee, assignee_name }]
}

/// Says where the work stands. What it turned out to be goes with closing, and only with it.
pub fn set_state(
    case: &Case,
    state: CaseState,
    disposition: Option<Disposition>,
) -> Result<Vec<CaseEvent>, Refusal> {
    match (state, disposition) {
        (CaseState::Closed, None) => {
            return Err(Refusal::Invalid(
                "say what it turned out to be: true positive, false positive or benign".into(),
            ));
        }
        (CaseState::Open | CaseState::InProgress, Some(_)) => {
            return Err(Refusal::Invalid("only a closed case has a disposition".into()));
        }
        _ => {}
    }
    if case.state == state && case.disposition == disposition {
        return Ok(vec![]);
    }
    Ok(vec![CaseEvent::CaseStateChanged { state, disposition }])
}

/// Adds a comment.
pub fn comment(comment: &str) -> Result<Vec<CaseEvent>, Refusal> {
    text("the comment", comment, 10_000)?;
    Ok(vec![CaseEvent::CaseCommented { text: comment.to_owned() }])
}

#[cfg(test)]
mod tests {
    use vedetta_model::Timestamp;

    use super::*;

    #[test]
    fn closing_asks_what_it_was_and_reopening_forgets_it() {
        let mut case = Case::default();
        assert!(set_state(&case, CaseState::Closed, None).is_err());
        for event in set_state(&case.clone(), CaseState::Closed, Some(Disposition::Benign)).unwrap() {
            case.apply(&event, "ada", Timestamp::EPOCH);
        }
        assert_eq!(case.disposition, Some(Disposition::Benign));
        assert!(set_state(&case, CaseState::Open, Some(Disposition::Benign)).is_err());
        for event in set_state(&case.clone(), CaseState::Open, None).unwrap() {
            case.apply(&event, "ada", Timestamp::EPOCH);
        }
        assert_eq!((case.state, case.disposition), (CaseState::Open, None));
    }

    #[test]
    fn saying_the_same_again_changes_nothing() {
        let mut case = Case::default();
        assert_eq!(assign(&case, None), []);
        let ada = (UserId::from_uuid(uuid::Uuid::nil()), "ada".to_owned());
        for event in assign(&case.clone(), Some(ada.clone())) {
            case.apply(&event, "ada", Timestamp::EPOCH);
        }
        assert_eq!(assign(&case, Some(ada)), []);
        assert_eq!(set_state(&case, CaseState::Open, None), Ok(vec![]));
    }

    #[test]
    fn an_empty_comment_is_refused() {
        assert!(comment("  ").is_err());
        assert!(comment(&"x".repeat(10_001)).is_err());
    }
}
