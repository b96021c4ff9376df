//! A role: a part of the process that can run alone or beside the others.

use std::{fmt, pin::Pin};

use futures::future::BoxFuture;

use crate::Context;

/// What building a role gives, or why it can't be built.
pub type BuildFuture<'a> = Pin<Box<dyn Future<Output = anyhow::Result<Running>> + Send + 'a>>;

/// A part of the process: a name and how to build it. Roles are built in the order of the list that
/// the process was given, and may call what earlier ones serve.
#[derive(Clone, Copy)]
pub struct Role {
    /// Its name, as in `--role` and the configuration section.
    pub name: &'static str,
    /// Makes it: opens nothing by itself, starts nothing.
    pub build: for<'a> fn(&'a Context) -> BuildFuture<'a>,
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Role {
    /// A role.
    pub const fn new(name: &'static str, build: for<'a> fn(&'a Context) -> BuildFuture<'a>) -> Self {
        Self { name, build }
    }
}

/// A task of a role. It ends when its drain is called, having finished and committed what it took;
/// ending earlier, or with an error, ends the process.
pub struct Task {
    /// For logs and metrics.
    pub name: &'static str,
    /// The work.
    pub run: BoxFuture<'static, anyhow::Result<()>>,
}

/// What a built role offers: routes for the named listeners, and tasks to run.
#[derive(Default)]
pub struct Running {
    /// For people and API clients.
    pub public: Option<axum::Router>,
    /// For agents: gRPC behind TLS.
    pub agents: Option<tonic::service::Routes>,
    /// For other roles: gRPC, also called directly within the process.
    pub internal: Option<tonic::service::Routes>,
    /// Long-running work.
    pub tasks: Vec<Task>,
}

impl Running {
    /// Adds a task.
    #[must_use]
    pub fn task(
        mut self,
        name: &'static str,
        run: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) -> Self {
        self.tasks.push(Task { name, run: Box::pin(run) });
        self
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("public", &self.public.is_some())
            .field("agents", &self.agents.is_some())
            .field("internal", &self.internal.is_some())
            .field("tasks", &self.tasks.iter().map(|t| t.name).collect::<Vec<_>>())
            .finish()
    }
}
