use std::{collections::BTreeSet, fs::File, os::unix::fs::FileExt};

use proptest::prelude::*;
use uuid::Uuid;
use vedetta_model::Timestamp;

use super::*;

const BOOT: BootId = BootId::from_uuid(Uuid::from_u128(1));

fn limits() -> Limits {
    Limits { bytes: 1 << 20, reserve: 4096, segment_bytes: 2048, memory_bytes: 4096 }
}

fn open(dir: &Path) -> (Spool, Recovery) {
    Spool::open(dir, limits()).unwrap()
}

/// Block number `n` of three events, whose bytes tell its number.
fn meta(n: u64) -> Meta {
    Meta {
        boot: BOOT,
        first: n * 3 + 1,
        last: n * 3 + 3,
        count: 3,
        oldest: Timestamp::from_nanos(n as i64),
        newest: Timestamp::from_nanos(n as i64 + 1),
    }
}

fn block(n: u64, size: usize) -> Bytes {
    let mut bytes = n.to_le_bytes().to_vec();
    bytes.resize(size.max(8), n as u8);
    bytes.into()
}

fn number(entry: &Entry) -> u64 {
    u64::from_le_bytes(entry.block[..8].try_into().unwrap())
}

fn fill(spool: &mut Spool, numbers: std::ops::Range<u64>) {
    for n in numbers {
        spool.append(meta(n), &block(n, 300), Class::Events).unwrap();
    }
}

fn take_all(spool: &mut Spool) -> Vec<u64> {
    std::iter::from_fn(|| spool.take()).map(|entry| number(&entry)).collect()
}

fn segment_files(dir: &Path) -> Vec<PathBuf> {
    Segment::list(&RealDisk, dir).unwrap().into_iter().map(|(_, path)| path).collect()
}

#[test]
fn blocks_come_out_in_order_and_settled_ones_leave_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, recovery) = open(dir.path());
    assert_eq!(recovery, Recovery::default());
    fill(&mut spool, 0..40);
    assert!(segment_files(dir.path()).len() > 5);
    let entries: Vec<_> = std::iter::from_fn(|| spool.take()).collect();
    assert_eq!(entries.iter().map(number).collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
    assert_eq!(entries[7].meta, meta(7));
    for entry in &entries {
        spool.settle(entry.id);
    }
    assert!(spool.is_empty());
    assert_eq!(spool.waiting_bytes(), 0);
    assert_eq!(segment_files(dir.path()).len(), 1, "only the one that grows is left");
}

#[test]
fn an_earlier_block_that_is_not_settled_holds_the_later_ones() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    fill(&mut spool, 0..30);
    let entries: Vec<_> = std::iter::from_fn(|| spool.take()).collect();
    for entry in entries.iter().filter(|entry| number(entry) != 4) {
        spool.settle(entry.id);
    }
    drop(spool);
    let (mut spool, recovery) = open(dir.path());
    assert_eq!(recovery.blocks, 26);
    assert_eq!(take_all(&mut spool)[0], 4);
}

#[test]
fn a_restart_goes_on_where_it_stopped_with_the_blocks_of_the_former_run_first() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    fill(&mut spool, 0..10);
    for _ in 0..3 {
        let entry = spool.take().unwrap();
        spool.settle(entry.id);
    }
    drop(spool);
    let (mut spool, recovery) = open(dir.path());
    assert_eq!((recovery.blocks, recovery.events), (7, 21));
    fill(&mut spool, 10..12);
    assert_eq!(take_all(&mut spool), (3..12).collect::<Vec<_>>());
}

#[test]
fn a_full_spool_refuses_events_keeps_room_for_reports_and_takes_more_when_there_is_space() {
    let dir = tempfile::tempdir().unwrap();
    let small = Limits { bytes: 4096, reserve: 1024, segment_bytes: 1024, memory_bytes: 0 };
    let (mut spool, _) = Spool::open(dir.path(), small).unwrap();
    let mut taken = 0;
    while spool.append(meta(taken), &block(taken, 300), Class::Events).is_ok() {
        taken += 1;
    }
    assert!((8..=10).contains(&taken), "{taken}");
    let refused = spool.append(meta(99), &block(99, 300), Class::Events).unwrap_err();
    assert!(matches!(refused, Refused::Full { limit: 4096, .. }), "{refused}");
    spool.append(meta(taken), &block(taken, 300), Class::Reports).unwrap();
    assert!(spool.bytes() <= small.bytes + small.reserve);
    let held: u64 = segment_files(dir.path()).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert_eq!(held, spool.bytes());
    while let Some(entry) = spool.take() {
        spool.settle(entry.id);
    }
    spool.append(meta(100), &block(100, 300), Class::Events).unwrap();
    assert_eq!(take_all(&mut spool), [100]);
}

