//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// How long a condition may take on a busy host before the test fails.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// How often it is looked at.
const PAUSE: Duration = Duration::from_millis(25);

/// Looks again and again until `look` gives something; fails with `what` and the last look's complaint after [`DEADLINE`].
pub async fn until<T, F>(what: &str, mut look: impl FnMut() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<Option<T>>>,
{
    let begin = Instant::now();
    loop {
        let last = match look().await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => None,
            Err(error) => Some(error),
        };
        if begin.elapsed() > DEADLINE {
            return Err(last
                .unwrap_or_else(|| anyhow::anyhow!("not seen"))
                .context(format!("within {DEADLINE:?}: {what}")));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
