//! Facts observed on a node. An [`Event`] says what happened; the [`Process`] it points at says
//! who did it. Both travel in one batch (`vedetta-block`), so nothing else is needed to judge them.

mod kind;
mod payload;
mod process;
mod term;

pub use kind::Kind;
pub use payload::{
    Accept, AgentStarted, AgentStopping, Bind, Bpf, Chmod, Chown, Connect, Exec, Exit, Fork, Heartbeat, Link,
    Listen, Loss, LossStage, ModuleLoad, Mount, Open, Payload, Ptrace, Rename, SetId, SetIdCall, SetNs,
    SocketAddress, Unlink, Unshare,
};
pub use process::{Process, ProcessKey};
pub use term::Term;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One fact, in the order the node numbered it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number within the agent run: 1, 2, 3 … . With node and run it is the event's id.
    pub seq: u64,
    /// When it happened, by the node's clock.
    pub time: Timestamp,
    /// Who did it: an index into the batch's process table. `None` for the agent's own reports.
    pub process: Option<u32>,
    /// The thread that did it (Linux thread id); equals the process id for the main thread.
    pub tid: u32,
    /// What the system call returned: a descriptor or 0, or a negative errno. 0 where there is no call.
    pub result: i64,
    /// What happened.
    pub payload: Payload,
}

impl Event {
    /// What kind of fact it is.
    pub const fn kind(&self) -> Kind {
        self.payload.kind()
    }
}
