//! Which container a control group belongs to.

/// Helpers that runtimes run beside a container, in groups that carry its id.
const HELPERS: &[&str] = &["crio-conmon-", "libpod-conmon-"];

/// The container id in a control group's path, as Docker, containerd, CRI-O, Podman and the kubelet
/// write it, with either cgroup driver. `None` for a process of the host.
///
/// The innermost id wins: a container may run containers.
pub fn container_id(path: &str) -> Option<&str> {
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    (0..names.len()).rev().find_map(|at| {
        let name = names[at];
        if HELPERS.iter().any(|helper| name.starts_with(helper)) {
            return None;
        }
        let below_pod = at > 0 && is_pod(names[at - 1]);
        let stem = name.strip_suffix(".scope").unwrap_or(name);
        let tail = stem.rsplit(['-', ':']).next().unwrap_or(stem);
        if is_id(tail) {
            Some(tail)
        } else {
            // Below a pod there is nothing but its containers, whatever their names.
            (below_pod && !name.ends_with(".slice") && !name.ends_with(".scope")).then_some(name)
        }
    })
}

/// 64 hexadecimal digits.
fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The group of a pod: `pod<uid>`, or `kubepods-…-pod<uid>.slice`.
fn is_pod(name: &str) -> bool {
    let stem = name.strip_suffix(".slice").unwrap_or(name);
    let uid = match stem.rsplit_once("-pod") {
        Some((head, uid)) if head.contains("kubepods") => uid,
        _ => match stem.strip_prefix("pod") {
            Some(uid) => uid,
            None => return false,
        },
    };
    uid.len() >= 32 && uid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "3f2a4b5c6d7e8f90123456789abcdef0123456789abcdef0123456789abcdef0";

    #[test]
    fn every_runtimes_way_of_writing_it_is_known() {
        for path in [
            "/docker/ID",
            "/system.slice/docker-ID.scope",
            "/kubepods/besteffort/pod0a1b2c3d-0000-1111-2222-333344445555/ID",
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a1b2c3d_0000_1111_2222_333344445555.slice/cri-containerd-ID.scope",
            "/kubepods.slice/kubepods-pod0a1b2c3d_0000_1111_2222_333344445555.slice/crio-ID.scope",
            "/system.slice/containerd.service/kubepods-burstable-pod0a1b2c3d_0000_1111_2222_333344445555.slice:cri-containerd:ID",
            "/machine.slice/libpod-ID.scope/container",
            "/docker/ID/system.slice/nginx.service",
        ] {
            assert_eq!(container_id(&path.replace("ID", ID)), Some(ID), "{path}");
        }
    }

    #[test]
    fn a_pods_container_may_have_any_name() {
        let path = "/kubepods/besteffort/pod0a1b2c3d-0000-1111-2222-333344445555/web";
        assert_eq!(container_id(path), Some("web"));
    }

    #[test]
    fn host_processes_have_none() {
        for path in [
            "",
            "/",
            "/user.slice/user-1000.slice/session-3.scope",
            "/system.slice/sshd.service",
            "/kubepods/besteffort/pod0a1b2c3d-0000-1111-2222-333344445555",
            "/podman",
        ] {
            assert_eq!(container_id(path), None, "{path}");
        }
        assert_eq!(container_id(&format!("/machine.slice/crio-conmon-{ID}.scope")), None);
    }
}
