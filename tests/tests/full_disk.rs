//! A disk that fills up, under a running system.

use std::{fs::File, path::Path, sync::Arc};

use anyhow::Context as _;
use rustix::{
    fs::{FallocateFlags, fallocate, statvfs},
    mount::{MountFlags, UnmountFlags, mount, unmount},
};
use serde_json::{Value, json};
use vedetta_tests::{Client, Form, Place, Sandbox, attack::read_shadow, until};

/// A small file system of its own.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn on(dir: &'a Path) -> anyhow::Result<Self> {
        mount("vedetta-test", dir, "tmpfs", MountFlags::empty(), c"size=768m")
            .context("mounting needs root")?;
        Ok(Self(dir))
    }

    /// Takes all of it but a few MiB.
    fn fill(&self) -> anyhow::Result<()> {
        let stat = statvfs(self.0)?;
        let free = stat.f_bavail * stat.f_frsize;
        let file = File::create(self.0.join("somebody-elses.bin"))?;
        Ok(fallocate(file, FallocateFlags::empty(), 0, free - (8 << 20))?)
    }

    fn empty(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.0.join("somebody-elses.bin"))?)
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        // A test that failed may still have files open.
        let _ = unmount(self.0, UnmountFlags::DETACH);
    }
}

async fn found(client: &Client, name: &str) -> anyhow::Result<Option<Value>> {
    let query = "query($text: String!) { tenant(id: \"default\") { findings(filter: { text: $text }) { nodes { id lineage { name } } } } }";
    let mut data = client.ask(query, json!({ "text": name })).await?;
    let findings = data["tenant"]["findings"]["nodes"].as_array_mut().context("findings")?;
    Ok(findings.iter().position(|f| f["lineage"][0]["name"] == name).map(|at| findings.swap_remove(at)))
}

/// Blocks that ingest told to come again, because the log has no room.
async fn refused(sandbox: &Sandbox) -> anyhow::Result<Option<()>> {
    let admin = sandbox.addresses().admin;
    let text = reqwest::get(format!("http://{admin}/metrics")).await?.text().await?;
    let line = text.lines().find(|line| {
        line.starts_with("vedetta_ingest_refused_blocks_total{") && line.contains("resource_exhausted")
    });
    Ok(line.map(|_| ()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_makes_agents_wait_and_once_there_is_room_everything_arrives() -> anyhow::Result<()> {
    let place = Arc::new(Place::new(Form::One).await?);
    let path = place.dir().to_owned();
    let disk = SmallDisk::on(&path)?;
    let sandbox = Sandbox::start_in(place).await?;
    let client = sandbox.admin().await?;
    let (scratch, state) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let agent = sandbox.agent_in(&client, "kernel", state.path()).await?;
    until("a reader is found while there is room", || async {
        read_shadow(scratch.path(), "reader-before").await?;
        found(&client, "reader-before").await
    })
    .await?;

    disk.fill()?;
    until("ingest asks agents to wait", || async {
        read_shadow(scratch.path(), "reader-full").await?;
        refused(&sandbox).await
    })
    .await?;
    // What was found before can still be read.
    found(&client, "reader-before").await?.context("a full disk took a finding away")?;

    disk.empty()?;
    until("what happened while the disk was full is found", || found(&client, "reader-full")).await?;
    until("new events are found too", || async {
        read_shadow(scratch.path(), "reader-after").await?;
        found(&client, "reader-after").await
    })
    .await?;
    agent.stop().await?;
    sandbox.stop().await
}
