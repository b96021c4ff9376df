//! Stored values that went bad, under a whole system: it starts, says what it can't read, serves the rest and goes on.

use std::{collections::BTreeMap, path::Path, process::Command, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use vedetta_load::{
    agents::{Counted, Fleet, Manner, Pace},
    probe::Probe,
    system::{Launch, System},
};
use vedetta_tests::{Client, binary, until};

/// A database behind the back of the system that it belongs to.
struct Behind(fjall::Database);

impl Behind {
    fn open(data: &Path) -> anyhow::Result<Self> {
        Ok(Self(fjall::Database::builder(data.join("db")).open()?))
    }

    fn keys(&self, space: &str) -> anyhow::Result<Vec<Vec<u8>>> {
        let space = self.0.keyspace(space, Default::default)?;
        space.iter().map(|entry| Ok(entry.key()?.to_vec())).collect()
    }

    fn spoil(&self, space: &str, key: &[u8]) -> anyhow::Result<()> {
        Ok(self.0.keyspace(space, Default::default)?.insert(key, "not what was written")?)
    }

    fn remove_all(&self, space: &str) -> anyhow::Result<()> {
        for key in self.keys(space)? {
            self.0.keyspace(space, Default::default)?.remove(key)?;
        }
        Ok(())
    }
}

async fn counts(client: &Client) -> anyhow::Result<Value> {
    let query = "query { tenant(id: \"load-0\") { activityCounts(by: [\"evt.type\"]) { total complete searched { unreadable } } } }";
    let mut data = client.ask(query, json!({})).await?;
    Ok(data["tenant"]["activityCounts"].take())
}

fn number(value: &Value) -> anyhow::Result<u64> {
    Ok(value.as_f64().with_context(|| value.to_string())? as u64)
}

/// Has an agent send for a while, and waits until all of it is acknowledged.
async fn load(system: &System, time: Duration) -> anyhow::Result<Counted> {
    let probe = Probe::start(system).await?;
    let mut fleet = Fleet::start(system, 1, Duration::from_millis(20), &probe, Manner::Lasting).await?;
    fleet.pace(Pace { events: 4000.0, planted: 5.0 });
    fleet.run_for(time).await?;
    let counted = fleet.finish().await?.now();
    let judged = probe.judge(&system.tenants).await?;
    ensure!(judged.planted > 0 && judged.missing == 0, "findings: {judged:?}");
    Ok(counted)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_with_damaged_values_says_so_serves_the_rest_and_goes_on() -> anyhow::Result<()> {
    let mut system = System::launch(Launch::by(binary("vedetta-load")?)).await?;
    let client = system.tenants[0].client.clone();
    let before = load(&system, Duration::from_secs(2)).await?.accepted;
    until("all is archived", || async {
        Ok((number(&counts(&client).await?["total"])? == before).then_some(()))
    })
    .await?;
    system.kill()?;
    {
        let behind = Behind::open(system.dir())?;
        let blocks = behind.keys("store.blocks")?;
        ensure!(blocks.len() > 2, "{} blocks prove little", blocks.len());
        behind.spoil("store.blocks", &blocks[0])?;
        behind.spoil("store.block_heads", &blocks[1])?;
        behind.spoil("store.block_ranges", behind.keys("store.block_ranges")?.first().context("a range")?)?;
        behind.spoil("store.usage", behind.keys("store.usage")?.first().context("a count")?)?;
        // A row of each view, and where each projection stands.
        let mut views = BTreeMap::new();
        for key in behind.keys("store.rows")? {
            let view = key.split_first().map(|(length, rest)| rest[..usize::from(*length)].to_vec());
            views.entry(view).or_insert(key);
        }
        ensure!(views.keys().flatten().any(|view| view == b"detect_liveness"), "no row of the liveness view");
        for key in views.values() {
            behind.spoil("store.rows", key)?;
        }
        for key in behind.keys("store.checkpoints")? {
            behind.spoil("store.checkpoints", &key)?;
        }
        let telemetry = b"\x09telemetry";
        let records = behind.keys("log.records")?;
        let record = records.iter().find(|key| key.starts_with(telemetry)).context("a record")?;
        behind.spoil("log.records", record)?;
        // Everybody reads everything again, so that all come past the damaged record.
        behind.remove_all("log.commits")?;
    }
    system.relaunch()?;
    tokio::task::block_in_place(|| system.serves())?;
    let after = counts(&client).await?;
    ensure!(after["complete"] == json!(true) && number(&after["searched"]["unreadable"])? == 1, "{after}");
    let left = number(&after["total"])?;
    ensure!(left < before && left > 0, "{left} of {before} are left");

    until("what can't be kept again is put aside", || async {
        let query = "query { tenant(id: \"load-0\") { deadLetters(first: 1) { nodes { why } } } }";
        let data = client.ask(query, json!({})).await?;
        let why = data["tenant"]["deadLetters"]["nodes"][0]["why"].as_str().map(str::to_owned);
        Ok(why.filter(|why| why.contains("it can't be kept: store.block_ranges")))
    })
    .await?;
    let more = load(&system, Duration::from_secs(1)).await?.accepted;
    until("what came afterwards is found too", || async {
        let there = number(&counts(&client).await?["total"])?;
        ensure!(there == left + more, "{there} are there, {left} were left and {more} came");
        Ok(Some(()))
    })
    .await?;
    let stopped = system.stop()?;
    let rebuild =
        Command::new(binary("vedetta")?).arg("--data-dir").arg(stopped.dir()).arg("rebuild").output()?;
    let told = String::from_utf8(rebuild.stdout)?;
    ensure!(rebuild.status.success() && told.matches("made again").count() == 4, "{told}");
    Ok(())
}
