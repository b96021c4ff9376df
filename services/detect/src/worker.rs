//! The consumer: blocks in, findings out, and only then the commit.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use vedetta_block::Batch;
use vedetta_log::{AppendError, Delivery, EventLog, Group, NewRecord, Offsets, Record, Topic};
use vedetta_model::{Clock, Finding};
use vedetta_rules::Scratch;
use vedetta_runtime::{Context, Drain, Drained};

use crate::{
    Config, RuleSets, evaluate::evaluate, findings::encode_finding, liveness::Liveness, metrics::Metrics,
};

/// First and longest wait between tries to append findings while the log refuses.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// One member of the detect group.
pub struct Worker {
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    drain: Drain,
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
                    Delivery::Assigned(positions) => tracing::debug!(?positions, "partitions taken"),
                    Delivery::Revoked(partitions) => tracing::debug!(?partitions, "partitions given up"),
                    Delivery::Records(records) => {
                        let next = self.judge(&records);
                        let Some((findings, offsets)) = next else { continue };
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

    fn judge(&mut self, records: &[Record]) -> Option<(Vec<Finding>, Offsets)> {
        let last = records.last()?;
        let mut findings = Vec::new();
        for record in records {
            match Batch::decode(&record.payload) {
                Err(error) => {
                    self.metrics.poison.inc();
                    tracing::error!(%error, tenant = %record.tenant, partition = %record.position.partition,
                        offset = %record.position.offset, "a block was skipped");
                }
                // The record's tenant was checked against the certificate; the body's word is not enough.
                Ok(batch) if batch.header.tenant != record.tenant => {
                    self.metrics.poison.inc();
                    tracing::error!(tenant = %record.tenant, partition = %record.position.partition,
                        offset = %record.position.offset, "a block names another tenant than its record; skipped");
                }
                Ok(batch) => {
                    self.liveness.saw(&batch, record.appended);
                    let now = self.clock.now();
                    if let Some(rules) = self.rules.of(&record.tenant) {
                        findings.extend(evaluate(&batch, &rules, now, &mut self.scratch));
                    }
                    self.metrics.blocks.inc();
                    self.metrics.events.inc_by(batch.events.len() as u64);
                    self.metrics.latency.observe(now.since(record.appended).as_secs_f64());
                }
            }
        }
        let offsets = BTreeMap::from([(last.position.partition.clone(), last.position.offset.next())]);
        Some((findings, offsets))
    }

    /// Appends findings, again and again while the log refuses. False when the drain came first.
    async fn append(&self, findings: Vec<Finding>) -> anyhow::Result<bool> {
        if findings.is_empty() {
            return Ok(true);
        }
        let records = findings.iter().map(encode_finding).collect::<Result<Vec<NewRecord>, _>>()?;
        let mut wait = BACKOFF.0;
        loop {
            match self.log.append(&Topic::FINDINGS, records.clone()).await {
                Ok(_) => {
                    self.metrics.findings.inc_by(records.len() as u64);
                    return Ok(true);
                }
                Err(error) if error.is_transient() => {
                    tracing::warn!(%error, findings = records.len(), "findings wait for the log");
                    if self.drain.or(tokio::time::sleep(wait)).await == Drained::Called {
                        return Ok(false);
                    }
                    wait = (wait * 2).min(BACKOFF.1);
                }
                Err(AppendError::Closed) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
