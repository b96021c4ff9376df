//! Rows of views, and how far they reach.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use smol_str::SmolStr;
use vedetta_log::Topic;
use vedetta_model::TenantId;
use vedetta_store::{Checkpoint, Cursor, Page, View, ViewChange, ViewKey, ViewRange};

use crate::{
    Checkpoints, CopyError, Digest, Line, Meter, Plan, Projected, Side, lane::Mode, places::Reader,
    topics::Topics,
};

/// Under this name the target counts the rows of each table that have arrived, until the copy is done.
pub const COPYING: &str = "copy";
/// Rows that become durable by one write.
const ROWS: usize = 256;
const ROWS_BYTES: usize = 1 << 20;
/// Tables (a view of a tenant) that are copied at a time.
const SIDE_BY_SIDE: usize = 4;

/// Copies rows and checkpoints, or compares them: one line for each projection.
pub async fn run(
    source: &Side,
    target: &Side,
    plan: &Plan,
    topics: &Topics,
    meter: &Meter,
    mode: Mode,
) -> Result<Vec<Line>, CopyError> {
    let tenants = tenants(source).await?;
    let mut lines = Vec::new();
    for projection in &plan.projections {
        let what = format!("views of {}", projection.name);
        if let Checkpoints::Places(topic) = &projection.checkpoints
            && topics.moved.contains(topic)
        {
            let note = format!(
                "made again from {topic} when query starts: its records lie at other places in the target"
            );
            lines.push(Line::of(what, "rows", &Digest::default()).noted(note));
            continue;
        }
        meter.begin(
            if mode == Mode::Copy { format!("copying {what}") } else { format!("comparing {what}") },
            "rows",
            0,
        );
        let tables =
            projection.views.iter().flat_map(|view| tenants.iter().map(move |tenant| (tenant, *view)));
        let one = |(tenant, view)| async move {
            let table = Table { tenant, view };
            match mode {
                Mode::Copy => table.copy(source, target, meter).await,
                Mode::Verify => table.compare(source, target, meter).await,
            }
        };
        let jobs: Vec<_> = tables.map(one).collect();
        let digests: Vec<Digest> = stream::iter(jobs).buffered(SIDE_BY_SIDE).try_collect().await?;
        let mut digest = Digest::default();
        digests.iter().for_each(|of| digest.join(of));
        // Behind the rows: whoever reads a checkpoint finds what it stands for.
        for checkpoint in checkpoints(source, target, projection, topics).await? {
            set(target, &checkpoint, mode).await?;
        }
        lines.push(Line::of(what, "rows", &digest));
    }
    Ok(lines)
}

/// Everybody who may have rows.
async fn tenants(source: &Side) -> Result<BTreeSet<TenantId>, CopyError> {
    let mut tenants: BTreeSet<TenantId> =
        source.events.tenants().await.map_err(|error| source.store(error))?.into_iter().collect();
    tenants.extend(source.blocks.archived().await.map_err(|error| source.store(error))?);
    Ok(tenants)
}

/// A view of a tenant.
#[derive(Clone, Copy)]
struct Table<'a> {
    tenant: &'a TenantId,
    view: View,
}

impl Table<'_> {
    async fn page(&self, side: &Side, after: Option<&Cursor>) -> Result<Page, CopyError> {
        let range = ViewRange::all(self.tenant, self.view);
        side.views.page(&range, after, ROWS).await.map_err(|error| side.store(error))
    }

    /// Rows come in the same order each time, so their count says where to go on.
    async fn copy(&self, source: &Side, target: &Side, meter: &Meter) -> Result<Digest, CopyError> {
        let name = SmolStr::from(format!("{}/{}", self.view.0, self.tenant));
        let arrived = target.views.checkpoint(COPYING, &name).await.map_err(|error| target.store(error))?;
        let (mut seen, mut after) = (0, None);
        loop {
            let page = self.page(source, after.as_ref()).await?;
            let mut changes = Vec::new();
            let mut bytes = 0;
            for row in page.rows {
                seen += 1;
                meter.add(1, row.value.len() as u64);
                if seen <= arrived {
                    continue;
                }
                bytes += row.key.len() + row.value.len();
                changes.push(ViewChange::Put {
                    key: ViewKey::new(self.tenant, self.view, row.key),
                    value: row.value,
                });
                if bytes >= ROWS_BYTES {
                    put(target, std::mem::take(&mut changes), &name, seen).await?;
                    bytes = 0;
                }
            }
            put(target, changes, &name, seen).await?;
            after = page.next;
            if after.is_none() {
                return Ok(Digest::default());
            }
        }
    }

    async fn compare(&self, source: &Side, target: &Side, meter: &Meter) -> Result<Digest, CopyError> {
        let mut digest = Digest::default();
        let mut after = None;
        loop {
            let (from, to) =
                tokio::try_join!(self.page(source, after.as_ref()), self.page(target, after.as_ref()))?;
            let place =
                |key: &[u8]| format!("view {} of {}, row {}", self.view.0, self.tenant, hex::encode(key));
            for row in &from.rows {
                match to.rows.iter().find(|there| there.key == row.key) {
                    None => return Err(CopyError::differs(place(&row.key), "it is missing in the target")),
                    Some(there) if there != row => {
                        return Err(CopyError::differs(place(&row.key), "the target has another value"));
                    }
                    Some(_) => digest.feed([&row.key[..], &row.value[..]]),
                }
            }
            if let Some(row) = to.rows.iter().find(|row| !from.rows.contains(row)) {
                return Err(CopyError::differs(place(&row.key), "only the target has it"));
            }
            meter.add(from.rows.len() as u64, from.rows.iter().map(|row| row.value.len() as u64).sum());
            after = from.next;
            if after.is_none() {
                return match to.next {
                    None => Ok(digest),
                    Some(Cursor(key)) => {
                        Err(CopyError::differs(place(&key), "the target has rows behind it"))
                    }
                };
            }
        }
    }
}

