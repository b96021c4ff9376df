//! The model against a calculation by hand, against itself, and against the code whose settings it uses.

use std::sync::Arc;

use rand::{SeedableRng as _, rngs::StdRng};
use vedetta_model::{BootId, NodeId, SystemClock, TenantId, control};
use vedetta_node_agent::{
    batch::{Batcher, Limits, Origin},
    ledger::Ledger,
    source::{Synthetic, synthetic},
};

use vedetta_load::model::{
    constants::{BLOCK_BYTES, Constants, Name, Origin as From, block_bytes},
    plan::{Inputs, Plan, plan},
};

fn inputs(nodes: f64) -> Inputs {
    Inputs {
        nodes,
        tenants: 1.0,
        events_per_node_second: 100.0,
        retention_days: 7.0,
        skew: 10.0,
        tenant_skew: 1.0,
        growth: 2.0,
    }
}

fn value(plan: &Plan, name: &str) -> f64 {
    plan.line(name).unwrap_or_else(|| panic!("no line {name}")).value
}

fn near(value: f64, expected: f64) {
    assert!((value / expected - 1.0).abs() < 0.005, "{value} is not {expected}");
}

/// 1,000 nodes with 100 events/s each, by hand.
#[test]
fn a_thousand_nodes_by_hand() {
    let plan = plan(&Inputs { tenants: 10.0, ..inputs(1000.0) }, &Constants::default());
    near(value(&plan, "events"), 100_000.0);
    near(value(&plan, "events at the peak"), 330_000.0);
    // Each node: one block each 50 ms, and a heartbeat each 5 s.
    near(value(&plan, "blocks"), 1000.0 * (20.0 + 0.2));
    // 330,000 × (338 + 409 + 30 + 55) ns + 20,200 × 15 µs, at half of a processor each.
    near(value(&plan, "detect, processors"), 0.27456 + 0.303);
    near(value(&plan, "detect"), 2.0);
    // 330,000 × (97 + 30 + 55) ns + 20,200 × 25 µs.
    near(value(&plan, "ingest, processors"), 0.06006 + 0.505);
    // 330,000 × (25 + 62 + 30 + 55) ns + 2 × 20,200 × 15 µs + 2,000 × 5 × 30 µs: 966 thousandths, at half: 1.93, two tasks.
    near(value(&plan, "query, processors"), 0.05676 + 0.606 + 0.3);
    near(value(&plan, "query"), 2.0);
    // 3 × 2 processes × 2 for growth = 12.
    near(value(&plan, "partitions of telemetry"), 16.0);
    // Two blocks a second of each node are kept, each 4 + 4 statements; 330,000 ÷ 4,096 merged later; 200 heartbeats and
    // 1 finding of 4 rows, each written twice.
    near(value(&plan, "statements"), (2000.0 + 80.57) * 8.0 + (200.0 + 4.0) * 2.0);
    // × 3 copies ÷ 5,000 ÷ 0.5 ÷ 16 machines: 1.3, and never fewer than 3.
    near(value(&plan, "CQL nodes"), 3.0);
    near(value(&plan, "findings"), 86_400.0);
    // 8.64 G events a day × (a block of 4,096, its head, its row) × 3 copies ÷ 10 tenants.
    let merged = (19_956.0 * 1.44 + 4096.0 + 100.0) / 4096.0;
    near(value(&plan, "a tenant-day, all copies"), 8.64 * merged * 3.0 / 10.0);
    near(value(&plan, "ingest, memory in all"), 1000.0 * (connection_kib() + 20.0) / 1_048_576.0);
}

fn connection_kib() -> f64 {
    Constants::default().of(Name::ConnectionKib)
}

