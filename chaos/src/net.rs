//! A network of its own for each process: network namespaces that are joined by a bridge, so that links can be cut and made slow.
//!
//! ```text
//!   namespace tenant ── port ┐
//!   namespace broker-1 ─ port ┼─ bridge ── this process (agents, people)
//!   …                         ┘
//! ```
//! Needs root and `ip`, `tc`, `nsenter`.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail, ensure};
use vedetta_load::system::Place;

/// Where nobody is: frames to it go nowhere.
const NOBODY: &str = "02:de:ad:00:00:01";
/// What namespaces of ours are called, with the process that made them behind.
const PREFIX: &str = "vchaos";
/// A slow link: about a page of text a tenth of a second, with a queue in front of it.
const SLOW: [&str; 6] = ["rate", "400kbit", "burst", "4kb", "latency", "400ms"];

/// See the module. Dropping it takes it down; whoever runs inside must be gone.
#[derive(Debug)]
pub struct Network {
    bridge: String,
    /// This process's own address.
    own: IpAddr,
    homes: BTreeMap<String, Home>,
}

#[derive(Debug)]
struct Home {
    address: IpAddr,
    namespace: String,
    /// Its end at the bridge.
    port: String,
}

/// The end of a link that this process is.
pub const DRIVER: &str = "driver";

impl Network {
    /// A namespace for each of these names. The database is `database-1`, brokers `broker-1` and so on.
    pub fn new(names: &[String]) -> anyhow::Result<Self> {
        for (program, package) in [("ip", "iproute2"), ("tc", "iproute2"), ("nsenter", "util-linux")] {
            let found =
                Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            // `tc --version` is refused, which is answer enough.
            ensure!(found.is_ok(), "{program} is missing: apt-get install {package}");
        }
        ensure!(
            rustix::process::geteuid().is_root(),
            "network namespaces need root: run this with `sudo -E`"
        );
        remove_left_behind();
        let me = std::process::id();
        let mut network = None;
        for number in 64..250_u8 {
            let bridge = format!("vch{me}");
            let net = Ipv4Addr::new(10, number, 255, 254);
            if !is_used(number)? {
                network = Some((bridge, net));
                break;
            }
        }
        let (bridge, own) = network.context("no free network among 10.64.0.0/16 to 10.249.0.0/16")?;
        ip(&["link", "add", &bridge, "type", "bridge"])?;
        let number = own.octets()[1];
        let mut network = Self { bridge, own: own.into(), homes: BTreeMap::new() };
        ip(&["addr", "add", &format!("{own}/16"), "dev", &network.bridge])?;
        ip(&["link", "set", &network.bridge, "up"])?;
        for (name, index) in names.iter().zip(1..) {
            let (third, fourth) = match name.rsplit_once('-') {
                Some(("broker", number)) => (2, number.parse()?),
                Some(("database", number)) => (3, number.parse()?),
                _ => (1, index),
            };
            let home = Home {
                address: Ipv4Addr::new(10, number, third, fourth).into(),
                namespace: format!("{PREFIX}{me}-{name}"),
                port: format!("vch{me}p{index}"),
            };
            network.add(name, home)?;
        }
        Ok(network)
    }

