//! The open descriptors of a process at the capture's start.

use super::Block;
use crate::Error;
use crate::cursor::Cursor;
use crate::state::fd::{Fd, FdKind, L4, Socket};
use crate::text::path_text;

/// Reads a process's list; `visit` gets the thread's number, the descriptor's, and what it is.
pub(crate) fn read(block: &Block<'_>, sized: bool, mut visit: impl FnMut(i64, i64, Fd)) -> Result<(), Error> {
    let mut body = Cursor::new(block.body);
    let short = || block.damaged("an entry of the descriptor list ends too soon");
    let tid = body.i64().ok_or_else(short)?;
    while body.left() >= 4 {
        let entry = if sized {
            body.entry(true).and_then(|mut entry| one(&mut entry, true))
        } else {
            one(&mut body, false)
        };
        let (number, fd) = entry.ok_or_else(short)?;
        if let Some(fd) = fd {
            visit(tid, number, fd);
        }
    }
    Ok(())
}

/// A descriptor's number and what it is; nothing for the kind «unknown», which has no more bytes.
fn one(from: &mut Cursor<'_>, sized: bool) -> Option<(i64, Option<Fd>)> {
    let number = from.i64()?;
    let ino = from.u64()?;
    let Some(kind) = FdKind::from_number(from.u8()?)? else { return Some((number, None)) };
    let mut fd = Fd::new(kind, String::new());
    fd.ino = ino;
    match kind {
        FdKind::Ipv4 | FdKind::Ipv6 => {
            let (source, dest) = (address(from, kind)?, address(from, kind)?);
            let socket = Socket::Ip { source, source_port: from.u16()?, dest, dest_port: from.u16()? };
            fd.set_socket(socket, L4::from_number(from.u8()?));
        }
        FdKind::Ipv4Server | FdKind::Ipv6Server => {
            let socket = Socket::Server { address: address(from, kind)?, port: from.u16()? };
            fd.set_socket(socket, L4::from_number(from.u8()?));
        }
        FdKind::Unix => {
            from.take(16)?;
            fd.name = path_text(from.counted()?);
        }
        FdKind::FileWithFlags => {
            fd.open_flags = from.u32()?;
            fd.name = path_text(from.counted()?);
            if sized && from.left() >= 4 {
                fd.device = from.u32();
            }
        }
        _ => fd.name = path_text(from.counted()?),
    }
    Some((number, Some(fd)))
}

fn address(from: &mut Cursor<'_>, kind: FdKind) -> Option<std::net::IpAddr> {
    if matches!(kind, FdKind::Ipv4 | FdKind::Ipv4Server) {
        let octets: [u8; 4] = from.take(4)?.try_into().ok()?;
        Some(octets.into())
    } else {
        let octets: [u8; 16] = from.take(16)?.try_into().ok()?;
        Some(octets.into())
    }
}
