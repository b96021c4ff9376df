use std::{fs, time::Duration};

use vedetta_model::{Kind, Payload, event::LossStage};
use vedetta_node_agent::source::{Interest, Reads, Source as _, kernel};

use crate::watcher::{Collector, fork, start};

#[test]
fn what_does_not_fit_the_ring_is_counted_by_processor_and_hook() {
    const OPENS: u64 = 2_000;
    let mut source = start(kernel::Config { ring_bytes: 16 * 1024, ..kernel::Config::default() });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let mut collector = Collector::default();
    let lost_opens = |collector: &Collector| -> u64 {
        let ring = |loss: &&vedetta_model::event::Loss| loss.stage == LossStage::Ring && loss.hook == "open";
        collector.lost.iter().filter(ring).map(|loss| loss.count).sum()
    };
    // On a busy machine others may fill the ring between a drain and a child's first open: then the next child tries.
    let mut children = Vec::new();
    let (seen, lost) = loop {
        source.drain(&mut collector, Duration::ZERO).unwrap();
        let (pid, _) = fork(|| {
            for _ in 0..OPENS {
                fs::write(&path, b"x").unwrap();
            }
        });
        children.push(pid);
        let lost_before = lost_opens(&collector);
        for _ in 0..200 {
            source.drain(&mut collector, Duration::from_millis(100)).unwrap();
            if lost_opens(&collector) > lost_before {
                break;
            }
        }
        let of_children = |seen: &&crate::watcher::Seen| {
            children.contains(&seen.process.key.pid)
                && matches!(&seen.event.payload, Payload::Open(open) if open.is_write())
        };
        let seen = collector.seen.iter().filter(of_children).count() as u64;
        let lost = lost_opens(&collector);
        assert!(lost > lost_before, "nothing of {OPENS} opens was lost: {seen} seen");
        if seen > 0 {
            break (seen, lost);
        }
        assert!(children.len() < 50, "no child was ever seen: {lost} lost");
    };
    // Other processes may have lost opens too.
    assert!(seen + lost >= OPENS * children.len() as u64, "{seen} seen + {lost} lost of {children:?}");
    assert!(collector.lost.iter().all(|loss| loss.cpu.is_some() && loss.since <= loss.until));
    let total: u64 = collector.lost.iter().map(|loss| loss.count).sum();
    assert_eq!(source.totals().lost, total);
}

#[test]
fn only_what_is_wanted_is_handed_over_and_that_can_change() {
    let folder = tempfile::tempdir().unwrap();
    let (wanted, other) = (folder.path().join("wanted"), folder.path().join("other"));
    let wanted_text = wanted.to_string_lossy().into_owned();
    for path in [&wanted, &other] {
        fs::write(path, b"x").unwrap();
    }
    let interest =
        Interest { kinds: [Kind::FileOpen].into(), reads: Reads::Below(vec![wanted_text.clone()]) };
    let mut source = start(kernel::Config { interest, ..kernel::Config::default() });
    let work = || {
        fs::read(&other).unwrap();
        fs::read(&wanted).unwrap();
        fs::remove_file(folder.path().join("missing")).unwrap_err();
    };

    let (pid, _) = fork(work);
    let mut collector = Collector::default();
    let mine = |collector: &Collector, pid: u32| -> Vec<Payload> {
        let of_child = collector.seen.iter().filter(|seen| seen.process.key.pid == pid);
        of_child.map(|seen| seen.event.payload.clone()).collect()
    };
    for _ in 0..200 {
        source.drain(&mut collector, Duration::from_millis(50)).unwrap();
        if !mine(&collector, pid).is_empty() {
            break;
        }
    }
    let events = mine(&collector, pid);
    assert!(matches!(&events[..], [Payload::Open(open)] if open.path == wanted_text), "{events:?}");

    source.set_interest(Interest { kinds: [Kind::FileUnlink].into(), reads: Reads::All }).unwrap();
    let (pid, _) = fork(work);
    for _ in 0..200 {
        source.drain(&mut collector, Duration::from_millis(50)).unwrap();
        if !mine(&collector, pid).is_empty() {
            break;
        }
    }
    let events = mine(&collector, pid);
    assert!(matches!(&events[..], [Payload::Unlink(_)]), "{events:?}");
}
