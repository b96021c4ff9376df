//! Streams of decisions, and which of them wait for the relay.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use vedetta_model::TenantId;
use vedetta_store::{Expected, NewEvent, Shard, Stored, StreamId, Version};

use crate::{CopyError, Digest, Line, Meter, Plan, Side, lane::Mode};

/// Events that are loaded at a time.
const PAGE: usize = 200;
/// What one append takes.
const BATCH_EVENTS: usize = 50;
const BATCH_BYTES: usize = 512 << 10;
/// Names of streams that are asked for at a time, and streams that are copied at a time.
const NAMES: usize = 500;
const SIDE_BY_SIDE: usize = 8;
/// Most events that may wait for the relay.
const MOST_WAITING: usize = 100_000;

/// Events that wait for the relay.
type Outbox = BTreeSet<(StreamId, Version)>;

/// Copies all streams, or compares them: one line for each tenant.
pub async fn run(
    source: &Side,
    target: &Side,
    plan: &Plan,
    meter: &Meter,
    mode: Mode,
) -> Result<Vec<Line>, CopyError> {
    let waiting: Outbox = outbox(source).await?.into_iter().map(named).collect();
    let tenants = source.events.tenants().await.map_err(|error| source.store(error))?;
    let there = target.events.tenants().await.map_err(|error| target.store(error))?;
    if let Some(other) = there.iter().find(|tenant| !tenants.contains(tenant)) {
        return Err(CopyError::differs(format!("tenant {other}"), "only the target has it"));
    }
    meter.begin(if mode == Mode::Copy { "copying decisions" } else { "comparing decisions" }, "events", 0);
    let mut lines = Vec::new();
    for tenant in &tenants {
        let mut digest = Digest::default();
        for aggregate in &plan.aggregates {
            let mut after: Option<StreamId> = None;
            loop {
                let names = names(source, tenant, aggregate, after.as_ref()).await?;
                // They come in order on both sides, so the same page has the same names.
                if mode == Mode::Verify
                    && names != self::names(target, tenant, aggregate, after.as_ref()).await?
                {
                    let place = format!("streams {aggregate} of {tenant}");
                    return Err(CopyError::differs(place, "source and target have others"));
                }
                let Some(last) = names.last() else { break };
                after = Some(last.clone());
                let one = |stream: StreamId| {
                    let waiting = &waiting;
                    async move { one(source, target, &stream, waiting, meter, mode).await }
                };
                let streams: Vec<_> = names.into_iter().map(one).collect();
                let digests: Vec<Digest> = stream::iter(streams).buffered(SIDE_BY_SIDE).try_collect().await?;
                for of in digests {
                    digest.join(&of);
                }
            }
        }
        lines.push(Line::of(format!("decisions of {tenant}"), "events", &digest));
    }
    settle(target, &waiting, mode).await?;
    Ok(lines)
}

fn named(event: Stored) -> (StreamId, Version) {
    (event.stream, event.version)
}

async fn names(
    side: &Side,
    tenant: &TenantId,
    aggregate: &str,
    after: Option<&StreamId>,
) -> Result<Vec<StreamId>, CopyError> {
    let after = after.map(|stream| stream.id.as_str());
    side.events.streams(tenant, aggregate, after, NAMES).await.map_err(|error| side.store(error))
}

async fn load(side: &Side, stream: &StreamId, after: Version) -> Result<Vec<Stored>, CopyError> {
    side.events.load(stream, after, PAGE).await.map_err(|error| side.store(error))
}

/// One stream: what is there is compared, the rest appended and confirmed as far as it is in the source.
async fn one(
    source: &Side,
    target: &Side,
    stream: &StreamId,
    waiting: &Outbox,
    meter: &Meter,
    mode: Mode,
) -> Result<Digest, CopyError> {
    let mut digest = Digest::default();
    let mut after = Version(0);
    loop {
        let events = load(source, stream, after).await?;
        let there = load(target, stream, after).await?;
        if let Some(more) = there.get(events.len()) {
            let place = format!("{stream}, version {}", more.version);
            return Err(CopyError::differs(place, "only the target has it"));
        }
        if let Some((event, _)) = events.iter().zip(&there).find(|(event, there)| event != there) {
            let place = format!("{stream}, version {}", event.version);
            return Err(CopyError::differs(place, "the target has another event"));
        }
        let missing = &events[there.len()..];
        if let (Mode::Verify, Some(event)) = (mode, missing.first()) {
            let place = format!("{stream}, version {}", event.version);
            return Err(CopyError::differs(place, "it is missing in the target"));
        }
        append(target, stream, missing, waiting).await?;
        let Some(last) = events.last() else { return Ok(digest) };
        after = last.version;
        for event in &events {
            let (version, time) = (event.version.0.to_le_bytes(), event.time.as_nanos().to_le_bytes());
            digest.feed([event.id.as_bytes().as_slice(), &version, &time, &event.data]);
        }
        meter.add(events.len() as u64, events.iter().map(|event| event.data.len() as u64).sum());
    }
}

