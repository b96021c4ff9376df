//! Whoever knocks at the agents' listener harms nobody else.

mod common;

use std::sync::Arc;

use common::{Sandbox, agent::Stream, block};
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use vedetta_auth::client::{self, Trust};

#[tokio::test]
async fn silent_and_senseless_connections_leave_agents_alone() {
    let sandbox = Sandbox::start().await;
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.push(TcpStream::connect(sandbox.address).await.unwrap());
    }
    let mut senseless = TcpStream::connect(sandbox.address).await.unwrap();
    senseless.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // A TLS alert at most, then the end.
    assert!(senseless.read_to_end(&mut answer).await.unwrap_or(0) < 16);

    let mut stream = Stream::open(sandbox.node_channel(&client::generate_key().unwrap())).await.unwrap();
    stream.send(block(1, 1)).await;
    assert_eq!(stream.ack().await, (1, 1));
}

#[tokio::test]
async fn a_peer_that_does_not_speak_http_2_is_turned_away() {
    let sandbox = Sandbox::start().await;
    let trust = Trust::Pin(sandbox.authority.pin().parse().unwrap());
    for alpn in [vec![b"http/1.1".to_vec()], vec![]] {
        let mut tls = client::tls_config(&trust, None).unwrap();
        tls.alpn_protocols = alpn;
        let tcp = TcpStream::connect(sandbox.address).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let refused = match TlsConnector::from(Arc::new(tls)).connect(name, tcp).await {
            Err(_) => true,
            // With TLS 1.3 it may show at the first read only.
            Ok(mut stream) => !matches!(stream.read(&mut [0; 16]).await, Ok(1..)),
        };
        assert!(refused);
    }
}
