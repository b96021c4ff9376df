//! From settings to an open log and store: what has to be there before roles are built.

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use prometheus_client::registry::Registry;
use vedetta_backends::{Backends, OpenError, Part, Places};
use vedetta_log::{AppendError, EventLog, Topic, TopicOptions};
use vedetta_model::Clock;

use crate::{Config, Drain, Drained, Role, Secrets, admin::Ready};

/// What is decided before anything is opened.
pub struct Plan {
    pub places: Places,
    pub secrets: Secrets,
}

impl Plan {
    /// Reads what must be right without anybody's answer. Roles that run apart on a log of many make neither keys nor topics:
    /// those of one would not fit the others'.
    pub fn make(config: &Config, roles: &[Role], clock: &dyn Clock) -> anyhow::Result<Self> {
        let common = &config.common;
        let places = common.places()?;
        if places.uses_disk() {
            create_private_dir(&common.data_dir)?;
        }
        if places.log_is_shared() && roles.len() < crate::ALL_ROLES {
            let secrets = Secrets::open(common, clock)?;
            return Ok(Self { places: places.making_no_topics(), secrets });
        }
        Ok(Self { places, secrets: Secrets::open_or_create(common, clock)? })
    }
}

/// Opens log and store. Clusters that do not answer are waited for, and `ready` tells of them.
pub async fn open(
    places: &Places,
    registry: &mut Registry,
    clock: Arc<dyn Clock>,
    ready: &Ready,
) -> Result<Backends, OpenError> {
    let shown = |part| match part {
        Part::Log => ("log", places.log_shown()),
        Part::Store => ("store", places.store_shown()),
    };
    let told = |part: Part, error: Option<&OpenError>| {
        let (name, place) = shown(part);
        match error {
            Some(error) => {
                tracing::warn!(%error, "the {name} is not there yet; trying again until it is");
                ready.waits_for(name, Some(format!("the {name} {place}: {error}")));
            }
            None => {
                tracing::info!(place, "the {name} is open");
                ready.waits_for(name, None);
            }
        }
    };
    for (part, is_far) in [(Part::Log, places.log_is_shared()), (Part::Store, places.store_is_shared())] {
        let (name, place) = shown(part);
        ready.waits_for(name, is_far.then(|| format!("the {name} {place} is being opened")));
    }
    let is_far = places.log_is_shared() || places.store_is_shared();
    let opened = Backends::open_places(places, registry, clock, is_far.then_some(&told as _)).await?;
    ready.waits_for("log", None);
    ready.waits_for("store", None);
    Ok(opened)
}

/// All topics with their configured partitions.
fn topics(config: &Config) -> [(Topic, u32); 4] {
    let topics = &config.common.topics;
    [
        (Topic::TELEMETRY, topics.telemetry_partitions),
        (Topic::FINDINGS, topics.findings_partitions),
        (Topic::CONTROL, topics.control_partitions),
        (Topic::DEAD_LETTERS, 1),
    ]
}

/// Makes topics where that is this process's matter, and refuses those that are not as they must be. A cluster that does not
/// answer is waited for until the drain. Gives their names.
pub async fn make_topics(
    config: &Config,
    log: &Arc<dyn EventLog>,
    drain: &Drain,
) -> anyhow::Result<Vec<Topic>> {
    let is_shared = config.common.places()?.log_is_shared();
    let mut made = Vec::new();
    for (topic, partitions) in topics(config) {
        let what = format!("topic {topic} waits for the log");
        let passes = |error: &AppendError| is_shared && error.is_transient();
        let make = || log.create_topic(&topic, TopicOptions { partitions });
        let present = match drain.persist(&what, passes, make).await {
            Drained::Done(present) => present?,
            Drained::Called => anyhow::bail!("stopped while waiting for the log"),
        };
        if present != partitions {
            tracing::warn!(%topic, present, configured = partitions, "the topic keeps the partitions it was made with");
        }
        made.push(topic);
    }
    Ok(made)
}

/// Makes a folder that only its owner can enter; an existing one stays as it is.
fn create_private_dir(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(|| {
        format!("data folder {}: set data_dir to one that this user may write", path.display())
    })
}
