//! A process.

use async_graphql::Object;

use crate::graphql::scalars::DateTime;

/// A process as it was between two execs.
#[derive(Debug, Clone)]
pub struct Process {
    process: vedetta_model::Process,
}

impl Process {
    /// From a finding's lineage.
    pub const fn of(process: vedetta_model::Process) -> Self {
        Self { process }
    }
}

#[Object]
impl Process {
    async fn pid(&self) -> u32 {
        self.process.key.pid
    }
    async fn ppid(&self) -> u32 {
        self.process.ppid
    }
    async fn start(&self) -> DateTime {
        self.process.key.start.into()
    }
    async fn name(&self) -> &str {
        &self.process.name
    }
    async fn exe(&self) -> &str {
        &self.process.exe
    }
    async fn args(&self) -> &[String] {
        &self.process.args
    }
    async fn command_line(&self) -> String {
        self.process.command_line()
    }
    async fn cwd(&self) -> &str {
        &self.process.cwd
    }
    async fn uid(&self) -> u32 {
        self.process.uid
    }
    async fn euid(&self) -> u32 {
        self.process.euid
    }
    async fn gid(&self) -> u32 {
        self.process.gid
    }
    async fn user(&self) -> &str {
        &self.process.user
    }
    /// Null when nobody signed in.
    async fn loginuid(&self) -> Option<u32> {
        self.process.loginuid
    }
    async fn tty(&self) -> u32 {
        self.process.tty
    }
    async fn sid(&self) -> u32 {
        self.process.sid
    }
    async fn container_id(&self) -> Option<&str> {
        Some(self.process.container_id.as_str()).filter(|id| !id.is_empty())
    }
}
