//! The consumer: blocks in, findings out, and only then the commit.

use std::{collections::BTreeSet, sync::Arc};

use vedetta_block::Batch;
use vedetta_log::{AppendError, Delivery, EventLog, Group, NewRecord, Offsets, Record, Topic};
use vedetta_model::{
    Clock, Finding,
    simulated::{Bug, planted},
};
use vedetta_rules::Scratch;
use vedetta_runtime::{Context, DeadLetters, Drain, Drained, Resubmission};
use vedetta_store::StoreError;

use crate::{
    Config, RuleSets, evaluate::evaluate, findings::encode_finding, liveness::Liveness, metrics::Metrics,
};

/// What records came to.
#[derive(Default)]
struct Judged {
    findings: Vec<Finding>,
    /// Where to go on.
    offsets: Offsets,
    /// Records that can't be used, and why.
    poison: Vec<(usize, String)>,
}

/// One member of the detect group.
pub struct Worker {
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    drain: Drain,
    dead_letters: DeadLetters,
    group: Group,
    rules: Arc<RuleSets>,
    liveness: Arc<Liveness>,
    metrics: Metrics,
    scratch: Scratch,
}

impl Worker {
    /// A worker that has not joined yet.
    pub fn new(
        context: &Context,
        config: &Config,
        rules: Arc<RuleSets>,
        liveness: Arc<Liveness>,
        metrics: Metrics,
    ) -> Self {
        Self {
            log: context.log.clone(),
            clock: context.clock.clone(),
            drain: context.drain.clone(),
            dead_letters: DeadLetters::new(context.log.clone()),
            group: Group::named(&config.group),
            rules,
            liveness,
            metrics,
            scratch: Scratch::default(),
        }
    }

    /// Runs until the drain. A block's findings are durable before its offset is committed: a crash
    /// in between finds the same ones again, with the same ids.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let mut member = self.log.join(&self.group, &[Topic::TELEMETRY]).await?;
        loop {
            match self.drain.or(member.next()).await {
                Drained::Called => return Ok(()),
                Drained::Done(delivery) => match delivery? {
                    Delivery::Assigned(positions) => {
                        tracing::debug!(?positions, "partitions taken");
                        let taken = positions.iter().map(|position| position.partition.index).collect();
                        if !self.look_after(&taken).await? {
                            return Ok(());
                        }
                    }
                    Delivery::Revoked(partitions) => {
                        tracing::debug!(?partitions, "partitions given up");
                        let given = partitions.iter().map(|partition| partition.index).collect();
                        if let Err(error) = self.liveness.revoked(&given).await {
                            tracing::warn!(error = format!("{error:#}"), "last signs of life were not saved");
                        }
                    }
                    Delivery::Records(records) => {
                        let Judged { findings, offsets, poison } = self.judge(&records);
                        if planted(Bug::CommitBeforeFindings) {
                            member.commit(&offsets).await?;
                        }
                        for (at, why) in poison {
                            if !self.dead_letters.bury(&records[at], "detect", &why, &self.drain).await? {
                                return Ok(());
                            }
                        }
                        if !self.append(findings).await? {
                            return Ok(());
                        }
                        if let Err(error) = member.commit(&offsets).await {
                            // A later commit covers this one; judging again finds the same findings.
                            tracing::warn!(%error, "the place in the log was not kept");
                        }
                    }
                },
            }
        }
    }

    /// Takes up the nodes of partitions, again and again while the store refuses. False when the drain came first.
    async fn look_after(&self, partitions: &BTreeSet<u32>) -> anyhow::Result<bool> {
        let taken = self.drain.persist("nodes wait for the store", StoreError::is_transient, || {
            self.liveness.assigned(partitions)
        });
        match taken.await {
            Drained::Called | Drained::Done(Err(StoreError::Closed)) => Ok(false),
            Drained::Done(taken) => Ok(taken.map(|()| true)?),
        }
    }

    fn judge(&mut self, records: &[Record]) -> Judged {
        let mut judged = Judged::default();
        if let Some(last) = records.last() {
            judged.offsets.insert(last.position.partition.clone(), last.position.offset.next());
        }
        for (at, record) in records.iter().enumerate() {
            match Batch::decode(&record.payload) {
                Err(error) => judged.poison.push((at, error.to_string())),
                // The record's tenant was checked against the certificate; the body's word is not enough.
                Ok(batch) if batch.header.tenant != record.tenant => {
                    judged.poison.push((at, "the block names another tenant than its record".to_owned()));
                }
                Ok(batch) => {
                    // What an operator sent again says nothing of the node as it is now.
                    if Resubmission::of(record).is_none() {
                        self.liveness.saw(&batch, record.appended);
                    }
                    let now = self.clock.now();
                    if let Some(rules) = self.rules.of(&record.tenant) {
                        judged.findings.extend(evaluate(&batch, &rules, now, &mut self.scratch));
                    }
                    self.metrics.blocks.inc();
                    self.metrics.events.inc_by(batch.events.len() as u64);
                    self.metrics.latency.observe(now.since(record.appended).as_secs_f64());
                }
            }
        }
        self.metrics.poison.inc_by(judged.poison.len() as u64);
        judged
    }

    /// Appends findings, again and again while the log refuses. False when the drain came first.
    async fn append(&self, findings: Vec<Finding>) -> anyhow::Result<bool> {
        if findings.is_empty() {
            return Ok(true);
        }
        let records = findings.iter().map(encode_finding).collect::<Result<Vec<NewRecord>, _>>()?;
        let topic = Topic::FINDINGS;
        let append = || self.log.append(&topic, records.clone());
        match self.drain.persist("findings wait for the log", AppendError::is_transient, append).await {
            Drained::Done(Ok(_)) => {
                self.metrics.findings.inc_by(records.len() as u64);
                Ok(true)
            }
            Drained::Called | Drained::Done(Err(AppendError::Closed)) => Ok(false),
            Drained::Done(Err(error)) => Err(error.into()),
        }
    }
}
