//! SIGKILL at any instant: what the spool took is there, whole and in order.
//!
//! The child is this test's own program with a variable set: it fills and empties a spool and says
//! what it has done, one line each, before it goes on.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use vedetta_model::{BootId, Timestamp};
use vedetta_node_agent::spool::{Class, Limits, Meta, Spool};

const CHILD: &str = "VEDETTA_TEST_SPOOL_CHILD";
const ROUNDS: u32 = 60;

fn limits() -> Limits {
    Limits { bytes: 64 << 20, reserve: 0, segment_bytes: 16 * 1024, memory_bytes: 0 }
}

fn meta(n: u64) -> Meta {
    let time = Timestamp::from_millis(n as i64);
    let boot = BootId::from_uuid(uuid::Uuid::from_u128(1));
    Meta { boot, first: n, last: n, count: 1, oldest: time, newest: time }
}

/// What the killed process does: appends, syncs, takes and settles.
#[test]
fn child_that_fills_a_spool() {
    let Ok(settings) = std::env::var(CHILD) else { return };
    let (dir, from) = settings.rsplit_once('|').unwrap();
    let (mut spool, _) = Spool::open(Path::new(dir), limits()).unwrap();
    let mut rng = StdRng::from_os_rng();
    let mut out = std::io::stdout();
    for n in from.parse::<u64>().unwrap().. {
        let mut block = n.to_le_bytes().to_vec();
        block.resize(rng.random_range(8..3_000), n as u8);
        spool.append(meta(n), &block.into(), Class::Events).unwrap();
        writeln!(out, "took {n}").unwrap();
        if rng.random_ratio(1, 8) {
            let sync = spool.start_sync();
            let outcome = sync.run();
            spool.synced(sync, &outcome);
            outcome.unwrap();
        }
        while rng.random_ratio(1, 2) {
            let Some(entry) = spool.take() else { break };
            // Said first: a settled block may be gone at any instant after.
            writeln!(out, "settles {}", entry.meta.first).unwrap();
            spool.settle(entry.id);
        }
    }
}

#[test]
fn a_killed_agent_loses_nothing_that_the_spool_took() {
    let dir = tempfile::tempdir().unwrap();
    let spool = dir.path().join("spool");
    let mut rng = StdRng::seed_from_u64(7);
    let (mut next, mut settled) = (0_u64, None::<u64>);
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::child_that_fills_a_spool", "--nocapture"])
            .env(CHILD, format!("{}|{next}", spool.display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let kill_after = rng.random_range(1..400_u32);
        let mut seen = 0;
        let mut killed = false;
        let mut took = None;
        // What was said before the kill still counts after it.
        while let Some(Ok(line)) = lines.next() {
            let mut words = line.split_whitespace();
            let (Some(what), Some(Ok(n))) = (words.next(), words.next().map(str::parse::<u64>)) else {
                continue;
            };
            match what {
                "took" => took = Some(n),
                "settles" => settled = Some(n),
                _ => continue,
            }
            seen += 1;
            if seen == kill_after && !killed {
                std::thread::sleep(Duration::from_micros(rng.random_range(0..500)));
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        assert!(killed, "round {round}: the child ended by itself");
        let took = took.unwrap();

        let (mut reopened, recovery) = Spool::open(&spool, limits()).unwrap();
        assert!(recovery.set_aside.is_empty(), "round {round}: {recovery:?}");
        let waiting: Vec<u64> = std::iter::from_fn(|| reopened.take())
            .map(|entry| {
                let bytes: [u8; 8] = entry.block[..8].try_into().unwrap();
                assert_eq!(u64::from_le_bytes(bytes), entry.meta.first);
                entry.meta.first
            })
            .collect();
        assert!(reopened.take_damage().is_empty(), "round {round}");
        assert!(waiting.windows(2).all(|pair| pair[1] == pair[0] + 1), "round {round}: in order, no hole");
        if let Some(&last) = waiting.last() {
            assert!(last >= took, "round {round}: {took} was taken, the last is {last}");
        } else {
            assert_eq!(settled, Some(took), "round {round}: nothing waits");
        }
        let first = waiting.first().copied().unwrap_or(took + 1);
        let free = settled.map_or(0, |settled| settled + 1);
        assert!(first <= free, "round {round}: {first} is the first that waits, settled up to {settled:?}");
        next = waiting.last().copied().unwrap_or(took).max(took) + 1;
    }
}
