use std::{os::unix::process::CommandExt as _, process::Command};

use vedetta_model::{
    Payload, Timestamp,
    event::{Exit, Fork},
};

use crate::watcher::{all_of, await_event, in_child};

#[test]
fn an_exec_shows_the_new_program_and_its_ancestors() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("/bin/true", &link).unwrap();
    let pid = in_child(|| {
        std::env::set_current_dir(folder.path()).unwrap();
        panic!("{}", Command::new("./link").arg0("renamed").args(["one", "", "three"]).exec());
    });
    let seen = await_event(pid, "exec", |seen| matches!(seen.event.payload, Payload::Exec(_)));
    let Payload::Exec(exec) = &seen.event.payload else { unreachable!() };
    let process = &seen.process;

    assert_eq!(exec.filename, "./link");
    assert_eq!(process.exe, std::fs::canonicalize("/bin/true").unwrap().to_string_lossy());
    assert_eq!(process.args, ["renamed", "one", "", "three"]);
    assert_eq!(process.cwd, folder.path().to_string_lossy());
    assert_eq!(process.name, "link");
    assert_eq!((process.uid, &*process.user), (0, "root"));
    assert_eq!(process.exec_time, seen.event.time);
    assert!(process.key.start <= process.exec_time && process.key.start > Timestamp::EPOCH);
    assert!(!process.exe_from_memfd);
    assert_eq!(process.ppid, std::process::id());
    // The state between fork and exec is no ancestor: the parent made the child.
    assert_eq!(seen.ancestors[0].key.pid, std::process::id());
    assert!(seen.ancestors.len() >= 2, "the tests' own parent was seeded");
}

#[test]
fn a_fork_names_the_child_and_an_exit_its_code() {
    let pid = in_child(|| {
        let mut child = Command::new("/bin/sh").args(["-c", "exit 7"]).spawn().unwrap();
        child.wait().unwrap();
    });
    let fork = await_event(pid, "fork", |seen| matches!(seen.event.payload, Payload::Fork(_)));
    let Payload::Fork(Fork { child }) = fork.event.payload else { unreachable!() };
    let exit = await_event(child.pid, "exit", |seen| matches!(seen.event.payload, Payload::Exit(_)));
    assert_eq!(exit.event.payload, Exit { code: 7, signal: 0 }.into());
    assert_eq!(exit.process.key, child);
    assert_eq!(exit.ancestors[0].key.pid, pid);
    assert!(fork.event.time <= exit.event.time);
}

#[test]
fn a_killed_process_shows_its_signal() {
    let pid = in_child(|| {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
    });
    let exit = await_event(pid, "exit", |seen| matches!(seen.event.payload, Payload::Exit(_)));
    assert_eq!(exit.event.payload, Exit { code: 0, signal: 9 }.into());
}

#[test]
fn threads_are_neither_forks_nor_exits() {
    let pid = in_child(|| {
        std::thread::spawn(|| std::fs::write("/dev/null", b"x").unwrap()).join().unwrap();
    });
    let all = all_of(pid);
    let count = |wanted: fn(&Payload) -> bool| all.iter().filter(|seen| wanted(&seen.event.payload)).count();
    assert_eq!(count(|payload| matches!(payload, Payload::Fork(_))), 0);
    assert_eq!(count(|payload| matches!(payload, Payload::Exit(_))), 1);
    let write = all.iter().find(|seen| matches!(&seen.event.payload, Payload::Open(open) if open.is_write()));
    assert_ne!(write.unwrap().event.tid, pid, "it was another thread");
}

#[test]
fn a_program_that_lies_in_memory_only_is_marked() {
    let pid = in_child(|| {
        use std::io::Write as _;
        let fd = rustix::fs::memfd_create("evil", rustix::fs::MemfdFlags::empty()).unwrap();
        let mut file = std::fs::File::from(fd);
        file.write_all(&std::fs::read("/bin/true").unwrap()).unwrap();
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
        panic!("{}", Command::new(path).exec());
    });
    let seen = await_event(pid, "exec", |seen| matches!(seen.event.payload, Payload::Exec(_)));
    assert!(seen.process.exe_from_memfd);
    assert_eq!(seen.process.exe, "/memfd:evil (deleted)");
}

#[test]
fn a_program_that_its_user_may_change_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let (own, others) = (folder.path().join("own"), "/bin/true");
    std::fs::copy(others, &own).unwrap();
    std::os::unix::fs::chown(folder.path(), Some(1000), None).unwrap();
    std::os::unix::fs::chown(&own, Some(1000), None).unwrap();
    for (program, writable) in [(own.as_path(), true), (others.as_ref(), false)] {
        let pid = in_child(|| panic!("{}", Command::new(program).uid(1000).gid(1000).exec()));
        let seen = await_event(pid, "exec", |seen| matches!(seen.event.payload, Payload::Exec(_)));
        assert_eq!(seen.process.exe_writable, writable, "{program:?}");
    }
}

#[test]
fn the_agent_does_not_report_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    let first = in_child(|| ());
    std::fs::write(&ours, b"x").unwrap();
    let child = in_child(|| std::fs::write(&theirs, b"x").unwrap());
    all_of(first);
    all_of(child);
    let path = ours.to_string_lossy().into_owned();
    let own =
        crate::watcher::any(|seen| matches!(&seen.event.payload, Payload::Open(open) if open.path == path));
    assert!(!own);
}
