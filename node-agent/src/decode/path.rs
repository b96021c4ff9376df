//! Paths: from names the kernel gave leaf first, or from what a program wrote and the folder it
//! stands in.

use vedetta_node_agent_common::{
    Slot,
    record::{CUT, DELETED, DETACHED},
};

use super::segments::Segments;

/// Stands for the part of a path that was too long to follow.
const ELLIPSIS: &str = "...";

/// The path that a segment of names spells. `None` when the segment is not there.
pub fn of_names(segments: &Segments<'_>, slot: Slot) -> Option<String> {
    let (form, bytes) = segments.get(slot)?;
    Some(spell(form, bytes))
}

fn spell(form: u8, mut bytes: &[u8]) -> String {
    let mut names = Vec::with_capacity(8);
    while let [len, rest @ ..] = bytes {
        let (name, next) = rest.split_at(usize::from(*len).min(rest.len()));
        names.push(name);
        bytes = next;
    }
    let mut path = String::with_capacity(64);
    if form & CUT != 0 {
        path.push('/');
        path.push_str(ELLIPSIS);
    }
    for name in names.iter().rev().filter(|name| !name.is_empty()) {
        path.push('/');
        path.push_str(&String::from_utf8_lossy(name));
    }
    if path.is_empty() {
        path.push('/');
    }
    if form & (DETACHED | DELETED) != 0 {
        // As the kernel itself shows such a file under /proc.
        path.push_str(" (deleted)");
    }
    path
}

/// Whether a segment of names is a file made by `memfd_create`.
pub fn is_memfd(segments: &Segments<'_>, slot: Slot) -> bool {
    segments.get(slot).is_some_and(|(form, bytes)| {
        form & DETACHED != 0 && bytes.get(1..).is_some_and(|name| name.starts_with(b"memfd:"))
    })
}

/// The path that a program gave as `slot`, made absolute with the folder in `base`.
pub fn of_argument(segments: &Segments<'_>, slot: Slot, base: Slot) -> String {
    let text = segments.text(slot);
    if text.starts_with('/') {
        return tidy(&text);
    }
    let base = of_names(segments, base).unwrap_or_default();
    if text.is_empty() { base } else { tidy(&format!("{base}/{text}")) }
}

/// Removes `.`, `..` and doubled slashes, by the text alone: symbolic links in the middle of a path
/// stay as they were written.
pub fn tidy(path: &str) -> String {
    let mut names: Vec<&str> = Vec::with_capacity(8);
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    let mut tidied = String::with_capacity(path.len());
    for name in names {
        tidied.push('/');
        tidied.push_str(name);
    }
    if tidied.is_empty() {
        tidied.push('/');
    }
    tidied
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_turned_round() {
        assert_eq!(spell(0, b"\x06passwd\x03etc"), "/etc/passwd");
        assert_eq!(spell(0, b""), "/");
        assert_eq!(spell(CUT, b"\x01b\x01a"), "/.../a/b");
        assert_eq!(spell(DETACHED, b"\x07memfd:x"), "/memfd:x (deleted)");
    }

    #[test]
    fn dots_do_not_climb_above_the_root() {
        assert_eq!(tidy("/a/./b//../../../c"), "/c");
        assert_eq!(tidy("/.."), "/");
    }

    proptest! {
        #[test]
        fn a_tidy_path_is_absolute_and_stays_as_it_is(path in "[a./]{0,40}") {
            let once = tidy(&path);
            prop_assert!(once.starts_with('/'));
            prop_assert_eq!(tidy(&once), once);
        }
    }
}
