//! What becomes of an agent's blocks.

mod common;

use std::time::Duration;

use common::{Sandbox, agent::Stream, block, block_of, boot, node, other_block, tenant};
use tonic::Code;
use vedetta_api::agent::v1::{agent_message::Message as FromAgent, refusal::Code as Refused};
use vedetta_auth::client;
use vedetta_block::{Batch, MAX_BLOCK_BYTES};
use vedetta_log::{AppendError, Key, Topic};
use vedetta_model::{
    BootId, NodeId,
    control::{DomainEvent, Limits, TenantEvent},
};
use vedetta_runtime::Reason;

async fn open(sandbox: &Sandbox) -> Stream {
    Stream::open(sandbox.node_channel(&client::generate_key().unwrap())).await.unwrap()
}

#[tokio::test]
async fn a_block_lies_in_the_log_as_it_was_sent_under_the_nodes_key() {
    let sandbox = Sandbox::start().await;
    let mut stream = open(&sandbox).await;
    let sent = block(3, 7);
    stream.send(sent.clone()).await;
    assert_eq!(stream.ack().await, (3, 7));

    let [record] = &sandbox.telemetry().await[..] else { panic!("expected one record") };
    assert_eq!(record.payload, sent);
    assert_eq!((&record.tenant, &record.key), (&tenant(), &Key::of(&tenant(), node())));
    let header = |name: &str| std::str::from_utf8(&record.headers[name]).unwrap().to_owned();
    assert_eq!(["boot", "first", "last", "count"].map(header), [&boot().to_string(), "3", "7", "5"]);
    assert_eq!(Batch::decode(&record.payload).unwrap().events.len(), 5);
    assert_eq!(sandbox.metric("vedetta_ingest_events_total").await, 5.0);
}

#[tokio::test]
async fn what_an_earlier_run_left_in_the_spool_is_taken_too() {
    let sandbox = Sandbox::start().await;
    let mut stream = open(&sandbox).await;
    let earlier = BootId::from_uuid(uuid::Uuid::from_u128(1));
    stream.send(block_of(tenant(), node(), earlier, 1, 2)).await;
    assert_eq!(stream.ack().await, (1, 2));
}

#[tokio::test]
async fn a_block_of_another_tenant_or_node_is_refused_and_the_stream_lives() {
    let sandbox = Sandbox::start().await;
    let mut stream = open(&sandbox).await;
    stream.send(block_of("other".parse().unwrap(), node(), boot(), 1, 2)).await;
    let stranger = NodeId::from_uuid(uuid::Uuid::from_u128(8));
    stream.send(block_of(tenant(), stranger, boot(), 1, 2)).await;
    stream.send(block(1, 2)).await;
    for _ in 0..2 {
        let refusal = stream.refusal().await;
        assert_eq!((refusal.code(), refusal.first, refusal.last), (Refused::Foreign, 1, 2));
        assert_eq!(refusal.boot, boot().as_uuid().as_bytes());
    }
    assert_eq!(stream.ack().await, (1, 2));
    assert_eq!(sandbox.telemetry().await.len(), 1);
    assert_eq!(sandbox.metric("vedetta_ingest_refused_blocks_total{code=\"foreign\"}").await, 2.0);
}

#[tokio::test]
async fn malformed_blocks_are_refused_one_by_one_and_too_many_end_the_stream() {
    let sandbox = Sandbox::start_with("malformed_blocks = 4").await;
    let mut stream = open(&sandbox).await;
    let mut damaged = block(5, 6);
    *damaged.last_mut().unwrap() ^= 1;
    stream.send(b"no block".to_vec()).await;
    stream.send(damaged.clone()).await;
    stream.send(vec![]).await;
    stream.send(block(7, 8)).await;
    assert_eq!(stream.refusal().await.code(), Refused::Malformed);
    let refusal = stream.refusal().await;
    assert_eq!((refusal.code(), refusal.first, refusal.last), (Refused::Malformed, 5, 6));
    assert_eq!(stream.refusal().await.code(), Refused::Malformed);
    assert_eq!(stream.ack().await, (7, 8));

    stream.send(damaged).await;
    assert_eq!(stream.refusal().await.code(), Refused::Malformed);
    assert_eq!(stream.end().await.code(), Code::InvalidArgument);
    assert_eq!(sandbox.telemetry().await.len(), 1);
}

#[tokio::test]
async fn an_oversized_block_is_refused_and_the_stream_lives() {
    let sandbox = Sandbox::start().await;
    let mut stream = open(&sandbox).await;
    stream.send(vec![b'x'; MAX_BLOCK_BYTES + 1]).await;
    stream.send(block(1, 1)).await;
    assert_eq!(stream.refusal().await.code(), Refused::TooLarge);
    assert_eq!(stream.ack().await, (1, 1));
    assert_eq!(sandbox.telemetry().await.len(), 1);
}

