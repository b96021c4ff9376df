//! Losses that a run could not tell any more: the next one does.

use std::{fs, io, path::Path};

use vedetta_model::event::Loss;

const NAME: &str = "untold.json";

/// Takes what the former run left. It is gone from here then.
pub(super) fn take(dir: &Path) -> Vec<Loss> {
    let path = dir.join(NAME);
    let Ok(bytes) = fs::read(&path) else { return Vec::new() };
    let losses = serde_json::from_slice(&bytes).unwrap_or_else(|error| {
        tracing::error!(path = %path.display(), %error, "losses of the former run cannot be read");
        Vec::new()
    });
    if let Err(error) = fs::remove_file(&path) {
        tracing::warn!(path = %path.display(), %error, "losses of the former run may be told twice");
    }
    losses
}

pub(super) fn leave(dir: &Path, losses: &[Loss]) -> io::Result<()> {
    if losses.is_empty() {
        return Ok(());
    }
    let new = dir.join("untold.new");
    fs::write(&new, serde_json::to_vec(losses)?)?;
    fs::File::open(&new)?.sync_all()?;
    fs::rename(&new, dir.join(NAME))
}
