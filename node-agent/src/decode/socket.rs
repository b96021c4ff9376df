//! `connect`, `accept`, `bind`, `listen`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vedetta_model::{
    Payload,
    event::{Accept, Bind, Connect, Listen, SocketAddress},
};
use vedetta_node_agent_common::{Call, Slot, events};

use super::segments::Segments;

const AF_UNSPEC: u16 = 0;
const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

pub fn decode(call: Call, body: &events::Socket, segments: &Segments<'_>) -> Payload {
    let written = segments.get(Slot::Sockaddr).and_then(|(_, bytes)| sockaddr(bytes));
    let protocol = match body.family {
        AF_INET | AF_INET6 => u8::try_from(body.protocol).unwrap_or(0),
        _ => 0,
    };
    let other = SocketAddress::Other { family: body.family };
    match call {
        Call::Accept => {
            Accept { remote: remote(body, segments), local: local(body, segments), protocol }.into()
        }
        Call::Bind => {
            let address = written.or_else(|| local(body, segments)).unwrap_or(other);
            Bind { fd: body.fd, local: address, protocol }.into()
        }
        Call::Listen => Listen { fd: body.fd, local: local(body, segments), backlog: body.backlog }.into(),
        _ => {
            // A connection in the making has its other end already; one that failed has lost it.
            let address = remote(body, segments).or(written).unwrap_or(other);
            Connect { fd: body.fd, remote: address, local: local(body, segments), protocol }.into()
        }
    }
}

/// Our end, as far as the kernel had chosen it.
fn local(body: &events::Socket, segments: &Segments<'_>) -> Option<SocketAddress> {
    match body.family {
        AF_INET | AF_INET6 if body.local_port == 0 && body.local == [0; 16] => None,
        AF_INET | AF_INET6 => Some(ip(body.family, body.local, body.local_port)),
        AF_UNIX => Some(unix(segments.bytes(Slot::Local))),
        _ => None,
    }
}

/// The other end, where there is one.
fn remote(body: &events::Socket, segments: &Segments<'_>) -> Option<SocketAddress> {
    let port = u16::from_be(body.remote_port);
    match body.family {
        AF_INET | AF_INET6 if port == 0 => None,
        AF_INET | AF_INET6 => Some(ip(body.family, body.remote, port)),
        AF_UNIX => segments.get(Slot::Remote).map(|(_, name)| unix(name)),
        _ => None,
    }
}

fn ip(family: u16, bytes: [u8; 16], port: u16) -> SocketAddress {
    let [a, b, c, d, ..] = bytes;
    let address = if family == AF_INET {
        Ipv4Addr::new(a, b, c, d).into()
    } else {
        IpAddr::from(Ipv6Addr::from(bytes)).to_canonical()
    };
    SocketAddress::Ip { address, port }
}

/// A name in `sun_path`: an abstract one begins with a zero and has no end mark.
fn unix(name: &[u8]) -> SocketAddress {
    let path = match name {
        [0, name @ ..] => format!("@{}", String::from_utf8_lossy(name).trim_end_matches('\0')),
        name => {
            let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
            String::from_utf8_lossy(&name[..end]).into_owned()
        }
    };
    SocketAddress::Unix { path }
}

/// A `sockaddr` as a program wrote it.
fn sockaddr(bytes: &[u8]) -> Option<SocketAddress> {
    let (family, rest) = bytes.split_first_chunk::<2>()?;
    let family = u16::from_ne_bytes(*family);
    match family {
        AF_UNSPEC => None,
        AF_UNIX => Some(unix(rest)),
        AF_INET => {
            let (port, rest) = rest.split_first_chunk::<2>()?;
            let address = rest.first_chunk::<4>()?;
            Some(SocketAddress::Ip { address: (*address).into(), port: u16::from_be_bytes(*port) })
        }
        AF_INET6 => {
            let (port, rest) = rest.split_first_chunk::<2>()?;
            let address = rest.get(4..)?.first_chunk::<16>()?;
            Some(ip(AF_INET6, *address, u16::from_be_bytes(*port)))
        }
        family => Some(SocketAddress::Other { family }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_address_is_given_as_ipv4() {
        let mut bytes = vec![10, 0, 0x1f, 0x90, 0, 0, 0, 0];
        bytes.extend(Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets());
        let expected = SocketAddress::Ip { address: Ipv4Addr::LOCALHOST.into(), port: 8080 };
        assert_eq!(sockaddr(&bytes), Some(expected));
    }

    #[test]
    fn unix_names_tell_abstract_from_unnamed() {
        assert_eq!(unix(b"\0abc"), SocketAddress::Unix { path: "@abc".into() });
        assert_eq!(unix(b"/run/x\0junk"), SocketAddress::Unix { path: "/run/x".into() });
        assert_eq!(unix(b""), SocketAddress::Unix { path: String::new() });
    }

    #[test]
    fn a_short_address_is_no_address() {
        assert_eq!(sockaddr(&[2, 0, 0]), None);
        assert_eq!(sockaddr(&[2]), None);
    }
}
