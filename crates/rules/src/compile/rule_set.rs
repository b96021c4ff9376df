//! A rule set: rules that were compiled together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use vedetta_model::Severity;
use vedetta_model::control::RuleException;

use super::dag::Dag;
use super::definitions::{Place, RuleDefinition};
use super::doubts;
use super::event_types;
use super::exceptions;
use super::expand::Expander;
use super::merge::{DEFAULT_SOURCE, merge};
use super::program::{Candidate, Program};
use crate::atom;
use crate::diagnostic::{Code, Diagnostic, Level};
use crate::fields::{Catalogue, JsonEvent, KindSet};
use crate::file::source::Source;
use crate::file::{ExceptionItem, ExceptionValue, Mark, RuleFile};
use crate::filter::ast::Named;
use crate::filter::{Expr, canonical, write_check};
use crate::output::Output;

/// What people decided about rules, on top of what the files say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Rules that are on, though their file says otherwise.
    pub enabled: BTreeSet<String>,
    /// Rules that are off.
    pub disabled: BTreeSet<String>,
    /// Exceptions that were added, by rule.
    pub exceptions: BTreeMap<String, Vec<RuleException>>,
}

impl From<&vedetta_model::control::RuleSet> for Overrides {
    fn from(state: &vedetta_model::control::RuleSet) -> Self {
        Self {
            enabled: state.enabled.clone(),
            disabled: state.disabled.clone(),
            exceptions: state
                .exceptions
                .iter()
                .map(|(rule, by_name)| (rule.clone(), by_name.values().cloned().collect()))
                .collect(),
        }
    }
}

/// A compiled rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its condition as written.
    pub condition: String,
    /// Its output text as written.
    pub output: String,
    /// How bad a match is.
    pub severity: Severity,
    /// The same in Falco's words, as written.
    pub priority: String,
    /// Its tags, MITRE ids among them.
    pub tags: Vec<String>,
    /// Whether it is evaluated.
    pub enabled: bool,
    /// The source of events that it is about; `syscall` for the model's.
    pub source: String,
    /// The file that defines it.
    pub file: String,
    /// Hash of what it compiles from: the rule with its macros, lists and exceptions.
    pub version: String,
    /// The kinds of event that it can match.
    pub kinds: KindSet,
    pub(crate) expr: Expr,
    pub(crate) template: Output,
}

impl Rule {
    /// The condition with all names replaced and exceptions folded in, in canonical form.
    pub fn compiled_condition(&self) -> String {
        canonical(&self.expr)
    }
}

/// Rules that were compiled together.
#[derive(Debug)]
pub struct RuleSet {
    pub(crate) rules: Vec<Rule>,
    pub(crate) program: Program,
    by_name: HashMap<String, usize>,
    /// What is odd about the files.
    pub warnings: Vec<Diagnostic>,
}

impl RuleSet {
    /// Compiles rule files together, in order. All errors are given, with the warnings.
    pub fn compile(files: &[RuleFile], overrides: &Overrides) -> Result<Self, Vec<Diagnostic>> {
        Self::compile_with(files, overrides, Catalogue::standard())
    }

    /// The same with another catalogue of fields.
    pub fn compile_with(
        files: &[RuleFile],
        overrides: &Overrides,
        catalogue: &Catalogue,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut diagnostics: Vec<_> = files.iter().flat_map(|f| f.warnings.iter().cloned()).collect();
        let definitions = merge(files, &mut diagnostics);
        let mut compiler = Compiler {
            all_fields: catalogue,
            catalogue: catalogue.clone(),
            expander: Expander::new(&definitions, &mut diagnostics),
            dag: Dag::default(),
            rules: Vec::new(),
            candidates: Vec::new(),
        };
        for definition in &definitions.rules {
            compiler.rule(definition, overrides);
        }
        compiler.unknown_overrides(overrides);
        compiler.expander.warn_of_unused();
        let Compiler { dag, mut rules, candidates, .. } = compiler;
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(diagnostics);
        }
        let (program, kinds) = Program::build(dag, &candidates);
        for (rule, kinds) in rules.iter_mut().zip(kinds) {
            rule.kinds = kinds;
        }
        let by_name = rules.iter().enumerate().map(|(i, r)| (r.name.clone(), i)).collect();
        Ok(Self { rules, program, by_name, warnings: diagnostics })
    }

    /// The rules, in the order in which they were first defined.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// A rule by its name.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.by_name.get(name).map(|i| &self.rules[*i])
    }

    /// The kinds of event that enabled rules can match. May name too many, never too few.
    pub fn interest(&self) -> KindSet {
        self.rules.iter().filter(|r| r.enabled).fold(KindSet::EMPTY, |set, rule| set.union(rule.kinds))
    }
}

