//! The log, topic by topic.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use vedetta_log::{Offset, Topic, TopicOptions};

use crate::{
    CopyError, Digest, Line, Meter, Plan, Side,
    cursor::Cursor,
    lane::{Ends, Lane, Mode},
    places::{Places, Reader, Readers},
    plan::partitions_of,
};

/// Partitions that are copied at a time.
const SIDE_BY_SIDE: usize = 4;

/// Where a reader goes on, by partition.
pub type GoesOn = BTreeMap<u32, Offset>;

/// What became of the topics.
#[derive(Default)]
pub struct Topics {
    /// One for each partition of the target.
    pub lines: Vec<Line>,
    /// Where readers go on in the target, by topic.
    pub places: BTreeMap<Topic, Vec<(Reader, GoesOn)>>,
    /// Topics of which some record lies at another place.
    pub moved: Vec<Topic>,
}

/// How many partitions a topic is to have in the target.
async fn wanted(source: &Side, target: &Side, plan: &Plan, topic: &Topic) -> Result<Option<u32>, CopyError> {
    let Some(present) = source.partitions(topic).await? else { return Ok(None) };
    let asked = plan.partitions.get(topic).copied();
    match (target.partitions(topic).await?, asked) {
        (Some(there), Some(asked)) if there != asked => Err(CopyError::Partitions(format!(
            "topic {topic} is in the target with {there} partitions, and --partitions asks for {asked}: their number \
             never changes; leave the option out"
        ))),
        (Some(there), _) => Ok(Some(there)),
        (None, asked) => Ok(Some(asked.unwrap_or(present))),
    }
}

/// Copies all topics, or compares them.
pub async fn run(
    source: &Side,
    target: &Side,
    plan: &Plan,
    meter: &Meter,
    mode: Mode,
) -> Result<Topics, CopyError> {
    let mut all = Topics::default();
    for topic in &plan.topics {
        let Some(partitions) = wanted(source, target, plan, topic).await? else { continue };
        if mode == Mode::Copy {
            let made = target.log.create_topic(topic, TopicOptions { partitions }).await;
            made.map_err(|source| CopyError::Topic { topic: topic.to_string(), source })?;
        }
        let sources = source.partitions(topic).await?.unwrap_or(0);
        let readers = Readers::of(source, plan, topic, sources).await?;
        let mut records = 0;
        for partition in partitions_of(topic, sources) {
            records += Cursor::whole(source, partition).await?.most();
        }
        meter.begin(format!("{} {topic}", verb(mode)), "records", records);

        let ends = Ends { source, target, readers: &readers, meter };
        let lanes: Vec<_> = lanes(topic, sources, partitions)
            .into_iter()
            .map(|lane| {
                let ends = &ends;
                async move { lane.run(ends, mode).await }
            })
            .collect();
        let lanes: Vec<_> = stream::iter(lanes).buffered(SIDE_BY_SIDE).try_collect().await?;
        let mut places = Places::default();
        for lane in lanes {
            places.join(lane.places);
            for (index, digest) in &lane.digests {
                let damaged = if lane.damaged.is_empty() {
                    String::new()
                } else {
                    format!("left out, because damaged: {}", lane.damaged.join("; "))
                };
                all.lines.push(Line::of(format!("{topic}/{index}"), "records", digest).noted(damaged));
            }
        }
        if places.moved || partitions != sources {
            all.moved.push(topic.clone());
        }
        all.places.insert(topic.clone(), places.of(&readers));
    }
    Ok(all)
}

const fn verb(mode: Mode) -> &'static str {
    match mode {
        Mode::Copy => "copying",
        Mode::Verify => "comparing",
    }
}

/// As many partitions: each by itself. Another number: all in one, because any may give to any.
fn lanes(topic: &Topic, sources: u32, partitions: u32) -> Vec<Lane> {
    let lane = |sources, targets| Lane { topic: topic.clone(), sources, targets, partitions };
    if sources == partitions {
        return (0..partitions).map(|index| lane(vec![index], vec![index])).collect();
    }
    vec![lane((0..sources).collect(), (0..partitions).collect())]
}

/// What lies in the source's log.
pub async fn survey(source: &Side, plan: &Plan, meter: &Meter) -> Result<Vec<Line>, CopyError> {
    let mut lines = Vec::new();
    for topic in &plan.topics {
        let Some(partitions) = source.partitions(topic).await? else { continue };
        for partition in partitions_of(topic, partitions) {
            let mut cursor = Cursor::whole(source, partition.clone()).await?;
            meter.begin(format!("counting {partition}"), "records", cursor.most());
            let mut digest = Digest::default();
            while let Some(record) = cursor.next().await? {
                digest.feed([&record.payload[..]]);
                meter.add(1, record.payload.len() as u64);
            }
            lines.push(Line::of(partition.to_string(), "records", &digest).noted(cursor.damaged.join("; ")));
        }
    }
    Ok(lines)
}
