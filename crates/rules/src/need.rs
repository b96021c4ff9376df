//! What must be there for a condition to hold, as far as it can be told without reading events: so that most
//! of what is stored need not be opened to find the few events that somebody looks for.

use vedetta_model::Term;

use crate::atom::{Atom, Expression, Test};
use crate::fields::{KindSet, Known};

/// See the module. When the condition holds for an event of a batch, the batch meets the need; not the
/// other way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need<'c> {
    /// Nothing can be told.
    Nothing,
    /// An event of one of these kinds.
    Kinds(KindSet),
    /// An event that can be looked up by it.
    Term(Term<'c>),
    /// These bytes, in one piece, in a text of an event or a process.
    Text(&'c [u8]),
    /// All of them.
    All(Vec<Need<'c>>),
    /// One of them.
    Any(Vec<Need<'c>>),
}

/// What is known of a batch.
pub trait Hints {
    /// Whether there may be an event of one of these kinds.
    fn may_have_kind(&self, kinds: KindSet) -> bool;
    /// Whether there may be an event that can be looked up by this.
    fn may_have_term(&self, term: &Term<'_>) -> bool;
    /// Whether a text may have these bytes in it.
    fn may_have_text(&self, text: &[u8]) -> bool;
}

impl<'c> Need<'c> {
    /// Whether a batch may hold an event for which the condition holds.
    pub fn may_be_met(&self, hints: &impl Hints) -> bool {
        match self {
            Self::Nothing => true,
            Self::Kinds(kinds) => hints.may_have_kind(*kinds),
            Self::Term(term) => hints.may_have_term(term),
            Self::Text(text) => hints.may_have_text(text),
            Self::All(needs) => needs.iter().all(|need| need.may_be_met(hints)),
            Self::Any(needs) => needs.iter().any(|need| need.may_be_met(hints)),
        }
    }

    pub(crate) fn all(needs: impl IntoIterator<Item = Self>) -> Self {
        let mut needs: Vec<_> = needs.into_iter().filter(|need| *need != Self::Nothing).collect();
        match needs.len() {
            0 => Self::Nothing,
            1 => needs.remove(0),
            _ => Self::All(needs),
        }
    }

    pub(crate) fn any(needs: impl IntoIterator<Item = Self>) -> Self {
        let mut needs: Vec<_> = needs.into_iter().collect();
        match needs.len() {
            _ if needs.contains(&Self::Nothing) => Self::Nothing,
            1 => needs.remove(0),
            _ => Self::Any(needs),
        }
    }

    /// Of one comparison.
    pub(crate) fn of(atom: &'c Atom) -> Self {
        let Expression::Field(field) = &atom.left else { return Self::Nothing };
        let Some(known) = field.known else { return Self::Nothing };
        match &atom.test {
            Test::Number(test) if known == Known::ProcPid => match test.equal_to() {
                Some(pids) => Self::any(pids.iter().map(|pid| match u32::try_from(*pid) {
                    Ok(pid) => Self::Term(Term::Pid(pid)),
                    Err(_) => Self::Nothing,
                })),
                None => Self::Nothing,
            },
            Test::Address { values, how } if !how.negated => {
                Self::any(values.iter().map(|ip| Self::Term(Term::Address(*ip))))
            }
            Test::Text(test) => {
                let shaped = test
                    .equal_to()
                    .map(|values| (values, Shape::Whole))
                    .or_else(|| test.prefixes().map(|values| (values, Shape::Start)))
                    .or_else(|| {
                        test.suffixes().or_else(|| test.inside()).map(|values| (values, Shape::Part))
                    });
                match shaped {
                    Some((values, shape)) => {
                        Self::any(values.iter().map(|value| of_text(known, value, shape)))
                    }
                    None => Self::Nothing,
                }
            }
            _ => Self::Nothing,
        }
    }

    fn text(text: &'c [u8]) -> Self {
        if text.is_empty() { Self::Nothing } else { Self::Text(text) }
    }
}

/// How much of a field's value a constant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Whole,
    Start,
    Part,
}

fn of_text(known: Known, value: &[u8], shape: Shape) -> Need<'_> {
    use Known as K;
    let whole = (shape == Shape::Whole).then(|| std::str::from_utf8(value).ok()).flatten();
    match (known, whole) {
        (K::ProcName, Some(name)) => Need::Term(Term::ProcessName(name)),
        (K::ProcExepath, Some(path)) => Need::Term(Term::Executable(path)),
        (K::UserName, Some(name)) => Need::Term(Term::User(name)),
        (K::ContainerId, Some(id)) => Need::Term(Term::Container(id)),
        // A socket's name is put together from numbers.
        (K::FdName, _) if value.iter().all(|b| b.is_ascii_hexdigit() || b".:->".contains(b)) => Need::Nothing,
        (
            K::FdName
            | K::FsPathName
            | K::FsPathNameraw
            | K::FsPathSource
            | K::FsPathSourceraw
            | K::FsPathTarget
            | K::FsPathTargetraw
            | K::EvtPath,
            _,
        ) => Need::all([Need::text(value), directory(value, shape)]),
        (
            K::ProcName
            | K::ProcExepath
            | K::ContainerFullId
            | K::ProcExe
            | K::ProcPname
            | K::ProcPexe
            | K::ProcPexepath
            | K::ProcAname
            | K::ProcAexe
            | K::ProcAexepath
            | K::ProcSname
            | K::ProcSidExe
            | K::ProcSidExepath
            | K::FdNameraw
            | K::FdDirectory
            | K::FdFilename,
            _,
        ) => Need::text(value),
        // Arguments are joined by spaces.
        (
            K::ProcCmdline | K::ProcArgs | K::ProcPcmdline | K::ProcAcmdline | K::ProcAargs | K::ProcExeline,
            _,
        ) => Need::text(value.split(|b| *b == b' ').max_by_key(|piece| piece.len()).unwrap_or_default()),
        // It is shown with a slash behind it.
        (K::ProcCwd, _) => Need::text(value.strip_suffix(b"/").unwrap_or(value)),
        _ => Need::Nothing,
    }
}

/// The lowest directory that every path of that shape lies in.
fn directory(value: &[u8], shape: Shape) -> Need<'_> {
    let path = std::str::from_utf8(value).ok().filter(|_| shape != Shape::Part);
    path.and_then(|path| Term::directories(path).last())
        .map_or(Need::Nothing, |directory| Need::Term(Term::Directory(directory)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use vedetta_model::{Event, Process};

    use super::*;
    use crate::eval::Condition;
    use crate::fields::{Catalogue, EventView, Fetch, FieldSource, Value};
    use crate::{Filter, samples};

    fn compile(text: &str) -> Condition {
        Condition::compile(&Filter::parse(text).unwrap(), Catalogue::standard()).unwrap()
    }

    /// What a perfect digest of one event would tell.
    struct One<'e> {
        event: &'e Event,
        terms: HashSet<Term<'e>>,
        texts: Vec<u8>,
    }

    impl<'e> One<'e> {
        fn of(event: &'e Event, processes: &'e [Process]) -> Self {
            let mut terms = HashSet::new();
            event.terms(|term| _ = terms.insert(term));
            if let Some(process) = event.process {
                processes[process as usize].terms(|term| _ = terms.insert(term));
            }
            let texts = serde_json::to_vec(&(event, processes)).unwrap();
            Self { event, terms, texts }
        }
    }

    impl Hints for One<'_> {
        fn may_have_kind(&self, kinds: KindSet) -> bool {
            kinds.contains(self.event.kind())
        }
        fn may_have_term(&self, term: &Term<'_>) -> bool {
            self.terms.contains(term)
        }
        fn may_have_text(&self, text: &[u8]) -> bool {
            memchr::memmem::find(&self.texts, text).is_some()
        }
    }

    /// Everything that the event says under a field's name.
    fn values(view: &EventView<'_>, name: &str) -> Vec<String> {
        let Ok(field) = Catalogue::standard().resolve(name, None) else { return vec![] };
        let shown = |value: Value<'_>| {
            let mut out = String::new();
            value.write_to(&mut out);
            out
        };
        let mut buffer = Vec::new();
        match view.fetch(&field, &mut buffer) {
            Fetch::Absent => vec![],
            Fetch::Value(value) => vec![shown(value)],
            Fetch::Built => vec![shown(Value::Text(&buffer))],
            Fetch::Many => {
                let mut all = vec![];
                view.each(&field, &mut Vec::new(), &mut |value| {
                    all.push(shown(value));
                    false
                });
                all
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4))]
        #[test]
        fn what_a_condition_holds_for_meets_its_need(seed in 0_u64..1000, cut in any::<proptest::sample::Index>()) {
            let processes = samples::processes();
            let mut held = 0;
            for event in samples::events(seed, 40) {
                let view = EventView { processes: &processes, event: &event };
                let hints = One::of(&event, &processes);
                for known in Known::ALL {
                    for value in values(&view, known.as_str()).iter().filter(|v| v.is_ascii() && !v.contains(['\'', '\\'])) {
                        let at = cut.index(value.len() + 1);
                        let (start, end) = value.split_at(at);
                        let name = known.as_str();
                        for text in [
                            format!("{name} = '{value}'"),
                            format!("{name} in ('{value}', nobody)"),
                            format!("{name} startswith '{start}'"),
                            format!("{name} endswith '{end}'"),
                            format!("{name} contains '{end}'"),
                            format!("{name} glob '{start}*'"),
                            format!("not {name} = nobody"),
                            format!("({name} = '{value}' or proc.name = nobody) and evt.source = syscall"),
                        ] {
                            // Numbers don't begin with anything.
                            let Ok(condition) = Condition::compile(&Filter::parse(&text).unwrap(), Catalogue::standard())
                            else { continue };
                            if condition.holds(&view) {
                                held += 1;
                                prop_assert!(condition.need().may_be_met(&hints), "{text}: {:?}", condition.need());
                            }
                        }
                    }
                }
            }
            prop_assert!(held > 1000, "{held} conditions held");
        }
    }

    #[test]
    fn what_people_look_for_has_a_need() {
        let needs = |text: &str| format!("{:?}", compile(text).need());
        assert!(needs("proc.name = nc").contains(r#"Term(ProcessName("nc"))"#));
        assert!(needs("fd.name startswith /etc/ssh/sshd").contains(r#"Term(Directory("/etc/ssh"))"#));
        assert!(
            needs("proc.cmdline contains 'nc -e /bin/bash'").contains(&format!("Text({:?})", b"/bin/bash"))
        );
        assert!(needs("fd.rip = 192.0.2.7").contains("Term(Address(192.0.2.7))"));
        let either = needs("proc.name = nc or container.id = 0123456789ab");
        assert!(either.contains("Any") && either.contains("Container"), "{either}");
        assert!(!needs("not proc.name = nc").contains("Term") && !needs("proc.name != nc").contains("Term"));
        let opens = compile("evt.type = openat and not proc.name = nc");
        assert_eq!(opens.kinds().iter().collect::<Vec<_>>(), [vedetta_model::Kind::FileOpen]);
    }
}
