//! The end-to-end figures of `make bench`, each beside what it cannot undercut on this machine.

mod blocks;
mod latency;
mod search;
mod throughput;

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Size and speed of blocks beside protobuf rows.
    Blocks,
    /// Keeping and searching a million events.
    Search,
    /// Events a second from streams to findings, at the first loss.
    Throughput,
    /// System call → finding on a subscription.
    Latency,
}

/// Measures, prints JSON lines, and fails when the system was not correct under the load. All when
/// no part is named.
pub fn run(parts: &[Part]) -> anyhow::Result<()> {
    let wanted = |part| parts.is_empty() || parts.contains(&part);
    if wanted(Part::Blocks) {
        blocks::measure()?;
    }
    tokio::runtime::Runtime::new()?.block_on(async {
        if wanted(Part::Search) {
            search::measure().await?;
        }
        if wanted(Part::Throughput) {
            throughput::measure().await?;
        }
        if wanted(Part::Latency) {
            latency::measure().await?;
        }
        Ok(())
    })
}

/// Prints a step of it for people who wait, and nothing else on this line.
fn say(line: &str) {
    eprintln!("  {line}");
}
