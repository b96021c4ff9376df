//! `fs.path.*`: the paths that a successful call on the file system was about.

use super::{Fields, args};
use crate::state::{Current, Tables};
use crate::table;
use crate::text;

/// Which parameters hold the paths of a call. `fs.path.name` has one, others have source and
/// target.
enum Paths {
    One(&'static str),
    Two(&'static str, &'static str),
    /// It is the descriptor's.
    OfFd,
}

fn paths(call: &str) -> Option<Paths> {
    Some(match call {
        "mkdir" | "mkdirat" | "rmdir" | "unlink" | "chown" | "lchown" => Paths::One("path"),
        "open" | "openat" | "openat2" | "creat" | "unlinkat" | "umount" | "umount2" => Paths::One("name"),
        "chmod" | "fchmodat" => Paths::One("filename"),
        "fchownat" => Paths::One("pathname"),
        "quotactl" => Paths::One("special"),
        "fchmod" | "fchown" => Paths::OfFd,
        "rename" | "renameat" | "renameat2" => Paths::Two("oldpath", "newpath"),
        // What is there already is the target.
        "link" | "linkat" => Paths::Two("newpath", "oldpath"),
        "symlink" | "symlinkat" => Paths::Two("linkpath", "target"),
        "mount" => Paths::Two("dev", "dir"),
        _ => return None,
    })
}

pub(super) fn add<'c>(fields: &mut Fields, tables: &mut Tables<'c>, current: &Current<'c>) {
    let Some(paths) = paths(current.info.name).filter(|_| current.exits()) else { return };
    if current.result().is_none_or(|result| result < 0) {
        return;
    }
    match paths {
        Paths::One(name) => one(fields, tables, current, "name", name),
        Paths::Two(source, target) => {
            one(fields, tables, current, "source", source);
            one(fields, tables, current, "target", target);
        }
        Paths::OfFd => {
            let fd = current.i64("fd").and_then(|fd| tables.fd(current.tid?, fd));
            fields.set_some("fs.path.name", fd.as_ref().map(|fd| fd.name.as_str()));
            fields.set_some("fs.path.nameraw", fd.as_ref().map(|fd| fd.name.as_str()));
        }
    }
}

/// The path in a parameter of the event, or, for old ones, of the one that entered the call.
fn one<'c>(fields: &mut Fields, tables: &mut Tables<'c>, current: &Current<'c>, what: &str, name: &str) {
    let Some(tid) = current.tid else { return };
    let enter;
    let from = if current.place(name).is_some() {
        current
    } else {
        let Some(found) = tables.enter_of(current) else { return };
        enter = found;
        &enter
    };
    let Some((at, path)) = from.place(name).and_then(|at| Some((at, from.raw.text(at)?))) else { return };
    // Old events name the folder's descriptor before a path that is no path to the table.
    let before = at.checked_sub(1).filter(|before| from.info.parameters[*before].kind == table::Type::Fd);
    let folder = match before.and_then(|before| from.raw.i64(before)) {
        Some(dirfd) if from.raw.enters() => tables.folder_of(tid, dirfd, path),
        _ => args::folder(tables, from, tid, at, path),
    };
    fields.set(&format!("fs.path.{what}"), text::join(&folder, path));
    fields.set(&format!("fs.path.{what}raw"), text::lossy(path));
}
