//! An event as recorded.

use async_graphql::{Json, Object};
use vedetta_model::{
    Payload,
    event::{Open, SocketAddress},
    finding::Evidence,
};

use crate::graphql::scalars::DateTime;

/// A fact observed on a node.
#[derive(Debug, Clone)]
pub struct Event {
    id: String,
    event: vedetta_model::Event,
}

impl Event {
    /// The event of a finding.
    pub fn of(evidence: &Evidence) -> Self {
        Self { id: evidence.event_id.to_string(), event: evidence.event.clone() }
    }
}

#[Object]
impl Event {
    /// evt_… : node, agent run and number.
    async fn id(&self) -> &str {
        &self.id
    }
    /// For instance process.exec, file.open, net.connect.
    async fn kind(&self) -> &str {
        self.event.kind().as_str()
    }
    async fn time(&self) -> DateTime {
        self.event.time.into()
    }
    async fn tid(&self) -> u32 {
        self.event.tid
    }
    async fn result(&self) -> f64 {
        self.event.result as f64
    }
    /// What stands out of it in a line: path, address, target.
    async fn summary(&self) -> String {
        summary(&self.event.payload)
    }
    /// The whole event as recorded.
    async fn raw(&self) -> Json<serde_json::Value> {
        Json(serde_json::to_value(&self.event).unwrap_or_default())
    }
}

fn summary(payload: &Payload) -> String {
    match payload {
        Payload::Exec(exec) => exec.filename.clone(),
        Payload::Fork(fork) => format!("child {}", fork.child.pid),
        Payload::Exit(exit) if exit.signal != 0 => format!("signal {}", exit.signal),
        Payload::Exit(exit) => format!("code {}", exit.code),
        Payload::Ptrace(ptrace) => format!("request {} on {}", ptrace.request, ptrace.target),
        Payload::SetId(set) => {
            let ids = set.ids.iter().flatten().map(ToString::to_string).collect::<Vec<_>>();
            format!("{}({})", set.call.as_str(), ids.join(", "))
        }
        Payload::Open(open) => format!("{} ({})", open.path, mode(open)),
        Payload::Unlink(unlink) => unlink.path.clone(),
        Payload::Rename(rename) => format!("{} → {}", rename.from, rename.to),
        Payload::Chmod(chmod) => format!("{} to {:o}", chmod.path, chmod.mode),
        Payload::Chown(chown) => format!("{} to {}:{}", chown.path, owner(chown.uid), owner(chown.gid)),
        Payload::Link(link) => format!("{} → {}", link.path, link.target),
        Payload::Connect(connect) => address(&connect.remote),
        Payload::Accept(accept) => accept.remote.as_ref().map(address).unwrap_or_default(),
        Payload::Bind(bind) => address(&bind.local),
        Payload::Listen(listen) => listen.local.as_ref().map(address).unwrap_or_default(),
        Payload::SetNs(set) => format!("flags {:#x}", set.flags),
        Payload::Unshare(unshare) => format!("flags {:#x}", unshare.flags),
        Payload::Mount(mount) => format!("{} on {} ({})", mount.source, mount.target, mount.fstype),
        Payload::Bpf(bpf) => format!("command {}", bpf.command),
        Payload::ModuleLoad(load) => load.path.clone(),
        Payload::AgentStarted(started) => format!("agent {} on {}", started.version, started.kernel),
        Payload::Heartbeat(beat) => format!("{} events read", beat.events_read),
        Payload::Loss(loss) => format!("{} events lost", loss.count),
        Payload::AgentStopping(stopping) => stopping.reason.clone(),
    }
}

const fn mode(open: &Open) -> &'static str {
    match (open.is_read(), open.is_write()) {
        (true, true) => "read and write",
        (_, true) => "write",
        (true, _) => "read",
        _ => "path",
    }
}

fn owner(id: u32) -> String {
    if id == u32::MAX { "-".to_owned() } else { id.to_string() }
}

fn address(address: &SocketAddress) -> String {
    match address {
        SocketAddress::Ip { address, port } => std::net::SocketAddr::new(*address, *port).to_string(),
        SocketAddress::Unix { path } => format!("unix:{path}"),
        SocketAddress::Other { family } => format!("address family {family}"),
    }
}
