//! The checks.

use std::{fs, net::TcpListener, path::Path};

use vedetta_runtime::Config;

use super::{Check, Verdict};

/// Oldest kernel with everything the probes use.
const KERNEL_MIN: (u32, u32) = (5, 15);
/// Below this the embedded log and store refuse to write soon.
const DISK_MIN_BYTES: u64 = 2 << 30;
/// Bits of the capability mask in /proc/self/status.
const CAP_SYS_ADMIN: u32 = 21;
const CAP_PERFMON: u32 = 38;
const CAP_BPF: u32 = 39;

/// All of them, in the order in which trouble usually comes.
pub fn all(config: &Config) -> Vec<Check> {
    let mut checks = vec![
        Check { name: "kernel", verdict: kernel(rustix::system::uname().release().to_str().unwrap_or("?")) },
        Check { name: "btf", verdict: btf(Path::new("/sys/kernel/btf/vmlinux")) },
        Check {
            name: "capabilities",
            verdict: capabilities(&fs::read_to_string("/proc/self/status").unwrap_or_default()),
        },
        Check { name: "disk", verdict: disk(&config.common.data_dir) },
        Check { name: "data", verdict: data(&config.common.data_dir) },
    ];
    let running = crate::down::is_running(&config.common.data_dir);
    let listen = &config.common.listen;
    for (name, setting, address) in [
        ("public", "listen.public", listen.public),
        ("agents", "listen.agents", listen.agents),
        ("admin", "listen.admin", listen.admin),
    ] {
        let verdict = match TcpListener::bind(address) {
            Ok(_) => Verdict::Ok(format!("{address} is free")),
            Err(_) if running => Verdict::Ok(format!("{address} is in use by the running Vedetta")),
            Err(error) => Verdict::Problem {
                what: format!("{address}: {error}"),
                todo: format!("stop what listens there, or set {setting} to another address"),
            },
        };
        checks.push(Check { name, verdict });
    }
    checks
}

fn kernel(release: &str) -> Verdict {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version >= KERNEL_MIN {
        Verdict::Ok(format!("Linux {release}"))
    } else {
        Verdict::Problem {
            what: format!("Linux {release} is older than {}.{}", KERNEL_MIN.0, KERNEL_MIN.1),
            todo: "run the agent on a newer kernel; the rest of Vedetta works here".to_owned(),
        }
    }
}

fn btf(path: &Path) -> Verdict {
    match fs::metadata(path) {
        Ok(file) => Verdict::Ok(format!("{} ({} KiB)", path.display(), file.len() / 1024)),
        Err(error) => Verdict::Problem {
            what: format!("{}: {error}", path.display()),
            todo: "use a kernel built with CONFIG_DEBUG_INFO_BTF=y (all current distributions do)".to_owned(),
        },
    }
}

fn capabilities(status: &str) -> Verdict {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or(0);
    let has = |bit: u32| mask >> bit & 1 == 1;
    if (has(CAP_BPF) && has(CAP_PERFMON)) || has(CAP_SYS_ADMIN) {
        Verdict::Ok("BPF and PERFMON: the agent can load its programs".to_owned())
    } else {
        Verdict::Note(
            "without BPF and PERFMON; the agent is started with sudo, the rest needs neither".to_owned(),
        )
    }
}

fn disk(data_dir: &Path) -> Verdict {
    let existing =
        data_dir.ancestors().find(|p| p.exists() && !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match rustix::fs::statvfs(existing) {
        Err(error) => Verdict::Problem {
            what: format!("{}: {error}", existing.display()),
            todo: "set data_dir to a folder on a local disk".to_owned(),
        },
        Ok(fs) => {
            let free = fs.f_bavail.saturating_mul(fs.f_frsize);
            let shown = format!("{:.1} GiB free at {}", free as f64 / f64::from(1 << 30), existing.display());
            if free >= DISK_MIN_BYTES {
                Verdict::Ok(shown)
            } else {
                Verdict::Problem {
                    what: shown,
                    todo: "free some space or set data_dir to a larger disk".to_owned(),
                }
            }
        }
    }
}

fn data(data_dir: &Path) -> Verdict {
    match fs::metadata(data_dir) {
        Err(_) => Verdict::Ok(format!("{} will be made at the first start", data_dir.display())),
        Ok(meta) if !meta.is_dir() => Verdict::Problem {
            what: format!("{} is not a folder", data_dir.display()),
            todo: "move it away or set data_dir".to_owned(),
        },
        Ok(_) if rustix::fs::access(data_dir, rustix::fs::Access::WRITE_OK).is_err() => Verdict::Problem {
            what: format!("{} can't be written by this user", data_dir.display()),
            todo: "run as its owner or set data_dir".to_owned(),
        },
        Ok(_) => Verdict::Ok(format!("{}", data_dir.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_kernel_is_a_problem_and_a_new_one_is_not() {
        assert!(matches!(kernel("6.18.44-fc"), Verdict::Ok(_)));
        assert!(matches!(kernel("5.15.0"), Verdict::Ok(_)));
        assert!(matches!(kernel("5.14.0-42-generic"), Verdict::Problem { .. }));
        assert!(matches!(kernel("?"), Verdict::Problem { .. }));
    }

    #[test]
    fn missing_capabilities_are_told_and_root_has_them() {
        assert!(matches!(capabilities("CapEff:\t000001ffffffffff\n"), Verdict::Ok(_)));
        assert!(matches!(capabilities("CapEff:\t0000000000000000\n"), Verdict::Note(_)));
    }

    #[test]
    fn a_missing_btf_says_what_to_do() {
        let Verdict::Problem { todo, .. } = btf(Path::new("/nonexistent")) else {
            panic!("no problem found")
        };
        assert!(todo.contains("BTF"));
    }
}
