//! `connect`, `accept`, `bind`, `listen`.

super::body! {
    /// Segments: `Local`, `Remote` for Unix sockets; `Sockaddr` when a call that has one failed.
    Socket, 48 {
        /// Our address, in network order; IPv4 fills the first four bytes.
        local: [u8; 16],
        /// Their address, likewise.
        remote: [u8; 16],
        /// The descriptor the call was given.
        fd: i32,
        /// Length of the waiting line, for `listen`.
        backlog: i32,
        /// Address family; 0 when the descriptor was no socket, or is closed already.
        family: u16,
        /// Our port, in host order.
        local_port: u16,
        /// Their port, in network order.
        remote_port: u16,
        /// IP protocol.
        protocol: u16,
    }
}
