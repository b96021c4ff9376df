//! What an `apply` will do, as bytes.
//!
//! Each change is: tenant length u8, tenant, view length u16, view, key length u32, key, then 0 for a deletion, or 1, value
//! length u32, value. Numbers are little endian.

use std::collections::HashMap;

use vedetta_store::{ViewChange, ViewKey};

/// A row's new value, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change<'a> {
    pub tenant: &'a str,
    pub view: &'a str,
    pub key: &'a [u8],
    pub value: Option<&'a [u8]>,
}

/// What the changes come to in order: rows written at the same stamp know no order.
pub fn last_of_each(changes: &[ViewChange]) -> Vec<Change<'_>> {
    let mut at: HashMap<&ViewKey, usize> = HashMap::with_capacity(changes.len());
    let mut last = Vec::with_capacity(changes.len());
    for change in changes {
        let (key, value) = match change {
            ViewChange::Put { key, value } => (key, Some(value.as_ref())),
            ViewChange::Delete { key } => (key, None),
        };
        let change = Change { tenant: key.tenant.as_str(), view: key.view.0, key: &key.key, value };
        match at.get(key) {
            Some(place) => last[*place] = change,
            None => {
                at.insert(key, last.len());
                last.push(change);
            }
        }
    }
    last
}

pub fn encode(changes: &[Change<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Change { tenant, view, key, value } in changes {
        bytes.push(tenant.len() as u8);
        bytes.extend_from_slice(tenant.as_bytes());
        bytes.extend_from_slice(&(view.len() as u16).to_le_bytes());
        bytes.extend_from_slice(view.as_bytes());
        for part in [Some(*key), *value].into_iter().flatten().enumerate() {
            let (at, part) = part;
            if at == 1 {
                bytes.push(1);
            }
            bytes.extend_from_slice(&(part.len() as u32).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        if value.is_none() {
            bytes.push(0);
        }
    }
    bytes
}

/// `None` for bytes that [`encode`] never makes.
pub fn decode(mut bytes: &[u8]) -> Option<Vec<Change<'_>>> {
    let mut changes = Vec::new();
    while !bytes.is_empty() {
        let rest = &mut bytes;
        let [length] = array(rest)?;
        let tenant = std::str::from_utf8(take(rest, length.into())?).ok()?;
        let length = u16::from_le_bytes(array(rest)?);
        let view = std::str::from_utf8(take(rest, length.into())?).ok()?;
        let length = u32::from_le_bytes(array(rest)?);
        let key = take(rest, length as usize)?;
        let value = match array(rest)? {
            [0] => None,
            [1] => {
                let length = u32::from_le_bytes(array(rest)?);
                Some(take(rest, length as usize)?)
            }
            _ => return None,
        };
        changes.push(Change { tenant, view, key, value });
    }
    Some(changes)
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (front, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(front)
}

fn array<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    take(bytes, N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vedetta_store::View;

    use super::*;

    proptest! {
        #[test]
        fn what_was_encoded_reads_back(changes: Vec<(Vec<u8>, Option<Vec<u8>>)>, of in "[a-z]{1,40}") {
            let changes: Vec<_> = changes.iter().map(|(key, value)| {
                Change { tenant: &of, view: "rows", key, value: value.as_deref() }
            }).collect();
            let bytes = encode(&changes);
            prop_assert_eq!(decode(&bytes), Some(changes));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn of_several_changes_to_a_row_the_last_counts() {
        let key = |name: &'static str| ViewKey::new(&"a".parse().unwrap(), View("rows"), name);
        let put = |name, value: &'static str| ViewChange::Put { key: key(name), value: value.into() };
        let changes = [put("k", "1"), put("l", "2"), ViewChange::Delete { key: key("l") }, put("k", "3")];
        let last = last_of_each(&changes);
        let values: Vec<_> = last.iter().map(|change| (change.key, change.value)).collect();
        assert_eq!(values, [(b"k".as_slice(), Some(b"3".as_slice())), (b"l", None)]);
    }
}