struct Compiler<'c, 'd> {
    all_fields: &'c Catalogue,
    /// The fields that the rule at hand can name.
    catalogue: Catalogue,
    expander: Expander<'d>,
    dag: Dag,
    rules: Vec<Rule>,
    candidates: Vec<Candidate>,
}

impl Compiler<'_, '_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.expander.diagnostics().push(diagnostic);
    }

    fn rule(&mut self, definition: &RuleDefinition, overrides: &Overrides) {
        let source = &definition.event_source;
        if !is_source(source) {
            let message = format!("Unknown source {source}, skipping");
            self.report(definition.place.diagnostic(Level::Warning, Code::LoadUnknownSource, message));
            return;
        }
        let Some(condition) = self.expander.condition(&definition.condition) else { return };
        self.catalogue = self.all_fields.for_source(source);
        if definition.warn_evttypes && *source == DEFAULT_SOURCE && event_types::too_many(&condition) {
            let message =
                "Rule matches too many evt.type values. This has a significant performance penalty.";
            self.report(definition.place.diagnostic(Level::Warning, Code::LoadNoEvttype, message));
        }
        let Some(exceptions) = self.exceptions(definition, overrides) else { return };
        let expr = with_exceptions(condition, exceptions);
        let output_text = definition.output.text();
        let output = Output::compile(&output_text, &self.catalogue).map_err(|(offset, message)| {
            let at = crate::filter::Position { offset, line: 1, column: offset + 1 };
            definition.output.error_at(at, Code::LoadErrCompileOutput, message)
        });
        let lowered = self.lower(&expr, definition);
        let (node, template) = match (lowered, output) {
            (Ok(node), Ok(template)) => (node, template),
            (lowered, output) => {
                let errors = [lowered.err(), output.err().flatten().map(Unusable::UnknownField)];
                self.refuse(definition, errors);
                return;
            }
        };
        let switched_on = overrides.enabled.contains(&definition.name);
        let enabled = !overrides.disabled.contains(&definition.name) && (definition.enabled || switched_on);
        self.candidates.push(Candidate { node, enabled, source: definition.event_source.clone() });
        self.rules.push(Rule {
            name: definition.name.clone(),
            description: definition.description.clone(),
            condition: definition.condition.text(),
            version: version(definition, &expr, &output_text),
            output: output_text,
            severity: Severity::from_falco_priority(&definition.priority).unwrap_or(Severity::Informational),
            priority: definition.priority.clone(),
            tags: definition.tags.clone(),
            enabled,
            source: definition.event_source.clone(),
            file: definition.place.source.name().to_owned(),
            kinds: KindSet::EMPTY,
            expr,
            template,
        });
    }

    /// A rule may ask to be left out where a field is not known.
    fn refuse(&mut self, definition: &RuleDefinition, errors: [Option<Unusable>; 2]) {
        for error in errors.into_iter().flatten() {
            match error {
                Unusable::UnknownField(mut warning) if definition.skip_if_unknown_filter => {
                    warning.severity = Level::Warning;
                    warning.code = Code::LoadUnknownFilter;
                    self.report(warning);
                }
                Unusable::UnknownField(error) | Unusable::Wrong(error) => self.report(error),
            }
        }
    }

    /// The conditions of a rule's exceptions, those of its files first.
    fn exceptions(
        &mut self,
        definition: &RuleDefinition,
        overrides: &Overrides,
    ) -> Option<Vec<(String, Expr)>> {
        let added = overrides.exceptions.get(&definition.name).into_iter().flatten().map(|added| {
            // An added exception stands in no file: errors name it in a text of its own.
            let source = Source::new(&format!("exception {}", added.name), "");
            (Place { source, mark: Mark::default() }, from_model(added))
        });
        let all: Vec<_> = definition.exceptions.iter().cloned().chain(added).collect();
        let mut conditions = Vec::new();
        let mut fine = true;
        for (place, item) in &all {
            match exceptions::condition(place, item, &self.catalogue, self.expander.diagnostics()) {
                Ok(None) => {}
                Ok(Some(expr)) => {
                    let expr = self.with_lists(expr);
                    let right = self.check_atoms(&expr, place, &item.name);
                    fine &= right;
                    conditions.push((item.name.clone(), expr));
                }
                Err(error) => {
                    self.report(error);
                    fine = false;
                }
            }
        }
        fine.then_some(conditions)
    }

    /// Lists may be named in exceptions too.
    fn with_lists(&mut self, expr: Expr) -> Expr {
        match expr {
            Expr::And(list) => Expr::And(list.into_iter().map(|e| self.with_lists(e)).collect()),
            Expr::Or(list) => Expr::Or(list.into_iter().map(|e| self.with_lists(e)).collect()),
            Expr::Check(check) => Expr::Check(self.expander.check(check)),
            other => other,
        }
    }

    fn check_atoms(&mut self, expr: &Expr, place: &Place, exception: &str) -> bool {
        match expr {
            Expr::And(list) | Expr::Or(list) => {
                list.iter().fold(true, |fine, e| self.check_atoms(e, place, exception) & fine)
            }
            Expr::Check(check) => match atom::build(check, &self.catalogue, &mut Vec::new()) {
                Ok(_) => true,
                Err(error) => {
                    let message = format!("exception '{exception}': {}", error.message);
                    self.report(place.error(Code::LoadErrCompileCondition, message));
                    false
                }
            },
            _ => true,
        }
    }

    fn unknown_overrides(&mut self, overrides: &Overrides) {
        let named = overrides.enabled.iter().chain(&overrides.disabled).chain(overrides.exceptions.keys());
        let known: BTreeSet<_> = self.rules.iter().map(|r| &r.name).collect();
        let unknown: BTreeSet<_> = named.filter(|n| !known.contains(n)).cloned().collect();
        for name in unknown {
            let source = Source::new("overrides", "");
            let message = format!("a decision about rule '{name}' has no effect: there is no such rule");
            self.report(source.diagnostic(Level::Warning, Code::LoadUnknownItem, Mark::default(), message));
        }
    }

    fn lower(&mut self, expr: &Expr, definition: &RuleDefinition) -> Result<u32, Unusable> {
        Ok(match expr {
            Expr::And(list) => {
                let list = list.iter().map(|e| self.lower(e, definition)).collect::<Result<_, _>>()?;
                self.dag.and(list)
            }
            Expr::Or(list) => {
                let list = list.iter().map(|e| self.lower(e, definition)).collect::<Result<_, _>>()?;
                self.dag.or(list)
            }
            Expr::Not(child) => {
                let child = self.lower(child, definition)?;
                self.dag.not(child)
            }
            Expr::Named(_, child) => self.lower(child, definition)?,
            // Expansion leaves no macro.
            Expr::Macro(..) => self.dag.constant(false),
            Expr::Check(check) => {
                let mut text = String::new();
                write_check(&mut text, check);
                let mut warnings = Vec::new();
                // The comparison of another rule may read the same, and be about other events.
                let made = atom::fields_exist(check, &self.catalogue).and_then(|()| {
                    self.dag.atom(&text, || atom::build(check, &self.catalogue, &mut warnings))
                });
                let doubts = warnings.into_iter().map(|warning| (Code::LoadSuspiciousCondition, warning));
                for (code, doubt) in doubts.chain(doubts::doubts(check)) {
                    self.report(definition.place.diagnostic(Level::Warning, code, doubt));
                }
                made.map_err(|error| {
                    let found = self.expander.error_in_check(check, error.position, &error.message);
                    let at_rule = || definition.place.error(Code::LoadErrCompileCondition, &*error.message);
                    let diagnostic = found.unwrap_or_else(at_rule);
                    if error.unknown_field {
                        Unusable::UnknownField(diagnostic)
                    } else {
                        Unusable::Wrong(diagnostic)
                    }
                })?
            }
        })
    }
}

