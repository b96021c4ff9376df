//! Whatever an agent sends for a block, the service lives and the log stays clean.

mod common;

use common::{Sandbox, agent::Stream, block};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use vedetta_api::agent::v1::refusal::Code;
use vedetta_auth::client;

#[test]
fn foreign_bytes_are_refused_and_never_appended() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (sandbox, mut stream) = runtime.block_on(async {
        let sandbox = Sandbox::start_with("malformed_blocks = 1000000").await;
        let channel = sandbox.node_channel(&client::generate_key().unwrap());
        let stream = Stream::open(channel).await.unwrap();
        (sandbox, stream)
    });
    let good = block(1, 20);
    let bits = good.len() * 8;
    let flipped = (0..bits).prop_map(move |bit| {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    });
    let like_a_block = vec(any::<u8>(), 0..300).prop_map(|bytes| [b"VDB1\x01\x00", &bytes[..]].concat());
    let foreign = prop_oneof![vec(any::<u8>(), 0..300), like_a_block, flipped];
    let stream = tokio::sync::Mutex::new(&mut stream);
    TestRunner::new(Config::with_cases(500))
        .run(&foreign, |bytes| {
            let refusal = runtime.block_on(async {
                let mut stream = stream.lock().await;
                stream.send(bytes).await;
                stream.refusal().await
            });
            prop_assert_eq!(refusal.code(), Code::Malformed);
            Ok(())
        })
        .unwrap();
    assert!(runtime.block_on(sandbox.telemetry()).is_empty());
}
