//! Calls on sockets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hashbrown::HashSet;

use super::fd::{Fd, FdKind, L4, Role, Socket};
use super::{Current, Tables};
use crate::cursor::Cursor;
use crate::fields::args;

/// Families of addresses, as events give them.
pub(crate) const UNIX: u8 = 1;
pub(crate) const INET: u8 = 2;
pub(crate) const INET6: u8 = 10;
const NETLINK: u32 = 16;
/// Types and protocols of sockets.
const STREAM: u32 = 1;
const DATAGRAM: u32 = 2;
const RAW: u32 = 3;
const UDP: u32 = 17;
const EINPROGRESS: i64 = -115;

/// The two ends in a tuple of IP addresses, and whether they are of version 4: version 6 that
/// maps 4 at both ends is 4.
pub(crate) fn tuple(bytes: &[u8]) -> Option<(Socket, bool)> {
    let mut from = Cursor::new(bytes);
    let version4 = match from.u8()? {
        INET => true,
        INET6 => false,
        _ => return None,
    };
    let (source, source_port) = (address(&mut from, version4)?, from.u16()?);
    let (dest, dest_port) = (address(&mut from, version4)?, from.u16()?);
    Some(match (version_4(source), version_4(dest)) {
        (Some(source), Some(dest)) => {
            (Socket::Ip { source: source.into(), source_port, dest: dest.into(), dest_port }, true)
        }
        _ => (Socket::Ip { source, source_port, dest, dest_port }, false),
    })
}

/// The address as one of version 4, when it is or maps one; the unspecified one counts as that.
fn version_4(address: IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(address) if address.is_unspecified() => Some(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(address) => address.to_ipv4_mapped(),
    }
}

/// The address and port in a socket's address of IP.
pub(crate) fn server(bytes: &[u8]) -> Option<(IpAddr, u16)> {
    let mut from = Cursor::new(bytes);
    let version4 = match from.u8()? {
        INET => true,
        INET6 => false,
        _ => return None,
    };
    Some((address(&mut from, version4)?, from.u16()?))
}

fn address(from: &mut Cursor<'_>, version4: bool) -> Option<IpAddr> {
    Some(if version4 {
        let octets: [u8; 4] = from.take(4)?.try_into().ok()?;
        Ipv4Addr::from(octets).into()
    } else {
        let octets: [u8; 16] = from.take(16)?.try_into().ok()?;
        Ipv6Addr::from(octets).into()
    })
}

