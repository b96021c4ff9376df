//! What can happen to a file.

use std::{
    fs,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::Command,
};

/// A data folder.
pub struct Folder(pub PathBuf);

#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// The file is missing.
    Gone,
    /// It ends early.
    Cut(u64),
    /// One bit has turned.
    Turned(u64, u8),
}

impl Fault {
    pub fn happen(self, file: &Path) {
        match self {
            Self::Gone => fs::remove_file(file).unwrap(),
            Self::Cut(length) => {
                fs::OpenOptions::new().write(true).open(file).unwrap().set_len(length).unwrap()
            }
            Self::Turned(at, bit) => {
                let file = fs::OpenOptions::new().read(true).write(true).open(file).unwrap();
                let mut byte = [0];
                file.read_exact_at(&mut byte, at).unwrap();
                file.write_all_at(&[byte[0] ^ 1 << bit], at).unwrap();
            }
        }
    }
}

impl Folder {
    /// A copy that may be harmed.
    pub fn copy_to(&self, to: &Path) -> Self {
        if to.exists() {
            fs::remove_dir_all(to).unwrap();
        }
        let copied = Command::new("cp").args(["-r", "--sparse=auto"]).args([&self.0, to]).status().unwrap();
        assert!(copied.success());
        Self(to.into())
    }

    /// Its files, by their paths in it.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path.strip_prefix(&self.0).unwrap().to_owned());
                }
            }
        }
        files.sort();
        files
    }
}

/// Every file, and what happens to it.
pub fn cases(folder: &Folder) -> Vec<(PathBuf, Fault)> {
    let mut cases = Vec::new();
    for file in folder.files() {
        let mut bytes = fs::read(folder.0.join(&file)).unwrap();
        // Journals are made long and empty.
        while bytes.ends_with(&[0; 4096]) {
            bytes.truncate(bytes.len() - 4096);
        }
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1);
        let mut faults = vec![Fault::Gone, Fault::Cut(0)];
        if end > 1 {
            faults.extend([end / 2, end - 1].map(Fault::Cut));
            faults.extend([0, end * 3 / 5, end - 1].map(|at| Fault::Turned(at, (at % 7) as u8)));
        }
        cases.extend(faults.into_iter().map(|fault| (file.clone(), fault)));
    }
    cases
}
