//! A YAML text as a tree that knows where each part stands.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::source::{Mark, Source};
use crate::diagnostic::{Code, Diagnostic, Level};

/// How deep lists and mappings may nest.
const MAX_DEPTH: usize = 64;
/// How many nodes a text may have, those that aliases repeat included.
const MAX_NODES: usize = 500_000;

/// A part of a YAML text. Scalars stay texts: what they mean is for their reader to say.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) mark: Mark,
    pub(crate) value: Yaml,
}

#[derive(Debug, Clone)]
pub(crate) enum Yaml {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// Written without quotes and not as a block.
    pub(crate) plain: bool,
}

impl Node {
    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Yaml::Scalar(scalar) => Some(scalar),
            Yaml::List(_) | Yaml::Map(_) => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.scalar().map(|s| &*s.text)
    }

    pub(crate) fn list(&self) -> Option<&[Node]> {
        match &self.value {
            Yaml::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn map(&self) -> Option<&[(Node, Node)]> {
        match &self.value {
            Yaml::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Nothing stands there: `key:` with no value, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        self.scalar().is_some_and(|s| s.plain && matches!(&*s.text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// What it is, for error messages.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.value {
            Yaml::Scalar(_) => "a text",
            Yaml::List(_) => "a list",
            Yaml::Map(_) => "a mapping",
        }
    }

    /// The same as JSON, plain scalars as what YAML takes them for.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Yaml::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Yaml::Map(entries) => Json::Object(
                entries.iter().map(|(k, v)| (k.text().unwrap_or_default().to_owned(), v.to_json())).collect(),
            ),
            Yaml::Scalar(scalar) if !scalar.plain => Json::String(scalar.text.clone()),
            Yaml::Scalar(scalar) => match &*scalar.text {
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                _ if self.is_null() => Json::Null,
                text => match (text.parse::<i64>(), text.parse::<f64>()) {
                    (Ok(n), _) => n.into(),
                    (_, Ok(n))
                        if n.is_finite() && text.starts_with(|c: char| c.is_ascii_digit() || c == '-') =>
                    {
                        n.into()
                    }
                    _ => Json::String(text.to_owned()),
                },
            },
        }
    }
}

/// Something that was begun and not yet ended.
enum Open {
    List { mark: Mark, anchor: usize, items: Vec<Node> },
    Map { mark: Mark, anchor: usize, entries: Vec<(Node, Node)>, key: Option<Node> },
}

/// Reads all documents of a text.
pub(crate) fn parse(source: &Source) -> Result<Vec<Node>, Diagnostic> {
    Builder { source, open: Vec::new(), documents: Vec::new(), anchors: Vec::new(), nodes: 0 }.run()
}

struct Builder<'s> {
    source: &'s Source,
    open: Vec<Open>,
    documents: Vec<Node>,
    anchors: Vec<(usize, Node)>,
    nodes: usize,
}

impl Builder<'_> {
    fn run(mut self) -> Result<Vec<Node>, Diagnostic> {
        let source = self.source;
        for step in Parser::new_from_str(source.text()) {
            let (event, span) = step.map_err(|e| {
                let mark =
                    Mark { line: e.marker().line(), column: e.marker().col() + 1, index: e.marker().index() };
                let message = format!("not YAML: {}", e.info());
                source.diagnostic(Level::Error, Code::LoadErrYamlParse, mark, message)
            })?;
            self.take(event, span)?;
        }
        Ok(self.documents)
    }

    fn refuse(&self, mark: Mark, message: String) -> Diagnostic {
        self.source.diagnostic(Level::Error, Code::LoadErrYamlParse, mark, message)
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        let mark = Mark { line: span.start.line(), column: span.start.col() + 1, index: span.start.index() };
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let value = Yaml::Scalar(Scalar { text: text.into_owned(), plain });
                self.put(Node { mark, value }, anchor)
            }
            Event::Alias(anchor) => {
                let found = self.anchors.iter().rfind(|(a, _)| *a == anchor).map(|(_, node)| node.clone());
                let node = found.ok_or_else(|| self.refuse(mark, "an alias to nothing".to_owned()))?;
                self.nodes += count(&node);
                self.put(Node { mark, ..node }, 0)
            }
            Event::SequenceStart(anchor, _) => {
                self.begin(mark, Open::List { mark, anchor, items: Vec::new() })
            }
            Event::MappingStart(anchor, _) => {
                self.begin(mark, Open::Map { mark, anchor, entries: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List { mark, anchor, items }) => {
                    self.put(Node { mark, value: Yaml::List(items) }, anchor)
                }
                Some(Open::Map { mark, anchor, entries, .. }) => {
                    self.put(Node { mark, value: Yaml::Map(entries) }, anchor)
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn begin(&mut self, mark: Mark, open: Open) -> Result<(), Diagnostic> {
        if self.open.len() == MAX_DEPTH {
            return Err(self.refuse(mark, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.open.push(open);
        Ok(())
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.refuse(node.mark, format!("more than {MAX_NODES} values")));
        }
        if anchor != 0 {
            self.anchors.push((anchor, node.clone()));
        }
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                None => *key = Some(node),
                Some(name) => entries.push((name, node)),
            },
        }
        Ok(())
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.value {
        Yaml::Scalar(_) => 0,
        Yaml::List(items) => items.iter().map(count).sum(),
        Yaml::Map(entries) => entries.iter().map(|(k, v)| count(k) + count(v)).sum(),
    }
}
