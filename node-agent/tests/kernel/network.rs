use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::fd::AsRawFd as _,
};

use vedetta_model::{
    Payload,
    event::{Listen, SocketAddress},
};

use crate::watcher::{await_event, in_child};

const TCP: u8 = 6;
const UDP: u8 = 17;

fn ip(address: SocketAddr) -> SocketAddress {
    SocketAddress::Ip { address: address.ip(), port: address.port() }
}

#[test]
fn a_connection_shows_both_ends() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let pid = in_child(|| drop(TcpStream::connect(address).unwrap()));
    let seen = await_event(
        pid,
        "connect",
        |seen| matches!(&seen.event.payload, Payload::Connect(it) if it.remote == ip(address) && it.protocol == TCP),
    );
    let Payload::Connect(connect) = &seen.event.payload else { unreachable!() };
    let (_, peer) = listener.accept().unwrap();
    assert_eq!((seen.event.result, connect.local.clone()), (0, Some(ip(peer))));
}

#[test]
fn a_refused_connection_still_shows_where_it_went() {
    // A port that was free a moment ago.
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let pid = in_child(|| assert!(TcpStream::connect(address).is_err()));
    let seen = await_event(
        pid,
        "connect",
        |seen| matches!(&seen.event.payload, Payload::Connect(it) if it.remote == ip(address)),
    );
    assert_eq!(seen.event.result, -111);
}

#[test]
fn a_server_shows_bind_listen_and_accept() {
    let (tell, told) = std::os::unix::net::UnixStream::pair().unwrap();
    let client = std::thread::spawn(move || {
        use std::io::Read as _;
        let mut port = [0; 2];
        (&told).read_exact(&mut port).unwrap();
        let stream = TcpStream::connect((Ipv6Addr::LOCALHOST, u16::from_ne_bytes(port))).unwrap();
        (stream.local_addr().unwrap(), stream.peer_addr().unwrap())
    });
    let pid = in_child(|| {
        use std::io::Write as _;
        let listener = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        (&tell).write_all(&port.to_ne_bytes()).unwrap();
        listener.accept().unwrap();
    });
    let (client, server) = client.join().unwrap();
    await_event(
        pid,
        "bind",
        |seen| matches!(&seen.event.payload, Payload::Bind(it) if it.local == ip(server) && it.protocol == TCP),
    );
    let listened = await_event(
        pid,
        "listen",
        |seen| matches!(&seen.event.payload, Payload::Listen(Listen { local, .. }) if *local == Some(ip(server))),
    );
    assert_eq!(listened.event.result, 0);
    let accepted = await_event(pid, "accept", |seen| {
        matches!(&seen.event.payload, Payload::Accept(it)
            if it.remote == Some(ip(client)) && it.local == Some(ip(server)) && it.protocol == TCP)
    });
    assert!(accepted.event.result > 0);
}

#[test]
fn a_connected_datagram_socket_is_seen() {
    let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 9), 5353));
    let pid = in_child(|| UdpSocket::bind("127.0.0.1:0").unwrap().connect(address).unwrap());
    await_event(
        pid,
        "connect",
        |seen| matches!(&seen.event.payload, Payload::Connect(it) if it.remote == ip(address) && it.protocol == UDP),
    );
}

#[test]
fn unix_sockets_show_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let name = path.to_string_lossy().into_owned();
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    assert!(listener.as_raw_fd() >= 0);
    let missing = folder.path().join("missing").to_string_lossy().into_owned();
    let pid = in_child(|| {
        std::os::unix::net::UnixStream::connect(&path).unwrap();
        assert!(std::os::unix::net::UnixStream::connect(&missing).is_err());
    });
    for (path, result) in [(name, 0), (missing, -2)] {
        let remote = SocketAddress::Unix { path };
        let seen = await_event(
            pid,
            "connect",
            |seen| matches!(&seen.event.payload, Payload::Connect(it) if it.remote == remote),
        );
        assert_eq!(seen.event.result, result);
    }
}
