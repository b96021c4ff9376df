//! Whether the files that a space consists of are there, before the engine looks.
//!
//! The engine takes a space without its file `current` for one that was never finished, and removes the folder. It does not
//! look for files of large values until one is read. Here both are missed before anything is changed.
//!
//! ```text
//!   keyspaces/N/current   = version u64 │ xxh3-128 of that version's file u128 │ 0          (LE)
//!   keyspaces/N/vVERSION  = an `sfa` archive; of its sections:
//!     tables              = levels u8 ( runs u8 ( tables u32 ( id u64 │ 0 │ checksum u128 │ number u64 ) … ) … ) …
//!     blob_files          = files u32 ( id u64 │ 0 │ checksum u128 ) …
//! ```

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use xxhash_rust::xxh3::xxh3_128;

use crate::journal::take;

/// A file that is not as it was left.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    pub file: PathBuf,
    pub what: String,
}

impl Fault {
    fn new(file: &Path, what: impl Into<String>) -> Self {
        Self { file: file.into(), what: what.into() }
    }
}

/// Looks through the folder of a space. Contents of tables and of large values are checked when they are read.
pub fn look_through(space: &Path) -> io::Result<Result<(), Fault>> {
    let current = space.join("current");
    let Some(bytes) = present(&current)? else {
        return Ok(Err(Fault::new(&current, "it is missing")));
    };
    let Some((version, rest)) = bytes.split_first_chunk().map(|(v, rest)| (u64::from_le_bytes(*v), rest))
    else {
        return Ok(Err(Fault::new(&current, format!("it has only {} bytes", bytes.len()))));
    };
    let Some((checksum, [0])) = rest.split_first_chunk().map(|(c, rest)| (u128::from_le_bytes(*c), rest))
    else {
        return Ok(Err(Fault::new(&current, "it does not end where it should")));
    };
    let manifest = space.join(format!("v{version}"));
    let Some(bytes) = present(&manifest)? else {
        return Ok(Err(Fault::new(&current, format!("it names v{version}, which is missing"))));
    };
    if xxh3_128(&bytes) != checksum {
        return Ok(Err(Fault::new(&manifest, "its checksum is not the one in `current` beside it")));
    }
    let Some(named) = named(&bytes) else {
        return Ok(Err(Fault::new(&manifest, "its contents are not known to this version")));
    };
    for (folder, ids) in [("tables", named.tables), ("blobs", named.large)] {
        for id in ids {
            let file = space.join(folder).join(id.to_string());
            match fs::metadata(&file) {
                Ok(meta) if meta.len() > 0 => {}
                Ok(_) => return Ok(Err(Fault::new(&file, "it is empty"))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(Err(Fault::new(&file, "it is missing")));
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(Ok(()))
}

fn present(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

struct Named {
    tables: Vec<u64>,
    large: Vec<u64>,
}

fn named(manifest: &[u8]) -> Option<Named> {
    let archive = sfa::Reader::from_reader(&mut io::Cursor::new(manifest)).ok()?;
    let section = |name: &[u8]| {
        let entry = archive.toc().section(name)?;
        let from = usize::try_from(entry.pos()).ok()?;
        manifest.get(from..from.checked_add(usize::try_from(entry.len()).ok()?)?)
    };
    let mut rest = section(b"tables")?;
    let mut tables = Vec::new();
    for _level in 0..u8::from_le_bytes(take(&mut rest)?) {
        for _run in 0..u8::from_le_bytes(take(&mut rest)?) {
            for _table in 0..u32::from_le_bytes(take(&mut rest)?) {
                tables.push(u64::from_le_bytes(take(&mut rest)?));
                let _checks: [u8; 1 + 16 + 8] = take(&mut rest)?;
            }
        }
    }
    let mut rest = section(b"blob_files")?;
    let mut large = Vec::new();
    for _file in 0..u32::from_le_bytes(take(&mut rest)?) {
        large.push(u64::from_le_bytes(take(&mut rest)?));
        let _checks: [u8; 1 + 16] = take(&mut rest)?;
    }
    Some(Named { tables, large })
}
