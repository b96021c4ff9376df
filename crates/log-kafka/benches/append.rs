//! Appends beside librdkafka's own plain producer: the same bytes to the same broker, turn by turn.
//!
//! `cargo bench -p vedetta-log-kafka`; `VEDETTA_TEST_KAFKA=host:port` takes that broker instead of one of its own. The ratio is
//! what counts: both sides of a round meet the same broker at the same time. The plain side has librdkafka's defaults (`acks=all`, not
//! idempotent, no order after a failure) and waits only at the end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, ClientContext,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext},
};
use vedetta_log::{EventLog as _, Headers, Key, NewRecord, Topic, TopicOptions};
use vedetta_log_kafka::KafkaLog;
use vedetta_log_kafka::testing::{Server, fresh, open};
use vedetta_model::TenantId;

const ROUNDS: usize = 7;
const PARTITIONS: u32 = 8;
const ROUND_BYTES: usize = 64 << 20;

/// One way of appending.
struct Load {
    name: &'static str,
    /// Appends at the same time.
    writers: usize,
    /// Records in one append.
    records: usize,
    bytes: usize,
}

const LOADS: [Load; 4] = [
    Load { name: "256 KiB, 32 writers", writers: 32, records: 1, bytes: 256 << 10 },
    Load { name: "64 KiB, 128 writers", writers: 128, records: 1, bytes: 64 << 10 },
    Load { name: "16 x 16 KiB, 32 writers", writers: 32, records: 16, bytes: 16 << 10 },
    Load { name: "4 KiB, 512 writers", writers: 512, records: 1, bytes: 4 << 10 },
];

/// Counts what arrived.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl ClientContext for Count {}

impl ProducerContext for Count {
    type DeliveryOpaque = ();
    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        result.as_ref().expect("a delivery");
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn plain(
    producer: &BaseProducer<Count>,
    count: &Count,
    topic: &str,
    load: &Load,
    payload: &[u8],
) -> Duration {
    let records = ROUND_BYTES / load.bytes;
    count.0.store(0, Ordering::Relaxed);
    let began = Instant::now();
    for n in 0..records {
        let key = (n % load.writers).to_string();
        let partition = i32::try_from(n % PARTITIONS as usize).unwrap();
        let mut record = BaseRecord::to(topic).partition(partition).key(&key).payload(&payload[..load.bytes]);
        while let Err((error, again)) = producer.send(record) {
            assert!(matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)), "{error}");
            producer.poll(Duration::from_millis(1));
            record = again;
        }
        producer.poll(Duration::ZERO);
    }
    producer.flush(Duration::from_secs(60)).unwrap();
    let elapsed = began.elapsed();
    assert_eq!(count.0.load(Ordering::Relaxed), records);
    elapsed
}

async fn ours(log: &KafkaLog, load: &Load, payload: &bytes::Bytes) -> Duration {
    let appends = ROUND_BYTES / load.bytes / load.records / load.writers;
    let began = Instant::now();
    let writers: Vec<_> = (0..load.writers)
        .map(|writer| {
            let (log, payload, records) = (log.clone(), payload.slice(..load.bytes), load.records);
            tokio::spawn(async move {
                let tenant: TenantId = "bench".parse().unwrap();
                for _ in 0..appends {
                    let record = NewRecord {
                        key: Key::of(&tenant, writer),
                        tenant: tenant.clone(),
                        headers: Headers::new(),
                        payload: payload.clone(),
                    };
                    log.append(&Topic::TELEMETRY, vec![record; records]).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    began.elapsed()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let server = Server::shared();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let payload: bytes::Bytes =
        (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    println!("{:<24} {:>12} {:>12} {:>20}", "load", "plain MB/s", "log MB/s", "log : plain");
    for load in &LOADS {
        let options = fresh(server.boot());
        let log = runtime.block_on(open(&options));
        let partitions = TopicOptions { partitions: PARTITIONS };
        runtime.block_on(log.create_topic(&Topic::TELEMETRY, partitions)).unwrap();
        let topic = format!("{}telemetry", options.prefix);
        let count = Count::default();
        let producer: BaseProducer<Count> = ClientConfig::new()
            .set("bootstrap.servers", server.boot())
            .create_with_context(count.clone())
            .unwrap();
        let (mut ratios, mut bare, mut logs) = (vec![], vec![], vec![]);
        let rate = |elapsed: Duration| ROUND_BYTES as f64 / elapsed.as_secs_f64() / 1e6;
        // The first round only warms up.
        for round in 0..=ROUNDS {
            let a = rate(plain(&producer, &count, &topic, load, &payload));
            let b = rate(runtime.block_on(ours(&log, load, &payload)));
            if round > 0 {
                ratios.push(b / a);
                bare.push(a);
                logs.push(b);
            }
            // Room for the next round.
            for index in 0..PARTITIONS {
                let partition = vedetta_log::Partition { topic: Topic::TELEMETRY, index };
                runtime.block_on(log.trim(&partition, vedetta_log::Offset(u64::MAX))).unwrap();
            }
        }
        let (least, most) = ratios
            .iter()
            .fold((f64::MAX, f64::MIN), |(least, most), ratio| (least.min(*ratio), most.max(*ratio)));
        println!(
            "{:<24} {:>12.1} {:>12.1} {:>20}",
            load.name,
            median(bare),
            median(logs),
            format!("{:.2} ({least:.2}–{most:.2})", median(ratios))
        );
        runtime.block_on(log.close());
    }
}
