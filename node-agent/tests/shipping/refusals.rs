//! What the server does not take is sent again or counted, to the last event.

use std::time::Duration;

use vedetta_api::agent::v1::refusal::Code;
use vedetta_model::{Payload, event::LossStage};
use vedetta_node_agent::spool::Limits;

use crate::support::{Answer, Bench, Counted, Ingest, complete, port_of_nobody};

#[tokio::test]
async fn a_server_that_asks_to_wait_gets_the_same_blocks_later() {
    let mut count = 0;
    let ingest = Ingest::scripted(move |_| {
        count += 1;
        match count {
            1..=6 => Answer::Refuse(Code::ResourceExhausted, 20),
            7..=9 => Answer::Refuse(Code::Unavailable, 0),
            _ => Answer::Ack,
        }
    })
    .await;
    let mut bench = Bench::new();
    let (agent, boot) = bench.start(&ingest.url(), Counted::new(600));
    let ended = complete(agent).await;
    assert_eq!(ingest.received().numbers(boot), (1..=ended.events).collect::<Vec<_>>());
    assert_eq!((ended.lost, ingest.received().streams), (0, 1), "a refusal does not end the stream");
}

#[tokio::test]
async fn blocks_that_are_refused_for_good_are_given_up_and_counted_exactly() {
    for refuse in [
        Answer::Refuse(Code::Malformed, 0),
        Answer::Refuse(Code::Foreign, 0),
        Answer::Refuse(Code::TooLarge, 0),
        Answer::RefuseUnread(Code::Malformed),
    ] {
        let mut count = 0;
        let answer = refuse.clone();
        let ingest = Ingest::scripted(move |header| {
            count += 1;
            // Reports pass, so that the loss itself can be told.
            if count % 3 == 0 && header.count > 5 { answer.clone() } else { Answer::Ack }
        })
        .await;
        let mut bench = Bench::new();
        let (agent, boot) = bench.start(&ingest.url(), Counted::new(1_000));
        let ended = complete(agent).await;
        // What was lost at the very end is told by the next run.
        let (agent, _) = bench.start(&ingest.url(), Counted::new(0));
        complete(agent).await;
        let received = ingest.received();
        let arrived = received.numbers(boot).len() as u64;
        assert!(ended.lost > 0, "{refuse:?}");
        assert_eq!(arrived + ended.lost, ended.events, "{refuse:?}");
        let stages: Vec<_> = received
            .payloads()
            .filter_map(|it| if let Payload::Loss(loss) = it { Some(loss.stage) } else { None })
            .collect();
        assert!(stages.iter().all(|&stage| stage == LossStage::Server), "{stages:?}");
        assert_eq!(received.lost(), ended.lost, "{refuse:?}");
    }
}

#[tokio::test]
async fn a_full_spool_loses_events_and_tells_exactly_how_many() {
    let mut ingest = Ingest::at(port_of_nobody().await);
    let mut bench = Bench::new();
    bench.limits =
        Limits { bytes: 128 * 1024, reserve: 64 * 1024, segment_bytes: 32 * 1024, memory_bytes: 0 };
    let source = Counted::new(4_000).padded(300).in_steps_of(50);
    let (agent, boot) = bench.start(&ingest.url(), source);
    let ledger = std::sync::Arc::clone(agent.ledger());
    let running = tokio::spawn(complete(agent));
    while ledger.total() < 1_000 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    ingest.listen().await;
    let ended = running.await.unwrap();
    let received = ingest.received();
    let arrived = received.numbers(boot).len() as u64;
    assert!(arrived > 100 && ended.lost >= 1_000, "{arrived} arrived, {ended:?}");
    assert_eq!(arrived + ended.lost, ended.events, "offered = arrived + counted as lost");
    assert_eq!(received.lost(), ended.lost, "and all of it was told");
}
