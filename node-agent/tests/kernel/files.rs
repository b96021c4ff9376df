use std::{fs, os::fd::AsFd as _, path::Path};

use rustix::fs::{AtFlags, Mode, OFlags};
use vedetta_model::{
    Payload,
    event::{Chmod, Chown, Link, Open, Rename, Unlink},
};

use crate::watcher::{Seen, all_of, await_event, await_payload, in_child};

fn text(path: impl AsRef<Path>) -> String {
    path.as_ref().to_string_lossy().into_owned()
}

fn await_open(pid: u32, path: &str) -> (Seen, Open) {
    let seen = await_event(
        pid,
        &format!("open of {path}"),
        |seen| matches!(&seen.event.payload, Payload::Open(open) if open.path == path),
    );
    let Payload::Open(open) = seen.event.payload.clone() else { unreachable!() };
    (seen, open)
}

#[test]
fn an_open_shows_the_file_behind_links_and_relative_paths() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().join("a/b");
    fs::create_dir_all(&real).unwrap();
    std::os::unix::fs::symlink(&real, folder.path().join("link")).unwrap();
    let pid = in_child(|| {
        std::env::set_current_dir(folder.path()).unwrap();
        fs::write("./link/../b/file", b"x").unwrap();
    });
    let (seen, open) = await_open(pid, &text(real.join("file")));
    assert!(seen.event.result >= 0 && open.is_write() && open.is_create());
    assert_eq!(open.mode, 0o666);
}

#[test]
fn every_open_call_is_seen_with_its_flags() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let pid = in_child(|| {
        let dir = fs::File::open(folder.path()).unwrap();
        let mode = Mode::from_raw_mode(0o640);
        rustix::fs::openat(&dir, "at", OFlags::CREATE | OFlags::RDWR | OFlags::EXCL, mode).unwrap();
        let resolve = rustix::fs::ResolveFlags::BENEATH;
        rustix::fs::openat2(&dir, "at2", OFlags::CREATE | OFlags::WRONLY, mode, resolve).unwrap();
        raw_creat(&path("creat"));
    });
    let (_, at) = await_open(pid, &text(path("at")));
    assert_eq!((at.flags & 0o303, at.mode), (0o302, 0o640));
    let (_, at2) = await_open(pid, &text(path("at2")));
    assert_eq!((at2.flags & 0o103, at2.mode), (0o101, 0o640));
    let (_, creat) = await_open(pid, &text(path("creat")));
    assert_eq!((creat.flags, creat.mode), (0o1101, 0o600));
}

#[expect(unsafe_code, reason = "the old call has no safe wrapper")]
fn raw_creat(path: &Path) {
    let path = std::ffi::CString::new(text(path)).unwrap();
    // SAFETY: a path that ends with a zero.
    assert!(unsafe { libc::syscall(libc::SYS_creat, path.as_ptr(), 0o600) } >= 0);
}

#[test]
fn a_failed_open_shows_the_path_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let pid = in_child(|| {
        std::env::set_current_dir(folder.path()).unwrap();
        assert!(fs::write("missing/../nowhere/file", b"x").is_err());
    });
    let (seen, _) = await_open(pid, &text(folder.path().join("nowhere/file")));
    assert_eq!(seen.event.result, -2);
}

#[test]
fn a_path_goes_through_mounts() {
    let pid = in_child(|| drop(fs::File::open("/proc/self/status").unwrap()));
    await_open(pid, &format!("/proc/{pid}/status"));
}

#[test]
fn a_path_begins_at_the_root_of_the_process() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("etc")).unwrap();
    let pid = in_child(|| {
        std::os::unix::fs::chroot(folder.path()).unwrap();
        fs::write("/etc/inside", b"x").unwrap();
    });
    await_open(pid, "/etc/inside");
}

#[test]
fn a_long_name_and_a_deep_path_come_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut deep = folder.path().to_path_buf();
    for level in 0..20 {
        deep.push(format!("level-{level:02}-{}", "x".repeat(20 + level)));
    }
    fs::create_dir_all(&deep).unwrap();
    let path = deep.join("n".repeat(255));
    let pid = in_child(|| fs::write(&path, b"x").unwrap());
    await_open(pid, &text(&path));
}

