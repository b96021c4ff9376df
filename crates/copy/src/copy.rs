//! The copy as a whole.

use crate::{
    CopyError, Line, Meter, Plan, Side, State, blocks, groups, lane::Mode, marker, streams, topics, views,
};

/// A source, a target, and what is between them.
#[derive(Debug)]
pub struct Copy {
    /// Where it is.
    pub source: Side,
    /// Where it shall be.
    pub target: Side,
    /// What it consists of.
    pub plan: Plan,
    /// How far it is.
    pub meter: Meter,
}

impl Copy {
    /// Looks whether the target is empty, or a copy of this source, begun or done. Changes nothing.
    pub async fn look(&self) -> Result<State, CopyError> {
        let fingerprint = marker::fingerprint(&self.source, &self.plan).await?;
        marker::look(&self.target, &self.plan, &fingerprint).await
    }

    /// Copies what is not in the target yet. May be cut at any moment and begun again; once it was
    /// [`finish`](Self::finish)ed it changes nothing.
    pub async fn run(&self) -> Result<State, CopyError> {
        let Self { source, target, plan, meter } = self;
        let fingerprint = marker::fingerprint(source, plan).await?;
        let state = marker::look(target, plan, &fingerprint).await?;
        if state == State::Done {
            return Ok(state);
        }
        marker::begin(target, &fingerprint).await?;
        let topics = topics::run(source, target, plan, meter, Mode::Copy).await?;
        streams::run(source, target, plan, meter, Mode::Copy).await?;
        blocks::run(source, target, meter, Mode::Copy).await?;
        views::run(source, target, plan, &topics, meter, Mode::Copy).await?;
        groups::run(target, &topics, Mode::Copy).await?;
        if marker::fingerprint(source, plan).await? != fingerprint {
            return Err(CopyError::Changed);
        }
        Ok(state)
    }

    /// Compares everything in the source with everything in the target, one by one; the first difference is the error. Changes
    /// nothing.
    pub async fn verify(&self) -> Result<Vec<Line>, CopyError> {
        let Self { source, target, plan, meter } = self;
        let topics = topics::run(source, target, plan, meter, Mode::Verify).await?;
        let mut lines = topics.lines.clone();
        lines.extend(streams::run(source, target, plan, meter, Mode::Verify).await?);
        lines.extend(blocks::run(source, target, meter, Mode::Verify).await?);
        lines.extend(views::run(source, target, plan, &topics, meter, Mode::Verify).await?);
        lines.extend(groups::run(target, &topics, Mode::Verify).await?);
        Ok(lines)
    }

    /// Says in the target that the copy is whole: from now on it is not written by a copy any more.
    pub async fn finish(&self) -> Result<(), CopyError> {
        let fingerprint = marker::fingerprint(&self.source, &self.plan).await?;
        marker::finish(&self.target, &fingerprint).await
    }

    /// Counts what the source has, and changes nothing.
    pub async fn survey(source: &Side, plan: &Plan, meter: &Meter) -> Result<Vec<Line>, CopyError> {
        marker::fingerprint(source, plan).await?;
        let mut lines = topics::survey(source, plan, meter).await?;
        lines.extend(streams::survey(source, plan, meter).await?);
        lines.extend(blocks::survey(source).await?);
        lines.extend(views::survey(source, plan, meter).await?);
        Ok(lines)
    }
}
