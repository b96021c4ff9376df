//! Files: `fs.path.*`, `evt.is_open_*`, `evt.abspath.*`, and the `fd.*` of an opened file.

use vedetta_model::Payload;
use vedetta_model::event::Open;

use super::EventView;
use crate::fields::{Fetch, Known};

const O_DIRECTORY: u32 = 0o200_000;
const ANY_EXECUTE: u32 = 0o111;

impl<'a> EventView<'a> {
    pub(super) fn open_property(&self, known: Known) -> Fetch<'a> {
        let Payload::Open(open) = &self.event.payload else { return Fetch::bool(false) };
        let made = open.is_create() && self.event.result >= 0;
        Fetch::bool(match known {
            Known::EvtIsOpenRead => open.is_read(),
            Known::EvtIsOpenWrite => open.is_write(),
            Known::EvtIsOpenExec => open.is_create() && open.mode & ANY_EXECUTE != 0,
            _ => made,
        })
    }

    pub(super) fn path_field(&self, known: Known) -> Fetch<'a> {
        use Known as K;
        let (name, source, target) = match &self.event.payload {
            Payload::Open(it) => (&*it.path, "", ""),
            Payload::Unlink(it) => (&*it.path, "", ""),
            Payload::Chmod(it) => (&*it.path, "", ""),
            Payload::Chown(it) => (&*it.path, "", ""),
            Payload::Rename(it) => ("", &*it.from, &*it.to),
            // As in Falco the source is what is linked to, and the target is the new name.
            Payload::Link(it) => ("", &*it.target, &*it.path),
            _ => return Fetch::Absent,
        };
        Fetch::text(match known {
            K::FsPathName | K::FsPathNameraw => name,
            K::FsPathSource | K::FsPathSourceraw => source,
            _ => target,
        })
    }

    pub(super) fn absolute_path(&self, which: &str) -> Fetch<'a> {
        Fetch::text(match (&self.event.payload, which) {
            (Payload::Rename(it), "src") => &it.from,
            (Payload::Rename(it), "dst") => &it.to,
            (Payload::Link(it), "src") => &it.target,
            (Payload::Link(it), "dst") => &it.path,
            (Payload::Open(it), _) => &it.path,
            (Payload::Unlink(it), _) => &it.path,
            (Payload::Chmod(it), _) => &it.path,
            _ => "",
        })
    }

    /// The one path that the event is about; of several the new one.
    pub(super) fn path(&self) -> Fetch<'a> {
        Fetch::text(match &self.event.payload {
            Payload::Open(it) => &it.path,
            Payload::Unlink(it) => &it.path,
            Payload::Chmod(it) => &it.path,
            Payload::Chown(it) => &it.path,
            Payload::Rename(it) => &it.to,
            Payload::Link(it) => &it.path,
            Payload::Mount(it) => &it.target,
            Payload::ModuleLoad(it) => &it.path,
            _ => "",
        })
    }

    pub(super) fn opened_file_field(&self, open: &'a Open, known: Known) -> Fetch<'a> {
        let directory = open.flags & O_DIRECTORY != 0 && !open.is_create();
        match known {
            Known::FdNum => Fetch::int(self.event.result.max(-1)),
            Known::FdType => Fetch::some(if directory { "directory" } else { "file" }),
            Known::FdTypechar => Fetch::some(if directory { "d" } else { "f" }),
            _ => named_file_field(&open.path, known),
        }
    }
}

/// The fields of a file that follow from its path.
pub(super) fn named_file_field(path: &str, known: Known) -> Fetch<'_> {
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
    match known {
        Known::FdName | Known::FdNameraw => Fetch::text(path),
        Known::FdDirectory if directory.is_empty() && path.starts_with('/') => Fetch::some("/"),
        Known::FdDirectory => Fetch::text(directory),
        Known::FdFilename => Fetch::text(file),
        Known::FdType => Fetch::some("file"),
        Known::FdTypechar => Fetch::some("f"),
        _ => Fetch::Absent,
    }
}
