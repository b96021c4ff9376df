use std::time::Duration;

use super::*;

const SECOND: u64 = 1_000_000_000;

/// A table that finds nothing under `/proc`.
fn table(limits: Limits) -> ProcessTable {
    ProcessTable::new(limits, Timestamp::EPOCH, ProcFs::at("/nonexistent"), Users::from_file("/nonexistent"))
}

fn who(pid: u32, start: u64) -> Who {
    Who { pid, start, ..Who::default() }
}

fn child(pid: u32, start: u64, ppid: u32) -> Child {
    Child { pid, start, ppid, sid: 1, pgid: pid }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_nanos(seconds * 1_000_000_000)
}

fn image(name: &str) -> Image {
    Image { name: name.into(), exe: format!("/bin/{name}"), ..Image::default() }
}

#[test]
fn an_exec_makes_a_new_generation_with_the_same_key_and_parent() {
    let mut table = table(Limits::default());
    let shell = table.observe(&who(10, SECOND), at(1));
    let forked = table.fork(shell, &child(11, 2 * SECOND, 10), at(2));
    let (exec, previous) = table.exec(&Who { exec_id: 1, ..who(11, 2 * SECOND) }, &image("ls"), at(3));

    let (before, after) = (table.facts(forked).unwrap(), table.facts(exec).unwrap());
    assert_eq!(previous, "");
    assert_eq!((before.key, before.parent), (after.key, after.parent));
    assert_eq!(after.parent, Some(shell));
    assert_eq!((&*after.name, after.exec_time), ("ls", at(3)));
    assert_eq!(table.current(11), Some(exec));
}

#[test]
fn a_pid_that_is_used_again_is_another_process() {
    let mut table = table(Limits::default());
    let first = table.observe(&who(10, SECOND), at(1));
    let second = table.observe(&who(10, 5 * SECOND), at(6));
    assert_ne!(table.facts(first).unwrap().key, table.facts(second).unwrap().key);
}

#[test]
fn changed_credentials_make_a_new_generation() {
    let mut table = table(Limits::default());
    let root = table.observe(&who(10, SECOND), at(1));
    let user = table.observe(&Who { uid: 1000, euid: 1000, ..who(10, SECOND) }, at(2));
    assert_ne!(root, user);
    assert_eq!(table.facts(user).unwrap().uid, 1000);
    assert_eq!(table.observe(&Who { uid: 1000, euid: 1000, ..who(10, SECOND) }, at(3)), user);
}

#[test]
fn an_ended_parent_stays_while_it_has_children_and_then_goes() {
    let mut table = table(Limits { grace: Duration::from_secs(10), ..Limits::default() });
    let parent = table.observe(&who(10, SECOND), at(1));
    let kid = table.fork(parent, &child(11, 2 * SECOND, 10), at(2));
    assert!(table.exit(parent, at(3)));
    assert!(!table.exit(parent, at(3)), "a process ends once");

    table.expire(at(100));
    assert!(table.facts(parent).is_some(), "its child still names it");
    table.exit(kid, at(101));
    table.expire(at(105));
    assert!(table.facts(kid).is_some(), "the grace period is not over");
    table.expire(at(200));
    table.expire(at(400));
    assert!(table.is_empty());
}

#[test]
fn a_record_that_comes_after_the_end_finds_the_ended_process() {
    let mut table = table(Limits::default());
    let process = table.observe(&who(10, SECOND), at(1));
    table.exit(process, at(2));
    assert_eq!(table.observe(&Who { uid: 5, ..who(10, SECOND) }, at(3)), process);
    assert_eq!(table.current(10), None);
}

#[test]
fn a_full_table_drops_ended_processes_first_and_counts_them() {
    let mut table = table(Limits { generations: 3, ..Limits::default() });
    let gone = table.observe(&who(1, SECOND), at(1));
    let alive = table.observe(&who(2, SECOND), at(1));
    table.exit(gone, at(2));
    table.observe(&who(3, SECOND), at(3));
    table.observe(&who(4, SECOND), at(3));
    assert!(table.facts(gone).is_none() && table.facts(alive).is_some());
    table.observe(&who(5, SECOND), at(4));
    assert_eq!((table.len(), table.evicted()), (3, 2));
}

#[test]
fn seeding_finds_this_process_below_its_parent() {
    let users = Users::from_file("/etc/passwd");
    let mut table = ProcessTable::new(Limits::default(), Timestamp::EPOCH, ProcFs::at("/proc"), users);
    table.seed();
    let own = table.current(std::process::id()).unwrap();
    let parent = table.facts(own).unwrap().parent.unwrap();
    assert_eq!(table.facts(parent).unwrap().key.pid, std::os::unix::process::parent_id());
}

#[test]
fn an_exec_that_was_not_seen_is_noticed_by_the_next_record() {
    let mut table = table(Limits::default());
    let (shell, _) = table.exec(&who(10, SECOND), &image("sh"), at(1));
    assert_eq!(table.observe(&who(10, SECOND), at(2)), shell);
    let other = table.observe(&Who { exec_id: 1, ..who(10, SECOND) }, at(3));
    assert_ne!(other, shell);
    assert_eq!((&*table.facts(other).unwrap().name, table.facts(other).unwrap().exec_time), ("", at(3)));
}
