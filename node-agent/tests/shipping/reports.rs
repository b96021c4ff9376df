//! What the agent says of itself.

use vedetta_model::{Kind, Payload};

use crate::support::{Answer, Bench, Counted, Ingest};

#[tokio::test]
async fn a_run_begins_with_started_and_beats_as_often_as_the_server_asks() {
    let ingest = Ingest::with(|_| Answer::Ack, 1, None).await;
    let mut bench = Bench::new();
    bench.settings.exit_at_end = false;
    let (agent, _) = bench.start(&ingest.url(), Counted::new(30));
    let beats = |payload: &&Payload| matches!(payload, Payload::Heartbeat(_));
    drop(ingest.until(|received| received.payloads().filter(beats).count() >= 3).await);
    let ended = agent.run_until(async { "test".to_owned() }).await;
    assert!(ended.complete);
    let received = ingest.received();
    let Some(Payload::AgentStarted(started)) = received.payloads().next() else { panic!("no start") };
    assert_eq!((started.hostname.as_str(), started.hooks.as_slice()), ("bench", &["counter".to_owned()][..]));
    assert!(!started.kernel.is_empty());
    let Some(Payload::Heartbeat(last)) = received.payloads().filter(beats).last() else { panic!("no beat") };
    assert_eq!((last.interval_seconds, last.events_read, last.events_lost), (1, 30, 0));
    assert!(last.rss_bytes > 1 << 20 && last.cpu_millis > 0, "{last:?}");
}

#[tokio::test]
async fn the_servers_policy_reaches_the_source() {
    let connects = vec![u32::from(u16::from(Kind::NetConnect)), 9_999];
    let ingest = Ingest::with(|_| Answer::Ack, 5, Some(connects)).await;
    let mut bench = Bench::new();
    bench.settings.exit_at_end = false;
    // The source opens files for ever; once the policy is in force nothing of it is sent.
    let (agent, _) = bench.start(&ingest.url(), Counted::endless());
    let status = std::sync::Arc::clone(agent.status());
    let mut policy = status.policy();
    let told = policy.wait_for(Option::is_some).await.unwrap().clone().unwrap();
    assert_eq!(told, (1, vec![Kind::NetConnect]), "a kind that this version does not know is left out");
    let ended = agent.run_until(async { "test".to_owned() }).await;
    assert!(ended.complete);
    let received = ingest.received();
    let Some(Payload::Heartbeat(last)) =
        received.payloads().filter(|it| matches!(it, Payload::Heartbeat(_))).last()
    else {
        panic!("no beat")
    };
    assert!(last.events_read >= received.opens() as u64);
}
