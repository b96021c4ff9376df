//! Every event arrives.

use std::time::Duration;

use vedetta_model::BootId;

use crate::support::{Answer, Bench, Counted, Ingest, complete, port_of_nobody};

/// All of a run's events are there, once each.
fn is_whole(ingest: &Ingest, boot: BootId, events: u64) {
    assert_eq!(ingest.received().numbers(boot), (1..=events).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_connected_agent_delivers_everything_once_and_leaves_nothing_behind() {
    let ingest = Ingest::start().await;
    let mut bench = Bench::new();
    let (agent, boot) = bench.start(&ingest.url(), Counted::new(2_000));
    let ended = complete(agent).await;
    is_whole(&ingest, boot, ended.events);
    assert_eq!(ingest.received().opens(), 2_000);
    assert!(ingest.received().arrivals.values().all(|&count| count == 1), "nothing is sent twice");
    assert_eq!((ended.acknowledged, ended.lost), (ended.events, 0));
    let batch = ingest.received().blocks.values().last().unwrap().clone();
    assert_eq!((batch.header.tenant.as_str(), batch.processes.len() <= 1), ("default", true));
}

#[tokio::test]
async fn what_happens_while_the_server_is_away_arrives_when_it_comes_back() {
    let address = port_of_nobody().await;
    let mut ingest = Ingest::at(address);
    let mut bench = Bench::new();
    let (agent, boot) = bench.start(&ingest.url(), Counted::new(3_000));
    let outbox = std::sync::Arc::clone(agent.outbox());
    let running = tokio::spawn(complete(agent));
    while outbox.waiting_bytes() < 10_000 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    ingest.listen().await;
    let ended = running.await.unwrap();
    is_whole(&ingest, boot, ended.events);
    assert_eq!(ended.lost, 0);
}

#[tokio::test]
async fn a_stream_that_breaks_at_any_block_costs_nothing() {
    // Of every five blocks one breaks the stream unanswered, and one after it was kept.
    let mut count = 0;
    let ingest = Ingest::scripted(move |_| {
        count += 1;
        match count % 5 {
            2 => Answer::Break,
            4 => Answer::KeepAndBreak,
            _ => Answer::Ack,
        }
    })
    .await;
    let mut bench = Bench::new();
    let (agent, boot) = bench.start(&ingest.url(), Counted::new(1_500));
    let ended = complete(agent).await;
    is_whole(&ingest, boot, ended.events);
    assert!(ingest.received().streams > 5);
}

#[tokio::test]
async fn a_server_that_restarts_gets_the_rest() {
    let mut ingest = Ingest::start().await;
    let mut bench = Bench::new();
    let (agent, boot) = bench.start(&ingest.url(), Counted::new(2_000).in_steps_of(3));
    let running = tokio::spawn(complete(agent));
    for blocks in [3, 8, 13] {
        drop(ingest.until(|received| received.blocks.len() >= blocks).await);
        ingest.stop().await;
        ingest.listen().await;
    }
    let ended = running.await.unwrap();
    is_whole(&ingest, boot, ended.events);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_left_and_tried_again() {
    let mut count = 0;
    let ingest = Ingest::scripted(move |_| {
        count += 1;
        if count <= 2 { Answer::Silence } else { Answer::Ack }
    })
    .await;
    let mut bench = Bench::new();
    bench.settings.ship.answer_within = Duration::from_millis(100);
    let (agent, boot) = bench.start(&ingest.url(), Counted::new(200));
    let ended = complete(agent).await;
    is_whole(&ingest, boot, ended.events);
    assert!(ingest.received().streams >= 2);
}

#[tokio::test]
async fn the_next_run_delivers_what_the_former_one_could_not() {
    let mut ingest = Ingest::at(port_of_nobody().await);
    let mut bench = Bench::new();
    bench.settings.grace = Duration::ZERO;
    let (agent, first) = bench.start(&ingest.url(), Counted::new(700));
    let former = agent.run_until(std::future::pending()).await;
    assert!(!former.complete && former.acknowledged == 0, "{former:?}");

    ingest.listen().await;
    bench.settings.grace = Duration::from_secs(20);
    let (agent, second) = bench.start(&ingest.url(), Counted::new(100));
    let ended = complete(agent).await;
    is_whole(&ingest, first, former.events);
    is_whole(&ingest, second, ended.events);
    assert_eq!(ended.acknowledged, former.events + ended.events);
}

#[tokio::test]
async fn a_signal_drains_and_the_last_words_say_why() {
    let ingest = Ingest::start().await;
    let mut bench = Bench::new();
    let (agent, boot) = bench.start(&ingest.url(), Counted::endless());
    drop(ingest.until(|received| received.opens() > 20).await);
    let ended = agent.run_until(async { "SIGTERM".to_owned() }).await;
    assert!(ended.complete, "{ended:?}");
    is_whole(&ingest, boot, ended.events);
    let last = ingest.received().payloads().last().cloned().unwrap();
    let vedetta_model::Payload::AgentStopping(stopping) = last else { panic!("{last:?}") };
    assert_eq!(stopping.reason, "SIGTERM");
}