#[tokio::test]
async fn a_repeated_block_is_acknowledged_again_and_appended_once() {
    let sandbox = Sandbox::start().await;
    let mut stream = open(&sandbox).await;
    for _ in 0..2 {
        stream.send(block(1, 4)).await;
        assert_eq!(stream.ack().await, (1, 4));
    }
    let mut again = open(&sandbox).await;
    again.send(block(1, 4)).await;
    assert_eq!(again.ack().await, (1, 4), "also on another stream");
    again.send(block(5, 6)).await;
    assert_eq!(again.ack().await, (5, 6));
    assert_eq!(sandbox.telemetry().await.len(), 2);
    assert_eq!(sandbox.metric("vedetta_ingest_repeated_blocks_total").await, 2.0);
}

#[tokio::test]
async fn numbers_that_were_given_are_refused_with_other_content_and_put_aside() {
    let sandbox = Sandbox::start().await;
    let mut stream = open(&sandbox).await;
    stream.send(block(3, 6)).await;
    assert_eq!(stream.ack().await, (3, 6));
    let others = [other_block(3, 6), block(1, 3), block(6, 9), block(1, 9), block(4, 5)];
    for other in &others {
        stream.send(other.clone()).await;
        let refusal = stream.refusal().await;
        assert_eq!((refusal.code(), refusal.retry_after_ms), (Refused::Overlaps, 0), "{}", refusal.message);
        assert!(refusal.message.contains("overlap events 3 to 6"), "{}", refusal.message);
    }
    stream.send(block(1, 2)).await;
    stream.send(block(7, 9)).await;
    assert_eq!((stream.ack().await, stream.ack().await), ((1, 2), (7, 9)), "the rest goes on");

    let telemetry = sandbox.telemetry().await;
    assert_eq!(
        telemetry.iter().map(|r| r.payload.to_vec()).collect::<Vec<_>>(),
        [block(3, 6), block(1, 2), block(7, 9)]
    );
    let letters = sandbox.records(Topic::DEAD_LETTERS).await;
    assert_eq!(letters.iter().map(|r| r.payload.to_vec()).collect::<Vec<_>>(), others);
    for letter in &letters {
        let reason = Reason::of(letter).unwrap();
        assert_eq!((&reason.from, &*reason.stage), (&letter.position, "ingest"));
        assert!(reason.why.contains("overlap events 3 to 6"), "{}", reason.why);
        assert_eq!((&letter.tenant, &letter.key), (&tenant(), &Key::of(&tenant(), node())));
    }
    assert_eq!(sandbox.metric("vedetta_ingest_refused_blocks_total{code=\"overlaps\"}").await, 5.0);
    assert_eq!(sandbox.metric("vedetta_ingest_quarantined_blocks_total{result=\"kept\"}").await, 5.0);
}

#[tokio::test]
async fn whether_it_overlaps_is_said_once_what_came_before_is_durable() {
    let sandbox = Sandbox::start().await;
    let (mut first, mut second) = (open(&sandbox).await, open(&sandbox).await);
    sandbox.log.shut();
    first.send(block(1, 4)).await;
    sandbox.log.until_waiting(1).await;
    second.send(other_block(1, 4)).await;
    let refusal = second.refusal().await;
    assert_eq!(refusal.code(), Refused::Unavailable);
    assert!(refusal.retry_after_ms > 0);
    second.send(block(1, 4)).await;
    sandbox.log.until_waiting(2).await;
    sandbox.log.open();
    assert_eq!((first.ack().await, second.ack().await), ((1, 4), (1, 4)), "the same block may come twice");
    second.send(other_block(1, 4)).await;
    assert_eq!(second.refusal().await.code(), Refused::Overlaps);

    // What the log did not take leaves its numbers free.
    sandbox.log.fail_once(AppendError::Full("no space left on device".into()));
    first.send(block(5, 6)).await;
    assert_eq!(first.refusal().await.code(), Refused::ResourceExhausted);
    second.send(other_block(5, 6)).await;
    assert_eq!(second.ack().await, (5, 6));
}

