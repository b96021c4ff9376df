//! Enrollment tokens.

use bytes::Bytes;
use vedetta_model::{Timestamp, TokenId, control::Token};

use super::{List, ReadError, Slice, Views};
use crate::projections::{
    control::{STREAMS, State, StreamRow},
    keys::{Key, Parts},
};

/// An enrollment token.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenView {
    /// Which.
    pub id: TokenId,
    /// Its state.
    pub token: Token,
}

/// Whether a token still enrolls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenState {
    /// It does.
    Valid,
    /// Its time is over.
    Expired,
    /// It has enrolled as many nodes as it may.
    UsedUp,
    /// It was taken back.
    Revoked,
}

impl TokenView {
    /// Whether it enrolls a new node at `now`.
    pub fn state(&self, now: Timestamp) -> TokenState {
        if self.token.revoked {
            TokenState::Revoked
        } else if now >= self.token.expires {
            TokenState::Expired
        } else if self.token.used_by.len() >= self.token.max_uses as usize {
            TokenState::UsedUp
        } else {
            TokenState::Valid
        }
    }
}

impl Views {
    /// One token.
    pub async fn token(&self, id: &TokenId) -> Result<Option<TokenView>, ReadError> {
        let row: Option<StreamRow> =
            self.row(STREAMS, Key::new().text("token").text(&id.to_string())).await?;
        Ok(row.and_then(|row| match row.state {
            State::Token(token) => Some(TokenView { id: *id, token }),
            _ => None,
        }))
    }

    /// Tokens, by id.
    pub async fn tokens(&self, after: Option<&[u8]>, want: usize) -> Result<Slice<TokenView>, ReadError> {
        let keep = |place: Bytes, row: StreamRow| async move {
            let id = Parts(&place).text().and_then(|id| id.parse().ok());
            Ok(match (id, row.state) {
                (Some(id), State::Token(token)) => Some(TokenView { id, token }),
                _ => None,
            })
        };
        self.scan(&List::of(STREAMS, Key::new().text("token")), after, want, keep).await
    }
}
