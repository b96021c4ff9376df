//! Recursive descent over the grammar of libsinsp filters:
//!
//! ```text
//! Or    = And ('or' And)*                    blank or '(' after the word
//! And   = Not ('and' Not)*
//! Not   = ('not' blank)* ('not(' Or ')' | Check)
//! Check = '(' Or ')' | Value Condition | MacroName
//! Value = Field | Transformer '(' Argument (',' Argument)* ')' ('[' arg ']')?
//! Field = name ('.' name)+ ('[' arg ']')?
//! Condition = 'exists' | NumOp Number | TextOp (Modifier? List | Text) | ListOp List
//!           | any Op (Transformer(…) | 'val(' Field ')')
//! List  = '(' (Text (',' Text)*)? ')' | ListName
//! ```

use super::ParseError;
use super::ast::{Check, Expr, Literal, Modifier, Op, Operand, Position, Right, Transformer};
use super::lexer::Cursor;

/// How deep parentheses and transformers may nest.
const MAX_DEPTH: usize = 100;

pub(super) fn parse(text: &str) -> Result<Expr, ParseError> {
    let mut parser = Parser { cursor: Cursor::new(text), depth: 0, last: 0 };
    if text.is_empty() {
        return Err(parser.error("filter input string is empty", &["a condition"]));
    }
    let expr = parser.or()?;
    if !parser.cursor.at_end() {
        let before = parser.cursor.text_between(parser.last, parser.cursor.offset());
        let message = format!("unexpected token after '{}', expecting 'or', 'and'", before.trim());
        return Err(parser.error(message, &["or", "and"]));
    }
    Ok(expr)
}

pub(super) fn parse_operand_prefix(text: &str) -> Result<(Operand, usize), ParseError> {
    let mut parser = Parser { cursor: Cursor::new(text), depth: 0, last: 0 };
    match parser.operand()? {
        Some(operand) => Ok((operand, parser.cursor.offset())),
        None => Err(parser.error("expected a field or a transformer", &["a field"])),
    }
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    depth: usize,
    /// Where the last token began, for the message about what follows it.
    last: usize,
}

type Parsed<T> = Result<T, ParseError>;

fn names<T: std::fmt::Display>(all: &[T]) -> String {
    all.iter().map(|t| format!("'{t}'")).collect::<Vec<_>>().join(", ")
}