#[tokio::test]
async fn a_node_can_put_only_so_much_aside() {
    let sandbox = Sandbox::start().await;
    let mut stream = open(&sandbox).await;
    stream.send(block(1, 1)).await;
    assert_eq!(stream.ack().await, (1, 1));
    let large = common::large_block(1, 4 << 20);
    for _ in 0..5 {
        stream.send(large.clone()).await;
        let refusal = stream.refusal().await;
        assert_eq!((refusal.code(), refusal.retry_after_ms), (Refused::Overlaps, 0));
    }
    let kept: usize = sandbox.records(Topic::DEAD_LETTERS).await.iter().map(|r| r.payload.len()).sum();
    assert!((5 << 20..9 << 20).contains(&kept), "{kept} bytes are kept");
    assert_eq!(sandbox.metric("vedetta_ingest_quarantined_blocks_total{result=\"kept\"}").await, 2.0);
    assert_eq!(sandbox.metric("vedetta_ingest_quarantined_blocks_total{result=\"over_limit\"}").await, 3.0);
}

#[tokio::test]
async fn a_block_that_could_not_be_put_aside_is_to_come_again() {
    let sandbox = Sandbox::start().await;
    let mut stream = open(&sandbox).await;
    stream.send(block(1, 4)).await;
    assert_eq!(stream.ack().await, (1, 4));
    sandbox.log.lose_letter(AppendError::Full("no space left on device".into()));
    stream.send(other_block(1, 4)).await;
    let refusal = stream.refusal().await;
    assert_eq!(refusal.code(), Refused::ResourceExhausted);
    assert!(refusal.retry_after_ms > 0);
    stream.send(other_block(1, 4)).await;
    assert_eq!(stream.refusal().await.code(), Refused::Overlaps);
    assert_eq!(sandbox.records(Topic::DEAD_LETTERS).await.len(), 1);
}

#[tokio::test]
async fn what_overlaps_counts_against_its_nodes_limit() {
    let sandbox = Sandbox::start_with("burst_seconds = 1").await;
    let mut stream = open(&sandbox).await;
    stream.send(block(1, 10)).await;
    assert_eq!(stream.ack().await, (1, 10));
    let limits = Limits { events_per_second: 100, node_events_per_second: 10, nodes: 1 };
    sandbox.decide("default", 1, DomainEvent::Tenant(TenantEvent::LimitsChanged { limits })).await;
    // The decision is in force once a block is refused because of it.
    loop {
        stream.send(other_block(1, 10)).await;
        let refusal = stream.refusal().await;
        if refusal.code() == Refused::ResourceExhausted {
            assert!(refusal.retry_after_ms > 0);
            break;
        }
    }
    let aside = sandbox.records(Topic::DEAD_LETTERS).await.len();
    stream.send(other_block(1, 10)).await;
    assert_eq!(stream.refusal().await.code(), Refused::ResourceExhausted);
    assert_eq!(sandbox.records(Topic::DEAD_LETTERS).await.len(), aside);
}

#[tokio::test]
async fn nothing_is_acknowledged_before_the_log_has_it_and_only_some_blocks_wait_for_it() {
    let sandbox = Sandbox::start_with("blocks_in_flight = 3").await;
    let mut stream = open(&sandbox).await;
    sandbox.log.shut();
    for n in 1..=6 {
        stream.send(block(n, n)).await;
    }
    sandbox.log.until_waiting(3).await;
    let early = tokio::time::timeout(Duration::from_millis(100), stream.reply()).await;
    assert!(early.is_err(), "acknowledged before it was durable: {early:?}");
    assert_eq!(sandbox.log.waiting(), 3);
    sandbox.log.open();
    for n in 1..=6 {
        assert_eq!(stream.ack().await, (n, n));
    }
    assert_eq!(sandbox.telemetry().await.len(), 6);
}

#[tokio::test]
async fn more_than_may_wait_for_the_log_is_refused_for_the_moment() {
    let sandbox = Sandbox::start_with("mebibytes_in_flight = 1\nblocks_in_flight = 2000").await;
    let mut stream = open(&sandbox).await;
    sandbox.log.shut();
    // Each takes the room of a KiB, and the replies come in order.
    for n in 1..=1025 {
        stream.send(block(n, n)).await;
    }
    let refused = "vedetta_ingest_refused_blocks_total{code=\"resource_exhausted\"}";
    while sandbox.metric(refused).await < 1.0 {
        tokio::task::yield_now().await;
    }
    sandbox.log.until_waiting(1024).await;
    sandbox.log.open();
    for n in 1..=1024 {
        assert_eq!(stream.ack().await, (n, n));
    }
    let refusal = stream.refusal().await;
    assert_eq!((refusal.code(), refusal.first), (Refused::ResourceExhausted, 1025));
    assert!(refusal.retry_after_ms > 0);
    stream.send(block(1025, 1025)).await;
    assert_eq!(stream.ack().await, (1025, 1025));
}

