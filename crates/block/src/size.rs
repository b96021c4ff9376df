//! About how large things are once encoded, never less: every number as wide as it can be, and each
//! text as if nothing else had the same.

use vedetta_model::{Event, Payload, Process, event::SocketAddress};

/// A body with nothing in it.
pub const EMPTY: usize = 64;
const EVENT: usize = 256;
const PROCESS: usize = 384;
/// The length of a text and its place in the dictionary.
const TEXT: usize = 8;

pub fn of_process(process: &Process) -> usize {
    let args: usize = process.args.iter().map(|arg| TEXT + arg.len()).sum();
    let texts = [&process.name, &process.exe, &process.cwd, &process.user, &process.container_id];
    PROCESS + args + texts.iter().map(|text| text.len()).sum::<usize>()
}

pub fn of_event(event: &Event) -> usize {
    let text = match &event.payload {
        Payload::Exec(it) => it.filename.len() + it.previous_name.len(),
        Payload::Open(it) => it.path.len(),
        Payload::Unlink(it) => it.path.len(),
        Payload::Rename(it) => it.from.len() + it.to.len(),
        Payload::Chmod(it) => it.path.len(),
        Payload::Chown(it) => it.path.len(),
        Payload::Link(it) => it.target.len() + it.path.len(),
        Payload::Connect(it) => of_address(Some(&it.remote)) + of_address(it.local.as_ref()),
        Payload::Accept(it) => of_address(it.remote.as_ref()) + of_address(it.local.as_ref()),
        Payload::Bind(it) => of_address(Some(&it.local)),
        Payload::Listen(it) => of_address(it.local.as_ref()),
        Payload::Mount(it) => it.source.len() + it.target.len() + it.fstype.len(),
        Payload::ModuleLoad(it) => it.path.len() + it.args.len(),
        Payload::AgentStarted(it) => {
            let hooks: usize = it.hooks.iter().map(|hook| TEXT + hook.len()).sum();
            it.version.len() + it.kernel.len() + it.hostname.len() + hooks
        }
        Payload::Loss(it) => it.hook.len(),
        Payload::AgentStopping(it) => it.reason.len(),
        Payload::Fork(_)
        | Payload::Exit(_)
        | Payload::Ptrace(_)
        | Payload::SetId(_)
        | Payload::SetNs(_)
        | Payload::Unshare(_)
        | Payload::Bpf(_)
        | Payload::Heartbeat(_) => 0,
    };
    EVENT + text
}

fn of_address(address: Option<&SocketAddress>) -> usize {
    match address {
        None | Some(SocketAddress::Other { .. }) => 16,
        Some(SocketAddress::Ip { .. }) => 64,
        Some(SocketAddress::Unix { path }) => 16 + path.len(),
    }
}