#[test]
fn a_torn_end_is_cut_off_and_its_events_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    fill(&mut spool, 0..4);
    drop(spool);
    let path = segment_files(dir.path()).remove(0);
    let whole = path.metadata().unwrap().len();
    File::options().write(true).open(&path).unwrap().set_len(whole - 100).unwrap();
    let (mut spool, recovery) = open(dir.path());
    assert_eq!((recovery.blocks, recovery.damage.len()), (3, 1));
    assert_eq!(recovery.damage[0].events, 3);
    assert_eq!(recovery.damage[0].newest, Some(meta(3).newest));
    fill(&mut spool, 4..5);
    assert_eq!(take_all(&mut spool), [0, 1, 2, 4]);
    assert!(spool.take_damage().is_empty(), "told once");
}

#[test]
fn damage_in_the_middle_is_skipped_and_counted_exactly() {
    for (what, at) in [("header", 20), ("length", 5), ("block", 100)] {
        let dir = tempfile::tempdir().unwrap();
        let (mut spool, _) = open(dir.path());
        fill(&mut spool, 0..5);
        drop(spool);
        let path = segment_files(dir.path()).remove(0);
        let third = START + 2 * (entry::HEADER as u64 + 300);
        let file = File::options().read(true).write(true).open(&path).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, third + at).unwrap();
        file.write_all_at(&[byte[0] ^ 0x10], third + at).unwrap();
        let (mut spool, recovery) = open(dir.path());
        assert!(recovery.damage.is_empty(), "{what}: the end is whole");
        assert_eq!(take_all(&mut spool), [0, 1, 3, 4], "{what}");
        let damage = spool.take_damage();
        assert_eq!(damage.iter().map(|it| it.events).sum::<u64>(), 3, "{what}: {damage:?}");
    }
}

#[test]
fn a_file_of_another_version_is_set_aside_and_not_deleted() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("0000000000000007.segment"), b"VDSPOOL9 and something else").unwrap();
    let (mut spool, recovery) = open(dir.path());
    assert_eq!(recovery.set_aside.len(), 1);
    assert!(recovery.set_aside[0].exists());
    fill(&mut spool, 0..1);
    assert_eq!(take_all(&mut spool), [0]);
}

#[test]
fn a_second_agent_on_the_same_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (_first, _) = open(dir.path());
    let error = Spool::open(dir.path(), limits()).unwrap_err();
    assert!(error.to_string().contains("in use by another agent"), "{error}");
}

#[test]
fn a_folder_that_vanishes_is_bridged_by_memory_and_then_refused() {
    let dir = tempfile::tempdir().unwrap();
    let spool_dir = dir.path().join("spool");
    let (mut spool, _) = open(&spool_dir);
    fill(&mut spool, 0..2);
    std::fs::remove_dir_all(&spool_dir).unwrap();
    // The open segment still takes some; a new one cannot be made.
    let mut n = 2;
    let refused = loop {
        match spool.append(meta(n), &block(n, 300), Class::Events) {
            Ok(()) => n += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, Refused::Disk(_)), "{refused}");
    assert!(n > 14, "{n}");
    // The folder is back: the next block takes along what waited in memory.
    std::fs::create_dir(&spool_dir).unwrap();
    fill(&mut spool, n..n + 1);
    drop(spool.close(&[]));
    assert!(segment_files(&spool_dir).len() > 1);
    assert_eq!(spool.memory_bytes, 0);
    assert_eq!(take_all(&mut spool), (0..=n).collect::<Vec<_>>());
}

