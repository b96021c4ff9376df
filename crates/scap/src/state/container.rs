//! Which container a thread is in, told by its control groups.

/// Digits of a container's number that are shown.
const SHOWN: usize = 12;
const DIGITS: usize = 64;

/// The container's number: that of the first control group whose last part is a container
/// runtime's.
pub(crate) fn id(cgroups: &[(String, String)]) -> Option<String> {
    cgroups.iter().find_map(|(_, path)| of_path(path))
}

/// The kind of a container of which only the number is known: what is not LXC's counts as Docker's.
pub(crate) fn kind(id: &str) -> &'static str {
    if id.len() == SHOWN && id.bytes().all(|b| b.is_ascii_hexdigit()) { "docker" } else { "lxc" }
}

fn of_path(path: &str) -> Option<String> {
    let last = path.rsplit('/').next()?;
    let last = last.strip_suffix(".scope").unwrap_or(last);
    // The runtimes' names stand before a dash (docker-…, crio-…, cri-containerd-…, libpod-…) or a colon.
    let id = last.rsplit(['-', ':']).next()?;
    if id.len() == DIGITS && id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Some(id[..SHOWN].to_owned());
    }
    let lxc = path.split_once("/lxc/").or_else(|| path.split_once("/lxc.payload/"));
    lxc.and_then(|(_, name)| name.split('/').next()).filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::of_path;

    #[test]
    fn runtimes_name_containers_in_their_ways() {
        let id = "0123456789abcdef".repeat(4);
        for path in [
            format!("/docker/{id}"),
            format!("/system.slice/docker-{id}.scope"),
            format!("/kubepods/besteffort/pod1/{id}"),
            format!("/kubepods.slice/crio-{id}.scope"),
            format!("/kubepods.slice/cri-containerd-{id}.scope"),
            format!("/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:{id}"),
            format!("/machine.slice/libpod-{id}.scope"),
        ] {
            assert_eq!(of_path(&path).as_deref(), Some("0123456789ab"), "{path}");
        }
        assert_eq!(of_path("/lxc/web/x").as_deref(), Some("web"));
        for path in ["/", "/user.slice/user-1000.slice/session-1.scope", "/docker/short"] {
            assert_eq!(of_path(path), None, "{path}");
        }
    }
}
