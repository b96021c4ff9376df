//! The machine's addresses, and what they tell about sockets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::fd::{Fd, Socket};
use crate::blocks::interfaces::Interface;

/// The machine's addresses.
#[derive(Debug, Default)]
pub(crate) struct Network {
    interfaces: Vec<Interface>,
}

impl Network {
    pub(super) fn add(&mut self, interface: Interface) {
        self.interfaces.push(interface);
    }

    pub(super) fn is_local(&self, address: IpAddr) -> bool {
        matches!(address, IpAddr::V4(address) if address.is_loopback())
            || self.interfaces.iter().any(|interface| match (interface, address) {
                (Interface::V4 { address, .. }, IpAddr::V4(of)) => *address == of,
                (Interface::V6 { address }, IpAddr::V6(of)) => near(*address, of),
                _ => false,
            })
    }

    /// Puts the machine's address where a connection lacks one of its ends.
    pub(super) fn complete(&self, fd: &mut Fd) {
        let Socket::Ip { source, dest, .. } = &mut fd.socket else { return };
        if source.is_unspecified() {
            *source = self.toward(*dest).unwrap_or(*source);
        } else if dest.is_unspecified() {
            *dest = self.toward(*source).unwrap_or(*dest);
        }
    }

    /// The machine's address in the other one's net; else any that is no loopback.
    fn toward(&self, other: IpAddr) -> Option<IpAddr> {
        let v4 = |a: Ipv4Addr, b: Ipv4Addr, mask: Ipv4Addr| a & mask == b & mask;
        let same_net = self.interfaces.iter().find_map(|interface| match (*interface, other) {
            (Interface::V4 { address, mask }, IpAddr::V4(of)) if v4(address, of, mask) => {
                Some(address.into())
            }
            (Interface::V6 { address }, IpAddr::V6(of)) if near(address, of) => Some(address.into()),
            _ => None,
        });
        same_net.or_else(|| {
            let any = self.interfaces.iter().map(|interface| match *interface {
                Interface::V4 { address, .. } => IpAddr::from(address),
                Interface::V6 { address } => IpAddr::from(address),
            });
            any.filter(|address| address.is_ipv4() == other.is_ipv4()).find(|address| !address.is_loopback())
        })
    }
}

/// A net of version 6 is half of an address.
fn near(a: Ipv6Addr, b: Ipv6Addr) -> bool {
    a.to_bits() >> 64 == b.to_bits() >> 64
}
