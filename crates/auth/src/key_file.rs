//! Files that hold secrets: made once, private, and never replaced silently.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use zeroize::Zeroizing;

use crate::AuthError;

/// Reads a secret file, or makes it with what `fresh` gives. Of several processes that make it at once one wins, and all
/// get what that one wrote. A file that others may read is refused.
pub fn open_or_create(
    path: &Path,
    fresh: impl FnOnce() -> Result<Zeroizing<Vec<u8>>, AuthError>,
) -> Result<Zeroizing<Vec<u8>>, AuthError> {
    if let Some(secret) = read(path)? {
        return Ok(secret);
    }
    match create(path, &fresh()?) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(wrong(path, &error)),
        _ => open(path),
    }
}

/// Reads a secret file that has to be there.
pub fn open(path: &Path) -> Result<Zeroizing<Vec<u8>>, AuthError> {
    read(path)?.ok_or_else(|| AuthError::NoKeyFile { path: path.display().to_string() })
}

/// Reads a secret file; `None` when there is none.
pub fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, AuthError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(path, &error)),
    };
    let meta = file.metadata().map_err(|e| wrong(path, &e))?;
    let mode = meta.permissions().mode() & 0o777;
    // A mounted secret often belongs to root, and is given to the process through its group.
    let is_given = meta.uid() != rustix::process::geteuid().as_raw();
    if mode & if is_given { 0o037 } else { 0o077 } != 0 {
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
    // Not the process's number: those of two containers can be the same.
    let temporary = dir.join(format!(".{name}.{:016x}", rand::random::<u64>()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_who_make_it_at_once_all_get_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys/one.key");
        let made: Vec<Vec<u8>> = std::thread::scope(|scope| {
            let make = |number: u8| {
                let path = &path;
                scope.spawn(move || open_or_create(path, || Ok(Zeroizing::new(vec![number; 64]))).unwrap())
            };
            let all: Vec<_> = (0..16).map(make).collect();
            all.into_iter().map(|one| one.join().unwrap().to_vec()).collect()
        });
        assert!(made.windows(2).all(|two| two[0] == two[1]));
        assert_eq!(fs::read_dir(dir.path().join("keys")).unwrap().count(), 1, "something was left behind");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = open(Path::new("/nonexistent/session.key")).unwrap_err();
        assert!(
            matches!(&error, AuthError::NoKeyFile { path } if path == "/nonexistent/session.key"),
            "{error}"
        );
    }

    #[test]
    fn a_group_may_read_only_what_belongs_to_somebody_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("one.key");
        create(&path, b"secret").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("chmod 600"));
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
            assert_eq!(read(&path).unwrap().unwrap().as_slice(), b"secret");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(read(&path).is_err());
        }
    }
}
