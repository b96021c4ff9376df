//! Quoting of constants.

use std::fmt::Write;

/// Undoes the escapes of a quoted text. `quote` is the delimiter it stood in; `inner` what stood
/// between the delimiters.
pub fn unescape(quote: u8, inner: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(escaped) = rest.next() else { return Err("unfinished string escape sequence".to_owned()) };
        out.push(match escaped {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            // A backslash before a blank stands for itself: published rules rely on it.
            b' ' | b'\\' => b'\\',
            b'/' => b'/',
            b'"' | b'\'' if escaped == quote => quote,
            b'"' => return Err("invalid \\\" escape in '-quoted string".to_owned()),
            b'\'' => return Err("invalid \\' escape in \"-quoted string".to_owned()),
            b'x' => {
                let digits = [rest.next(), rest.next()].map(|d| (d.unwrap_or(0) as char).to_digit(16));
                match digits {
                    [Some(high), Some(low)] => u8::try_from(high * 16 + low).unwrap_or_default(),
                    _ => {
                        return Err(
                            "invalid hex string escape sequence: expected two digits after \\x".to_owned()
                        );
                    }
                }
            }
            other => return Err(format!("unsupported string escape sequence: \\{}", char::from(other))),
        });
    }
    Ok(out)
}

/// Writes a constant so that it parses back to itself: bare where that is possible.
pub fn write_literal(out: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) if is_bare(bytes) => out.push_str(text),
        _ => write_quoted(out, bytes),
    }
}

fn is_bare(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && !bytes.iter().any(|b| {
            b.is_ascii_whitespace()
                || b.is_ascii_control()
                || matches!(b, b'\\' | b'"' | b'\'' | b'(' | b')' | b'=' | b',')
        })
}

/// Writes a constant in double quotes.
pub fn write_quoted(out: &mut String, bytes: &[u8]) {
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                c if c.is_ascii_control() => push_hex(out, c as u8),
                c => out.push(c),
            }
        }
        chunk.invalid().iter().for_each(|b| push_hex(out, *b));
    }
    // Just before the closing quote a backslash would hide it, however it is escaped.
    if out.ends_with("\\\\") {
        out.truncate(out.len() - 2);
        push_hex(out, b'\\');
    }
    out.push('"');
}

fn push_hex(out: &mut String, byte: u8) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\\x{byte:02x}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for bytes in
            [&b"plain"[..], b"two words", b"end\\", b"", b"a\"b'c\\", b"\x00\xff\n", "é".as_bytes(), b"(x,y)"]
        {
            let mut text = String::new();
            write_literal(&mut text, bytes);
            let back = match text.as_bytes() {
                [q @ b'"', inner @ .., b'"'] => unescape(*q, inner).unwrap(),
                bare => bare.to_vec(),
            };
            assert_eq!(back, bytes, "{text}");
        }
    }

    #[test]
    fn the_other_quote_may_not_be_escaped() {
        assert!(unescape(b'\'', b"a\\\"b").is_err());
        assert!(unescape(b'"', b"a\\'b").is_err());
        assert!(unescape(b'"', b"\\q").is_err());
        assert!(unescape(b'"', b"\\x1").is_err());
    }
}