async fn append(
    target: &Side,
    stream: &StreamId,
    mut missing: &[Stored],
    waiting: &Outbox,
) -> Result<(), CopyError> {
    while !missing.is_empty() {
        let mut bytes = 0;
        let fits = missing.iter().take(BATCH_EVENTS).take_while(|event| {
            bytes += event.data.len();
            bytes <= BATCH_BYTES
        });
        let (batch, rest) = missing.split_at(fits.count().max(1));
        missing = rest;
        let before = Version(batch[0].version.0 - 1);
        let new = |event: &Stored| NewEvent { id: event.id, time: event.time, data: event.data.clone() };
        let new: Vec<NewEvent> = batch.iter().map(new).collect();
        target.events.append(stream, Expected::Exactly(before), &new).await?;
        let relayed = |event: &&Stored| !waiting.contains(&(stream.clone(), event.version));
        let relayed: Vec<Stored> = batch.iter().filter(relayed).cloned().collect();
        confirm(target, stream, &relayed).await?;
    }
    Ok(())
}

async fn confirm(target: &Side, stream: &StreamId, relayed: &[Stored]) -> Result<(), CopyError> {
    if relayed.is_empty() {
        return Ok(());
    }
    let shard = Shard::of(stream, target.events.shards());
    target.events.relayed(shard, relayed).await.map_err(|error| target.store(error))
}

/// All events of a side that wait for the relay.
async fn outbox(side: &Side) -> Result<Vec<Stored>, CopyError> {
    let mut all = Vec::new();
    for shard in (0..side.events.shards()).map(Shard) {
        let waiting = side.events.unrelayed(shard, MOST_WAITING).await;
        all.extend(waiting.map_err(|error| side.store(error))?);
        if all.len() >= MOST_WAITING {
            return Err(CopyError::Backlog(all.len()));
        }
    }
    Ok(all)
}

/// A copy that was cut may have left events that wait though they need not.
async fn settle(target: &Side, waiting: &Outbox, mode: Mode) -> Result<(), CopyError> {
    let there = outbox(target).await?;
    let mut needless: BTreeMap<StreamId, Vec<Stored>> = BTreeMap::new();
    for event in &there {
        if !waiting.contains(&(event.stream.clone(), event.version)) {
            needless.entry(event.stream.clone()).or_default().push(event.clone());
        }
    }
    if mode == Mode::Copy {
        for (stream, events) in &needless {
            confirm(target, stream, events).await?;
        }
        return Ok(());
    }
    if let Some(stream) = needless.keys().next() {
        return Err(CopyError::differs(
            stream,
            "its events wait for the relay in the target and not in the source",
        ));
    }
    let there: Outbox = there.into_iter().map(named).collect();
    match waiting.difference(&there).next() {
        Some((stream, version)) => {
            let place = format!("{stream}, version {version}");
            Err(CopyError::differs(place, "it waits for the relay in the source and not in the target"))
        }
        None => Ok(()),
    }
}

/// What the source has.
pub async fn survey(source: &Side, plan: &Plan, meter: &Meter) -> Result<Vec<Line>, CopyError> {
    let mut lines = Vec::new();
    meter.begin("counting decisions", "events", 0);
    for tenant in source.events.tenants().await.map_err(|error| source.store(error))? {
        let mut digest = Digest::default();
        for aggregate in &plan.aggregates {
            let mut last: Option<StreamId> = None;
            loop {
                let names = names(source, &tenant, aggregate, last.as_ref()).await?;
                for stream in &names {
                    let mut after = Version(0);
                    loop {
                        let events = load(source, stream, after).await?;
                        let Some(newest) = events.last() else { break };
                        after = newest.version;
                        events.iter().for_each(|event| digest.feed([&event.data[..]]));
                        meter.add(events.len() as u64, 0);
                    }
                }
                last = names.last().cloned();
                if last.is_none() {
                    break;
                }
            }
        }
        lines.push(Line::of(format!("decisions of {tenant}"), "events", &digest));
    }
    Ok(lines)
}