#[derive(Debug, Clone)]
enum Op {
    Append(usize),
    Take,
    /// Settles the n-th of those that were taken and not settled.
    Settle(usize),
    Sync,
    Reopen,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        6 => (8_usize..900).prop_map(Op::Append),
        5 => Just(Op::Take),
        4 => (0_usize..8).prop_map(Op::Settle),
        1 => Just(Op::Sync),
        1 => Just(Op::Reopen),
    ];
    proptest::collection::vec(op, 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// The model: all numbers that were appended, and those settled. What is not settled comes
    /// again after a restart, in order; what is handed out twice in one run is a mistake.
    #[test]
    fn the_spool_does_what_a_queue_in_memory_does(ops in ops()) {
        let dir = tempfile::tempdir().unwrap();
        let (mut spool, _) = open(dir.path());
        let (mut appended, mut settled) = (0_u64, BTreeSet::new());
        let mut taken: Vec<(u64, u64)> = Vec::new();
        let mut run: Vec<u64> = Vec::new();
        let mut run_begins = 0;
        for op in ops {
            match op {
                Op::Append(size) => {
                    spool.append(meta(appended), &block(appended, size), Class::Events).unwrap();
                    appended += 1;
                }
                Op::Take => match spool.take() {
                    Some(entry) => {
                        let n = number(&entry);
                        let next = run.last().map_or(run_begins, |last| last + 1);
                        prop_assert_eq!(n, next, "in order, without a hole");
                        prop_assert_eq!(entry.meta, meta(n));
                        run.push(n);
                        taken.push((entry.id, n));
                    }
                    None => prop_assert_eq!(run.last().map_or(run_begins, |last| last + 1), appended),
                },
                Op::Settle(index) if index < taken.len() => {
                    let (id, n) = taken.remove(index);
                    spool.settle(id);
                    settled.insert(n);
                }
                Op::Settle(_) => {}
                Op::Sync => {
                    let sync = spool.start_sync();
                    let outcome = sync.run();
                    spool.synced(sync, &outcome);
                    prop_assert!(outcome.is_ok());
                }
                Op::Reopen => {
                    drop(spool);
                    let recovery;
                    (spool, recovery) = open(dir.path());
                    let first_unsettled = (0..appended).find(|n| !settled.contains(n)).unwrap_or(appended);
                    prop_assert_eq!(recovery.blocks, appended - first_unsettled);
                    prop_assert!(recovery.damage.is_empty());
                    // Those behind a gap come again: only the mark survives.
                    settled.retain(|&n| n < first_unsettled);
                    taken.clear();
                    run.clear();
                    run_begins = first_unsettled;
                }
            }
            prop_assert!(spool.take_damage().is_empty());
        }
    }

    /// Whatever one stretch of bytes becomes, the rest is delivered unchanged and in order, and what
    /// is missing has been counted.
    #[test]
    fn damage_costs_only_what_it_touches_and_is_always_counted(
        sizes in proptest::collection::vec(8_usize..400, 2..12),
        at in 0.0_f64..1.0,
        change in prop_oneof![
            Just(None),
            proptest::collection::vec(1_u8..=255, 1..200).prop_map(Some),
        ],
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (mut spool, _) = open(dir.path());
        for (n, &size) in (0..).zip(&sizes) {
            spool.append(meta(n), &block(n, size), Class::Events).unwrap();
        }
        drop(spool);
        let path = segment_files(dir.path()).remove(0);
        let file = File::options().read(true).write(true).open(&path).unwrap();
        let len = file.metadata().unwrap().len();
        let mut offset = START + ((len - START - 1) as f64 * at) as u64;
        match change {
            None => {
                // A cut between two entries leaves no trace: such entries were never written.
                let ends = sizes.iter().scan(START, |end, &size| {
                    let begin = *end;
                    *end += (entry::HEADER + size) as u64;
                    Some(begin)
                });
                offset += u64::from(ends.into_iter().any(|begin| begin == offset));
                file.set_len(offset).unwrap();
            }
            Some(mut mask) => {
                mask.truncate((len - offset) as usize);
                let mut bytes = vec![0; mask.len()];
                file.read_exact_at(&mut bytes, offset).unwrap();
                for (byte, mask) in bytes.iter_mut().zip(&mask) {
                    *byte ^= mask;
                }
                file.write_all_at(&bytes, offset).unwrap();
            }
        }
        let (mut spool, recovery) = open(dir.path());
        let mut delivered = Vec::new();
        while let Some(entry) = spool.take() {
            let n = number(&entry);
            prop_assert_eq!(&entry.block, &block(n, sizes[n as usize]));
            delivered.push(n);
        }
        prop_assert!(delivered.is_sorted());
        let missing = 3 * (sizes.len() - delivered.len()) as u64;
        let mut damage = recovery.damage;
        damage.extend(spool.take_damage());
        let counted: u64 = damage.iter().map(|it| it.events).sum();
        prop_assert!(missing == 0 || counted > 0, "{} missing, {:?}", missing, damage);
        prop_assert!(counted <= missing, "{} missing, {:?}", missing, damage);
        // The spool goes on as if nothing had been.
        let n = sizes.len() as u64;
        spool.append(meta(n), &block(n, 8), Class::Events).unwrap();
        prop_assert_eq!(take_all(&mut spool), [n]);
    }
}
