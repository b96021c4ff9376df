//! One line of the JSON form.

use serde::{Deserialize, Serialize};
use vedetta_model::{Event, Payload, ProcessKey, Timestamp};

use crate::process_table::ProcessFacts;

/// See [`super`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Who did it.
    pub process: LineProcess,
    /// Its parent, that one's parent, and so on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestors: Vec<LineProcess>,
    /// What was done.
    pub event: LineEvent,
}

/// The fields of [`Event`] that a line has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineEvent {
    pub time: Timestamp,
    #[serde(default)]
    pub tid: u32,
    #[serde(default)]
    pub result: i64,
    pub payload: Payload,
}

/// The fields of [`vedetta_model::Process`] that a line has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineProcess {
    pub key: ProcessKey,
    #[serde(default)]
    pub exec_time: Option<Timestamp>,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub exe: String,
    #[serde(default)]
    pub args: Vec<String>,
    #[serde(default)]
    pub cwd: String,
    #[serde(default)]
    pub uid: u32,
    /// The same as `uid` when left out.
    #[serde(default)]
    pub euid: Option<u32>,
    #[serde(default)]
    pub gid: u32,
    /// The same as `gid` when left out.
    #[serde(default)]
    pub egid: Option<u32>,
    #[serde(default)]
    pub user: String,
    #[serde(default)]
    pub loginuid: Option<u32>,
    #[serde(default)]
    pub tty: u32,
    #[serde(default)]
    pub sid: u32,
    #[serde(default)]
    pub session_start: Timestamp,
    #[serde(default)]
    pub pgid: u32,
    #[serde(default)]
    pub container_id: String,
    #[serde(default)]
    pub exe_from_memfd: bool,
    #[serde(default)]
    pub exe_writable: bool,
}

impl LineEvent {
    /// An event that has no number yet.
    pub(super) fn into_event(self) -> Event {
        Event {
            seq: 0,
            time: self.time,
            process: None,
            tid: self.tid,
            result: self.result,
            payload: self.payload,
        }
    }
}

impl LineProcess {
    /// What the process table holds of it.
    pub(super) fn into_facts(self) -> ProcessFacts {
        ProcessFacts {
            exec_time: self.exec_time.unwrap_or(self.key.start),
            name: self.name,
            exe: self.exe,
            args: self.args,
            cwd: self.cwd,
            uid: self.uid,
            euid: self.euid.unwrap_or(self.uid),
            gid: self.gid,
            egid: self.egid.unwrap_or(self.gid),
            user: self.user,
            loginuid: self.loginuid,
            tty: self.tty,
            sid: self.sid,
            session_start: self.session_start,
            pgid: self.pgid,
            container_id: self.container_id,
            exe_from_memfd: self.exe_from_memfd,
            exe_writable: self.exe_writable,
            key: self.key,
            parent: None,
            ppid: 0,
        }
    }
}
