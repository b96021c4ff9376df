//! Subscriptions over a real WebSocket.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use http::StatusCode;
use serde_json::{Value, json};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::support::{Bench, code, facts::*};

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

async fn serve(bench: &Bench) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(axum::serve(listener, bench.router()).into_future());
    address
}

async fn connect(address: &str, headers: &[(&'static str, String)]) -> Result<Socket, Error> {
    let mut request = format!("ws://{address}/graphql/ws").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    Ok(connect_async(request).await?.0)
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

async fn hear(socket: &mut Socket) -> Value {
    loop {
        match tokio::time::timeout(Duration::from_secs(20), socket.next()).await.unwrap() {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
            Some(Ok(Message::Close(frame))) => return json!({ "closed": frame.map(|f| u16::from(f.code)) }),
            Some(Ok(_)) => {}
            other => return json!({ "ended": format!("{other:?}") }),
        }
    }
}

#[tokio::test]
async fn a_change_reaches_a_browser_with_a_cookie_and_a_program_with_a_token() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let token = bench.tenants.sign_in(&acme, "ada");
    bench.run();
    let address = serve(&bench).await;
    let cookie = [("cookie", format!("vedetta_session={token}")), ("origin", format!("http://{address}"))];
    let mut browser = connect(&address, &cookie).await.unwrap();
    let mut program = connect(&address, &[]).await.unwrap();
    say(&mut browser, json!({ "type": "connection_init" })).await;
    say(&mut program, json!({ "type": "connection_init", "payload": { "token": token } })).await;
    let query = "subscription { nodeChanged(tenant: \"acme\") { hostname } }";
    for socket in [&mut browser, &mut program] {
        assert_eq!(hear(socket).await["type"], "connection_ack");
        say(socket, json!({ "id": "1", "type": "subscribe", "payload": { "query": query } })).await;
    }
    let listening = async || Ok(bench.state.progress.listeners() == 2);
    bench.state.progress.wait_until(Duration::from_secs(20), listening).await.unwrap();
    bench.decide(&enrolled(&acme, 1, bench.now())).await;
    for socket in [&mut browser, &mut program] {
        let heard = hear(socket).await;
        assert_eq!(heard["payload"]["data"]["nodeChanged"]["hostname"], "host-1", "{heard}");
    }
}

#[tokio::test]
async fn another_origin_is_refused_and_nobody_listens_without_a_session() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let token = bench.tenants.sign_in(&acme, "ada");
    let address = serve(&bench).await;
    let foreign =
        [("cookie", format!("vedetta_session={token}")), ("origin", "http://evil.example".to_owned())];
    match connect(&address, &foreign).await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), StatusCode::FORBIDDEN),
        other => panic!("{other:?}"),
    }
    for payload in [json!({}), json!({ "token": "forged" })] {
        let mut socket = connect(&address, &[]).await.unwrap();
        say(&mut socket, json!({ "type": "connection_init", "payload": payload })).await;
        let heard = hear(&mut socket).await;
        assert!(heard.get("closed").is_some() || heard["type"] == "connection_error", "{heard}");
    }
}

#[tokio::test]
async fn a_connection_has_only_so_many_subscriptions() {
    let acme = tenant("acme");
    let config = vedetta_query::Config { max_subscriptions: 2, ..vedetta_query::Config::default() };
    let bench = Bench::with(config).await;
    let token = bench.tenants.sign_in(&acme, "ada");
    let address = serve(&bench).await;
    let mut socket = connect(&address, &[]).await.unwrap();
    say(&mut socket, json!({ "type": "connection_init", "payload": { "token": token } })).await;
    assert_eq!(hear(&mut socket).await["type"], "connection_ack");
    for id in ["1", "2", "3"] {
        let query = "subscription { nodeChanged(tenant: \"acme\") { hostname } }";
        say(&mut socket, json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }
    let heard = hear(&mut socket).await;
    assert_eq!(code(&heard["payload"]), "EXHAUSTED", "{heard}");
    let two_listen = async || Ok(bench.state.progress.listeners() == 2);
    bench.state.progress.wait_until(Duration::from_secs(20), two_listen).await.unwrap();
}