    fn add(&mut self, name: &str, home: Home) -> anyhow::Result<()> {
        let Home { address, namespace, port } = &home;
        ip(&["netns", "add", namespace])?;
        let made = (|| {
            ip(&["link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace])?;
            ip(&["link", "set", port, "master", &self.bridge, "up"])?;
            ip(&["-n", namespace, "addr", "add", &format!("{address}/16"), "dev", "eth0"])?;
            ip(&["-n", namespace, "link", "set", "eth0", "up"])?;
            ip(&["-n", namespace, "link", "set", "lo", "up"])
        })();
        self.homes.insert(name.to_owned(), home);
        made
    }

    /// Where each is, as a system wants to know it.
    pub fn places(&self) -> BTreeMap<String, Place> {
        let place = |home: &Home| Place { address: home.address, namespace: Some(home.namespace.clone()) };
        self.homes.iter().map(|(name, home)| (name.clone(), place(home))).collect()
    }

    /// Cuts a process off from everybody, or joins it again.
    pub fn isolate(&self, name: &str, cut: bool) -> anyhow::Result<()> {
        ip(&["link", "set", &self.home(name)?.port, if cut { "down" } else { "up" }])
    }

    /// Has everything that `from` sends to `to` go nowhere, or not any more; what comes back still comes. Either may be
    /// [`DRIVER`].
    pub fn cut(&self, from: &str, to: &str, cut: bool) -> anyhow::Result<()> {
        let target = if to == DRIVER { self.own } else { self.home(to)?.address }.to_string();
        let (namespace, device) = match from {
            DRIVER => (None, self.bridge.as_str()),
            _ => (Some(self.home(from)?.namespace.as_str()), "eth0"),
        };
        let mut arguments: Vec<&str> =
            namespace.map(|namespace| ["-n", namespace]).into_iter().flatten().collect();
        if cut {
            arguments.extend(["neigh", "replace", &target, "lladdr", NOBODY, "nud", "permanent"]);
        } else {
            arguments.extend(["neigh", "del", &target]);
        }
        arguments.extend(["dev", device]);
        ip(&arguments)
    }

    /// Makes the link of a process slow in both directions, or as it was.
    pub fn slow(&self, name: &str, slow: bool) -> anyhow::Result<()> {
        let Home { namespace, port, .. } = self.home(name)?;
        let inside: [&[&str]; 2] = [&["-n", namespace.as_str()], &[]];
        for (place, device) in inside.into_iter().zip(["eth0", port.as_str()]) {
            let mut arguments = place.to_vec();
            if slow {
                arguments.extend(["qdisc", "replace", "dev", device, "root", "tbf"]);
                arguments.extend(SLOW);
            } else {
                arguments.extend(["qdisc", "del", "dev", device, "root"]);
            }
            run("tc", &arguments)?;
        }
        Ok(())
    }

    fn home(&self, name: &str) -> anyhow::Result<&Home> {
        self.homes.get(name).with_context(|| format!("{name} has no network"))
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for home in self.homes.values() {
            let _ = ip(&["netns", "del", &home.namespace]);
        }
        let _ = ip(&["link", "del", &self.bridge]);
    }
}

/// What a run that was killed has left: its processes, namespaces and bridge.
fn remove_left_behind() {
    let namespaces = std::fs::read_dir("/run/netns").into_iter().flatten().flatten();
    for name in namespaces.filter_map(|entry| entry.file_name().into_string().ok()) {
        let maker = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')).map(|(maker, _)| maker);
        let Some(maker) = maker.filter(|maker| maker.parse::<u32>().is_ok()) else { continue };
        if Path::new("/proc").join(maker).exists() {
            continue;
        }
        let inside = Command::new("ip").args(["netns", "pids", &name]).output();
        for pid in String::from_utf8_lossy(&inside.map(|o| o.stdout).unwrap_or_default()).lines() {
            if let Some(pid) = pid.parse().ok().and_then(rustix::process::Pid::from_raw) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
        let _ = ip(&["netns", "del", &name]);
        let _ = ip(&["link", "del", &format!("vch{maker}")]);
    }
}

fn is_used(number: u8) -> anyhow::Result<bool> {
    let routes = Command::new("ip").args(["-4", "route", "show"]).output()?;
    Ok(String::from_utf8_lossy(&routes.stdout).contains(&format!("10.{number}.")))
}

fn ip(arguments: &[&str]) -> anyhow::Result<()> {
    run("ip", arguments)
}

fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| program.to_owned())?;
    if output.status.success() {
        return Ok(());
    }
    bail!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim())
}
