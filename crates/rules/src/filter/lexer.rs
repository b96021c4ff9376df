//! A cursor over a condition's text. What a word is depends on where it stands, so the parser asks
//! for the token it wants instead of being handed one.

use std::cell::Cell;

use super::ast::Position;
use super::escape::unescape;

pub(super) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
    /// The last place that was asked for: the next is most often a little further on.
    known: Cell<Position>,
}

const START: Position = Position { offset: 0, line: 1, column: 1 };

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x08)
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0, known: Cell::new(START) }
    }

    pub(super) fn offset(&self) -> usize {
        self.at
    }

    pub(super) fn rewind(&mut self, to: usize) {
        self.at = to;
    }

    pub(super) fn at_end(&self) -> bool {
        self.at == self.text.len()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Line and column of an offset.
    pub(super) fn position_of(&self, offset: usize) -> Position {
        let end = offset.min(self.text.len());
        let known = self.known.get();
        let mut position = if known.offset <= end { known } else { START };
        for byte in &self.text[position.offset..end] {
            match byte {
                b'\n' => (position.line, position.column) = (position.line + 1, 1),
                // Bytes that go on with a character begin none.
                0x80..=0xbf => {}
                _ => position.column += 1,
            }
        }
        position.offset = end;
        self.known.set(position);
        Position { offset, ..position }
    }

    pub(super) fn position(&self) -> Position {
        self.position_of(self.at)
    }

    /// The last `n` bytes before the cursor, as text for an error message.
    pub(super) fn text_between(&self, from: usize, to: usize) -> String {
        String::from_utf8_lossy(&self.text[from.min(to)..to]).into_owned()
    }

    /// Steps over blanks; tells whether there were any.
    pub(super) fn blank(&mut self) -> bool {
        let start = self.at;
        while self.peek().is_some_and(is_blank) {
            self.at += 1;
        }
        self.at > start
    }

    /// Steps over `literal` when it is next.
    pub(super) fn eat(&mut self, literal: &str) -> bool {
        let found = self.rest().starts_with(literal.as_bytes());
        if found {
            self.at += literal.len();
        }
        found
    }

    /// `not` with space after it; the space is taken too.
    pub(super) fn not_and_space(&mut self) -> bool {
        let rest = self.rest();
        if !rest.starts_with(b"not") || !rest.get(3).copied().is_some_and(is_space) {
            return false;
        }
        self.at += 3;
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
        true
    }

    fn take(&mut self, len: usize) -> Option<&'a str> {
        let taken = self.text.get(self.at..self.at + len)?;
        let text = std::str::from_utf8(taken).ok().filter(|t| !t.is_empty())?;
        self.at += len;
        Some(text)
    }

    fn identifier_len(text: &[u8]) -> usize {
        if !text.first().is_some_and(u8::is_ascii_alphabetic) {
            return 0;
        }
        text.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count()
    }

    /// A macro's or list's name.
    pub(super) fn identifier(&mut self) -> Option<&'a str> {
        self.take(Self::identifier_len(self.rest()))
    }

    /// A field's name: identifiers with dots between them, at least one dot.
    pub(super) fn field_name(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let mut len = Self::identifier_len(rest);
        let first = len;
        while len > 0 && rest.get(len) == Some(&b'.') {
            match Self::identifier_len(&rest[len + 1..]) {
                0 => break,
                more => len += 1 + more,
            }
        }
        if len == first { None } else { self.take(len) }
    }

    fn while_not(&mut self, stop: &[u8]) -> Option<&'a str> {
        let len = self.rest().iter().take_while(|b| !is_space(**b) && !stop.contains(b)).count();
        self.take(len)
    }

    /// A field's argument without quotes.
    pub(super) fn bare_argument(&mut self) -> Option<&'a str> {
        self.while_not(b"[]\"'")
    }

    /// A constant without quotes.
    pub(super) fn bare_text(&mut self) -> Option<&'a str> {
        self.while_not(b"()\"'=,")
    }

    /// `0x1f`.
    pub(super) fn hex_number(&mut self) -> Option<&'a str> {
        let [b'0', b'x' | b'X', digits @ ..] = self.rest() else { return None };
        match digits.iter().take_while(|b| b.is_ascii_hexdigit()).count() {
            0 => None,
            n => self.take(2 + n),
        }
    }

    /// `-1.5e+10`; an exponent needs its sign.
    pub(super) fn number(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let digits = |from: usize| rest[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let mut len = usize::from(matches!(rest.first(), Some(b'+' | b'-')));
        match digits(len) {
            0 => return None,
            n => len += n,
        }
        if rest.get(len) == Some(&b'.') {
            len += 1 + digits(len + 1);
        }
        if let [b'e' | b'E', b'+' | b'-', ..] = rest[len..] {
            match digits(len + 2) {
                0 => {}
                n => len += 2 + n,
            }
        }
        self.take(len)
    }

    /// A constant in single or double quotes. A quote ends it unless the byte just before is a
    /// backslash, whatever stands before that.
    pub(super) fn quoted(&mut self) -> Result<Option<Vec<u8>>, String> {
        let rest = self.rest();
        let [quote @ (b'"' | b'\''), ..] = *rest else { return Ok(None) };
        let end = (1..rest.len()).find(|&i| rest[i] == quote && rest[i - 1] != b'\\');
        let Some(end) = end else { return Ok(None) };
        let text = unescape(quote, &rest[1..end])?;
        self.at += end + 1;
        Ok(Some(text))
    }
}
