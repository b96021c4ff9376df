//! How far everything has been settled: acknowledged, or given up and counted.
//!
//! Two slots are written in turn, so that a torn write leaves the one before. A mark that is lost
//! costs only repeats, which the server recognises; a segment goes only after the mark that passed
//! it has reached the device.

use std::{io, path::Path, sync::Arc};

use super::{
    disk::{Disk, DiskFile, Open},
    entry::Position,
};

const NAME: &str = "settled";
/// Slots lie in different sectors.
const STEP: u64 = 4096;
const SLOT: usize = 28;

#[derive(Debug)]
pub(super) struct Mark {
    file: Arc<dyn DiskFile>,
    turn: u64,
    at: Position,
}

impl Mark {
    pub(super) fn open(disk: &dyn Disk, dir: &Path) -> io::Result<Self> {
        let file = disk.open(&dir.join(NAME), Open::Either)?;
        let newest = [0, 1].into_iter().filter_map(|slot| read(&*file, slot)).max_by_key(|(turn, _)| *turn);
        let (turn, at) = newest.unwrap_or_default();
        Ok(Self { file, turn, at })
    }

    pub(super) const fn position(&self) -> Position {
        self.at
    }

    /// Written, but not yet safe from a power cut.
    pub(super) fn advance(&mut self, to: Position) -> io::Result<()> {
        let turn = self.turn + 1;
        let mut slot = [0; SLOT];
        slot[..8].copy_from_slice(&turn.to_le_bytes());
        slot[8..16].copy_from_slice(&to.segment.to_le_bytes());
        slot[16..24].copy_from_slice(&to.offset.to_le_bytes());
        let crc = crc32fast::hash(&slot[..24]);
        slot[24..].copy_from_slice(&crc.to_le_bytes());
        self.file.write_all_at(&slot, turn % 2 * STEP)?;
        (self.turn, self.at) = (turn, to);
        Ok(())
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}

fn read(file: &dyn DiskFile, slot: u64) -> Option<(u64, Position)> {
    let mut bytes = [0; SLOT];
    file.read_exact_at(&mut bytes, slot * STEP).ok()?;
    let number = |from: usize| {
        let mut part = [0; 8];
        part.copy_from_slice(&bytes[from..from + 8]);
        u64::from_le_bytes(part)
    };
    let crc = crc32fast::hash(&bytes[..24]).to_le_bytes();
    (bytes[24..] == crc).then(|| (number(0), Position { segment: number(8), offset: number(16) }))
}

#[cfg(test)]
mod tests {
    use super::{super::disk::RealDisk, *};

    #[test]
    fn a_torn_mark_falls_back_to_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let mut mark = Mark::open(&RealDisk, dir.path()).unwrap();
        let (one, two) = (Position { segment: 1, offset: 10 }, Position { segment: 2, offset: 20 });
        mark.advance(one).unwrap();
        mark.advance(two).unwrap();
        assert_eq!(Mark::open(&RealDisk, dir.path()).unwrap().position(), two);
        mark.file.write_all_at(&[0xff; 9], 0).unwrap();
        assert_eq!(Mark::open(&RealDisk, dir.path()).unwrap().position(), one);
    }
}
