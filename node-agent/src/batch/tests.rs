use uuid::Uuid;
use vedetta_block::Batch;
use vedetta_model::{
    Kind, ProcessKey,
    event::{Heartbeat, LossStage, Open, Unlink},
};

use super::*;
use crate::process_table::{self, ProcFs, ProcessFacts, Users};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn batcher(limits: Limits) -> Batcher {
    let origin = Origin {
        tenant: "default".parse().unwrap(),
        node: NodeId::from_uuid(Uuid::from_u128(1)),
        boot: BootId::from_uuid(Uuid::from_u128(2)),
    };
    Batcher::new(origin, limits, Arc::default())
}

fn table() -> ProcessTable {
    let nowhere = "/nonexistent";
    ProcessTable::new(
        process_table::Limits::default(),
        Timestamp::EPOCH,
        ProcFs::at(nowhere),
        Users::from_file(nowhere),
    )
}

fn add(table: &mut ProcessTable, pid: u32, name: &str, parent: Option<ProcessHandle>) -> ProcessHandle {
    let key = ProcessKey { pid, start: Timestamp::from_millis(pid.into()) };
    table.insert(ProcessFacts { name: name.to_owned(), parent, ..ProcessFacts::unknown(key) }, NOW)
}

fn open(process: ProcessHandle, path: &str) -> Observed {
    let payload = Open { path: path.to_owned(), flags: 0, mode: 0 }.into();
    Observed { time: NOW, process, tid: 9, result: 3, payload }
}

fn decode(sealed: Sealed) -> (Meta, Batch) {
    let meta = sealed.meta;
    let batch = Batch::decode(&sealed.finish().unwrap()).unwrap();
    let header = &batch.header;
    let said = (header.boot, header.first, header.last, header.count, header.earliest, header.latest);
    assert_eq!(said, (meta.boot, meta.first, meta.last, meta.count, meta.oldest, meta.newest));
    (meta, batch)
}

#[test]
fn a_clock_that_was_set_ends_the_block() {
    let mut table = table();
    let shell = add(&mut table, 2, "bash", None);
    let mut batcher = batcher(Limits::default());
    let at = |minutes: i64| Observed {
        time: Timestamp::from_millis(NOW.as_nanos() / 1_000_000 + minutes * 60_000),
        ..open(shell, "/a")
    };
    for minutes in [0, 50, 70, -20, 39, 41] {
        batcher.event(at(minutes), &table);
    }
    batcher.seal();
    let counts: Vec<u32> =
        std::iter::from_fn(|| batcher.take()).map(|sealed| decode(sealed).0.count).collect();
    assert_eq!(counts, [2, 1, 2, 1]);
}

