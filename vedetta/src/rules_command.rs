//! `vedetta rules`.

use std::{path::PathBuf, process::ExitCode};

use clap::Subcommand;
use vedetta_rules::{Overrides, RuleFile, RuleSet};

use crate::cli::failed;

/// What can be done with rule files.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Loads rule files together and says what is wrong with them, with file, line and column.
    Check {
        /// YAML files in the order in which they are loaded.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
        /// Runs the tests inside the files too.
        #[arg(long)]
        test: bool,
    },
    /// Lists the fields that conditions and searches can name: name, type, and whether this version fills it.
    Fields {
        /// Only those with this in their name.
        part: Option<String>,
    },
    /// Lists the rules of files, or the built-in ones.
    List {
        /// YAML files; the built-in rules when none is given.
        files: Vec<PathBuf>,
        /// JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
}

impl RulesCommand {
    /// Does it.
    pub fn run(&self) -> ExitCode {
        let outcome = match self {
            Self::Check { files, json, test } => check(files, *json, *test),
            Self::Fields { part } => Ok(fields(part.as_deref().unwrap_or_default())),
            Self::List { files, json } => list(files, *json),
        };
        outcome.unwrap_or_else(|error| failed(&error))
    }
}

fn check(files: &[PathBuf], json: bool, test: bool) -> anyhow::Result<ExitCode> {
    let mut diagnostics = Vec::new();
    let (mut parsed, mut names) = (Vec::new(), Vec::new());
    for (name, text) in read(files)? {
        match RuleFile::parse(&name, &text) {
            Ok(file) => {
                diagnostics.extend(file.warnings.iter().cloned());
                parsed.push(file);
                names.push(name);
            }
            Err(found) => diagnostics.extend(found),
        }
    }
    let mut failures = Vec::new();
    let mut rules = 0;
    if !diagnostics.iter().any(vedetta_rules::Diagnostic::is_error) {
        match RuleSet::compile(&parsed, &Overrides::default()) {
            Ok(set) => rules = set.rules().len(),
            Err(found) => diagnostics.extend(found),
        }
        if test {
            for (file, name) in parsed.iter().zip(&names) {
                match vedetta_rules::testing::run(file) {
                    Ok(outcomes) => failures.extend(outcomes.into_iter().filter_map(|test| {
                        let why = test.failure?;
                        Some(format!(
                            "{name}:{}: test `{}` of rule `{}`: {why}",
                            test.line, test.test, test.rule
                        ))
                    })),
                    Err(found) => diagnostics.extend(found),
                }
            }
        }
    }
    let bad = diagnostics.iter().any(vedetta_rules::Diagnostic::is_error) || !failures.is_empty();
    if json {
        println!(
            "{}",
            serde_json::json!({ "ok": !bad, "rules": rules, "diagnostics": diagnostics, "failed_tests": failures })
        );
    } else {
        for diagnostic in &diagnostics {
            println!("{diagnostic}");
        }
        for failure in &failures {
            println!("{failure}");
        }
        let counted = |n: usize, what| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let (rules, files) = (counted(rules, "rule"), counted(files.len(), "file"));
        println!("{}: {rules} in {files}", if bad { "not ok" } else { "ok" });
    }
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn fields(part: &str) -> ExitCode {
    let catalogue = vedetta_rules::Catalogue::standard();
    for name in catalogue.names().into_iter().filter(|name| name.contains(part)) {
        // Some want an argument; their type does not depend on it.
        let argument = vedetta_rules::filter::Literal(b"0".to_vec().into());
        let field = catalogue.resolve(name, None).or_else(|_| catalogue.resolve(name, Some(&argument)));
        let Ok(field) = field else { continue };
        let filled = if field.known.is_some() { "filled" } else { "never filled by this version" };
        println!("{name:<36} {:<10} {filled}", format!("{:?}", field.field_type).to_lowercase());
    }
    ExitCode::SUCCESS
}

fn list(files: &[PathBuf], json: bool) -> anyhow::Result<ExitCode> {
    let texts = if files.is_empty() {
        vedetta_rules::builtin().iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    } else {
        read(files)?
    };
    let mut parsed = Vec::new();
    for (name, text) in &texts {
        parsed.push(RuleFile::parse(name, text).map_err(|found| bad(&found))?);
    }
    let set = RuleSet::compile(&parsed, &Overrides::default()).map_err(|found| bad(&found))?;
    if json {
        let rows: Vec<_> = set
            .rules()
            .iter()
            .map(|r| {
                serde_json::json!({ "name": r.name, "severity": r.severity, "tags": r.tags, "enabled": r.enabled,
                                    "version": r.version, "description": r.description })
            })
            .collect();
        println!("{}", serde_json::Value::Array(rows));
    } else {
        for rule in set.rules() {
            println!(
                "{:<14} {:<4} {:<60} {}",
                rule.severity,
                if rule.enabled { "on" } else { "off" },
                rule.name,
                rule.tags.join(" ")
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn bad(found: &[vedetta_rules::Diagnostic]) -> anyhow::Error {
    anyhow::anyhow!("{}", found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn read(files: &[PathBuf]) -> anyhow::Result<Vec<(String, String)>> {
    files
        .iter()
        .map(|path| {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path).map_err(|e| anyhow::anyhow!("{name}: {e}"))?;
            Ok((name, text))
        })
        .collect()
}
