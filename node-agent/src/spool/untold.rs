//! Losses that a run could not tell any more: the next one does.

use std::{io, path::Path};

use vedetta_model::event::Loss;

use super::disk::{Disk, Open};

const NAME: &str = "untold.json";

/// Takes what the former run left. It is gone from here then.
pub(super) fn take(disk: &dyn Disk, dir: &Path) -> Vec<Loss> {
    let path = dir.join(NAME);
    let Ok(bytes) = read(disk, &path) else { return Vec::new() };
    let losses = serde_json::from_slice(&bytes).unwrap_or_else(|error| {
        tracing::error!(path = %path.display(), %error, "losses of the former run cannot be read");
        Vec::new()
    });
    if let Err(error) = disk.remove(&path) {
        tracing::warn!(path = %path.display(), %error, "losses of the former run may be told twice");
    }
    losses
}

fn read(disk: &dyn Disk, path: &Path) -> io::Result<Vec<u8>> {
    let file = disk.open(path, Open::Present)?;
    let mut bytes = vec![0; usize::try_from(file.len()?).unwrap_or(0)];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

pub(super) fn leave(disk: &dyn Disk, dir: &Path, losses: &[Loss]) -> io::Result<()> {
    if losses.is_empty() {
        return Ok(());
    }
    let new = dir.join("untold.new");
    let file = disk.open(&new, Open::Either)?;
    file.set_len(0)?;
    file.write_all_at(&serde_json::to_vec(losses)?, 0)?;
    file.sync()?;
    disk.rename(&new, &dir.join(NAME))?;
    disk.sync_dir(dir)
}