/// Whether there are events of a source.
fn is_source(name: &str) -> bool {
    name == DEFAULT_SOURCE || JsonEvent::sources().any(|source| source == name)
}

/// Why a condition can't be used.
enum Unusable {
    UnknownField(Diagnostic),
    Wrong(Diagnostic),
}

fn with_exceptions(condition: Expr, exceptions: Vec<(String, Expr)>) -> Expr {
    if exceptions.is_empty() {
        return condition;
    }
    let holes = exceptions
        .into_iter()
        .map(|(name, expr)| Expr::Not(Box::new(Expr::Named(Named::Exception(name), Box::new(expr)))));
    Expr::And(std::iter::once(condition).chain(holes).collect())
}

fn from_model(exception: &RuleException) -> ExceptionItem {
    let text = |t: &String| ExceptionValue::Text(t.clone());
    ExceptionItem {
        name: exception.name.clone(),
        mark: Mark::default(),
        fields: Some(exception.fields.clone()),
        single: false,
        comps: exception.comps.clone(),
        one_comp: false,
        values: exception
            .values
            .iter()
            .map(|row| ExceptionValue::List(row.iter().map(text).collect()))
            .collect(),
    }
}

fn version(definition: &RuleDefinition, expr: &Expr, output: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    let parts = [
        &*definition.name,
        &*definition.event_source,
        &canonical(expr),
        output,
        &*definition.priority,
        &*definition.description,
    ];
    for part in parts.into_iter().chain(definition.tags.iter().map(String::as_str)) {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}
