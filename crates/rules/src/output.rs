//! Output texts: `%field` stands for the field's value, `<NA>` where it has none.

use crate::atom::{Expression, Owned, resolve_output};
use crate::compile::Rule;
use crate::fields::{Catalogue, FieldSource};
use crate::filter::{parse_operand_prefix, write_operand};

/// What stands for a value that is not there.
pub const ABSENT: &str = "<NA>";

/// An output text, ready to be filled in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Output {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone)]
enum Segment {
    Text(String),
    Value { name: String, expression: Box<Expression> },
}

impl Output {
    /// Reads an output text. An error comes with the byte it stands at.
    pub(crate) fn compile(text: &str, catalogue: &Catalogue) -> Result<Self, (usize, String)> {
        // A star in front once meant "even without all values", which is always so.
        let start = usize::from(text.starts_with('*'));
        let mut segments = Vec::new();
        let mut literal = String::new();
        let mut at = start;
        while let Some(c) = text[at..].chars().next() {
            if c != '%' {
                literal.push(c);
                at += c.len_utf8();
                continue;
            }
            let rest = &text[at + 1..];
            if rest.starts_with('%') {
                literal.push('%');
                at += 2;
                continue;
            }
            let wrong = |what: &str| (at, format!("invalid formatting token {what}"));
            let word =
                || rest.split(|c: char| c.is_whitespace() || ")],;".contains(c)).next().unwrap_or_default();
            let (operand, len) = parse_operand_prefix(rest).map_err(|_| wrong(word()))?;
            let expression =
                resolve_output(&operand, catalogue).map_err(|e| wrong(&format!("{}: {e}", word())))?;
            let mut name = String::new();
            write_operand(&mut name, &operand);
            if !literal.is_empty() {
                segments.push(Segment::Text(std::mem::take(&mut literal)));
            }
            segments.push(Segment::Value { name, expression: Box::new(expression) });
            at += 1 + len;
        }
        if !literal.is_empty() {
            segments.push(Segment::Text(literal));
        }
        Ok(Self { segments })
    }

    fn fill<S: FieldSource + ?Sized>(&self, source: &S) -> (String, Vec<(String, String)>) {
        let mut message = String::new();
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut buffer = Vec::new();
        for segment in &self.segments {
            match segment {
                Segment::Text(text) => message.push_str(text),
                Segment::Value { name, expression } => {
                    let shown = show(&expression.evaluate(source, &mut buffer));
                    message.push_str(&shown);
                    if !fields.iter().any(|(n, _)| n == name) {
                        fields.push((name.clone(), shown));
                    }
                }
            }
        }
        (message, fields)
    }
}

fn show(value: &Owned) -> String {
    let mut out = String::new();
    match value {
        Owned::Absent => out.push_str(ABSENT),
        Owned::One(value) => value.borrow().write_to(&mut out),
        Owned::List(values) => {
            out.push('(');
            for (i, value) in values.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                value.borrow().write_to(&mut out);
            }
            out.push(')');
        }
    }
    out
}

impl Rule {
    /// The rule's output text for an event, and the fields that it names with their values, each
    /// once and in order.
    pub fn format<S: FieldSource + ?Sized>(&self, source: &S) -> (String, Vec<(String, String)>) {
        self.template.fill(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::MapEvent;

    fn fill(text: &str) -> String {
        let event = serde_json::json!({"proc.name": "cat\n", "proc.pid": 7, "proc.aname": ["sh", "init"]});
        let event = MapEvent::from_json(event.as_object().unwrap());
        Output::compile(text, Catalogue::standard()).unwrap().fill(&event).0
    }

    #[test]
    fn fields_are_filled_in() {
        assert_eq!(fill("n=%proc.name p=%proc.pid."), "n=cat. p=7.");
        assert_eq!(fill("*100%% %fd.name %proc.aname[2]"), "100% <NA> init");
        assert_eq!(fill("%toupper(proc.name)"), "CAT.");
    }

    #[test]
    fn a_token_that_is_no_field_is_refused_with_its_place() {
        let error = Output::compile("seen %not_a_real_field", Catalogue::standard()).unwrap_err();
        assert_eq!(error, (5, "invalid formatting token not_a_real_field".to_owned()));
    }
}
