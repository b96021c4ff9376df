//! What is known about one generation of a process.

use vedetta_model::{Process, ProcessKey, Timestamp};

/// Names one generation of a process in one table. Later generations have greater handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessHandle(pub(super) u64);

impl ProcessHandle {
    /// As a number, unique within the agent run.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// A process as it was between two changes. The fields mean what they mean in
/// [`vedetta_model::Process`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented in `vedetta_model::Process`")]
pub struct ProcessFacts {
    pub key: ProcessKey,
    /// The generation of the parent that made it. It may have been dropped from the table since.
    pub parent: Option<ProcessHandle>,
    pub ppid: u32,
    pub exec_time: Timestamp,
    pub name: String,
    pub exe: String,
    pub args: Vec<String>,
    pub cwd: String,
    pub uid: u32,
    pub euid: u32,
    pub gid: u32,
    pub egid: u32,
    pub user: String,
    pub loginuid: Option<u32>,
    pub tty: u32,
    pub sid: u32,
    pub session_start: Timestamp,
    pub pgid: u32,
    pub container_id: String,
    pub exe_from_memfd: bool,
    pub exe_writable: bool,
}

impl ProcessFacts {
    /// A process of which only the key is known.
    pub const fn unknown(key: ProcessKey) -> Self {
        Self {
            key,
            parent: None,
            ppid: 0,
            exec_time: key.start,
            name: String::new(),
            exe: String::new(),
            args: Vec::new(),
            cwd: String::new(),
            uid: 0,
            euid: 0,
            gid: 0,
            egid: 0,
            user: String::new(),
            loginuid: None,
            tty: 0,
            sid: 0,
            session_start: Timestamp::EPOCH,
            pgid: 0,
            container_id: String::new(),
            exe_from_memfd: false,
            exe_writable: false,
        }
    }

    /// The entry for a batch, in which the parent has the index `parent`.
    pub fn to_process(&self, parent: Option<u32>) -> Process {
        Process {
            key: self.key,
            parent,
            ppid: self.ppid,
            exec_time: self.exec_time,
            name: self.name.clone(),
            exe: self.exe.clone(),
            args: self.args.clone(),
            cwd: self.cwd.clone(),
            uid: self.uid,
            euid: self.euid,
            gid: self.gid,
            egid: self.egid,
            user: self.user.clone(),
            loginuid: self.loginuid,
            tty: self.tty,
            sid: self.sid,
            session_start: self.session_start,
            pgid: self.pgid,
            container_id: self.container_id.clone(),
            exe_from_memfd: self.exe_from_memfd,
            exe_writable: self.exe_writable,
        }
    }
}
