//! Small disks that misbehave. They need root.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

/// A disk with a file system of its own (ext4, in a file), mounted in a scratch folder.
#[derive(Debug)]
pub struct Disk {
    dir: tempfile::TempDir,
}

impl Disk {
    /// A new one of so many bytes.
    pub fn new(bytes: u64) -> anyhow::Result<Self> {
        let disk = Self { dir: tempfile::tempdir()? };
        File::create(disk.image())?.set_len(bytes)?;
        std::fs::create_dir(disk.path())?;
        run("mkfs.ext4", &["-q".as_ref(), "-F".as_ref(), &disk.image()])
            .context("install the Debian package e2fsprogs")?;
        disk.mount()?;
        Ok(disk)
    }

    fn image(&self) -> PathBuf {
        self.dir.path().join("image")
    }

    /// Where it is mounted.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("disk")
    }

    fn mount(&self) -> anyhow::Result<()> {
        run("mount", &["-o".as_ref(), "loop".as_ref(), &self.image(), &self.path()])
            .context("mounting needs root and loop devices")
    }

    /// Breaks it as a failing device does: from now on it takes no write, and what was not synced before is lost once it is
    /// mounted again.
    pub fn fail(&self) -> anyhow::Result<()> {
        run("mount", &["-o".as_ref(), "remount,abort".as_ref(), &self.path()])
    }

    /// Takes it off and puts it on again, whole. Nobody may use it meanwhile.
    pub fn replug(&self) -> anyhow::Result<()> {
        run("umount", &[&self.path()])?;
        self.mount()
    }

    /// The same, but it takes no writes.
    pub fn replug_read_only(&self) -> anyhow::Result<()> {
        self.replug()?;
        run("mount", &["-o".as_ref(), "remount,ro".as_ref(), &self.path()])
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A test that failed may still have files open.
        let _ = run("umount", &["-l".as_ref(), &self.path()]);
    }
}

fn run(program: &str, arguments: &[&Path]) -> anyhow::Result<()> {
    let output = Command::new(program).args(arguments).output().with_context(|| program.to_owned())?;
    ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
