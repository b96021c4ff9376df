//! Records that nobody can use, and where they go.

use anyhow::Context as _;
use vedetta_log::{Headers, Key, NewRecord, Offset, Partition, Position, Topic};
use vedetta_model::TenantId;
use vedetta_runtime::{DeadLetters, Letter};

use crate::{Sandbox, sandbox::TENANT};

/// Appends bytes that are no block to the telemetry of the first tenant.
pub async fn append_garbage(sandbox: &Sandbox) -> anyhow::Result<()> {
    let tenant: TenantId = TENANT.parse()?;
    let key = Key::of(&tenant, "nobody");
    let record = NewRecord { tenant, key, headers: Headers::new(), payload: "no block".into() };
    sandbox.context().log.append(&Topic::TELEMETRY, vec![record]).await?;
    Ok(())
}

/// All dead letters, partition by partition.
pub async fn all(sandbox: &Sandbox) -> anyhow::Result<Vec<Letter>> {
    let log = &sandbox.context().log;
    let letters = DeadLetters::new(log.clone());
    let mut found = Vec::new();
    for index in 0..log.partitions(&Topic::DEAD_LETTERS).await? {
        let partition = Partition { topic: Topic::DEAD_LETTERS, index };
        let bounds = log.bounds(&partition).await?;
        for offset in bounds.start.0..bounds.end.0 {
            let place = Position { partition: partition.clone(), offset: Offset(offset) };
            found.extend(letters.at(&place).await?);
        }
    }
    Ok(found)
}

/// Where the record of one letter lay, and where the letter lies.
pub async fn first(sandbox: &Sandbox) -> anyhow::Result<(String, String)> {
    let letters = all(sandbox).await?;
    let letter = letters.first().context("no dead letter")?;
    Ok((letter.reason.from.to_string(), letter.place.to_string()))
}
