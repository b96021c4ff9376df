//! `vedetta copy`: an installation to another log and store.

mod plan;
mod show;

use std::{path::Path, process::ExitCode, sync::Arc};

use anyhow::{Context as _, ensure};
use clap::{ArgAction, Args};
use prometheus_client::registry::Registry;
use vedetta_backends::{Backends, directory_of};
use vedetta_copy::{Copy, Line, Meter, Plan, Side, State};
use vedetta_log::Topic;
use vedetta_model::SystemClock;
use vedetta_runtime::Config;

use crate::cli::{failed, shown};

/// What to copy, and where to.
#[derive(Debug, Args)]
pub struct CopyArgs {
    /// Where the installation is: a URL for log and store, or two with a comma between, the log's first. Those of the settings
    /// when not given.
    #[arg(long, value_name = "URL[,URL]")]
    from: Option<String>,
    /// Where it shall be, for instance `kafka://b1:9092/,scylla://s1:9042/vedetta` or `file:other/db`.
    #[arg(long, value_name = "URL[,URL]")]
    to: String,
    /// Partitions of a topic in the target, such as `telemetry=64`; as many as in the source when not given.
    #[arg(long, value_name = "TOPIC=N", value_delimiter = ',', value_parser = partitions)]
    partitions: Vec<(String, u32)>,
    /// Says what would be copied, and writes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Compares all of source and target at the end.
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set)]
    verify: bool,
}

fn partitions(text: &str) -> Result<(String, u32), String> {
    let read = || {
        let (topic, count) = text.split_once('=')?;
        let known = plan::TOPICS.iter().any(|known| known.as_str() == topic);
        Some((topic.to_owned(), count.parse().ok().filter(|count| known && *count > 0)?))
    };
    let names = plan::TOPICS.map(|topic| topic.to_string());
    read().ok_or_else(|| {
        format!("it has to be TOPIC=N, with N from 1 and one of the topics {}", names.join(", "))
    })
}

/// A log and a store.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Urls {
    log: String,
    store: String,
}

impl Urls {
    /// One URL, or two. URLs have commas of their own between hosts, so a second one begins with a scheme.
    fn parse(text: &str) -> Self {
        let schemes = ["memory:", "file:", "kafka:", "scylla:"];
        let begins = |at: &usize| schemes.iter().any(|scheme| text[at + 1..].starts_with(scheme));
        let (log, store) = match text.match_indices(',').map(|(at, _)| at).find(begins) {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, text),
        };
        Self { log: log.into(), store: store.into() }
    }

    /// Opening makes a directory that is not there: a source must be there.
    fn check_source(&self) -> anyhow::Result<()> {
        for dir in [&self.log, &self.store].into_iter().filter_map(|url| directory_of(url)) {
            let holds_something = std::fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some());
            ensure!(
                holds_something,
                "--from: nothing lies in {}; that of an installation is `db` in its data folder",
                dir.display()
            );
            let inner = dir.join("db");
            ensure!(
                !inner.is_dir(),
                "--from: {} is a data folder; name file:{}",
                dir.display(),
                inner.display()
            );
        }
        Ok(())
    }

    async fn open(&self, option: &'static str, side: &'static str) -> anyhow::Result<(Backends, Side)> {
        let mut registry = Registry::default();
        let clock = Arc::new(SystemClock);
        let opened = Backends::open_appending_once(&self.log, &self.store, &mut registry, clock);
        let backends = opened.await.map_err(|error| {
            let next = if error.is_in_use() {
                "; it has to be stopped while it is copied: `vedetta down`, then run this again"
            } else {
                ""
            };
            anyhow::anyhow!("{option}: {error}{next}")
        })?;
        let side = Side {
            name: side,
            log: backends.log.clone(),
            events: backends.events.clone(),
            views: backends.views.clone(),
            blocks: backends.blocks.clone(),
        };
        Ok((backends, side))
    }
}

