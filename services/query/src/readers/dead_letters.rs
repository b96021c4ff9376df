//! Records that nobody could use.

use bytes::Bytes;

use super::{List, ReadError, Slice, Views};
use crate::projections::{
    dead_letters::{DEAD_LETTERS, DeadLetterRow},
    keys::Key,
};

impl Views {
    /// Dead letters, by topic and partition, newest first.
    pub async fn dead_letters(
        &self,
        after: Option<&[u8]>,
        want: usize,
    ) -> Result<Slice<DeadLetterRow>, ReadError> {
        let keep = |_: Bytes, row: DeadLetterRow| async move { Ok(Some(row)) };
        self.scan(&List::of(DEAD_LETTERS, Key::new()), after, want, keep).await
    }
}