#[tokio::test]
async fn a_full_log_asks_for_patience_and_takes_the_block_later() {
    let sandbox = Sandbox::start().await;
    let mut stream = open(&sandbox).await;
    sandbox.log.fail_once(AppendError::Full("no space left on device".into()));
    sandbox.log.fail_once(AppendError::Unknown("no answer".into()));
    sandbox.log.fail_once(AppendError::Closed);
    for code in [Refused::ResourceExhausted, Refused::Unavailable, Refused::Unavailable] {
        stream.send(block(1, 2)).await;
        let refusal = stream.refusal().await;
        assert_eq!((refusal.code(), refusal.first, refusal.last), (code, 1, 2));
        assert!(refusal.retry_after_ms > 0);
    }
    stream.send(block(1, 2)).await;
    assert_eq!(stream.ack().await, (1, 2));
}

#[tokio::test]
async fn a_node_over_its_limit_is_told_when_to_come_again() {
    let sandbox = Sandbox::start_with("burst_seconds = 1").await;
    let mut stream = open(&sandbox).await;
    let limits = Limits { events_per_second: 100, node_events_per_second: 10, nodes: 1 };
    sandbox.decide("default", 1, DomainEvent::Tenant(TenantEvent::LimitsChanged { limits })).await;
    // The decision is in force once a block is refused because of it.
    let mut next = 1;
    let refusal = loop {
        stream.send(block(next, next + 9)).await;
        match stream.reply().await.unwrap() {
            vedetta_api::agent::v1::server_message::Message::Refusal(refusal) => break refusal,
            _ => next += 10,
        }
    };
    assert_eq!(refusal.code(), Refused::ResourceExhausted);
    assert!(refusal.message.contains("10 events a second"), "{}", refusal.message);
    assert!((1..=1000).contains(&refusal.retry_after_ms), "{}", refusal.retry_after_ms);
    sandbox.clock.advance(Duration::from_millis(u64::from(refusal.retry_after_ms) + 1));
    stream.send(block(next, next + 9)).await;
    assert_eq!(stream.ack().await, (next, next + 9));
}

#[tokio::test]
async fn a_removed_node_loses_its_stream_and_gets_no_other() {
    let sandbox = Sandbox::start().await;
    let mut stream = open(&sandbox).await;
    stream.send(block(1, 1)).await;
    assert_eq!(stream.ack().await, (1, 1));
    sandbox.remove_node().await;
    let status = stream.end().await;
    assert_eq!(status.code(), Code::PermissionDenied);
    assert!(status.message().contains("removed"), "{status}");

    let channel = sandbox.node_channel(&client::generate_key().unwrap());
    assert_eq!(Stream::open(channel).await.err().unwrap().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_stream_does_not_outlive_its_certificate() {
    let sandbox = Sandbox::start().await;
    let mut stream = open(&sandbox).await;
    sandbox.clock.advance(Duration::from_secs(3601));
    stream.send(block(1, 1)).await;
    assert_eq!(stream.end().await.code(), Code::Unauthenticated);
    assert!(sandbox.telemetry().await.is_empty());
}

#[tokio::test]
async fn a_stream_that_does_not_begin_with_a_hello_is_refused() {
    let sandbox = Sandbox::start().await;
    let channel = sandbox.node_channel(&client::generate_key().unwrap());
    let first =
        [None, Some(FromAgent::Block(block(1, 1).into())), Some(FromAgent::Hello(Default::default()))];
    for first in first {
        let mut stream = Stream::open_with(channel.clone(), first).await.unwrap();
        assert_eq!(stream.end().await.code(), Code::InvalidArgument);
    }
    assert!(sandbox.telemetry().await.is_empty());
}

#[tokio::test]
async fn a_node_has_only_so_many_streams() {
    let sandbox = Sandbox::start_with("streams_per_node = 2").await;
    let channel = sandbox.node_channel(&client::generate_key().unwrap());
    let _first = Stream::open(channel.clone()).await.unwrap();
    let second = Stream::open(channel.clone()).await.unwrap();
    assert_eq!(Stream::open(channel.clone()).await.err().unwrap().code(), Code::ResourceExhausted);
    drop(second);
    // The server notices in its own time.
    while Stream::open(channel.clone()).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_drain_finishes_what_was_taken_and_then_ends_all_streams() {
    let sandbox = Sandbox::start().await;
    let mut stream = open(&sandbox).await;
    sandbox.log.shut();
    stream.send(block(1, 2)).await;
    sandbox.log.until_waiting(1).await;
    sandbox.context.drain.call();
    sandbox.log.open();
    assert_eq!(stream.ack().await, (1, 2));
    assert_eq!(stream.end().await.code(), Code::Unavailable);
    drop(stream);
    sandbox.server.await.unwrap().unwrap();
    for task in sandbox.tasks {
        task.await.unwrap().unwrap();
    }
}
