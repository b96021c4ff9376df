//! Runs recorded cases of Falco against this crate. Files are handed in, so that this stays
//! without IO; the program `vedetta-conformance` reads them.

mod captures;
mod expect;
mod k8saudit;
mod loader;
mod outputs;
mod regression;
mod vectors;

use std::fmt;

use serde_json::Value as Json;

/// Gives the text of a file below the corpora folder. `None` when there is none.
pub type Read<'r> = &'r dyn Fn(&str) -> Option<String>;

/// What came of one set.
#[derive(Debug, Clone, Default)]
pub struct SetResult {
    /// The set's name: its path below the corpora folder.
    pub set: String,
    /// Cases that passed.
    pub passed: usize,
    /// All cases.
    pub total: usize,
    /// Cases that did not: id, and why.
    pub failures: Vec<(String, String)>,
    /// The set is not there.
    pub absent: bool,
}

impl SetResult {
    fn new(set: &str) -> Self {
        Self { set: set.to_owned(), ..Self::default() }
    }

    fn absent(set: &str) -> Self {
        Self { absent: true, ..Self::new(set) }
    }

    fn take(&mut self, id: impl Into<String>, verdict: Result<(), String>) {
        self.total += 1;
        match verdict {
            Ok(()) => self.passed += 1,
            Err(why) => self.failures.push((id.into(), why)),
        }
    }
}

impl fmt::Display for SetResult {
    #[expect(clippy::cast_precision_loss, reason = "a percentage of some thousands")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.absent {
            return write!(f, "{} absent", self.set);
        }
        let percent = if self.total == 0 { 100.0 } else { self.passed as f64 * 100.0 / self.total as f64 };
        write!(f, "{} {} {} {percent:.1}", self.set, self.passed, self.total)
    }
}

/// Runs all sets.
pub fn run(read: Read<'_>) -> Vec<SetResult> {
    let mut results = vectors::run(read);
    results.push(loader::run(read));
    results.push(loader::inventory(read));
    results.push(captures::run(read));
    results.push(outputs::run(read));
    results.push(regression::run(read));
    results.push(k8saudit::run(read));
    results
}

fn read_json(read: Read<'_>, path: &str) -> Option<Json> {
    serde_json::from_str(&read(path)?).ok()
}

/// The cases of a file that is a list.
fn read_cases(read: Read<'_>, path: &str) -> Option<Vec<Json>> {
    match read_json(read, path)? {
        Json::Array(cases) => Some(cases),
        _ => None,
    }
}

fn text<'j>(json: &'j Json, key: &str) -> &'j str {
    json.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// Cases share ids: the filter makes them findable.
fn case_id(case: &Json) -> String {
    format!("{} | {}", text(case, "id"), text(case, "filter"))
}

fn strings(case: &Json, key: &str) -> Vec<String> {
    let items = case.get(key).and_then(Json::as_array).into_iter().flatten();
    items.filter_map(Json::as_str).map(str::to_owned).collect()
}
