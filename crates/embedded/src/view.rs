//! Reading.

use std::{cell::Cell, ops::RangeBounds};

use bytes::Bytes;
use fjall::{Guard, Keyspace, Readable as _, Snapshot};

use crate::{Error, Space, sealed::unseal};

/// A stored key.
pub type Key = Bytes;

/// The database as it was at one moment: everything acknowledged before is in it, and of each commit
/// all or nothing. It stands still while it is held, so it is not held for long.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(crate) spaces: &'a [Keyspace],
    /// The engine's own handles would show commits half made.
    pub(crate) snapshot: &'a Snapshot,
}

/// A key and its value, or why the value can't be had.
#[derive(Debug)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value, when it is whole.
    pub value: Result<Bytes, Error>,
}

impl<'a> View<'a> {
    fn space(&self, space: Space) -> Result<&'a Keyspace, Error> {
        self.spaces.get(space.0).ok_or_else(|| Error::Unavailable(format!("no space {}", space.0)))
    }

    /// One value.
    pub fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>, Error> {
        let keyspace = self.space(space)?;
        match self.snapshot.get(keyspace, key)? {
            Some(sealed) => open(keyspace, key, Bytes::from(sealed)).map(Some),
            None => Ok(None),
        }
    }

    /// Whether there is a value, whole or not.
    pub fn contains(&self, space: Space, key: &[u8]) -> Result<bool, Error> {
        Ok(self.snapshot.contains_key(self.space(space)?, key)?)
    }

    /// Keys of a range with their values, in order. An `Err` item means that not
    /// even the key could be read; what follows is unknown.
    pub fn range<R: RangeBounds<Vec<u8>>>(
        &self,
        space: Space,
        range: R,
    ) -> Result<impl DoubleEndedIterator<Item = Result<Entry, Error>> + use<'a, R>, Error> {
        let keyspace = self.space(space)?;
        Ok(self.snapshot.range(keyspace, range).map(|guard| entry(keyspace, guard)))
    }

    /// The keys of a range without reading values.
    pub fn keys<R: RangeBounds<Vec<u8>>>(
        &self,
        space: Space,
        range: R,
    ) -> Result<impl DoubleEndedIterator<Item = Result<Key, Error>> + use<R>, Error> {
        Ok(self.snapshot.range(self.space(space)?, range).map(|guard| Ok(guard.key()?.into())))
    }
}

fn entry(keyspace: &Keyspace, guard: Guard) -> Result<Entry, Error> {
    // The value may lie in a file of its own; when that one is damaged, the key is known all the same.
    let seen = Cell::new(None);
    let read = guard.into_inner_if(|key| {
        seen.set(Some(Bytes::from(key.clone())));
        true
    });
    let (key, value) = match (read, seen.take()) {
        (Ok((key, value)), _) => (Bytes::from(key), value.map(Bytes::from).unwrap_or_default()),
        (Err(error), Some(key)) => {
            return Ok(Entry { value: Err(placed(error.into(), keyspace, &key)), key });
        }
        (Err(error), None) => return Err(error.into()),
    };
    Ok(Entry { value: open(keyspace, &key, value), key })
}

fn open(keyspace: &Keyspace, key: &[u8], sealed: Bytes) -> Result<Bytes, Error> {
    unseal(key, &sealed)
        .map_err(|damage| Error::Damaged { place: place(keyspace, key), what: damage.to_string() })
}

fn placed(error: Error, keyspace: &Keyspace, key: &[u8]) -> Error {
    match error {
        Error::Damaged { what, .. } => Error::Damaged { place: place(keyspace, key), what },
        other => other,
    }
}

fn place(keyspace: &Keyspace, key: &[u8]) -> String {
    format!("{}[{}]", keyspace.name(), key.escape_ascii())
}