#[test]
fn a_removed_name_is_seen_however_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["one", "two"] {
        fs::write(path(name), b"x").unwrap();
    }
    fs::create_dir(path("three")).unwrap();
    let pid = in_child(|| {
        fs::remove_file(path("one")).unwrap();
        let dir = fs::File::open(folder.path()).unwrap();
        rustix::fs::unlinkat(&dir, "two", AtFlags::empty()).unwrap();
        std::env::set_current_dir(folder.path()).unwrap();
        fs::remove_dir("three").unwrap();
        assert!(fs::remove_file("four").is_err());
    });
    for (name, directory, result) in
        [("one", false, 0), ("two", false, 0), ("three", true, 0), ("four", false, -2)]
    {
        let seen = await_payload(pid, Unlink { path: text(path(name)), directory });
        assert_eq!(seen.event.result, result, "{name}");
    }
}

#[test]
fn a_rename_shows_both_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("a"), b"x").unwrap();
    let pid = in_child(|| {
        std::env::set_current_dir(folder.path()).unwrap();
        fs::rename("a", path("b")).unwrap();
        let dir = fs::File::open(folder.path()).unwrap();
        rustix::fs::renameat(&dir, "b", rustix::fs::CWD, "./c").unwrap();
    });
    await_payload(pid, Rename { from: text(path("a")), to: text(path("b")) });
    await_payload(pid, Rename { from: text(path("b")), to: text(path("c")) });
}

#[test]
fn links_show_what_they_point_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("a"), b"x").unwrap();
    let pid = in_child(|| {
        std::env::set_current_dir(folder.path()).unwrap();
        fs::hard_link("a", "hard").unwrap();
        std::os::unix::fs::symlink("../x", "soft").unwrap();
    });
    await_payload(pid, Link { target: text(path("a")), path: text(path("hard")), symbolic: false });
    await_payload(pid, Link { target: "../x".into(), path: text(path("soft")), symbolic: true });
}

#[test]
fn changed_attributes_are_seen_by_path_and_by_descriptor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, b"x").unwrap();
    let pid = in_child(|| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o4755)).unwrap();
        let file = fs::File::open(&path).unwrap();
        rustix::fs::fchmod(&file, Mode::from_raw_mode(0o600)).unwrap();
        std::os::unix::fs::chown(&path, Some(7), None).unwrap();
        std::os::unix::fs::fchown(file.as_fd(), Some(8), Some(9)).unwrap();
    });
    let path = text(&path);
    await_payload(pid, Chmod { path: path.clone(), mode: 0o4755 });
    await_payload(pid, Chmod { path: path.clone(), mode: 0o600 });
    await_payload(pid, Chown { path: path.clone(), uid: 7, gid: u32::MAX });
    await_payload(pid, Chown { path, uid: 8, gid: 9 });
}

/// A 32-bit call has other numbers: read with the 64-bit ones, this `unlink` would be a `creat`'s
/// neighbour and go unseen.
#[test]
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "a system call by hand")]
fn a_32_bit_system_call_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, b"x").unwrap();
    let pid = in_child(|| {
        let name = std::ffi::CString::new(text(&path)).unwrap();
        let bytes = name.as_bytes_with_nul();
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_32BIT;
        let mut result: i64 = 10;
        // SAFETY: the page is new and longer than the path; the call changes nothing but rax.
        unsafe {
            let page =
                libc::mmap(std::ptr::null_mut(), 4096, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
            assert_ne!(page, libc::MAP_FAILED);
            page.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            std::arch::asm!(
                "push rbx", "mov ebx, {page:e}", "int 0x80", "pop rbx",
                page = in(reg) page as usize as u32, inout("rax") result,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _,
            );
        }
        assert_eq!(result, 0);
    });
    await_payload(pid, Unlink { path: text(&path), directory: false });
    assert_eq!(all_of(pid).iter().filter(|seen| matches!(seen.event.payload, Payload::Unlink(_))).count(), 1);
}
