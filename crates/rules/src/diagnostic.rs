//! What is wrong with a rule file, and where.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The file is taken all the same.
    Warning,
    /// The file is refused.
    Error,
}

/// What kind of thing is wrong, under Falco's names where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The file is no YAML.
    LoadErrYamlParse,
    /// A key is missing, or its value is of the wrong kind.
    LoadErrYamlValidate,
    /// An item contradicts another, or itself.
    LoadErrValidate,
    /// A condition does not parse, or compares what can't be compared.
    LoadErrCompileCondition,
    /// An output text names what does not exist.
    LoadErrCompileOutput,
    /// A key that nothing reads.
    LoadUnknownKey,
    /// A macro that nothing uses.
    LoadUnusedMacro,
    /// A list that nothing uses.
    LoadUnusedList,
    /// A macro's name that conditions can't write.
    LoadInvalidMacroName,
    /// A list's name that conditions can't write.
    LoadInvalidListName,
    /// A rule about events of a source that does not exist: it was left out.
    LoadUnknownSource,
    /// A rule that does not say which types of event it is about, and so is tried on all of them.
    LoadNoEvttype,
    /// An item adds to an exception, and has nothing to add.
    LoadAppendNoValues,
    /// A key or field that will go away.
    LoadDeprecatedItem,
    /// A rule that was left out because it uses a field that does not exist.
    LoadUnknownFilter,
    /// A condition that may not mean what it says.
    LoadSuspiciousCondition,
    /// A field that has no value is compared with the text that is shown for that.
    LoadUnsafeNaCheck,
    /// An item that is no rule, macro or list; or a decision about a rule that does not exist.
    LoadUnknownItem,
    /// An exception that lets nothing through.
    LoadExceptionNoValues,
    /// Two exceptions of one name.
    LoadExceptionNameNotUnique,
}

impl Code {
    /// As it is printed, `LOAD_ERR_VALIDATE`.
    pub fn as_str(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Level,
    /// What kind of thing.
    pub code: Code,
    /// The file's name.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would have been accepted there; empty where that can't be said.
    pub expected: Vec<String>,
    /// The line of the file.
    pub snippet: String,
}

impl Diagnostic {
    /// Whether it stops the file from being used.
    pub fn is_error(&self) -> bool {
        self.severity == Level::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.is_error() { "error" } else { "warning" };
        write!(f, "{}:{}:{}: {level}: {}", self.file, self.line, self.column, self.message)?;
        if !self.expected.is_empty() {
            write!(f, " (expected {})", self.expected.join(", "))?;
        }
        write!(f, " [{}]", self.code.as_str())
    }
}
