//! Files that hold secrets: made once, private, and never replaced silently.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use zeroize::Zeroizing;

use crate::AuthError;

/// Reads a secret file, or makes it with what `fresh` gives. A file that others may read is refused.
pub fn open_or_create(
    path: &Path,
    fresh: impl FnOnce() -> Result<Zeroizing<Vec<u8>>, AuthError>,
) -> Result<Zeroizing<Vec<u8>>, AuthError> {
    match read(path)? {
        Some(secret) => Ok(secret),
        None => {
            let secret = fresh()?;
            create(path, &secret).map_err(|e| wrong(path, &e))?;
            Ok(secret)
        }
    }
}

/// Reads a secret file; `None` when there is none.
pub fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, AuthError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(path, &error)),
    };
    let mode = file.metadata().map_err(|e| wrong(path, &e))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(wrong(
            path,
            &format!(
                "others may read it (mode {mode:o}); run `chmod 600` on it and consider the secret known"
            ),
        ));
    }
    let mut secret = Zeroizing::new(Vec::new());
    file.read_to_end(&mut secret).map_err(|e| wrong(path, &e))?;
    Ok(Some(secret))
}

/// Makes a secret file so that after a crash it is there whole or not at all. An existing one is an error.
pub fn create(path: &Path, secret: &[u8]) -> io::Result<()> {
    let dir = path.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_string_lossy();
    let temporary = dir.join(format!(".{name}.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(secret)?;
    file.sync_all()?;
    // A link, not a rename: of two processes that start at once, one wins and the other is told.
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    linked?;
    File::open(dir)?.sync_all()
}

fn wrong(path: &Path, what: &dyn std::fmt::Display) -> AuthError {
    AuthError::KeyFile { path: path.display().to_string(), what: what.to_string() }
}
