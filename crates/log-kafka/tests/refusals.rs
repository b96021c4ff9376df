//! What is not as it must be is refused with the way out.

use std::time::{Duration, Instant};

use vedetta_log::{AppendError, EventLog as _, Topic, TopicOptions};
use vedetta_log_kafka::testing::{Server, fresh, open};
use vedetta_log_kafka::{KafkaLog, OpenError, Options, options::Creation};

const THREE: TopicOptions = TopicOptions { partitions: 3 };

async fn refused(options: &Options, topic: &Topic, wanted: TopicOptions) -> String {
    let log = open(options).await;
    let refused = log.create_topic(topic, wanted).await;
    log.close().await;
    match refused {
        Err(AppendError::Misconfigured(what)) => what,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn assert_contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_port_is_named() {
    // A port that was free a moment ago, and stays ours.
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap().to_string();
    drop(held);
    let mut options = Options::to(&address);
    options.connect_timeout = Duration::from_secs(2);
    let began = Instant::now();
    let error = KafkaLog::open(options).await.unwrap_err();
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
    assert_contains(&error.to_string(), &[&address, "Connection refused", "check the addresses"]);
    assert_eq!(error.to_string().lines().count(), 1);
    assert!(began.elapsed() >= Duration::from_secs(2), "a broker that starts is waited for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_does_not_exist_is_named() {
    let mut options = Options::to("no-such-host.invalid:9092");
    options.connect_timeout = Duration::from_secs(1);
    let error = KafkaLog::open(options).await.unwrap_err().to_string();
    assert_contains(&error, &["no-such-host.invalid:9092", "Failed to resolve"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_number_of_partitions_is_refused_with_both_ways_out() {
    let server = Server::shared();
    let mut options = fresh(server.boot());
    options.topics.exact_partitions = true;
    let log = open(&options).await;
    assert_eq!(log.create_topic(&Topic::FINDINGS, THREE).await.unwrap(), 3);
    assert_eq!(log.create_topic(&Topic::FINDINGS, THREE).await.unwrap(), 3);
    log.close().await;
    let more = refused(&options, &Topic::FINDINGS, TopicOptions { partitions: 5 }).await;
    assert_contains(&more, &["has 3 partitions and 5 are configured", "--alter --topic", "--partitions 5"]);
    let fewer = refused(&options, &Topic::FINDINGS, TopicOptions { partitions: 2 }).await;
    assert_contains(&fewer, &["has 3 partitions and 2 are configured", "set it to 3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_topic_is_refused_with_its_command() {
    let server = Server::shared();
    let mut options = fresh(server.boot());
    options.topics.creation = Creation::Bootstrap;
    let what = refused(&options, &Topic::TELEMETRY, THREE).await;
    assert_contains(&what, &["is missing", "run `vedetta bootstrap`"]);
    options.topics.creation = Creation::ByHand;
    let what = refused(&options, &Topic::TELEMETRY, THREE).await;
    let name = format!("--topic {}telemetry", options.prefix);
    let wanted = [
        "is missing",
        "kafka-topics.sh --bootstrap-server",
        &name,
        "--partitions 3 --replication-factor 1",
        "--config message.timestamp.type=LogAppendTime",
        "--config retention.ms=604800000",
    ];
    assert_contains(&what, &wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_with_other_settings_is_refused_with_the_command() {
    let server = Server::shared();
    let mut options = fresh(server.boot());
    options.topics.telemetry_retention = Duration::from_secs(3600);
    options.topics.max_record_bytes = 100_000;
    let log = open(&options).await;
    log.create_topic(&Topic::TELEMETRY, THREE).await.unwrap();
    log.close().await;
    options.topics.telemetry_retention = Duration::from_secs(2 * 3600);
    options.topics.max_record_bytes = 200_000;
    let what = refused(&options, &Topic::TELEMETRY, THREE).await;
    let wanted = [
        "has retention.ms=3600000, max.message.bytes=",
        "kafka-configs.sh --bootstrap-server",
        "--add-config retention.ms=7200000,max.message.bytes=",
    ];
    assert_contains(&what, &wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_copies_than_brokers_are_refused() {
    let server = Server::shared();
    let mut options = fresh(server.boot());
    options.topics.replication = 3;
    let what = refused(&options, &Topic::FINDINGS, THREE).await;
    assert_contains(&what, &["too few brokers for 3 copies", "replication=N"]);
}
