//! How a target is known to be an unfinished copy of this source, and not somebody's data.

use futures::StreamExt as _;
use vedetta_log::{Offset, Partition, Position, ReadLimit, Topic, TopicOptions};
use vedetta_store::Checkpoint;

use crate::{Checkpoints, CopyError, Plan, Side, places::committed, plan::partitions_of};

/// Under this name the target's store says whose copy it is: 1 for one under way, 2 for one that is done.
const COPIED: &str = "copied";
const UNDER_WAY: u64 = 1;
const DONE: u64 = 2;

/// How far the copy of a source has come in a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The target is empty.
    New,
    /// A copy of this source was begun.
    Begun,
    /// A copy of this source was finished.
    Done,
}

/// Names a source in a certain state: what lies where in its log, who has read how far, and what its store has. Another source, or
/// the same one once it has run again, has another name.
pub async fn fingerprint(source: &Side, plan: &Plan) -> Result<String, CopyError> {
    let mut hash = blake3::Hasher::new();
    let mut seen = false;
    for topic in &plan.topics {
        let Some(partitions) = source.partitions(topic).await? else { continue };
        seen = true;
        for partition in partitions_of(topic, partitions) {
            let bounds = source.bounds(&partition).await?;
            hash.update(format!("{partition} {} {}\n", bounds.start, bounds.end).as_bytes());
            for (group, _) in plan.groups.iter().filter(|(_, of)| of == topic) {
                hash.update(
                    format!("{group} {:?}\n", committed(source, group, &partition).await?).as_bytes(),
                );
            }
            if bounds.start < bounds.end {
                hash.update(&first(source, &partition, bounds.start).await);
            }
        }
    }
    if !seen {
        return Err(CopyError::Empty);
    }
    for tenant in source.events.tenants().await.map_err(|error| source.store(error))? {
        hash.update(format!("{tenant}\n").as_bytes());
    }
    for tenant in source.blocks.archived().await.map_err(|error| source.store(error))? {
        let usage = source.blocks.usage(&tenant).await.map_err(|error| source.store(error))?;
        hash.update(format!("{tenant} {usage:?}\n").as_bytes());
    }
    Ok(hash.finalize().to_hex()[..16].to_owned())
}

/// What the first record says: ids in it are nobody else's. One that is damaged says nothing.
async fn first(source: &Side, partition: &Partition, offset: Offset) -> Vec<u8> {
    let from = Position { partition: partition.clone(), offset };
    let Ok(mut records) = source.log.read(from, ReadLimit { records: 1, bytes: 0 }).await else {
        return Vec::new();
    };
    match records.next().await {
        Some(Ok(records)) => records.first().map(|record| record.payload.to_vec()).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn topic(fingerprint: &str) -> Topic {
    Topic::named(&format!("copy-{fingerprint}"))
}

/// Looks at a target, and changes nothing. Refuses one that holds anything but a copy of this source.
pub async fn look(target: &Side, plan: &Plan, fingerprint: &str) -> Result<State, CopyError> {
    let log_is_ours = target.partitions(&topic(fingerprint)).await?.is_some();
    let mark = target.views.checkpoint(COPIED, fingerprint).await.map_err(|error| target.store(error))?;
    if !log_is_ours {
        refuse_records(target, plan).await?;
    }
    if mark == 0 {
        refuse_rows(target, plan).await?;
    }
    Ok(match mark {
        _ if !log_is_ours => State::New,
        DONE => State::Done,
        _ => State::Begun,
    })
}

/// Puts the marks into log and store.
pub async fn begin(target: &Side, fingerprint: &str) -> Result<(), CopyError> {
    let topic = topic(fingerprint);
    let made = target.log.create_topic(&topic, TopicOptions { partitions: 1 }).await;
    made.map_err(|source| CopyError::Topic { topic: topic.to_string(), source })?;
    mark(target, fingerprint, UNDER_WAY).await
}

/// Says that all is there, and takes away what only the copy needed.
pub async fn finish(target: &Side, fingerprint: &str) -> Result<(), CopyError> {
    mark(target, fingerprint, DONE).await?;
    target.views.drop_views(crate::views::COPYING, &[]).await.map_err(|error| target.store(error))
}

async fn mark(target: &Side, fingerprint: &str, next: u64) -> Result<(), CopyError> {
    let checkpoint = Checkpoint { projection: COPIED.into(), source: fingerprint.into(), next };
    target.views.apply(&[], &checkpoint).await.map_err(|error| target.store(error))
}

async fn refuse_records(target: &Side, plan: &Plan) -> Result<(), CopyError> {
    for topic in &plan.topics {
        for partition in partitions_of(topic, target.partitions(topic).await?.unwrap_or(0)) {
            let bounds = target.bounds(&partition).await?;
            if bounds.start < bounds.end {
                let count = bounds.end.0 - bounds.start.0;
                let url = target.log.describe().url;
                return Err(CopyError::Occupied(format!("{count} records in {partition} of {url}")));
            }
        }
    }
    Ok(())
}

async fn refuse_rows(target: &Side, plan: &Plan) -> Result<(), CopyError> {
    let some = |what: &str, tenants: Vec<vedetta_model::TenantId>| match tenants.first() {
        Some(tenant) => {
            Err(CopyError::Occupied(format!("{what} of tenant {tenant} and {} more", tenants.len() - 1)))
        }
        None => Ok(()),
    };
    some("decisions", target.events.tenants().await.map_err(|error| target.store(error))?)?;
    some("blocks of events", target.blocks.archived().await.map_err(|error| target.store(error))?)?;
    for projection in &plan.projections {
        let topic = projection.checkpoints.topic();
        for index in 0..target.partitions(topic).await?.unwrap_or(1) {
            let part = match &projection.checkpoints {
                Checkpoints::Counts(prefix, _) => format!("{prefix}{index}"),
                _ => format!("{topic}/{index}"),
            };
            let next = target.views.checkpoint(&projection.name, &part).await;
            if next.map_err(|error| target.store(error))? > 0 {
                return Err(CopyError::Occupied(format!("views of {} up to {part}", projection.name)));
            }
        }
    }
    Ok(())
}
