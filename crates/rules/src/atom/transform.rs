//! What transformers do to values.

/// Decodes base64, with or without padding; what is not base64 has no value.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    // One left-over character has no whole byte in it.
    (count != 6).then_some(out)
}

/// What stands behind the last slash; a path that ends in one has nothing there.
pub(super) fn basename(path: &[u8]) -> &[u8] {
    path.rsplit(|b| *b == b'/').next().unwrap_or_default()
}

/// One option that was found on a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opt {
    /// Its letter; nothing for one that is unknown or lacks its argument.
    pub(super) letter: Option<u8>,
    /// The letter the command line had, known or not.
    pub(super) given: u8,
    /// Its argument.
    pub(super) argument: Option<Vec<u8>>,
}

/// Reads options as POSIX getopt does: up to the first argument that is none, or `--`.
pub(super) fn getopt(args: &[Vec<u8>], options: &[u8]) -> Vec<Opt> {
    let mut found = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let [b'-', letters @ ..] = arg.as_slice() else { break };
        if letters.is_empty() || letters == b"-" {
            break;
        }
        for (i, &letter) in letters.iter().enumerate() {
            let spec = options.iter().position(|o| *o == letter && letter != b':');
            let takes_argument = spec.is_some_and(|at| options.get(at + 1) == Some(&b':'));
            if !takes_argument {
                found.push(Opt { letter: spec.map(|_| letter), given: letter, argument: None });
                continue;
            }
            let argument = match &letters[i + 1..] {
                [] => args.next().cloned(),
                joined => Some(joined.to_vec()),
            };
            found.push(Opt { letter: argument.as_ref().map(|_| letter), given: letter, argument });
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded_or_refused() {
        assert_eq!(base64(b"YWFh").as_deref(), Some(&b"aaa"[..]));
        assert_eq!(base64(b"YWE=").as_deref(), Some(&b"aa"[..]));
        assert_eq!(base64(b"YQ").as_deref(), Some(&b"a"[..]));
        assert_eq!(base64(b"Y"), None);
        assert_eq!(base64(b"a b"), None);
    }

    #[test]
    fn options_end_where_posix_ends_them() {
        let args = |a: &[&str]| a.iter().map(|s| s.as_bytes().to_vec()).collect::<Vec<_>>();
        let letters = |a: &[&str], o: &str| -> String {
            getopt(&args(a), o.as_bytes()).iter().map(|o| char::from(o.letter.unwrap_or(b'.'))).collect()
        };
        assert_eq!(letters(&["-nt", "x", "-q"], "nt:q"), "ntq");
        assert_eq!(letters(&["-n", "file", "-t"], "nt"), "n");
        assert_eq!(letters(&["-n", "--", "-t"], "nt"), "n");
        assert_eq!(letters(&["-t"], "t:"), ".");
    }
}
