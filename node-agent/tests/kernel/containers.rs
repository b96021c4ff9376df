use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use vedetta_model::Payload;

use crate::watcher::{await_event, in_child};

const POD: &str = "pod0a1b2c3d-0000-1111-2222-333344445555";

/// Control groups that are removed at the end.
struct Group {
    top: PathBuf,
    leaf: PathBuf,
}

impl Group {
    fn make(mount: &Path, path: &str) -> Self {
        let (top, leaf) = (mount.join(path.split('/').next().unwrap()), mount.join(path));
        fs::create_dir_all(&leaf).unwrap();
        Self { top, leaf }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let mut group = self.leaf.clone();
        while group.starts_with(&self.top) && fs::remove_dir(&group).is_ok() {
            group.pop();
        }
    }
}

/// Where a hierarchy is mounted: the unified one, or one with this controller.
fn mounted(kind: &str, controller: &str) -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/mounts").unwrap();
    mounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        let fits =
            fields[2] == kind && (controller.is_empty() || fields[3].split(',').any(|it| it == controller));
        fits.then(|| PathBuf::from(fields[1]))
    })
}

fn container_seen_in(mount: &Path, id: &str) -> (String, String) {
    let group = Group::make(mount, &format!("vedetta-test-{}/kubepods/{POD}/{id}", std::process::id()));
    let pid = in_child(|| {
        fs::write(group.leaf.join("cgroup.procs"), std::process::id().to_string()).unwrap();
        panic!("{}", Command::new("/bin/sh").args(["-c", "/bin/true; exit 0"]).exec());
    });
    let exec = await_event(pid, "exec", |seen| matches!(seen.event.payload, Payload::Exec(_)));
    let fork = await_event(pid, "fork", |seen| matches!(seen.event.payload, Payload::Fork(_)));
    let Payload::Fork(fork) = fork.event.payload else { unreachable!() };
    let child = await_event(fork.child.pid, "exec", |seen| matches!(seen.event.payload, Payload::Exec(_)));
    (exec.process.container_id, child.process.container_id)
}

#[test]
fn a_container_is_known_by_its_unified_control_group() {
    let mount = mounted("cgroup2", "").expect("every kernel the agent runs on has a unified hierarchy");
    let id = "0123456789abcdef".repeat(4);
    assert_eq!(container_seen_in(&mount, &id), (id.clone(), id));
}

#[test]
fn a_container_is_known_by_its_memory_control_group_of_version_1() {
    // Where all controllers are unified there is no such group to be known by.
    let Some(mount) = mounted("cgroup", "memory") else { return assert!(mounted("cgroup2", "").is_some()) };
    let id = "fedcba9876543210".repeat(4);
    assert_eq!(container_seen_in(&mount, &id), (id.clone(), id));
}
