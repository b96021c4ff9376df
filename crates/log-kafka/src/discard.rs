//! Letting go of clients: their last words to the cluster take time, which no async thread has.

use std::{thread, time::Duration};

use tokio::sync::watch;

/// Counts clients that are still saying goodbye. Clones count together.
#[derive(Clone)]
pub struct Discards(watch::Sender<usize>);

impl Default for Discards {
    fn default() -> Self {
        Self(watch::channel(0).0)
    }
}

impl Discards {
    /// Drops `client` on a thread of its own.
    pub fn discard(&self, client: impl Send + 'static) {
        self.0.send_modify(|count| *count += 1);
        let count = self.0.clone();
        let leave = move || {
            drop(client);
            count.send_modify(|count| *count -= 1);
        };
        if let Err(error) = thread::Builder::new().name("kafka-leave".into()).spawn(leave) {
            // `leave` and with it the client are gone already.
            tracing::warn!(%error, "no thread for letting go of a kafka client");
            self.0.send_modify(|count| *count -= 1);
        }
    }

    /// Waits until all are gone, but not for ever.
    pub async fn gone(&self, most: Duration) {
        let mut count = self.0.subscribe();
        let gone = count.wait_for(|count| *count == 0);
        if tokio::time::timeout(most, gone).await.is_err() {
            tracing::warn!(
                "kafka clients are still saying goodbye; a group may wait for its session timeout"
            );
        }
    }
}
