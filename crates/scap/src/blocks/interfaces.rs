//! The network interfaces of the machine.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Block;
use crate::Error;
use crate::cursor::Cursor;

/// An address of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interface {
    V4 { address: Ipv4Addr, mask: Ipv4Addr },
    V6 { address: Ipv6Addr },
}

/// Reads the list; `visit` gets each address.
pub(crate) fn read(block: &Block<'_>, sized: bool, mut visit: impl FnMut(Interface)) -> Result<(), Error> {
    let mut body = Cursor::new(block.body);
    while body.left() >= 4 {
        let entry =
            if sized { body.entry(false).and_then(|mut entry| one(&mut entry)) } else { one(&mut body) };
        visit(entry.ok_or_else(|| block.damaged("an entry of the interface list ends too soon"))?);
    }
    Ok(())
}

/// Types of entries: of each family one with the speed of the link (1, 2), and an older one without (3, 4).
fn one(from: &mut Cursor<'_>) -> Option<Interface> {
    let kind = from.u16()?;
    let name = usize::from(from.u16()?);
    let interface = match kind {
        1 | 3 => {
            let interface = Interface::V4 { address: v4(from)?, mask: v4(from)? };
            from.take(4)?;
            interface
        }
        2 | 4 => {
            let interface = Interface::V6 { address: v6(from)? };
            from.take(32)?;
            interface
        }
        _ => return None,
    };
    if kind <= 2 {
        from.u64()?;
    }
    from.take(name)?;
    Some(interface)
}

fn v4(from: &mut Cursor<'_>) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = from.take(4)?.try_into().ok()?;
    Some(octets.into())
}

fn v6(from: &mut Cursor<'_>) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = from.take(16)?.try_into().ok()?;
    Some(octets.into())
}
