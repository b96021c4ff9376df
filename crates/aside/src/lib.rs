//! Long computations and blocking reads, kept off the threads that everything else waits for.

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::{JoinError, spawn_blocking},
};

/// Runs `work` on a thread that may be held up, and gives what it gave. `Err` when it panicked, or the runtime ended.
///
/// A runtime of one thread runs it in place: there is nothing beside it to keep free, and everything on it happens in
/// an order that can be repeated.
#[expect(clippy::disallowed_methods, reason = "the one place")]
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::CurrentThread => Ok(work()),
        _ => spawn_blocking(work).await,
    }
}

#[cfg(test)]
mod tests {
    use std::thread::current;

    use super::*;

    #[tokio::test]
    async fn a_runtime_of_one_thread_runs_it_in_place() {
        assert_eq!(aside(|| current().id()).await.unwrap(), current().id());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_is_an_error_of_the_caller_only() {
        assert!(aside(|| panic!("no")).await.unwrap_err().is_panic());
    }
}
