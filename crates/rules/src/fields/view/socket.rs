//! `fd.*` of a socket. The client of a connection is who began it: us for `connect`, the other end
//! for `accept`. A socket that waits for connections has a server side only.

use std::io::Write;
use std::net::IpAddr;

use vedetta_model::Payload;
use vedetta_model::event::SocketAddress;

use super::EventView;
use super::file::named_file_field;
use crate::fields::names::EINPROGRESS;
use crate::fields::{Fetch, Known, Value};

/// The two ends of a socket and what it speaks.
struct Ends<'a> {
    fd: i64,
    local: Option<&'a SocketAddress>,
    remote: Option<&'a SocketAddress>,
    protocol: u8,
    /// We are the one who is called.
    server: bool,
    connected: bool,
}

type Ip = (IpAddr, u16);

fn ip(address: Option<&SocketAddress>) -> Option<Ip> {
    match address? {
        SocketAddress::Ip { address, port } => Some((*address, *port)),
        _ => None,
    }
}

impl<'a> Ends<'a> {
    fn client(&self) -> Option<Ip> {
        ip(if self.server { self.remote } else { self.local })
    }

    fn server(&self) -> Option<Ip> {
        ip(if self.server { self.local } else { self.remote })
    }

    fn any(&self) -> Option<&'a SocketAddress> {
        self.remote.or(self.local)
    }

    /// `10.0.0.1:4711->10.0.0.2:443`, `0.0.0.0:80`, or a Unix socket's path.
    fn write_name(&self, out: &mut Vec<u8>) {
        // Writing to a Vec cannot fail.
        let _ = match (self.client(), self.server()) {
            (Some(c), Some(s)) => write!(out, "{}:{}->{}:{}", c.0, c.1, s.0, s.1),
            (None, Some(s)) if self.server => write!(out, "{}:{}", s.0, s.1),
            (None, Some(s)) => write!(out, "{}:0->{}:{}", unspecified(s.0), s.0, s.1),
            _ => match self.any() {
                Some(SocketAddress::Unix { path }) => write!(out, "{path}"),
                _ => Ok(()),
            },
        };
    }
}

fn unspecified(like: IpAddr) -> IpAddr {
    if like.is_ipv4() { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) }
}

impl<'a> EventView<'a> {
    fn ends(&self) -> Option<Ends<'a>> {
        let result = self.event.result;
        Some(match &self.event.payload {
            Payload::Connect(it) => Ends {
                fd: it.fd.into(),
                local: it.local.as_ref(),
                remote: Some(&it.remote),
                protocol: it.protocol,
                server: false,
                connected: result == 0 || result == -EINPROGRESS,
            },
            Payload::Accept(it) => Ends {
                fd: result.max(-1),
                local: it.local.as_ref(),
                remote: it.remote.as_ref(),
                protocol: it.protocol,
                server: true,
                connected: result >= 0,
            },
            Payload::Bind(it) => Ends {
                fd: it.fd.into(),
                local: Some(&it.local),
                remote: None,
                protocol: it.protocol,
                server: true,
                connected: false,
            },
            Payload::Listen(it) => Ends {
                fd: it.fd.into(),
                local: it.local.as_ref(),
                remote: None,
                protocol: 6,
                server: true,
                connected: false,
            },
            _ => return None,
        })
    }

    pub(super) fn fd_field(&self, known: Known, out: &mut Vec<u8>) -> Fetch<'a> {
        use Known as K;
        let Some(ends) = self.ends() else {
            return match &self.event.payload {
                Payload::Open(open) => self.opened_file_field(open, known),
                Payload::ModuleLoad(it) if !it.path.is_empty() => named_file_field(&it.path, known),
                _ => Fetch::Absent,
            };
        };
        let address = |ip: Option<Ip>| ip.map_or(Fetch::Absent, |(ip, _)| Fetch::Value(Value::Ip(ip)));
        let port = |ip: Option<Ip>| ip.map_or(Fetch::Absent, |(_, port)| Fetch::uint(port));
        match known {
            K::FdNum => Fetch::int(ends.fd),
            K::FdName => {
                let start = out.len();
                ends.write_name(out);
                if out.len() == start { Fetch::Absent } else { Fetch::Built }
            }
            K::FdType => match ends.any() {
                Some(SocketAddress::Ip { address: IpAddr::V4(_), .. }) => Fetch::some("ipv4"),
                Some(SocketAddress::Ip { .. }) => Fetch::some("ipv6"),
                Some(SocketAddress::Unix { .. }) => Fetch::some("unix"),
                Some(SocketAddress::Other { .. }) | None => Fetch::Absent,
            },
            K::FdTypechar => match ends.any() {
                Some(SocketAddress::Ip { address: IpAddr::V4(_), .. }) => Fetch::some("4"),
                Some(SocketAddress::Ip { .. }) => Fetch::some("6"),
                Some(SocketAddress::Unix { .. }) => Fetch::some("u"),
                Some(SocketAddress::Other { .. }) | None => Fetch::Absent,
            },
            K::FdSockfamily => match ends.any() {
                Some(SocketAddress::Ip { .. }) => Fetch::some("ip"),
                Some(SocketAddress::Unix { .. }) => Fetch::some("unix"),
                Some(SocketAddress::Other { .. }) | None => Fetch::Absent,
            },
            K::FdCip | K::FdCnet => address(ends.client()),
            K::FdSip | K::FdSnet => address(ends.server()),
            K::FdLip | K::FdLnet => address(ip(ends.local)),
            K::FdRip | K::FdRnet => address(ip(ends.remote)),
            K::FdCport => port(ends.client()),
            K::FdSport => port(ends.server()),
            K::FdLport => port(ip(ends.local)),
            K::FdRport => port(ip(ends.remote)),
            K::FdIp | K::FdNet | K::FdPort => match ip(ends.local).or(ip(ends.remote)) {
                Some(_) => Fetch::Many,
                None => Fetch::Absent,
            },
            K::FdL4proto => match (ip(ends.any()), ends.protocol) {
                (Some(_), 6) => Fetch::some("tcp"),
                (Some(_), 17) => Fetch::some("udp"),
                (Some(_), 1 | 58) => Fetch::some("icmp"),
                (Some(_), 255) => Fetch::some("raw"),
                _ => Fetch::Absent,
            },
            K::FdIsServer => Fetch::bool(ends.server),
            K::FdConnected => Fetch::bool(ends.connected),
            _ => Fetch::Absent,
        }
    }

    pub(super) fn each_address(&self, known: Option<Known>, visit: &mut dyn FnMut(Value<'_>) -> bool) {
        let Some(ends) = self.ends() else { return };
        for (address, port) in [ip(ends.remote), ip(ends.local)].into_iter().flatten() {
            let value =
                if known == Some(Known::FdPort) { Value::Uint(port.into()) } else { Value::Ip(address) };
            if visit(value) {
                return;
            }
        }
    }

    /// The name of the socket, as `evt.arg.tuple` and `evt.arg.addr` give it.
    pub(super) fn socket_name(&self, out: &mut Vec<u8>) -> Fetch<'a> {
        self.fd_field(Known::FdName, out)
    }
}
