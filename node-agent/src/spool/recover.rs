//! Reading what may be damaged.
//!
//! At the start only the ends of segments are looked at closely: a torn end is cut off, so that
//! nothing is ever taken for an entry that was not written whole. Everything else is checked when
//! it is read.

use std::{
    collections::VecDeque,
    io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use vedetta_model::simulated::{Point, reached};

use super::{
    Damage, Recovery,
    disk::Disk,
    entry::{Header, Position},
    mark::Mark,
    segment::{START, Segment},
};

/// What stands at a place.
pub(super) enum Read {
    /// An entry.
    Entry(Header, Bytes),
    /// Bytes of no use up to `next`; the header, when at least that is whole.
    Damaged { header: Option<Header>, next: u64, what: &'static str },
}

impl Read {
    pub(super) const fn header(&self) -> Option<&Header> {
        match self {
            Self::Entry(header, _) => Some(header),
            Self::Damaged { header, .. } => header.as_ref(),
        }
    }
}

/// Reads at `offset`, which lies before the segment's end. A disk that does not give the bytes back
/// is damage like any other.
pub(super) fn read(segment: &Segment, offset: u64) -> Read {
    let Ok(Some(header)) = segment.header(offset) else {
        let next = segment.resync(offset + 1).ok().flatten().unwrap_or(segment.end);
        return Read::Damaged { header: None, next, what: "a damaged header" };
    };
    match segment.block(offset, &header) {
        Ok(Some(block)) => Read::Entry(header, block),
        Ok(None) if offset + header.size() > segment.end => {
            Read::Damaged { header: Some(header), next: segment.end, what: "a torn end" }
        }
        Ok(None) => {
            Read::Damaged { header: Some(header), next: offset + header.size(), what: "a wrong checksum" }
        }
        Err(_) => {
            Read::Damaged { header: Some(header), next: offset + header.size(), what: "unreadable bytes" }
        }
    }
}

pub(super) fn damage(
    segment: &Segment,
    offset: u64,
    next: u64,
    header: Option<&Header>,
    what: &'static str,
) -> Damage {
    Damage {
        path: segment.path.clone(),
        offset,
        bytes: next - offset,
        events: header.map_or(1, |header| header.meta.count.into()),
        oldest: header.map(|header| header.meta.oldest),
        newest: header.map(|header| header.meta.newest),
        what,
    }
}

/// Opens the segments in `dir`: removes what is settled, cuts off torn ends, counts what waits.
pub(super) fn segments(
    disk: &dyn Disk,
    dir: &Path,
    mark: &Mark,
    recovery: &mut Recovery,
) -> io::Result<VecDeque<Segment>> {
    let settled = mark.position();
    let mut kept = VecDeque::new();
    let mut gone = Vec::new();
    for (number, path) in Segment::list(disk, dir)? {
        let mut segment = match Segment::open(disk, path.clone(), number) {
            Ok(segment) => segment,
            Err(error) => {
                recovery.set_aside.push(set_aside(disk, &path, &error)?);
                continue;
            }
        };
        match repair(&mut segment, settled, recovery) {
            Ok(()) if segment.end <= START => gone.push(path),
            Ok(()) if settled >= (Position { segment: number, offset: segment.end }) => gone.push(path),
            Ok(()) => kept.push_back(segment),
            Err(error) => recovery.set_aside.push(set_aside(disk, &path, &error)?),
        }
    }
    if !gone.is_empty() {
        mark.sync()?;
        for path in gone {
            disk.remove(&path)?;
        }
    }
    Ok(kept)
}

fn repair(segment: &mut Segment, settled: Position, recovery: &mut Recovery) -> io::Result<()> {
    if segment.end < START {
        return segment.truncate(0);
    }
    if segment.end > START && !segment.is_ours()? && segment.resync(START)?.is_none() {
        return Err(io::Error::other("it was written by another version"));
    }
    let mut offset = START;
    let mut last = None;
    let mut waits = |offset: u64, header: &Header| {
        if (Position { segment: segment.number, offset }) >= settled {
            recovery.blocks += 1;
            recovery.events += u64::from(header.meta.count);
        }
    };
    let torn = loop {
        if offset == segment.end {
            break None;
        }
        match segment.header(offset)? {
            Some(header) if offset + header.size() <= segment.end => {
                if let Some((at, before)) = last.replace((offset, header)) {
                    waits(at, &before);
                }
                offset += header.size();
            }
            Some(header) => break Some((offset, Some(header))),
            None => match segment.resync(offset + 1)? {
                Some(next) => offset = next,
                None => break Some((offset, None)),
            },
        }
    };
    // The last entry's bytes may not all have reached the device.
    let torn = match last {
        Some((at, header)) if torn.is_none() && at + header.size() == segment.end => {
            let whole = segment.block(at, &header)?.is_some();
            if whole {
                waits(at, &header);
            }
            (!whole).then_some((at, Some(header)))
        }
        Some((at, header)) => {
            waits(at, &header);
            torn
        }
        None => torn,
    };
    if let Some((at, header)) = torn {
        reached(Point::TornEnd);
        if (Position { segment: segment.number, offset: at }) >= settled {
            let damage = damage(segment, at, segment.end, header.as_ref(), "a torn end");
            tracing::warn!(
                path = %segment.path.display(), offset = at, bytes = damage.bytes, events = damage.events,
                "cut off the torn end of a spool segment",
            );
            recovery.damage.push(damage);
        }
        segment.truncate(at)?;
    }
    Ok(())
}

fn set_aside(disk: &dyn Disk, path: &Path, reason: &io::Error) -> io::Result<PathBuf> {
    let aside = path.with_extension("unreadable");
    disk.rename(path, &aside)?;
    tracing::error!(
        path = %aside.display(), %reason,
        "set aside a spool file that cannot be read; it is not deleted, and its events are not counted",
    );
    Ok(aside)
}
