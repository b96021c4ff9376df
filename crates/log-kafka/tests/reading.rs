//! What readers and members meet in a partition besides records, and topics that change under way.

use std::time::Duration;

use futures::StreamExt as _;
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewPartitions},
    client::DefaultClientContext,
    message::{Header, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};
use vedetta_log::{
    Delivery, EventLog, Group, GroupError, Headers, Key, Member, NewRecord, Offset, Partition, Position,
    ReadError, ReadLimit, Topic, TopicOptions,
};
use vedetta_log_kafka::testing::{Server, fresh, open};

const ONE: TopicOptions = TopicOptions { partitions: 1 };

fn partition() -> Partition {
    Partition { topic: Topic::FINDINGS, index: 0 }
}

fn record(payload: impl Into<bytes::Bytes>) -> NewRecord {
    let tenant = "acme".parse().unwrap();
    NewRecord { tenant, key: Key("k".into()), headers: Headers::new(), payload: payload.into() }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("within 30 s")
}

/// The offsets of the next records, or the error.
async fn next(member: &mut dyn Member) -> Result<Vec<u64>, GroupError> {
    loop {
        if let Delivery::Records(records) = soon(member.next()).await? {
            return Ok(records.iter().map(|record| record.position.offset.0).collect());
        }
    }
}

/// A member and a reader that are overtaken by a trim are told so, and the member goes on at what is still there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_overtaken_by_a_trim_is_told() {
    let server = Server::shared();
    let mut options = fresh(server.boot());
    options.read_ahead = 1 << 20;
    let log = open(&options).await;
    log.create_topic(&Topic::FINDINGS, ONE).await.unwrap();
    for _ in 0..40 {
        log.append(&Topic::FINDINGS, vec![record(vec![7; 1 << 20])]).await.unwrap();
    }
    let mut member = log.join(&Group::named("g"), &[Topic::FINDINGS]).await.unwrap();
    let from = Position { partition: partition(), offset: Offset(0) };
    let mut stream = log.read(from, ReadLimit { records: 1, bytes: 1 }).await.unwrap();
    assert_eq!(next(&mut *member).await.unwrap()[0], 0);
    assert_eq!(soon(stream.next()).await.unwrap().unwrap()[0].position.offset, Offset(0));

    log.trim(&partition(), Offset(38)).await.unwrap();
    let mut last = 0;
    let low = loop {
        match next(&mut *member).await {
            Ok(offsets) => last = *offsets.last().unwrap(),
            Err(GroupError::Read(ReadError::OutOfRange { partition: p, low })) if p == partition() => {
                break low;
            }
            Err(error) => panic!("{error}"),
        }
    };
    assert!(low == Offset(38) && last < 37, "{low}, after {last}: nothing is skipped silently");
    assert_eq!(next(&mut *member).await.unwrap()[0], 38);
    let low = loop {
        match soon(stream.next()).await.unwrap() {
            Ok(_) => {}
            Err(ReadError::OutOfRange { low, .. }) => break low,
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(low, Offset(38));
    drop(member);
    log.close().await;
}

/// A header's name that only a client without this library's types can write.
#[expect(unsafe_code, reason = "bytes that are no text, where the library asks for text")]
fn no_text(bytes: &[u8]) -> &str {
    // SAFETY: the library only copies the bytes.
    unsafe { std::str::from_utf8_unchecked(bytes) }
}

/// What somebody else wrote into a topic of ours is damage at one place, and no end of reading.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_of_somebody_else_is_damage_at_its_place() {
    let server = Server::shared();
    let options = fresh(server.boot());
    let log = open(&options).await;
    log.create_topic(&Topic::FINDINGS, ONE).await.unwrap();
    log.append(&Topic::FINDINGS, vec![record("0")]).await.unwrap();
    let producer: FutureProducer =
        ClientConfig::new().set("bootstrap.servers", server.boot()).create().unwrap();
    let name = format!("{}findings", options.prefix);
    let foreign = FutureRecord::to(&name).key("k").payload("foreign");
    producer.send(foreign, Duration::from_secs(10)).await.unwrap();
    let headers = OwnedHeaders::new().insert(Header { key: no_text(&[0xff, 0xfe]), value: Some("v") });
    let foreign = FutureRecord::to(&name).key("k").payload("foreign").headers(headers);
    producer.send(foreign, Duration::from_secs(10)).await.unwrap();
    log.append(&Topic::FINDINGS, vec![record("3")]).await.unwrap();

    let damage = |error: &ReadError, at| match error {
        ReadError::Corrupt { offset, what, .. } => {
            *offset == Offset(at) && what.contains("not a record of Vedetta")
        }
        _ => false,
    };
    let from = Position { partition: partition(), offset: Offset(0) };
    let mut stream = log.read(from, ReadLimit::default()).await.unwrap();
    assert_eq!(soon(stream.next()).await.unwrap().unwrap().len(), 1);
    assert!(damage(&soon(stream.next()).await.unwrap().unwrap_err(), 1));
    drop(stream);
    let behind = Position { partition: partition(), offset: Offset(2) };
    let mut stream = log.read(behind, ReadLimit::default()).await.unwrap();
    assert!(damage(&soon(stream.next()).await.unwrap().unwrap_err(), 2));

    let mut member = log.join(&Group::named("g"), &[Topic::FINDINGS]).await.unwrap();
    assert_eq!(next(&mut *member).await.unwrap(), [0]);
    for at in [1, 2] {
        match next(&mut *member).await.unwrap_err() {
            GroupError::Read(error) => assert!(damage(&error, at), "{error}"),
            error => panic!("{error}"),
        }
    }
    assert_eq!(next(&mut *member).await.unwrap(), [3]);
    drop(member);
    log.close().await;
}

/// Partitions that are added under way would move keys: records go on falling where they fell, and who asks is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn added_partitions_do_not_move_keys_under_way() {
    let server = Server::shared();
    let options = fresh(server.boot());
    let log = open(&options).await;
    assert_eq!(log.create_topic(&Topic::FINDINGS, ONE).await.unwrap(), 1);
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", server.boot()).create().unwrap();
    let name = format!("{}findings", options.prefix);
    let added = admin.create_partitions(&[NewPartitions::new(&name, 8)], &AdminOptions::new()).await.unwrap();
    added[0].as_ref().unwrap();
    let told = soon(async {
        loop {
            if let Err(error) = log.partitions(&Topic::FINDINGS).await {
                return error.to_string();
            }
        }
    });
    let told = told.await;
    assert!(told.contains("had 1 partitions") && told.contains("has 8 now: restart all roles"), "{told}");
    for n in 0..20 {
        let mut record = record("x");
        record.key = Key(n.to_string().into());
        let appended = log.append(&Topic::FINDINGS, vec![record]).await.unwrap();
        assert_eq!(appended.positions[0].partition.index, 0);
    }
    log.close().await;
}