/// A socket of that domain.
fn socket(domain: u32, kind: u32, protocol: u32) -> Fd {
    let family = u8::try_from(domain).unwrap_or(u8::MAX);
    let fd_kind = match family {
        UNIX => FdKind::Unix,
        INET => FdKind::Ipv4,
        INET6 => FdKind::Ipv6,
        _ if domain == NETLINK => FdKind::Netlink,
        _ => FdKind::Unknown,
    };
    let mut fd = Fd::new(fd_kind, String::new());
    if fd.is_ip() {
        let unspecified: IpAddr =
            if family == INET { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let none = Socket::Ip { source: unspecified, source_port: 0, dest: unspecified, dest_port: 0 };
        let unless_raw = |l4| if kind == RAW { L4::Raw } else { l4 };
        let l4 = match (protocol, kind & 0xff) {
            (6, _) => unless_raw(L4::Tcp),
            (UDP, _) => unless_raw(L4::Udp),
            (0, STREAM) => L4::Tcp,
            (0, DATAGRAM) => L4::Udp,
            (1, _) => unless_raw(L4::Icmp),
            (255, _) => L4::Raw,
            _ => L4::Unknown,
        };
        fd.set_socket(none, l4);
    }
    fd
}

impl<'c> Tables<'c> {
    /// A descriptor of the list at the capture's start.
    pub(super) fn seed_fd(&mut self, tid: i64, number: i64, mut fd: Fd) {
        if self.thread(tid).is_none() {
            return;
        }
        if fd.is_any_ip() {
            fd.name = fd.socket.text();
            fd.connected = fd.is_ip() && fd.raw_l4() == L4::Tcp;
        }
        self.add_fd(tid, number, fd);
        if let Some(thread) = self.thread_mut(tid) {
            thread.last.fd = -1;
        }
    }

    /// Of connections that were there before the capture, those from a port on which the machine
    /// listens are a server's.
    pub(super) fn guess_seeded_roles(&mut self) {
        let port = |socket| if let Socket::Server { port, .. } = socket { Some(port) } else { None };
        let fds = self.threads.values().flat_map(|thread| thread.fds.values());
        let listening: HashSet<u16> = fds.filter_map(|fd| port(fd.socket)).collect();
        for fd in self.threads.values_mut().flat_map(|thread| thread.fds.values_mut()) {
            let Socket::Ip { source_port, .. } = fd.socket else { continue };
            if fd.kind != FdKind::Ipv4 {
                continue;
            }
            let fd = std::sync::Arc::make_mut(fd);
            if listening.contains(&source_port) {
                fd.swap();
                fd.role = Role::Server;
                fd.name = fd.socket.text();
            } else {
                fd.role = Role::Client;
            }
        }
    }

    pub(super) fn socket_exit(&mut self, current: &mut Current<'c>) {
        let Some(number) = current.result().filter(|fd| *fd >= 0) else { return };
        let Some(enter) = self.enter_of(current) else { return };
        let value = |name| enter.u32(name).unwrap_or(0);
        let fd = socket(value("domain"), value("type"), value("proto"));
        self.set_fd(current, number, fd);
    }

    pub(super) fn socketpair_exit(&mut self, current: &mut Current<'c>) {
        if current.i64("res").is_none_or(|res| res < 0) {
            return;
        }
        let (Some(tid), Some(first), Some(second)) = (current.tid, current.i64("fd1"), current.i64("fd2"))
        else {
            return;
        };
        let fd = Fd::new(FdKind::Unix, String::new());
        self.set_fd(current, first, fd.clone());
        self.add_fd(tid, second, fd);
    }

    pub(super) fn bind_exit(&mut self, current: &Current<'c>) {
        let (Some(tid), Some(number)) = (current.tid, current.fd) else { return };
        let address = current.bytes("addr").filter(|bytes| !bytes.is_empty());
        let (Some(0..), Some(bytes)) = (current.i64("res"), address) else { return };
        let Some(fd) = self.fd_mut(tid, number) else { return };
        if let Some((address, port)) = server(bytes).filter(|(_, port)| *port > 0) {
            let address = version_4(address).map_or(address, IpAddr::from);
            fd.kind = if address.is_ipv4() { FdKind::Ipv4Server } else { FdKind::Ipv6Server };
            fd.set_socket(Socket::Server { address, port }, fd.raw_l4());
            fd.role = Role::Server;
        }
        fd.name = args::address(bytes);
    }

    /// New drivers tell on entering whom the call wants to reach. The name follows on leaving.
    pub(super) fn connect_enter(&mut self, current: &Current<'c>) {
        let (Some(tid), Some(number)) = (current.tid, current.fd) else { return };
        let bytes = current.bytes("addr").unwrap_or_default();
        let Some(fd) = self.fd_mut(tid, number) else { return };
        if bytes.first() == Some(&UNIX) {
            fd.name = args::address(bytes);
            return;
        }
        let Some((address, port)) = server(bytes) else { return };
        let dest = version_4(address).map_or(address, IpAddr::from);
        let (unspecified, kind): (IpAddr, _) = if dest.is_ipv4() {
            (Ipv4Addr::UNSPECIFIED.into(), FdKind::Ipv4)
        } else {
            (Ipv6Addr::UNSPECIFIED.into(), FdKind::Ipv6)
        };
        let (source, source_port) = match fd.socket {
            Socket::Ip { source, source_port, .. } if fd.kind == kind => (source, source_port),
            _ => (unspecified, 0),
        };
        fd.set_kind(kind);
        fd.socket = Socket::Ip { source, source_port, dest, dest_port: port };
    }

    pub(super) fn connect_exit(&mut self, current: &Current<'c>) {
        let (Some(tid), Some(number)) = (current.tid, current.fd) else { return };
        if current.i64("res").is_none_or(|res| res < 0 && res != EINPROGRESS) {
            return;
        }
        let bytes = current.bytes("tuple").unwrap_or_default();
        let Some(fd) = self.fd_mut(tid, number) else { return };
        fd.connected = true;
        if bytes.is_empty() {
            return;
        }
        fd.name = args::tuple(bytes);
        if let Some((told, version4)) = tuple(bytes) {
            if fd.take_ends(told, version4) && fd.role == Role::Server && fd.raw_l4() == L4::Udp {
                fd.swap();
            }
            fd.name = fd.socket_name();
        }
        if fd.role == Role::None {
            fd.role = Role::Client;
        }
    }

    pub(super) fn accept_exit(&mut self, current: &mut Current<'c>) {
        let (Some(tid), Some(number)) = (current.tid, current.i64("fd").filter(|fd| *fd >= 0)) else {
            return;
        };
        if let Some(thread) = self.thread_mut(tid) {
            thread.last.fd = number;
        }
        let bytes = current.bytes("tuple").unwrap_or_default();
        let mut fd = match (bytes.first(), tuple(bytes)) {
            (Some(&UNIX), _) => Fd::new(FdKind::Unix, String::new()),
            (_, Some((socket, version4))) => {
                let mut fd = Fd::new(if version4 { FdKind::Ipv4 } else { FdKind::Ipv6 }, String::new());
                fd.set_socket(socket, L4::Tcp);
                fd
            }
            _ => return,
        };
        fd.name = args::tuple(bytes);
        (fd.role, fd.connected) = (Role::Server, true);
        self.set_fd(current, number, fd);
    }

    /// Someone sends over a descriptor whose making was not seen: it is taken for UDP.
    pub(super) fn guess_datagram(&mut self, current: &mut Current<'c>) {
        if current.fd.is_some() {
            return;
        }
        let Some(number) = current.i64("fd").filter(|fd| *fd >= 0) else { return };
        let family = current.bytes("tuple").and_then(|bytes| bytes.first().copied());
        let Some(family @ (INET | INET6)) = family else { return };
        self.set_fd(current, number, socket(family.into(), DATAGRAM, UDP));
    }

    /// Reading and writing: datagrams say who is at the other end.
    pub(super) fn transfer_exit(&mut self, current: &Current<'c>) {
        let (Some(tid), Some(number)) = (current.tid, current.fd) else { return };
        if current.i64("res").is_none_or(|res| res < 0) {
            return;
        }
        let incoming = current.info.reads;
        let bytes = if incoming {
            current.bytes("tuple")
        } else {
            self.enter_of(current).and_then(|enter| enter.bytes("tuple"))
        };
        let Some(fd) = self.fd_mut(tid, number) else { return };
        if fd.is_ip() {
            fd.connected = true;
        }
        let is_tcp = fd.is_ip() && fd.raw_l4() == L4::Tcp;
        let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty() && (fd.name.is_empty() || !is_tcp)) else {
            return;
        };
        if bytes[0] == UNIX {
            fd.kind = FdKind::Unix;
            fd.name = args::tuple(bytes);
            return;
        }
        let Some((told, version4)) = tuple(bytes) else { return };
        let mut new = fd.clone();
        if !new.take_ends(told, version4) {
            return;
        }
        if new.raw_l4() == L4::Unknown {
            new.set_socket(new.socket, L4::Udp);
        }
        self.network.complete(&mut new);
        if new.role == Role::None {
            // A server begins by reading, a client by writing.
            new.role = if incoming { Role::Server } else { Role::Client };
        }
        if new.role == (if incoming { Role::Client } else { Role::Server }) {
            new.swap();
        }
        new.name = new.socket_name();
        if let Some(fd) = self.fd_mut(tid, number) {
            *fd = new;
        }
    }
}
