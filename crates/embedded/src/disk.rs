//! How much room there is, and whether it can be used.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

/// Bytes that this process may still write on the file system of `dir`.
pub fn free_bytes(dir: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(dir)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Made and removed by [`probe`]; a crash may leave it.
pub const PROBE: &str = "vedetta.probe";

/// Whether the file system of `dir` takes a new file, durably: what opening a database needs of it.
pub fn probe(dir: &Path) -> io::Result<()> {
    let path = dir.join(PROBE);
    let file = File::create(&path)?;
    file.set_len(1)?;
    file.sync_all()?;
    File::open(dir)?.sync_all()?;
    fs::remove_file(path)
}
