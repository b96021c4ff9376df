//! Texts and paths, as libsinsp forms them.

/// The longest path that is kept, in bytes. Longer ones become [`TOO_LONG`].
const MOST: usize = 1023;
const TOO_LONG: &str = "/PATH_TOO_LONG";

/// A text of foreign bytes, up to its first zero byte; what is no UTF-8 becomes `�`.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(crate::blocks::event::until_zero(bytes)).into_owned()
}

/// A path or name that a block gives.
pub(crate) fn path_text(bytes: &[u8]) -> String {
    lossy(bytes)
}

/// Texts that end with a zero byte each.
pub(crate) fn list(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    bytes.split(|b| *b == 0).map(|text| String::from_utf8_lossy(text).into_owned()).collect()
}

fn printable(byte: u8) -> bool {
    (0x20..0x7f).contains(&byte)
}

/// Bytes as a person sees them: a dot for each that is no printable ASCII.
pub(crate) fn dotted(bytes: &[u8]) -> String {
    bytes.iter().map(|b| if printable(*b) { char::from(*b) } else { '.' }).collect()
}

/// A path without bytes that are no printable ASCII.
pub(crate) fn printable_only(bytes: &[u8]) -> String {
    bytes.iter().filter(|b| printable(**b)).map(|b| char::from(*b)).collect()
}

/// The path seen from a folder: with `.`, `..` and doubled slashes resolved. An absolute path
/// needs no folder.
pub(crate) fn join(folder: &str, path: &[u8]) -> String {
    let folder = if path.first() == Some(&b'/') { "" } else { folder };
    if folder.len() + path.len() > MOST {
        return TOO_LONG.to_owned();
    }
    let mut out = folder.as_bytes().to_vec();
    let mut rest = path;
    while let Some(&byte) = rest.first() {
        let starts = out.is_empty() || out.last() == Some(&b'/');
        let skip = match rest {
            [b'/', ..] if out.last() == Some(&b'/') => 1,
            [b'.', b'.', b'/', ..] if starts => up(&mut out, 3),
            [b'.', b'.'] if starts => up(&mut out, 2),
            [b'.', b'/', ..] if starts => 2,
            [b'.'] if starts => 1,
            _ => {
                out.push(if printable(byte) { byte } else { b'.' });
                1
            }
        };
        rest = &rest[skip..];
    }
    if out.len() > 1 && out.last() == Some(&b'/') {
        out.pop();
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Goes to the folder above; gives back how much of the path said so.
fn up(out: &mut Vec<u8>, said: usize) -> usize {
    if out.len() > 1 {
        out.pop();
        while out.len() > 1 && out.last() != Some(&b'/') {
            out.pop();
        }
        if out.last() != Some(&b'/') {
            out.clear();
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn paths_are_resolved_against_their_folder() {
        for (folder, path, want) in [
            ("/a/b/", "c", "/a/b/c"),
            ("/a/b/", "../c", "/a/c"),
            ("/a/b/", "../../../c", "/c"),
            ("/a/b/", "./c//d/", "/a/b/c/d"),
            ("/a/b/", "/c/../d", "/d"),
            ("/a/b/", "..", "/a"),
            ("/", ".", "/"),
            ("", "c", "c"),
            ("/a/", "c..d/.e", "/a/c..d/.e"),
            ("/a/", "c\n", "/a/c."),
        ] {
            assert_eq!(join(folder, path.as_bytes()), want, "{folder} {path}");
        }
        assert_eq!(join(&"/x".repeat(600), b"y"), "/PATH_TOO_LONG");
    }
}