#[test]
fn a_block_carries_each_process_once_with_its_ancestors() {
    let mut table = table();
    let init = add(&mut table, 1, "init", None);
    let shell = add(&mut table, 2, "bash", Some(init));
    let (cat, grep) = (add(&mut table, 3, "cat", Some(shell)), add(&mut table, 4, "grep", Some(shell)));
    let mut batcher = batcher(Limits::default());
    for (process, path) in [(cat, "/a"), (grep, "/b"), (cat, "/c"), (shell, "/d")] {
        batcher.event(open(process, path), &table);
    }
    batcher.seal();
    let (meta, batch) = decode(batcher.take().unwrap());
    assert_eq!((meta.first, meta.last, meta.count), (1, 4, 4));
    assert_eq!(batch.processes.len(), 4);
    let names = |index: usize| {
        let process = batch.events[index].process.unwrap();
        batch.lineage(process).map(|it| it.name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(names(0), ["cat", "bash", "init"]);
    assert_eq!(names(1), ["grep", "bash", "init"]);
    assert_eq!(names(3), ["bash", "init"]);
}

#[test]
fn the_next_block_is_as_complete_as_the_first_and_numbers_go_on() {
    let mut table = table();
    let init = add(&mut table, 1, "init", None);
    let shell = add(&mut table, 2, "bash", Some(init));
    let mut batcher = batcher(Limits { events: 2, ..Limits::default() });
    for path in ["/a", "/b", "/c"] {
        batcher.event(open(shell, path), &table);
    }
    batcher.seal();
    let (first, second) = (decode(batcher.take().unwrap()), decode(batcher.take().unwrap()));
    assert_eq!((first.0.last, second.0.first, second.0.last), (2, 3, 3));
    assert_eq!(second.1.processes.len(), 2);
    assert!(batcher.take().is_none());
    assert_eq!(batcher.numbered(), 3);
}

#[test]
fn large_events_seal_early_and_a_sink_with_enough_sealed_blocks_is_full() {
    let mut table = table();
    let init = add(&mut table, 1, "init", None);
    let mut batcher = batcher(Limits { bytes: 10_000, waiting: 2, ..Limits::default() });
    for _ in 0..2 {
        assert!(!batcher.is_full());
        for _ in 0..3 {
            batcher.event(open(init, &"x".repeat(4000)), &table);
        }
    }
    assert!(batcher.is_full());
    assert_eq!(batcher.take().unwrap().meta.count, 3);
    assert!(!batcher.is_full());
}

#[test]
fn an_event_of_a_process_that_was_dropped_is_still_an_event() {
    let (table, mut other) = (table(), table());
    let other = add(&mut other, 7, "gone", None);
    let mut batcher = batcher(Limits::default());
    batcher.event(
        Observed { time: NOW, process: other, tid: 1, result: -2, payload: Unlink::default().into() },
        &table,
    );
    batcher.seal();
    let (_, batch) = decode(batcher.take().unwrap());
    assert_eq!((batch.events[0].process, batch.events[0].kind()), (None, Kind::FileUnlink));
}

#[test]
fn a_block_of_reports_alone_may_use_the_reserve() {
    let mut table = table();
    let init = add(&mut table, 1, "init", None);
    let mut batcher = batcher(Limits::default());
    batcher.report(Heartbeat::default().into(), NOW);
    batcher.seal();
    let reports = batcher.take().unwrap();
    assert_eq!(reports.class, Class::Reports);
    assert_eq!(decode(reports).0.first, 1);
    batcher.report(Heartbeat::default().into(), NOW);
    batcher.event(open(init, "/a"), &table);
    batcher.seal();
    assert_eq!(batcher.take().unwrap().class, Class::Events);
}

#[test]
fn what_a_lost_block_told_of_earlier_losses_is_told_again() {
    let mut batcher = batcher(Limits::default());
    let ledger = Ledger::default();
    let loss =
        Loss { stage: LossStage::Ring, cpu: Some(0), hook: "exec".into(), count: 5, since: NOW, until: NOW };
    batcher.report(loss.clone().into(), NOW);
    batcher.seal();
    let sealed = batcher.take().unwrap();
    let meta = sealed.meta;
    ledger.lost_block(LossStage::Spool, &meta, &sealed.finish().unwrap());
    let told = ledger.tell();
    assert!(told.contains(&loss), "{told:?}");
    assert!(told.iter().any(|it| it.stage == LossStage::Spool && it.count == 1), "{told:?}");
}

#[test]
fn after_a_quiet_time_a_block_goes_at_once_and_a_busy_node_still_sends_few() {
    let hour = Duration::from_secs(3600);
    let mut batcher = batcher(Limits::default());
    assert_eq!(batcher.due_in(hour, Instant::now()), None);
    let report = |batcher: &mut Batcher| batcher.report(Heartbeat::default().into(), NOW);
    report(&mut batcher);
    assert!(batcher.due_in(hour, Instant::now()) <= Some(GATHER));
    batcher.seal();
    report(&mut batcher);
    assert!(batcher.due_in(hour, Instant::now()) > Some(hour / 2), "the block before went just now");
    let quiet = Instant::now() + hour;
    assert_eq!(batcher.due_in(hour, quiet), Some(Duration::ZERO));
}
