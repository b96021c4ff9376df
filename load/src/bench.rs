//! The end-to-end figures of `make bench`, each beside what it cannot undercut on this machine.

mod blocks;
mod detects;
mod keep;
mod latency;
mod memory;
mod queries;
mod search;
mod throughput;

use std::time::Duration;

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Size and speed of blocks beside protobuf rows.
    Blocks,
    /// Keeping and searching a million events.
    Search,
    /// Events a second from streams to findings, at the first loss.
    Throughput,
    /// The API beside the store, at rest and at half of the throughput.
    Queries,
    /// Memory at 200,000 events a second.
    Memory,
    /// System call → finding on a subscription.
    Latency,
    /// Two processes of detect beside one, on a Kafka of their own. Only when named: it needs the servers
    /// (`scripts/setup.sh test`).
    Detects,
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
        // Half of what the system takes is what queries run beside.
        if wanted(Part::Throughput) || wanted(Part::Queries) {
            let capacity = throughput::measure().await?;
            if wanted(Part::Queries) {
                queries::measure(capacity).await?;
            }
        }
        if wanted(Part::Memory) {
            memory::measure().await?;
        }
        if wanted(Part::Latency) {
            latency::measure().await?;
        }
        if parts.contains(&Part::Detects) {
            detects::measure().await?;
        }
        Ok(())
    })
}

/// Prints a step of it for people who wait, and nothing else on this line.
fn say(line: &str) {
    eprintln!("  {line}");
}

/// Half of the rounds took less.
fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// How many times as long `these` took as `those`, beside which they ran turn by turn: of the medians, and the least and
/// the most of a round.
fn ratio(these: &[Duration], those: &[Duration]) -> serde_json::Value {
    let of = |this: Duration, that: Duration| this.as_secs_f64() / that.as_secs_f64();
    let rounds = these.iter().zip(those).map(|(this, that)| of(*this, *that));
    let (least, most) =
        rounds.fold((f64::MAX, f64::MIN), |(least, most), ratio| (least.min(ratio), most.max(ratio)));
    serde_json::json!({ "of_medians": of(median(these), median(those)), "least": least, "most": most })
}
