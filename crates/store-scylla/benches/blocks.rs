//! Blocks kept per second, beside the driver's plain concurrent inserts of the same chunks and heads.
//!
//! `cargo bench -p vedetta-store-scylla`. Uses the tests' shared Cassandra, or `VEDETTA_TEST_CQL=host:port`.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use scylla::{client::session::Session, statement::Consistency, statement::prepared::PreparedStatement};
use uuid::Uuid;
use vedetta_block::{Builder, Header};
use vedetta_model::{BootId, Event, NodeId, SystemClock, TenantId, Timestamp, event::Open};
use vedetta_store::BlockStore as _;
use vedetta_store_scylla::{ScyllaStore, testing::Keyspace};

const ROUNDS: usize = 3;
const CALLS: usize = 8;
/// Blocks in one call, and inserts at a time.
const TOGETHER: usize = 16;
const CHUNK_BYTES: usize = 512 << 10;

#[tokio::main]
async fn main() {
    let keyspace = Keyspace::migrated().await;
    let store = ScyllaStore::open(&keyspace.url(), Arc::new(SystemClock)).await.unwrap();
    let plain = Plain::prepare(keyspace.session().await, keyspace.name()).await;
    println!(
        "{:<34} {:>8} {:>10} {:>12} {:>7}",
        "blocks in a call", "KiB each", "blocks/s", "inserts/s", "ratio"
    );
    let mut boot = 0;
    for (nodes, what) in [(1, "16 of one node"), (TOGETHER, "16 of as many nodes")] {
        for events in [100, 5_000] {
            let (mut rates, mut plain_rates, mut size) = (vec![], vec![], 0);
            for round in 0..=ROUNDS {
                boot += 1;
                // Made before the clock starts: what is measured is the store.
                let calls: Vec<Vec<Bytes>> =
                    (0..CALLS).map(|call| blocks(boot, nodes, call, events)).collect();
                size = calls[0][0].len();
                let began = Instant::now();
                for call in &calls {
                    plain.insert(call).await;
                }
                let plain_rate = (CALLS * TOGETHER) as f64 / began.elapsed().as_secs_f64();
                let began = Instant::now();
                for call in &calls {
                    store.keep(call).await.unwrap();
                }
                let rate = (CALLS * TOGETHER) as f64 / began.elapsed().as_secs_f64();
                if round > 0 {
                    rates.push(rate);
                    plain_rates.push(plain_rate);
                }
            }
            let (rate, plain_rate) = (median(&mut rates), median(&mut plain_rates));
            println!(
                "{what:<34} {:>8} {rate:>10.0} {plain_rate:>12.0} {:>7.2}",
                size >> 10,
                rate / plain_rate
            );
        }
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// One call's blocks, behind those of the calls before it.
fn blocks(boot: u128, nodes: usize, call: usize, events: u64) -> Vec<Bytes> {
    let tenant: TenantId = "bench".parse().unwrap();
    let each = TOGETHER / nodes;
    let mut blocks = Vec::with_capacity(TOGETHER);
    for at in 0..TOGETHER {
        let node = NodeId::from_uuid(Uuid::from_u128((at / each) as u128));
        let mut builder = Builder::new(tenant.clone(), node, BootId::from_uuid(Uuid::from_u128(boot)));
        let first = (call * each + at % each) as u64 * events + 1;
        for seq in first..first + events {
            let scrambled = seq.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let payload = Open {
                path: format!("/var/lib/{scrambled:016x}/{:08x}", scrambled >> 32),
                flags: 0,
                mode: 0,
            };
            builder.push(Event {
                seq,
                time: Timestamp::from_millis(seq.cast_signed()),
                process: None,
                tid: 0,
                result: 0,
                payload: payload.into(),
            });
        }
        blocks.push(builder.finish().unwrap());
    }
    blocks
}

/// The same rows without the store: no ranges, no accounting, no answer to "was it there?".
struct Plain {
    session: Session,
    chunk: PreparedStatement,
    head: PreparedStatement,
}

impl Plain {
    async fn prepare(session: Session, keyspace: &str) -> Self {
        let prepare = async |cql: &str| {
            let mut statement = session.prepare(cql).await.unwrap();
            statement.set_consistency(Consistency::LocalQuorum);
            statement
        };
        let chunk = format!(
            "INSERT INTO {keyspace}.block_chunks (tenant, node, boot, first, last, crc, chunk, data) VALUES ('plain', ?, ?, ?, ?, 0, ?, ?)"
        );
        let head = format!(
            "INSERT INTO {keyspace}.block_heads (tenant, bucket, slot, latest, node, boot, first, last, head) VALUES ('plain', 0, 0, ?, ?, ?, ?, ?, ?)"
        );
        Self { chunk: prepare(&chunk).await, head: prepare(&head).await, session }
    }

    async fn insert(&self, blocks: &[Bytes]) {
        let inserts: Vec<_> = blocks.iter().map(|block| self.insert_one(block)).collect();
        stream::iter(inserts).buffer_unordered(TOGETHER).try_collect::<()>().await.unwrap();
    }

    async fn insert_one(&self, block: &Bytes) -> Result<(), scylla::errors::ExecutionError> {
        let (header, _) = Header::parse(block).unwrap();
        let (node, boot) =
            (header.node.as_uuid().as_bytes().as_slice(), header.boot.as_uuid().as_bytes().as_slice());
        let (first, last) = (header.first.cast_signed(), header.last.cast_signed());
        for (number, data) in (0_i32..).zip(block.chunks(CHUNK_BYTES)) {
            self.session.execute_unpaged(&self.chunk, (node, boot, first, last, number, data)).await?;
        }
        let head = &block[..block.len() - header.body_bytes as usize];
        let values = (header.latest.as_nanos(), node, boot, first, last, head);
        self.session.execute_unpaged(&self.head, values).await.map(drop)
    }
}
