//! Names of users, from the node's user database.

use std::{collections::HashMap, fs, path::PathBuf, time::SystemTime};

/// Names by number, read again when the file has changed.
#[derive(Debug)]
pub struct Users {
    path: PathBuf,
    seen: Option<(SystemTime, u64)>,
    names: HashMap<u32, String>,
}

impl Users {
    /// Reads `path`, which has the form of `/etc/passwd`.
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        let mut users = Self { path: path.into(), seen: None, names: HashMap::new() };
        users.refresh();
        users
    }

    /// The name of a user; empty when there is none.
    pub fn name(&self, uid: u32) -> String {
        self.names.get(&uid).cloned().unwrap_or_default()
    }

    /// Reads the file again if it has changed. A file that cannot be read leaves no names.
    pub fn refresh(&mut self) {
        let stamp = fs::metadata(&self.path).ok().and_then(|it| Some((it.modified().ok()?, it.len())));
        if stamp.is_some() && stamp == self.seen {
            return;
        }
        self.seen = stamp;
        self.names =
            fs::read(&self.path).map(|bytes| parse(&String::from_utf8_lossy(&bytes))).unwrap_or_default();
    }
}

/// The first name given for a number counts, as for `getpwuid`.
fn parse(text: &str) -> HashMap<u32, String> {
    let mut names = HashMap::new();
    for line in text.lines() {
        let mut fields = line.split(':');
        let (Some(name), _, Some(uid)) = (fields.next(), fields.next(), fields.next()) else { continue };
        if let (false, Ok(uid)) = (name.is_empty(), uid.parse()) {
            names.entry(uid).or_insert_with(|| name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passwd");
        fs::write(&path, "root:x:0:0::/root:/bin/sh\nalso:x:0:0::/:/bin/sh\nbroken\n").unwrap();
        let mut users = Users::from_file(&path);
        assert_eq!((users.name(0), users.name(7)), ("root".into(), String::new()));

        fs::write(&path, "root:x:0:0::/root:/bin/sh\nana:x:7:7::/home/ana:/bin/sh\n").unwrap();
        users.refresh();
        assert_eq!(users.name(7), "ana");
    }
}
