//! Answers of a broker that end a producer, and a broker that takes nothing, on librdkafka's mock cluster: a real one does
//! so too seldom.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, future::join_all};
use rdkafka::{
    mocking::MockCluster,
    types::{RDKafkaApiKey, RDKafkaRespErr},
};
use vedetta_log::{
    AppendError, Appended, EventLog as _, Headers, Key, NewRecord, Offset, Partition, Position, ReadLimit,
    Topic,
};
use vedetta_log_kafka::{KafkaLog, Options};

type Mock = MockCluster<'static, rdkafka::producer::DefaultProducerContext>;

fn mock() -> Mock {
    let mock = MockCluster::new(1).unwrap();
    mock.create_topic("vedetta.findings", 1, 1).unwrap();
    mock
}

async fn open(mock: &Mock) -> KafkaLog {
    KafkaLog::open(Options::to(&mock.bootstrap_servers())).await.unwrap()
}

async fn append(log: &KafkaLog, texts: &[&str]) -> Result<Appended, AppendError> {
    let record = |text: &&str| NewRecord {
        tenant: "acme".parse().unwrap(),
        key: Key("k".into()),
        headers: Headers::new(),
        payload: (*text).to_owned().into(),
    };
    log.append(&Topic::FINDINGS, texts.iter().map(record).collect()).await
}

async fn contents(log: &KafkaLog) -> Vec<String> {
    let partition = Partition { topic: Topic::FINDINGS, index: 0 };
    let end = log.bounds(&partition).await.unwrap().end;
    let from = Position { partition, offset: Offset(0) };
    let mut stream = log.read(from, ReadLimit::default()).await.unwrap();
    let mut texts = Vec::new();
    while (texts.len() as u64) < end.0 {
        let batch =
            tokio::time::timeout(Duration::from_secs(20), stream.next()).await.unwrap().unwrap().unwrap();
        texts.extend(batch.iter().map(|record| String::from_utf8(record.payload.to_vec()).unwrap()));
    }
    texts
}

/// The broker and the producer disagree on what was written: nobody knows, and the next append has a new producer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_fatal_error_the_next_append_succeeds() {
    let mock = mock();
    let log = open(&mock).await;
    append(&log, &["before"]).await.unwrap();
    let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    mock.request_errors(RDKafkaApiKey::Produce, &[error]);
    let began = Instant::now();
    let answer = append(&log, &["lost"]).await;
    assert!(matches!(answer, Err(AppendError::Unknown(_))), "{answer:?}");
    assert!(began.elapsed() < Duration::from_secs(20), "it is told, not waited for");
    append(&log, &["after"]).await.unwrap();
    assert_eq!(contents(&log).await, ["before", "after"]);
    log.close().await;
}

/// What the broker refuses for good is known not to be written, and neither is anything behind it in its batch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_record_takes_nothing_behind_it_into_the_log() {
    let mock = mock();
    let log = open(&mock).await;
    append(&log, &["before"]).await.unwrap();
    let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_POLICY_VIOLATION;
    mock.request_errors(RDKafkaApiKey::Produce, &[error]);
    let answer = append(&log, &["refused"]).await;
    assert!(matches!(answer, Err(AppendError::Misconfigured(_))), "{answer:?}");
    mock.request_errors(RDKafkaApiKey::Produce, &[error]);
    // Too large to travel in one request, so that the second half would be a request of its own.
    let large = ["a", "b", "c", "d"].map(|text| text.repeat(900_000));
    let answer = append(&log, &large.each_ref().map(String::as_str)).await;
    assert!(matches!(answer, Err(AppendError::Misconfigured(_) | AppendError::Unknown(_))), "{answer:?}");
    append(&log, &["after"]).await.unwrap();
    assert_eq!(contents(&log).await, ["before", "after"]);
    log.close().await;
}

/// Many at once when the producer dies: each is answered, what is acknowledged is there once, and the new producer serves all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_producer_that_dies_under_load_doubles_nothing() {
    let mock = mock();
    let log = open(&mock).await;
    for round in 0..6 {
        // After so many requests that went well.
        let mut outcomes = vec![RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR; round % 3];
        outcomes.push(RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
        mock.request_errors(RDKafkaApiKey::Produce, &outcomes);
        let texts: Vec<_> = (0..50).map(|n| format!("{round}/{n:02}")).collect();
        let pair = |text: &String| [format!("{text}/1"), format!("{text}/2")];
        let began = Instant::now();
        let answers = join_all(texts.iter().map(|text| {
            let (log, pair) = (log.clone(), pair(text));
            async move { append(&log, &pair.each_ref().map(String::as_str)).await }
        }))
        .await;
        assert!(began.elapsed() < Duration::from_secs(20), "they are told, not waited for");
        let there = contents(&log).await;
        let distinct: BTreeSet<_> = there.iter().collect();
        assert_eq!(there.len(), distinct.len(), "nothing is there twice");
        for (text, answer) in texts.iter().zip(answers) {
            let [first, second] = pair(text);
            match answer {
                Ok(_) => assert!(distinct.contains(&first) && distinct.contains(&second), "{text} is lost"),
                Err(AppendError::Unknown(_)) => {
                    assert!(!distinct.contains(&second) || distinct.contains(&first), "{text} is torn");
                }
                Err(error) => panic!("{error}"),
            }
        }
        mock.clear_request_errors(RDKafkaApiKey::Produce);
        append(&log, &[&format!("{round}/alive")]).await.unwrap();
    }
    log.close().await;
}

/// While no broker takes anything the queue fills up to its limit; what finds no room is known not to be written, and what
/// found some arrives later, once, although its callers went away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_is_told_and_nothing_in_it_is_lost() {
    let mock = mock();
    let mut options = Options::to(&mock.bootstrap_servers());
    options.append.queue_bytes = 1 << 20;
    options.append.timeout = Duration::from_secs(2);
    let log = KafkaLog::open(options).await.unwrap();
    append(&log, &["before"]).await.unwrap();
    mock.broker_down(1).unwrap();
    let texts: Vec<_> = (0..8).map(|n| n.to_string().repeat(300_000)).collect();
    let answers = join_all(texts.iter().map(|text| {
        let log = log.clone();
        async move { append(&log, &[text]).await }
    }))
    .await;
    let (mut open, mut full) = (vec![], 0);
    for (text, answer) in texts.iter().zip(answers) {
        match answer {
            Err(AppendError::Unknown(_)) => open.push(text.clone()),
            Err(AppendError::Full(_)) => full += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((open.len(), full), (3, 5), "as many as fit into 1 MiB");
    mock.broker_up(1).unwrap();
    // There is room again once what was under way has arrived.
    let after = tokio::time::timeout(Duration::from_secs(30), async {
        while append(&log, &["after"]).await.is_err() {}
    });
    after.await.unwrap();
    let there = contents(&log).await;
    assert!(there.starts_with(&["before".to_owned()]));
    for text in &texts {
        let count = there.iter().filter(|found| *found == text).count();
        assert_eq!(count, usize::from(open.contains(text)), "{}…", &text[..5]);
    }
    log.close().await;
}
