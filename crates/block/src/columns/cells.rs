//! Which type becomes which columns.
//!
//! A [`Cell`] puts itself into the next columns of a row, and takes itself out of them in the same
//! order. New fields of a struct go to its end: older blocks read as zero, `false`, `None` or empty.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vedetta_model::{
    Payload, ProcessKey, Timestamp,
    event::{
        Accept, AgentStarted, AgentStopping, Bind, Bpf, Chmod, Chown, Connect, Exec, Exit, Fork, Heartbeat,
        Kind, Link, Listen, Loss, LossStage, ModuleLoad, Mount, Open, Ptrace, Rename, SetId, SetIdCall,
        SetNs, SocketAddress, Unlink, Unshare,
    },
};

use super::{reader::Row, writer::RowBuilder};
use crate::BlockError;

/// See the module.
pub trait Cell: Sized {
    fn put(&self, row: &mut RowBuilder<'_>);
    fn read(row: &mut Row<'_, '_>) -> Result<Self, BlockError>;
}

macro_rules! ints {
    ($($type:ty),*) => {$(
        impl Cell for $type {
            fn put(&self, row: &mut RowBuilder<'_>) {
                row.int(i64::from(*self));
            }
            fn read(row: &mut Row<'_, '_>) -> Result<Self, BlockError> {
                Self::try_from(row.int()).map_err(|_| BlockError::Content("a number does not fit its field"))
            }
        }
    )*};
}
ints!(u8, u16, u32, i32, i64);

impl Cell for u64 {
    fn put(&self, row: &mut RowBuilder<'_>) {
        row.int(self.cast_signed());
    }
    fn read(row: &mut Row<'_, '_>) -> Result<Self, BlockError> {
        Ok(row.int().cast_unsigned())
    }
}

impl Cell for bool {
    fn put(&self, row: &mut RowBuilder<'_>) {
        row.int(i64::from(*self));
    }
    fn read(row: &mut Row<'_, '_>) -> Result<Self, BlockError> {
        Ok(row.int() != 0)
    }
}

/// Counted from 1, so that 0 is left for none.
impl Cell for Option<u32> {
    fn put(&self, row: &mut RowBuilder<'_>) {
        row.int(self.map_or(0, |value| i64::from(value) + 1));
    }
    fn read(row: &mut Row<'_, '_>) -> Result<Self, BlockError> {
        match row.int() {
            0 => Ok(None),
            value => u32::try_from(value.wrapping_sub(1))
                .map(Some)
                .map_err(|_| BlockError::Content("a number does not fit its field")),
        }
    }
}

/// From the earliest event on, either way.
impl Cell for Timestamp {
    fn put(&self, row: &mut RowBuilder<'_>) {
        let earliest = row.earliest();
        row.int(self.as_nanos().wrapping_sub(earliest));
    }
    fn read(row: &mut Row<'_, '_>) -> Result<Self, BlockError> {
        let earliest = row.earliest();
        Ok(Self::from_nanos(row.int().wrapping_add(earliest)))
    }
}

impl Cell for String {
    fn put(&self, row: &mut RowBuilder<'_>) {
        row.text(self);
    }
    fn read(row: &mut Row<'_, '_>) -> Result<Self, BlockError> {
        row.text()
    }
}

/// How many, and each in a row of the members' table.
impl Cell for Vec<String> {
    fn put(&self, row: &mut RowBuilder<'_>) {
        row.list(self);
    }
    fn read(row: &mut Row<'_, '_>) -> Result<Self, BlockError> {
        row.list()
    }
}

impl Cell for Option<SocketAddress> {
    fn put(&self, row: &mut RowBuilder<'_>) {
        row.address(self.as_ref());
    }
    fn read(row: &mut Row<'_, '_>) -> Result<Self, BlockError> {
        row.address()
    }
}

impl Cell for SocketAddress {
    fn put(&self, row: &mut RowBuilder<'_>) {
        row.address(Some(self));
    }
    fn read(row: &mut Row<'_, '_>) -> Result<Self, BlockError> {
        row.address()?.ok_or(BlockError::Content("an address is missing"))
    }
}

impl<T: Cell, const N: usize> Cell for [T; N] {
    fn put(&self, row: &mut RowBuilder<'_>) {
        self.iter().for_each(|cell| cell.put(row));
    }
    fn read(row: &mut Row<'_, '_>) -> Result<Self, BlockError> {
        let taken: Result<Vec<T>, _> = (0..N).map(|_| T::read(row)).collect();
        taken?.try_into().map_err(|_| BlockError::Content("a list has another length"))
    }
}

macro_rules! structs {
    ($($type:ident { $($field:ident),* })*) => {$(
        impl Cell for $type {
            fn put(&self, row: &mut RowBuilder<'_>) {
                $(self.$field.put(row);)*
            }
            fn read(row: &mut Row<'_, '_>) -> Result<Self, BlockError> {
                Ok(Self { $($field: Cell::read(row)?),* })
            }
        }
    )*};
}

structs! {
    ProcessKey { pid, start }
    Exec { filename, previous_name }
    Fork { child }
    Exit { code, signal }
    Ptrace { request, target }
    SetId { call, ids }
    Open { path, flags, mode }
    Unlink { path, directory }
    Rename { from, to }
    Chmod { path, mode }
    Chown { path, uid, gid }
    Link { target, path, symbolic }
    Connect { fd, remote, local, protocol }
    Accept { remote, local, protocol }
    Bind { fd, local, protocol }
    Listen { fd, local, backlog }
    SetNs { fd, flags }
    Unshare { flags }
    Mount { source, target, fstype, flags }
    Bpf { command }
    ModuleLoad { path, args }
    AgentStarted { version, kernel, hostname, hooks }
    Heartbeat { interval_seconds, events_read, events_lost, spool_bytes, cpu_millis, rss_bytes }
    Loss { stage, cpu, hook, count, since, until }
    AgentStopping { reason }
}

/// The column with the path that an event of a kind is about, if there is one: of a renamed file the old one, of a
/// link or a mount the new one, of an exec the program as it was asked for.
pub const fn path_column(kind: Kind) -> Option<usize> {
    match kind {
        Kind::ProcessExec
        | Kind::FileOpen
        | Kind::FileUnlink
        | Kind::FileRename
        | Kind::FileChmod
        | Kind::FileChown
        | Kind::SystemModuleLoad => Some(0),
        Kind::FileLink | Kind::SystemMount => Some(1),
        Kind::ProcessFork
        | Kind::ProcessExit
        | Kind::ProcessPtrace
        | Kind::ProcessSetId
        | Kind::NetConnect
        | Kind::NetAccept
        | Kind::NetBind
        | Kind::NetListen
        | Kind::NamespaceSet
        | Kind::NamespaceUnshare
        | Kind::SystemBpf
        | Kind::AgentStarted
        | Kind::AgentHeartbeat
        | Kind::AgentLoss
        | Kind::AgentStopping => None,
    }
}

/// Wire numbers of what has names only.
macro_rules! named {
    ($type:ident: $($variant:ident = $number:literal),*) => {
        impl Cell for $type {
            fn put(&self, row: &mut RowBuilder<'_>) {
                row.int(match self { $(Self::$variant => $number),* });
            }
            fn read(row: &mut Row<'_, '_>) -> Result<Self, BlockError> {
                match row.int() {
                    $($number => Ok(Self::$variant),)*
                    _ => Err(BlockError::Content(concat!("there is no such ", stringify!($type)))),
                }
            }
        }
    };
}

named!(SetIdCall: SetUid = 0, SetGid = 1, SetReUid = 2, SetReGid = 3, SetResUid = 4, SetResGid = 5);
named!(LossStage: Kernel = 0, Ring = 1, Decode = 2, Spool = 3, Server = 4);

macro_rules! payloads {
    ($($kind:ident => $type:ident,)*) => {
        pub fn put_payload(payload: &Payload, row: &mut RowBuilder<'_>) {
            match payload { $(Payload::$type(it) => it.put(row),)* }
        }

        pub fn take_payload(kind: Kind, row: &mut Row<'_, '_>) -> Result<Payload, BlockError> {
            match kind { $(Kind::$kind => $type::read(row).map(Payload::$type),)* }
        }
    };
}

payloads! {
    ProcessExec => Exec, ProcessFork => Fork, ProcessExit => Exit, ProcessPtrace => Ptrace,
    ProcessSetId => SetId,
    FileOpen => Open, FileUnlink => Unlink, FileRename => Rename, FileChmod => Chmod, FileChown => Chown,
    FileLink => Link,
    NetConnect => Connect, NetAccept => Accept, NetBind => Bind, NetListen => Listen,
    NamespaceSet => SetNs, NamespaceUnshare => Unshare, SystemMount => Mount, SystemBpf => Bpf,
    SystemModuleLoad => ModuleLoad,
    AgentStarted => AgentStarted, AgentHeartbeat => Heartbeat, AgentLoss => Loss,
    AgentStopping => AgentStopping,
}

const IPV4: i64 = 1;
const IPV6: i64 = 2;
const UNIX: i64 = 3;
const OTHER: i64 = 4;

/// A row of the addresses' table: family, number in two halves, port or family number, path.
pub fn put_address(address: &SocketAddress, row: &mut RowBuilder<'_>) {
    let (family, number, port, path) = match address {
        SocketAddress::Ip { address: IpAddr::V4(ip), port } => (IPV4, u128::from(ip.to_bits()), *port, ""),
        SocketAddress::Ip { address: IpAddr::V6(ip), port } => (IPV6, ip.to_bits(), *port, ""),
        SocketAddress::Unix { path } => (UNIX, 0, 0, path.as_str()),
        SocketAddress::Other { family } => (OTHER, 0, *family, ""),
    };
    row.int(family);
    row.int(((number >> 64) as u64).cast_signed());
    row.int((number as u64).cast_signed());
    row.int(i64::from(port));
    row.text(path);
}

pub fn take_address(row: &mut Row<'_, '_>) -> Result<SocketAddress, BlockError> {
    let family = row.int();
    let (high, low) = (u64::read(row)?, u64::read(row)?);
    let port = u16::read(row)?;
    let path = row.text()?;
    Ok(match family {
        IPV4 => {
            let bits = u32::try_from(low).map_err(|_| BlockError::Content("an address is too long"))?;
            SocketAddress::Ip { address: Ipv4Addr::from_bits(bits).into(), port }
        }
        IPV6 => {
            let bits = (u128::from(high) << 64) | u128::from(low);
            SocketAddress::Ip { address: Ipv6Addr::from_bits(bits).into(), port }
        }
        UNIX => SocketAddress::Unix { path },
        OTHER => SocketAddress::Other { family: port },
        _ => return Err(BlockError::Content("an address is of no known family")),
    })
}