impl Parser<'_> {
    fn error(&self, message: impl Into<String>, expected: &[&str]) -> ParseError {
        self.error_at(self.cursor.position(), message, expected)
    }

    fn error_at(&self, position: Position, message: impl Into<String>, expected: &[&str]) -> ParseError {
        ParseError {
            position,
            message: message.into(),
            expected: expected.iter().map(|e| (*e).to_owned()).collect(),
        }
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(format!("exceeded max depth limit of {MAX_DEPTH}"), &[]));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn or(&mut self) -> Parsed<Expr> {
        self.joined("or", Self::and, Expr::Or)
    }

    fn and(&mut self) -> Parsed<Expr> {
        self.joined("and", Self::not, Expr::And)
    }

    fn joined(
        &mut self,
        word: &str,
        child: fn(&mut Self) -> Parsed<Expr>,
        join: fn(Vec<Expr>) -> Expr,
    ) -> Parsed<Expr> {
        self.cursor.blank();
        let first = child(self)?;
        let mut children = vec![first];
        self.cursor.blank();
        while self.cursor.eat(word) {
            children.push(if self.cursor.blank() {
                child(self)?
            } else if self.cursor.eat("(") {
                self.embedded()?
            } else {
                return Err(self.error(format!("expected blank or '(' after '{word}'"), &["a blank", "("]));
            });
            self.cursor.blank();
        }
        Ok(match children.len() {
            1 => children.swap_remove(0),
            _ => join(children),
        })
    }

    fn not(&mut self) -> Parsed<Expr> {
        self.cursor.blank();
        let mut negate = false;
        while self.cursor.not_and_space() {
            negate = !negate;
        }
        let child = if self.cursor.eat("not(") {
            negate = !negate;
            self.embedded()?
        } else {
            self.check()?
        };
        Ok(if negate { Expr::Not(Box::new(child)) } else { child })
    }

    /// The rest of a condition in parentheses, behind the opening one.
    fn embedded(&mut self) -> Parsed<Expr> {
        self.deeper(|p| {
            let inner = p.or()?;
            p.cursor.blank();
            p.close("expected a ')' token")?;
            Ok(inner)
        })
    }

    fn close(&mut self, message: &str) -> Parsed<()> {
        self.last = self.cursor.offset();
        if self.cursor.eat(")") { Ok(()) } else { Err(self.error(message, &[")"])) }
    }

    fn check(&mut self) -> Parsed<Expr> {
        self.cursor.blank();
        let position = self.cursor.position();
        if self.cursor.eat("(") {
            return self.embedded();
        }
        if let Some(left) = self.operand()? {
            return self.condition(left, position);
        }
        self.last = self.cursor.offset();
        match self.cursor.identifier() {
            Some(name) => Ok(Expr::Macro(name.to_owned(), position)),
            None => Err(self.error(
                "expected a '(' token, a field check, or an identifier",
                &["(", "a field", "a macro name"],
            )),
        }
    }

    /// A field or a transformer, when one is next.
    fn operand(&mut self) -> Parsed<Option<Operand>> {
        let position = self.cursor.position();
        if let Some(name) = self.cursor.field_name() {
            let name = name.to_owned();
            let arg = self.argument()?;
            return Ok(Some(Operand::Field { name, arg, position }));
        }
        match self.transformer() {
            Some(transformer) => self.call(transformer, position).map(Some),
            None => Ok(None),
        }
    }

    /// A transformer's name with its parenthesis, when one is next.
    fn transformer(&mut self) -> Option<Transformer> {
        let rest = self.cursor.rest();
        let found = Transformer::ALL.iter().copied().filter(|t| *t != Transformer::Val).find(|t| {
            let name = t.as_str().as_bytes();
            rest.starts_with(name) && rest.get(name.len()) == Some(&b'(')
        })?;
        self.cursor.rewind(self.cursor.offset() + found.as_str().len() + 1);
        Some(found)
    }

    fn call(&mut self, transformer: Transformer, position: Position) -> Parsed<Operand> {
        let args = self.deeper(|p| {
            let mut args = Vec::new();
            loop {
                p.cursor.blank();
                args.push(p.call_argument()?);
                p.cursor.blank();
                if !p.cursor.eat(",") {
                    break;
                }
            }
            p.close("expected a ')' token closing the transformer")?;
            Ok(args)
        })?;
        let index = self.argument()?;
        Ok(Operand::Call { transformer, args, index, position })
    }

    fn call_argument(&mut self) -> Parsed<Operand> {
        if self.cursor.eat("(") {
            self.cursor.blank();
            let mut items = Vec::new();
            if self.cursor.eat(")") {
                return Ok(Operand::List(items));
            }
            loop {
                self.cursor.blank();
                items.push(self.simple_argument(
                    "expected transformer list argument: field, transformer, quoted string, or number",
                )?);
                self.cursor.blank();
                if !self.cursor.eat(",") {
                    break;
                }
            }
            self.close("expected ')'")?;
            return Ok(Operand::List(items));
        }
        self.simple_argument(
            "expected field transformer argument: field, transformer, quoted string, number, or transformer list",
        )
    }

    fn simple_argument(&mut self, message: &str) -> Parsed<Operand> {
        if let Some(number) = self.cursor.hex_number().or_else(|| self.cursor.number()) {
            return Ok(Operand::Constant(number.into()));
        }
        if let Some(text) = self.quoted()? {
            return Ok(Operand::Constant(text));
        }
        match self.operand()? {
            Some(operand) => Ok(operand),
            None => Err(self.error(message, &["a field", "a transformer", "a quoted text", "a number"])),
        }
    }

    /// `[…]` behind a field or transformer, when it is next.
    fn argument(&mut self) -> Parsed<Option<Literal>> {
        if !self.cursor.eat("[") {
            return Ok(None);
        }
        let arg = match self.quoted()? {
            Some(text) => text,
            None => self.cursor.bare_argument().map(Literal::from).ok_or_else(|| {
                self.error(
                    "expected a valid field argument: a quoted string or a bare string",
                    &["a quoted text", "a bare text"],
                )
            })?,
        };
        if self.cursor.eat("]") { Ok(Some(arg)) } else { Err(self.error("expected a ']' token", &["]"])) }
    }

    fn quoted(&mut self) -> Parsed<Option<Literal>> {
        let position = self.cursor.position();
        match self.cursor.quoted() {
            Ok(text) => Ok(text.map(|t| Literal(t.into()))),
            Err(message) => Err(self.error_at(position, message, &["a quoted text"])),
        }
    }

    fn condition(&mut self, left: Operand, position: Position) -> Parsed<Expr> {
        self.cursor.blank();
        self.last = self.cursor.offset();
        let Some(op) = self.operator() else {
            let message = format!("expected a valid check operator: one of {}", names(Op::ALL));
            return Err(self.error(message, &["an operator"]));
        };
        let mut modifier = None;
        let right = if op == Op::Exists {
            None
        } else if let Some(operand) = self.right_operand()? {
            Some(Right::Operand(operand))
        } else if op.takes_list() {
            Some(self.list(true)?)
        } else if op.takes_number() {
            Some(Right::Value(self.number()?))
        } else {
            modifier = self.modifier();
            Some(match modifier {
                Some(_) => self.list(false)?,
                None => Right::Value(self.text_or_transformer()?),
            })
        };
        Ok(Expr::Check(Check { left, op, modifier, right, position }))
    }

    fn operator(&mut self) -> Option<Op> {
        let start = self.cursor.offset();
        for &op in Op::ALL {
            if self.cursor.eat(op.as_str()) {
                let blank_follows = self.cursor.rest().first().is_none_or(|b| b" \t\n\r\x08".contains(b));
                if !op.needs_blank() || blank_follows {
                    return Some(op);
                }
                self.cursor.rewind(start);
            }
        }
        None
    }

    /// A transformer, or `val(field)`, on the right.
    fn right_operand(&mut self) -> Parsed<Option<Operand>> {
        let before = self.cursor.offset();
        self.cursor.blank();
        let position = self.cursor.position();
        if self.cursor.eat("val(") {
            self.cursor.blank();
            let field_position = self.cursor.position();
            let Some(name) = self.cursor.field_name() else {
                return Err(self.error("expected a field within 'val' transformer", &["a field"]));
            };
            let name = name.to_owned();
            let arg = self.argument()?;
            self.cursor.blank();
            self.close("expected a ')' token closing the transformer")?;
            let args = vec![Operand::Field { name, arg, position: field_position }];
            return Ok(Some(Operand::Call { transformer: Transformer::Val, args, index: None, position }));
        }
        match self.transformer() {
            Some(transformer) => self.call(transformer, position).map(Some),
            None => {
                self.cursor.rewind(before);
                Ok(None)
            }
        }
    }

    /// `oneof`, `anyof` or `allof`. It is one only between blanks and before a list; elsewhere the
    /// word is a text like any other.
    fn modifier(&mut self) -> Option<Modifier> {
        let start = self.cursor.offset();
        let blank_before = self.cursor.blank();
        let found = self.cursor.identifier().and_then(Modifier::from_text).filter(|_| blank_before);
        if let Some(modifier) = found
            && self.cursor.blank()
        {
            let list = self.cursor.offset();
            let is_list = self.cursor.rest().first() == Some(&b'(')
                || self.cursor.identifier().is_some_and(|name| !matches!(name, "and" | "or"));
            if is_list {
                self.cursor.rewind(list);
                return Some(modifier);
            }
        }
        self.cursor.rewind(start);
        None
    }

    fn transformer_names() -> String {
        names(Transformer::ALL)
    }

    fn number(&mut self) -> Parsed<Literal> {
        self.cursor.blank();
        self.last = self.cursor.offset();
        self.cursor.hex_number().or_else(|| self.cursor.number()).map(Literal::from).ok_or_else(|| {
            let names = Self::transformer_names();
            self.error(
                format!("expected a number value or a field with a valid transformer: {names}"),
                &["a number", "a transformer"],
            )
        })
    }

    fn text_or_transformer(&mut self) -> Parsed<Literal> {
        match self.text()? {
            Some(text) => Ok(text),
            None => {
                let names = Self::transformer_names();
                let message = format!("expected a string value or a field with a valid transformer: {names}");
                Err(self.error(message, &["a text", "a transformer"]))
            }
        }
    }

    fn text(&mut self) -> Parsed<Option<Literal>> {
        self.cursor.blank();
        self.last = self.cursor.offset();
        Ok(self.quoted()?.or_else(|| self.cursor.bare_text().map(Literal::from)))
    }

    fn list(&mut self, transformer_allowed: bool) -> Parsed<Right> {
        self.cursor.blank();
        self.last = self.cursor.offset();
        if !self.cursor.eat("(") {
            return self.cursor.identifier().map(|name| Right::Name(name.to_owned())).ok_or_else(|| {
                let message = if transformer_allowed {
                    let names = Self::transformer_names();
                    format!("expected a list, an identifier, or a field with a valid transformer: {names}")
                } else {
                    "expected a list or an identifier after the modifier".to_owned()
                };
                self.error(message, &["(", "a list name"])
            });
        }
        let mut values = Vec::new();
        self.cursor.blank();
        if let Some(first) = self.text()? {
            values.push(first);
            self.cursor.blank();
            while self.cursor.eat(",") {
                let next = self.text()?;
                values.push(next.ok_or_else(|| self.error("expected a string value", &["a text"]))?);
                self.cursor.blank();
            }
        }
        self.close("expected a ')' token")?;
        Ok(Right::List(values))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Filter;

    fn canonical(text: &str) -> String {
        Filter::parse(text).map(|f| f.canonical()).unwrap_or_else(|e| format!("error: {e}"))
    }

    #[test]
    fn a_condition_has_one_canonical_text() {
        assert_eq!(
            canonical(" a.b=1 and(c.d in( x ,'y z')) or not not e"),
            "((a.b = 1 and c.d in (x, \"y z\")) or e)"
        );
        assert_eq!(canonical("not(a.b exists)"), "not a.b exists");
        assert_eq!(canonical("a.b startswith oneof (x,y)"), "a.b startswith oneof (x, y)");
    }

    #[test]
    fn a_modifier_is_a_word_like_any_other_where_no_list_follows() {
        assert_eq!(canonical("a.b = oneof and c"), "(a.b = oneof and c)");
        assert_eq!(canonical("a.b = oneof oneof"), "a.b = oneof oneof");
        assert!(canonical("a.b =oneof (x)").starts_with("error"));
    }

    #[test]
    fn an_error_says_where_and_what_was_expected() {
        let error = Filter::parse("a.b = 1 and\n  c.d[x = 2").unwrap_err();
        assert_eq!(
            (error.message.as_str(), error.position.line, error.position.column),
            ("expected a ']' token", 2, 8)
        );
        assert_eq!(error.expected, ["]"]);
    }

    #[test]
    fn nesting_has_an_end() {
        let deep = format!("{}a{}", "(".repeat(20_000), ")".repeat(20_000));
        assert!(Filter::parse(&deep).unwrap_err().message.contains("max depth"));
        assert!(Filter::parse(&format!("{}a{}", "(".repeat(90), ")".repeat(90))).is_ok());
    }
}