async fn put(target: &Side, changes: Vec<ViewChange>, name: &SmolStr, arrived: u64) -> Result<(), CopyError> {
    if changes.is_empty() {
        return Ok(());
    }
    let checkpoint = Checkpoint { projection: COPYING.into(), source: name.clone(), next: arrived };
    target.views.apply(&changes, &checkpoint).await.map_err(|error| target.store(error))
}

/// What a projection's checkpoints are to be in the target.
async fn checkpoints(
    source: &Side,
    target: &Side,
    projection: &Projected,
    topics: &Topics,
) -> Result<Vec<Checkpoint>, CopyError> {
    let name = &projection.name;
    let checkpoint =
        |source: String, next| Checkpoint { projection: name.clone(), source: source.into(), next };
    if let Checkpoints::Counts(prefix, topic) = &projection.checkpoints {
        let mut all = Vec::new();
        for index in 0..both(source, target, topic).await? {
            let part = format!("{prefix}{index}");
            let count = source.views.checkpoint(name, &part).await.map_err(|error| source.store(error))?;
            all.push(checkpoint(part, count));
        }
        return Ok(all);
    }
    let topic = projection.checkpoints.topic();
    let readers = topics.places.get(topic).into_iter().flatten();
    let own = readers.filter(|(reader, _)| *reader == Reader::Projection(name.clone()));
    let places = own.flat_map(|(_, places)| places);
    Ok(places.map(|(index, place)| checkpoint(format!("{topic}/{index}"), place.0)).collect())
}

/// Partitions that a topic has on both sides.
async fn both(source: &Side, target: &Side, topic: &Topic) -> Result<u32, CopyError> {
    let (from, to) = (source.partitions(topic).await?, target.partitions(topic).await?);
    Ok(from.unwrap_or(0).min(to.unwrap_or(0)))
}

async fn set(target: &Side, wanted: &Checkpoint, mode: Mode) -> Result<(), CopyError> {
    let Checkpoint { projection, source, next } = wanted;
    if mode == Mode::Copy {
        return target.views.apply(&[], wanted).await.map_err(|error| target.store(error));
    }
    let present = target.views.checkpoint(projection, source).await.map_err(|error| target.store(error))?;
    if present == *next {
        return Ok(());
    }
    let what = format!("it is {present} in the target, and has to be {next}");
    Err(CopyError::differs(format!("checkpoint {projection} of {source}"), what))
}

/// What the source has.
pub async fn survey(source: &Side, plan: &Plan, meter: &Meter) -> Result<Vec<Line>, CopyError> {
    let tenants = tenants(source).await?;
    let mut lines = Vec::new();
    for projection in &plan.projections {
        meter.begin(format!("counting views of {}", projection.name), "rows", 0);
        let mut digest = Digest::default();
        for (view, tenant) in
            projection.views.iter().flat_map(|view| tenants.iter().map(move |tenant| (*view, tenant)))
        {
            let mut after = None;
            loop {
                let page = Table { tenant, view }.page(source, after.as_ref()).await?;
                page.rows.iter().for_each(|row| digest.feed([&row.key[..], &row.value[..]]));
                meter.add(page.rows.len() as u64, 0);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        lines.push(Line::of(format!("views of {}", projection.name), "rows", &digest));
    }
    Ok(lines)
}