#[test]
fn more_of_anything_never_costs_less() {
    type Grow = fn(&Inputs, f64) -> Inputs;

    let constants = Constants::default();
    let costs = |inputs: &Inputs| {
        let plan = plan(inputs, &constants);
        [
            "blocks",
            "ingest",
            "detect",
            "query",
            "partitions of telemetry",
            "Kafka brokers",
            "CQL nodes",
            "disk",
            "disk of telemetry",
        ]
        .map(|name| (name, value(&plan, name)))
    };
    let grow: [(&str, Grow); 4] = [
        ("nodes", |i, by| Inputs { nodes: i.nodes * by, ..i.clone() }),
        ("events", |i, by| Inputs { events_per_node_second: i.events_per_node_second * by, ..i.clone() }),
        ("days", |i, by| Inputs { retention_days: i.retention_days * by, ..i.clone() }),
        ("growth", |i, by| Inputs { growth: i.growth * by, ..i.clone() }),
    ];
    for nodes in [1.0, 10.0, 1000.0, 100_000.0] {
        for each in [1.0, 19.0, 100.0, 3000.0, 150_000.0] {
            let small = Inputs { events_per_node_second: each, ..inputs(nodes) };
            for (what, grow) in &grow {
                for by in [1.01, 1.5, 7.0] {
                    for (before, after) in costs(&small).iter().zip(costs(&grow(&small, by))) {
                        assert!(
                            after.1 >= before.1 * 0.999_999,
                            "{by} times the {what} of {small:?}: {before:?}, {after:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn lines_agree_with_each_other() {
    for nodes in [10.0, 1000.0, 100_000.0] {
        let inputs = inputs(nodes);
        let plan = plan(&inputs, &Constants::default());
        let of = |name| value(&plan, name);
        assert!(of("disk") >= of("a tenant-day, all copies") * inputs.tenants * inputs.retention_days / 1e3);
        assert!(of("ingest to Kafka") > of("agents to ingest"));
        assert!(
            of("partitions of telemetry") >= 3.0 * of("detect")
                && of("partitions of telemetry").log2().fract() == 0.0
        );
        assert!(of("fullest partition") >= of("detect, processors") / of("partitions of telemetry"));
        for driver in &plan.drivers {
            let machines = plan.line(driver.name).filter(|line| line.unit == "machines");
            assert!(machines.is_none_or(|line| line.value >= driver.machines), "{driver:?}");
        }
        assert!(plan.drivers.is_sorted_by(|a, b| a.machines >= b.machines));
        assert!(plan.limits.is_sorted_by(|a, b| a.share() >= b.share()));
    }
}

#[test]
fn a_constant_that_was_measured_elsewhere_is_taken_and_said() {
    let mut constants = Constants::default();
    let before = value(&plan(&inputs(1000.0), &constants), "detect, processors");
    constants.set("evaluate_ns=818").unwrap();
    assert!(value(&plan(&inputs(1000.0), &constants), "detect, processors") > before);
    assert!(constants.all().iter().any(|constant| constant.origin == From::Given));
    assert!(constants.set("nothing=1").unwrap_err().to_string().contains("--constants"));
    assert!(constants.set("evaluate_ns=-1").is_err());
}

#[test]
fn settings_are_those_of_the_code() {
    let c = Constants::default();
    let agent = Limits::default();
    let limits = control::Limits::default();
    let (ingest, query) = (vedetta_ingest::Config::default(), vedetta_query::Config::default());
    let of_code = [
        (Name::BlockAgeMs, agent.age.as_secs_f64() * 1e3),
        (Name::BlockEvents, agent.events.into()),
        (Name::LingerMs, query.archive_linger_milliseconds as f64),
        (Name::HeartbeatSeconds, ingest.heartbeat_seconds.into()),
        (Name::TelemetryHours, query.telemetry_hours.into()),
        (Name::CompactHours, f64::from(query.compact_after_hours) + 0.5),
        (Name::TenantNodes, limits.nodes.into()),
        (Name::TenantEvents, ingest.tenant_events_per_second as f64),
        (Name::NodeEvents, ingest.node_events_per_second as f64),
    ];
    for (name, value) in of_code {
        assert_eq!(c.of(name), value, "{}", name.as_str());
    }
}

/// Bytes of blocks of so many made-up events each, on average.
fn encoded(events: u32) -> f64 {
    let mut rng = StdRng::seed_from_u64(1);
    let tenant: TenantId = "model".parse().unwrap();
    let origin = Origin { tenant, node: NodeId::random(&mut rng), boot: BootId::random(&mut rng) };
    let limits = Limits { bytes: usize::MAX, waiting: usize::MAX, ..Limits::default() };
    let mut batcher = Batcher::new(origin, limits, Arc::new(Ledger::default()));
    let mut source = Synthetic::new(synthetic::Config::rate(0.0), Arc::new(SystemClock));
    let blocks = (8192 / events).clamp(4, 256);
    let mut bytes = 0;
    for _ in 0..blocks {
        source.produce(events.into(), &mut batcher);
        batcher.seal();
        let sealed = batcher.take().unwrap();
        assert_eq!(sealed.meta.count, events);
        bytes += sealed.finish().unwrap().len();
    }
    bytes as f64 / f64::from(blocks)
}

#[test]
fn the_curve_is_what_the_encoder_gives() {
    let there = BLOCK_BYTES.map(|(events, bytes)| (events, bytes, encoded(events as u32)));
    for (events, bytes, encoded) in there {
        assert!(
            (encoded / bytes - 1.0).abs() < 0.1,
            "blocks of {events} events have not {bytes} bytes: {there:?}"
        );
        assert_eq!(block_bytes(events), bytes);
    }
    assert_eq!(block_bytes(0.1), BLOCK_BYTES[0].1);
    assert_eq!(block_bytes(1e9), BLOCK_BYTES[5].1);
}
