//! Places of consumer groups.

use std::{collections::BTreeMap, time::Duration};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use vedetta_log::{Delivery, Group, GroupError, Offset, Offsets, Partition, Topic};

use crate::{
    CopyError, Digest, Line, Side,
    lane::Mode,
    places::{Reader, committed},
    topics::Topics,
};

/// How long a group may take to give all its partitions to its only member.
const JOINING: Duration = Duration::from_secs(60);
/// Groups that are joined at a time.
const SIDE_BY_SIDE: usize = 8;

/// Sets the places of all groups in the target, or compares them.
pub async fn run(target: &Side, topics: &Topics, mode: Mode) -> Result<Vec<Line>, CopyError> {
    let mut jobs = Vec::new();
    for (topic, readers) in &topics.places {
        for (reader, places) in readers {
            let Reader::Group(group) = reader else { continue };
            jobs.push(one(target, group, topic, places, mode));
        }
    }
    stream::iter(jobs).buffered(SIDE_BY_SIDE).try_collect().await
}

async fn one(
    target: &Side,
    group: &Group,
    topic: &Topic,
    places: &BTreeMap<u32, Offset>,
    mode: Mode,
) -> Result<Line, CopyError> {
    let at = |index: u32| Partition { topic: topic.clone(), index };
    let mut missing = Offsets::new();
    let mut digest = Digest::default();
    for (index, place) in places {
        let present = committed(target, group, &at(*index)).await?;
        if present.is_some_and(|present| present > *place)
            || (mode == Mode::Verify && present != Some(*place))
        {
            let said = present.map_or_else(|| "nowhere".to_owned(), |present| present.to_string());
            let what = format!("it goes on at {said} in the target, and has to at {place}");
            return Err(CopyError::differs(format!("group {group}, {}", at(*index)), what));
        }
        if present.is_none() || present != Some(*place) {
            missing.insert(at(*index), *place);
        }
        digest.feed([index.to_string().as_bytes(), place.to_string().as_bytes()]);
    }
    if !missing.is_empty() {
        commit(target, group, topic, &missing).await?;
    }
    Ok(Line::of(format!("group {group} of {topic}"), "places", &digest))
}

/// Only a member commits, and only what it holds.
async fn commit(target: &Side, group: &Group, topic: &Topic, places: &Offsets) -> Result<(), CopyError> {
    let failed = |source: GroupError| CopyError::Group { group: group.to_string(), source };
    let mut member = target.log.join(group, std::slice::from_ref(topic)).await.map_err(failed)?;
    let mut held: Vec<Partition> = Vec::new();
    let all_held = async {
        while !places.keys().all(|partition| held.contains(partition)) {
            match member.next().await.map_err(failed)? {
                Delivery::Assigned(positions) => {
                    held.extend(positions.into_iter().map(|position| position.partition));
                }
                Delivery::Revoked(partitions) => held.retain(|partition| !partitions.contains(partition)),
                Delivery::Records(_) => {}
            }
        }
        Ok::<_, CopyError>(())
    };
    tokio::time::timeout(JOINING, all_held).await.map_err(|_| CopyError::InUse(group.to_string()))??;
    member.commit(places).await.map_err(failed)
}
