//! Records that were put aside: sent again once, or seen and left.

use vedetta_model::control::{DeadLetter, DeadLetterEvent};
use vedetta_runtime::Obstacle;

use super::{Refusal, at_most};

/// Sends it again. Once: what fails again is another letter, so a second wish is the first one said twice. One that
/// was dismissed may be sent all the same.
pub fn resubmit(
    state: &DeadLetter,
    letter: &str,
    obstacle: Option<Obstacle>,
) -> Result<Vec<DeadLetterEvent>, Refusal> {
    if state.resubmitted.is_some() {
        return Ok(vec![]);
    }
    match obstacle {
        Some(obstacle) => Err(Refusal::Invalid(format!("this record can't be resubmitted: {obstacle}"))),
        None => Ok(vec![DeadLetterEvent::DeadLetterResubmitted { letter: letter.to_owned() }]),
    }
}

/// Says that it was seen and needs nothing more.
pub fn dismiss(state: &DeadLetter, reason: &str) -> Result<Vec<DeadLetterEvent>, Refusal> {
    at_most("the reason", reason, 1000)?;
    match (&state.resubmitted, &state.dismissed) {
        (Some(sent), _) => {
            Err(Refusal::Conflict(format!("{} has resubmitted it: it is not open any more", sent.by)))
        }
        (None, Some(_)) => Ok(vec![]),
        (None, None) => Ok(vec![DeadLetterEvent::DeadLetterDismissed { reason: reason.to_owned() }]),
    }
}

#[cfg(test)]
mod tests {
    use vedetta_model::Timestamp;

    use super::*;

    fn after(state: &DeadLetter, events: Vec<DeadLetterEvent>) -> DeadLetter {
        assert_eq!(events.len(), 1, "it was decided");
        let mut state = state.clone();
        state.apply(&events[0], "ada", Timestamp::EPOCH);
        state
    }

    #[test]
    fn it_is_sent_once_however_often_somebody_asks() {
        let open = DeadLetter::default();
        let sent = after(&open, resubmit(&open, "dead-letters/0/1", None).unwrap());
        assert!(open.is_open() && !sent.is_open());
        assert_eq!(resubmit(&sent, "dead-letters/0/1", None), Ok(vec![]));
        assert_eq!(resubmit(&sent, "dead-letters/0/1", Some(Obstacle::Dropped)), Ok(vec![]));
    }

    #[test]
    fn what_was_not_kept_is_not_sent_and_the_answer_says_why() {
        let refusal = resubmit(&DeadLetter::default(), "dead-letters/0/1", Some(Obstacle::Dropped));
        assert!(refusal.unwrap_err().to_string().contains("its bytes were not kept"));
    }

    #[test]
    fn one_that_was_dismissed_may_be_sent_and_one_that_was_sent_is_not_dismissed() {
        let open = DeadLetter::default();
        let dismissed = after(&open, dismiss(&open, "a test").unwrap());
        assert!(!dismissed.is_open());
        assert_eq!(dismiss(&dismissed, "again"), Ok(vec![]));
        let sent = after(&dismissed, resubmit(&dismissed, "dead-letters/0/1", None).unwrap());
        assert!(matches!(dismiss(&sent, ""), Err(Refusal::Conflict(why)) if why.contains("ada")));
        assert!(dismiss(&open, &"x".repeat(1001)).is_err());
    }
}
