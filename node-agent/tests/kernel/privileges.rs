#![expect(unsafe_code, reason = "system calls without safe wrappers")]

use std::{ffi::CString, fs, os::fd::AsRawFd as _};

use vedetta_model::event::{Bpf, ModuleLoad, Mount, Ptrace, SetId, SetIdCall, SetNs, Unshare};

use crate::watcher::{await_payload, everything, fork, in_child, start};

const CLONE_NEWNS: u64 = 0x2_0000;
const CLONE_NEWUTS: u32 = 0x400_0000;

#[test]
fn changed_credentials_show_in_the_process() {
    let pid = in_child(|| {
        // SAFETY: no pointers.
        unsafe {
            assert_eq!(libc::setregid(33, u32::MAX), 0);
            assert_eq!(libc::syscall(libc::SYS_setresuid, 1, 2, u32::MAX), 0);
            assert_eq!(libc::syscall(libc::SYS_setuid, 99), -1);
        }
    });
    let gid = await_payload(pid, SetId { call: SetIdCall::SetReGid, ids: [Some(33), None, None] });
    assert_eq!((gid.process.gid, gid.process.egid, gid.process.uid), (33, 0, 0));
    let uid = await_payload(pid, SetId { call: SetIdCall::SetResUid, ids: [Some(1), Some(2), None] });
    assert_eq!((uid.process.uid, uid.process.euid, &*uid.process.user), (1, 2, "daemon"));
    let refused = await_payload(pid, SetId { call: SetIdCall::SetUid, ids: [Some(99), None, None] });
    assert_eq!((refused.event.result, refused.process.uid), (-1, 1));
}

#[test]
fn attaching_to_a_process_is_seen() {
    let pid = in_child(|| {
        // SAFETY: these requests take no pointers.
        unsafe {
            assert_eq!(libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0), 0);
            // Nobody traces himself.
            assert_eq!(libc::ptrace(libc::PTRACE_SEIZE, std::process::id(), 0, 0), -1);
        }
    });
    assert_eq!(await_payload(pid, Ptrace { request: 0, target: 0 }).event.result, 0);
    assert!(await_payload(pid, Ptrace { request: 0x4206, target: pid }).event.result < 0);
}

#[test]
fn namespaces_and_mounts_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().to_string_lossy().into_owned();
    let uts = fs::File::open("/proc/self/ns/uts").unwrap();
    let fd = uts.as_raw_fd();
    let pid = in_child(|| {
        // SAFETY: no pointers; the strings end with a zero.
        unsafe {
            assert_eq!(libc::setns(fd, CLONE_NEWUTS as i32), 0);
            assert_eq!(libc::unshare(CLONE_NEWNS as i32), 0);
            let private = libc::MS_REC | libc::MS_PRIVATE;
            let (none, root) = (std::ptr::null(), c"/");
            assert_eq!(libc::mount(none, root.as_ptr(), none, private, none.cast()), 0);
            std::env::set_current_dir(&target).unwrap();
            let kind = c"tmpfs";
            assert_eq!(
                libc::mount(c"none".as_ptr(), c".".as_ptr(), kind.as_ptr(), libc::MS_NOEXEC, none.cast()),
                0
            );
        }
    });
    await_payload(pid, SetNs { fd, flags: CLONE_NEWUTS });
    await_payload(pid, Unshare { flags: CLONE_NEWNS });
    let mount = Mount { source: "none".into(), target, fstype: "tmpfs".into(), flags: libc::MS_NOEXEC };
    assert_eq!(await_payload(pid, mount).event.result, 0);
}

#[test]
fn the_bpf_call_is_seen() {
    let pid = in_child(|| {
        // SAFETY: an attribute of size 0 is refused before it is read.
        unsafe { libc::syscall(libc::SYS_bpf, 12, std::ptr::null::<u8>(), 0) };
    });
    await_payload(pid, Bpf { command: 12 });
}

#[test]
fn a_module_that_is_refused_shows_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evil.ko");
    fs::write(&path, b"no module").unwrap();
    let pid = in_child(|| {
        let file = fs::File::open(&path).unwrap();
        let args = CString::new("debug=1").unwrap();
        // SAFETY: the arguments end with a zero; nine bytes are no module.
        unsafe {
            assert_eq!(libc::syscall(libc::SYS_finit_module, file.as_raw_fd(), args.as_ptr(), 0), -1);
            assert_eq!(libc::syscall(libc::SYS_init_module, b"no module".as_ptr(), 9, args.as_ptr()), -1);
        }
    });
    let path = path.to_string_lossy().into_owned();
    for path in [path, String::new()] {
        let seen = await_payload(pid, ModuleLoad { path, args: "debug=1".into() });
        assert!(seen.event.result < 0);
    }
}

/// Two capabilities are enough to load, attach and drain.
#[test]
fn the_agent_needs_two_capabilities_and_no_more() {
    const CAP_PERFMON: u32 = 38;
    const CAP_BPF: u32 = 39;

    let starts_with = |capabilities: &[u32]| {
        let (_, code) = fork(|| {
            drop_all_but(capabilities);
            let started = std::panic::catch_unwind(|| drop(start(everything())));
            assert!(started.is_ok());
        });
        code == 0
    };
    assert!(starts_with(&[CAP_PERFMON, CAP_BPF]));
    assert!(!starts_with(&[CAP_BPF]), "the test would prove nothing");
}

/// Leaves only these capabilities to this process.
fn drop_all_but(capabilities: &[u32]) {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: i32,
    }
    let header = Header { version: 0x2008_0522, pid: 0 };
    let mut sets = [[0u32; 3]; 2];
    for &capability in capabilities {
        let word = &mut sets[capability as usize / 32];
        word[0] |= 1 << (capability % 32);
        word[1] |= 1 << (capability % 32);
    }
    // SAFETY: the structures have the layout that version 3 of the call asks for.
    assert_eq!(unsafe { libc::syscall(libc::SYS_capset, &raw const header, sets.as_ptr()) }, 0);
}
