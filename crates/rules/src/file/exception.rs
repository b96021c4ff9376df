//! Exceptions as a rule file states them.

use super::source::Mark;

/// A named hole in a rule.
#[derive(Debug, Clone)]
pub struct ExceptionItem {
    /// Its name, unique in the rule.
    pub name: String,
    /// Where it stands.
    pub mark: Mark,
    /// The fields that are compared; `None` where the item only adds values to one defined before.
    pub fields: Option<Vec<String>>,
    /// `fields` was one text, not a list: `values` are then compared with it all together.
    pub single: bool,
    /// One operator per field; empty for the usual ones.
    pub comps: Vec<String>,
    /// `comps` was one text, as it has to be where `fields` is.
    pub one_comp: bool,
    /// Rows of one value per field, or all values of the one field.
    pub values: Vec<ExceptionValue>,
}

/// A value, or a row or list of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExceptionValue {
    /// One value.
    Text(String),
    /// Several.
    List(Vec<ExceptionValue>),
}
