//! Shell patterns: `*`, `?`, `[a-z]`, `[!a-z]`, and `\` before a character that stands for itself.

/// Whether the whole of `text` agrees with the pattern. `*` also runs over slashes.
pub(super) fn glob(pattern: &[u8], text: &[u8], ignore_case: bool) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on when a `*` has to take one byte more.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p, t));
            p += 1;
            continue;
        }
        if let Some(step) = one(&pattern[p.min(pattern.len())..], text[t], ignore_case) {
            p += step;
            t += 1;
            continue;
        }
        match retry {
            Some((star, from)) => {
                p = star + 1;
                t = from + 1;
                retry = Some((star, t));
            }
            None => return false,
        }
    }
    pattern[p.min(pattern.len())..].iter().all(|b| *b == b'*')
}

/// How many bytes of the pattern agree with one byte of text.
fn one(pattern: &[u8], byte: u8, ignore_case: bool) -> Option<usize> {
    let same = |a: u8| a == byte || ignore_case && a.eq_ignore_ascii_case(&byte);
    match pattern {
        [] => None,
        [b'?', ..] => Some(1),
        [b'\\', escaped, ..] => same(*escaped).then_some(2),
        [b'[', set @ ..] => match class(set, byte, ignore_case) {
            Some((agrees, len)) => agrees.then_some(len + 1),
            // Without an end it is a bracket like any other character.
            None => same(b'[').then_some(1),
        },
        [plain, ..] => same(*plain).then_some(1),
    }
}

/// Whether a byte is in a `[…]` set, and how long the set is with its closing bracket.
fn class(set: &[u8], byte: u8, ignore_case: bool) -> Option<(bool, usize)> {
    let negated = matches!(set.first(), Some(b'!' | b'^'));
    let mut at = usize::from(negated);
    let first = at;
    let mut found = false;
    loop {
        let low = *set.get(at)?;
        if low == b']' && at > first {
            return Some((found != negated, at + 1));
        }
        let (high, len) = match set.get(at + 1..at + 3) {
            Some([b'-', high]) if *high != b']' => (*high, 3),
            _ => (low, 1),
        };
        let within = |b: u8| (low..=high).contains(&b);
        found |= within(byte)
            || ignore_case && (within(byte.to_ascii_lowercase()) || within(byte.to_ascii_uppercase()));
        at += len;
    }
}

/// Whether a path is the one that the pattern names, or lies below it. Each part of the pattern is
/// a shell pattern for one part of the path.
pub(super) fn path_prefix(pattern: &[u8], path: &[u8]) -> bool {
    let mut parts = path.split(|b| *b == b'/').filter(|p| !p.is_empty());
    let wanted = pattern.split(|b| *b == b'/').filter(|p| !p.is_empty());
    pattern.starts_with(b"/") == path.starts_with(b"/")
        && wanted.into_iter().all(|want| parts.next().is_some_and(|part| glob(want, part, false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_the_whole_text() {
        let yes = [
            ("*", ""),
            ("a*c", "abbc"),
            ("a?c", "abc"),
            ("[a-c]x", "bx"),
            ("[!a]x", "bx"),
            ("*.log", "x.log"),
            ("a\\*", "a*"),
            ("*a*b*", "xaxbx"),
            ("[", "["),
            ("[]]", "]"),
        ];
        for (p, t) in yes {
            assert!(glob(p.as_bytes(), t.as_bytes(), false), "{p} {t}");
        }
        for (p, t) in [("a", "ab"), ("a?c", "ac"), ("[!b]x", "bx"), ("a\\*", "ab"), ("", "x"), ("*b", "ba")] {
            assert!(!glob(p.as_bytes(), t.as_bytes(), false), "{p} {t}");
        }
        assert!(glob(b"MY*[E]", b"myexe", true));
    }

    #[test]
    fn many_stars_end_in_good_time() {
        let text = vec![b'a'; 2000];
        assert!(!glob(b"*a*a*a*a*a*a*a*a*b", &text, false));
    }

    #[test]
    fn a_path_lies_below_its_prefix() {
        for p in ["/opt", "/opt/", "/opt/*/b", "/opt/a?"] {
            assert!(path_prefix(p.as_bytes(), b"/opt/ab/b/c"), "{p}");
        }
        for p in ["/op", "/opt/*/*/*/*", "opt"] {
            assert!(!path_prefix(p.as_bytes(), b"/opt/ab/b/c"), "{p}");
        }
    }
}
