//! Records that nobody could use, and what people decided about them.

use bytes::Bytes;
use vedetta_log::Position;
use vedetta_model::control::DeadLetter;

use super::{List, ReadError, Slice, Views};
use crate::projections::{
    control::{STREAMS, State, StreamRow},
    dead_letters::{DEAD_LETTERS, DeadLetterRow, place_of},
    keys::Key,
};

/// A record that was put aside.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetterView {
    /// What the letter says.
    pub row: DeadLetterRow,
    /// What people decided.
    pub decided: DeadLetter,
}

impl Views {
    /// Dead letters, by topic and partition, newest first. `open`: only those that somebody has still to look at, or only
    /// the others.
    pub async fn dead_letters(
        &self,
        open: Option<bool>,
        after: Option<&[u8]>,
        want: usize,
    ) -> Result<Slice<DeadLetterView>, ReadError> {
        let keep = |_: Bytes, row: DeadLetterRow| async move {
            let decided = self.dead_letter_decisions(&row.place()).await?;
            let wanted = open.is_none_or(|open| open == decided.is_open());
            Ok(wanted.then_some(DeadLetterView { row, decided }))
        };
        self.scan(&List::of(DEAD_LETTERS, Key::new()), after, want, keep).await
    }

    /// The letter of the record that lay there.
    pub async fn dead_letter(&self, record: &Position) -> Result<Option<DeadLetterView>, ReadError> {
        let Some(row) = self.row(DEAD_LETTERS, place_of(record)).await? else { return Ok(None) };
        Ok(Some(DeadLetterView { row, decided: self.dead_letter_decisions(&record.to_string()).await? }))
    }

    async fn dead_letter_decisions(&self, record: &str) -> Result<DeadLetter, ReadError> {
        let row: Option<StreamRow> = self.row(STREAMS, Key::new().text("dead_letter").text(record)).await?;
        Ok(match row.map(|row| row.state) {
            Some(State::DeadLetter(letter)) => letter,
            _ => DeadLetter::default(),
        })
    }
}