impl CopyArgs {
    /// Does it.
    pub fn run(&self, config: &Config) -> ExitCode {
        let done = vedetta_runtime::init_telemetry(config).and_then(|()| {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(self.copy(config))
        });
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&error),
        }
    }

    async fn copy(&self, config: &Config) -> anyhow::Result<()> {
        let from = match &self.from {
            Some(urls) => Urls::parse(urls),
            None => Urls { log: config.common.log.url.clone(), store: config.common.store.url.clone() },
        };
        let to = Urls::parse(&self.to);
        ensure!(from.log != to.log && from.store != to.store, "--from and --to name the same log or store");
        from.check_source()?;
        let mut plan = plan::of(config)?;
        plan.partitions =
            self.partitions.iter().map(|(topic, count)| (Topic::named(topic), *count)).collect();
        let (opened, source) = from.open("--from", "source").await?;
        let outcome =
            if self.dry_run { survey(&source, &plan).await } else { self.copy_to(&to, source, plan).await };
        opened.close().await;
        outcome?;
        if !self.dry_run {
            print_next(config, &from, &to);
        }
        Ok(())
    }

    async fn copy_to(&self, to: &Urls, source: Side, plan: Plan) -> anyhow::Result<()> {
        let (opened, target) = to.open("--to", "target").await?;
        let copy = Copy { source, target, plan, meter: Meter::default() };
        let outcome = self.run_all(&copy).await;
        opened.close().await;
        outcome
    }

    async fn run_all(&self, copy: &Copy) -> anyhow::Result<()> {
        let ticker = show::Ticker::start(copy.meter.clone());
        match copy.run().await? {
            State::New => ticker.say("everything is copied"),
            State::Begun => ticker.say("a copy that was begun earlier is whole now"),
            State::Done => ticker.say(
                "this copy was finished earlier and nothing was written; if the target was started since, it differs",
            ),
        }
        if self.verify {
            let lines = copy.verify().await?;
            ticker.end();
            show::table(&lines);
            println!("source and target are equal");
        }
        copy.finish().await?;
        Ok(())
    }
}

async fn survey(source: &Side, plan: &Plan) -> anyhow::Result<()> {
    let meter = Meter::default();
    let ticker = show::Ticker::start(meter.clone());
    let lines: Vec<Line> = Copy::survey(source, plan, &meter).await.context("--from")?;
    ticker.end();
    show::table(&lines);
    println!("nothing was written");
    Ok(())
}

/// What a copy does not carry.
fn print_next(config: &Config, from: &Urls, to: &Urls) {
    let beside = directory_of(&from.log).and_then(|dir| dir.parent().map(Path::to_path_buf));
    let data = beside.unwrap_or_else(|| config.common.data_dir.clone());
    let data = shown(&data);
    println!("Next: put `keys/` and `pki/` of {data} into the data folder of each machine,");
    match directory_of(&to.log) {
        Some(dir) => println!("      that of which {} is the `db`.", shown(&dir)),
        None => println!("      and start the roles with log.url and store.url as in --to."),
    }
    println!("      Do not start the old installation beside the new one. More: docs/operations/copy.md");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_urls_are_told_apart_from_hosts() {
        let pair = |log: &str, store: &str| Urls { log: log.into(), store: store.into() };
        assert_eq!(Urls::parse("file:data/db"), pair("file:data/db", "file:data/db"));
        assert_eq!(
            Urls::parse("kafka://b1:1,b2:2/?replication=3,scylla://s1,s2:3/v?dc=x"),
            pair("kafka://b1:1,b2:2/?replication=3", "scylla://s1,s2:3/v?dc=x")
        );
        assert_eq!(Urls::parse("file:a,file:b"), pair("file:a", "file:b"));
    }

    #[test]
    fn partitions_are_of_a_topic_that_is_known() {
        assert_eq!(partitions("telemetry=64"), Ok(("telemetry".to_owned(), 64)));
        for bad in ["telemetry", "telemetry=0", "telemetry=x", "others=3"] {
            assert!(
                partitions(bad).unwrap_err().contains("telemetry, findings, control, dead-letters"),
                "{bad}"
            );
        }
    }
}
