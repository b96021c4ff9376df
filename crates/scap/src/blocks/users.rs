//! The users and groups of the machine.

use super::Block;
use crate::Error;
use crate::cursor::Cursor;

/// A user or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Account<'c> {
    User { uid: u32, name: &'c [u8], home: &'c [u8], shell: &'c [u8] },
    Group { gid: u32, name: &'c [u8] },
}

const USER: u8 = 0;

/// Reads the list; `visit` gets each entry.
pub(crate) fn read<'c>(
    block: &Block<'c>,
    sized: bool,
    mut visit: impl FnMut(Account<'c>),
) -> Result<(), Error> {
    let mut body = Cursor::new(block.body);
    while body.left() >= 4 {
        let entry =
            if sized { body.entry(true).and_then(|mut entry| one(&mut entry)) } else { one(&mut body) };
        visit(entry.ok_or_else(|| block.damaged("an entry of the user list ends too soon"))?);
    }
    Ok(())
}

fn one<'c>(from: &mut Cursor<'c>) -> Option<Account<'c>> {
    if from.u8()? != USER {
        return Some(Account::Group { gid: from.u32()?, name: from.counted()? });
    }
    let uid = from.u32()?;
    let _gid = from.u32()?;
    Some(Account::User { uid, name: from.counted()?, home: from.counted()?, shell: from.counted()? })
}
