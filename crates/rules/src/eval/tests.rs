use proptest::prelude::*;
use vedetta_model::{Event, Process};

use super::naive::Walker;
use super::*;
use crate::compile::Overrides;
use crate::fields::EventView;
use crate::file::RuleFile;
use crate::samples;

/// Comparisons over values that the sample events have, and some that they have not.
const CHECKS: &[&str] = &[
    "evt.type = openat",
    "evt.type in (execve, connect)",
    "evt.type != open",
    "evt.dir = <",
    "evt.is_open_write = true",
    "evt.is_open_read != true",
    "evt.rawres >= 0",
    "evt.res startswith E",
    "evt.failed = false",
    "evt.arg.flags contains O_TRUNC",
    "evt.arg.mode contains S_ISUID",
    "evt.rawarg.uid = 0",
    "fd.name startswith /etc/",
    "fd.name startswith /etc/ssh",
    "fd.name in (/etc/shadow, /etc/passwd)",
    "fd.name pmatch (/etc, /tmp)",
    "fd.name endswith .log",
    "fd.name endswith shadow",
    "fd.sip = 10.0.0.1",
    "fd.net = 10.0.0.0/8",
    "fd.ip != 10.0.0.1",
    "fd.sport in (443, 4444)",
    "fd.typechar = f",
    "fs.path.name contains tmp",
    "fs.path.target exists",
    "proc.name = bash",
    "proc.name in (nginx, sh)",
    "proc.name startswith n",
    "proc.name != cat",
    "proc.pname = nginx",
    "proc.aname = sshd",
    "proc.aname in (sshd, systemd)",
    "proc.aname[2] = sshd",
    "proc.cmdline contains curl",
    "proc.cmdline icontains -C",
    "proc.args regex '.*-c.*'",
    "proc.exepath glob /usr/*",
    "proc.duration > 1000",
    "proc.pid > 100",
    "user.uid = 0",
    "user.loginuid = -1",
    "container.id = host",
    "container.id != host",
    "container.name = x",
    "k8s.ns.name != kube-system",
    "proc.name = val(proc.pname)",
    "toupper(proc.name) = BASH",
    "proc.name contains anyof (a, n)",
    "proc.vmsize > 0",
];

fn condition() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(CHECKS).prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|c| format!("not ({c})")),
            proptest::collection::vec(inner.clone(), 2..5).prop_map(|c| format!("({})", c.join(" and "))),
            proptest::collection::vec(inner, 2..5).prop_map(|c| format!("({})", c.join(" or "))),
        ]
    })
}

fn compile(conditions: &[String]) -> RuleSet {
    let rules: String = conditions
        .iter()
        .enumerate()
        .map(|(i, c)| format!("- {{rule: r{i}, desc: d, condition: {c:?}, output: o, priority: info}}\n"))
        .collect();
    let file = RuleFile::parse("random.yaml", &rules).unwrap();
    RuleSet::compile(&[file], &Overrides::default()).unwrap()
}

fn both(
    set: &RuleSet,
    processes: &[Process],
    event: &Event,
    scratch: &mut Scratch,
) -> (Vec<Match>, Vec<Match>) {
    let view = EventView { processes, event };
    let (mut fast, mut plain) = (Vec::new(), Vec::new());
    set.evaluate(&view, scratch, &mut fast);
    Walker::new(set).evaluate(&view, &mut plain);
    (fast, plain)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn the_graph_and_the_plain_walker_agree(
        conditions in proptest::collection::vec(condition(), 1..12),
        seed in any::<u64>(),
    ) {
        let set = compile(&conditions);
        let processes = samples::processes();
        let mut scratch = Scratch::default();
        for event in samples::events(seed, 120) {
            let (fast, plain) = both(&set, &processes, &event, &mut scratch);
            prop_assert_eq!(fast, plain, "{:?}", event);
        }
    }

    #[test]
    fn a_rule_matches_only_kinds_that_it_says_it_can(
        conditions in proptest::collection::vec(condition(), 1..6),
        seed in any::<u64>(),
    ) {
        let set = compile(&conditions);
        let processes = samples::processes();
        let mut scratch = Scratch::default();
        for event in samples::events(seed, 120) {
            let (_, plain) = both(&set, &processes, &event, &mut scratch);
            for it in &plain {
                prop_assert!(set.rules()[it.rule].kinds.contains(event.kind()));
            }
            prop_assert!(plain.is_empty() || set.interest().contains(event.kind()));
        }
    }

    #[test]
    fn an_explanation_agrees_with_the_verdict(condition in condition(), seed in any::<u64>()) {
        let set = compile(std::slice::from_ref(&condition));
        let processes = samples::processes();
        let mut scratch = Scratch::default();
        for event in samples::events(seed, 40) {
            let (fast, _) = both(&set, &processes, &event, &mut scratch);
            let view = EventView { processes: &processes, event: &event };
            prop_assert_eq!(set.explain("r0", &view).unwrap().matched, !fast.is_empty());
        }
    }
}

#[test]
fn built_in_rules_say_the_same_both_ways() {
    let files: Vec<_> =
        crate::builtin().iter().map(|(path, text)| RuleFile::parse(path, text).unwrap()).collect();
    let set = RuleSet::compile(&files, &Overrides::default()).unwrap();
    let (processes, mut scratch) = (samples::processes(), Scratch::default());
    let mut matched = 0;
    for event in samples::events(7, 5000) {
        let (fast, plain) = both(&set, &processes, &event, &mut scratch);
        matched += fast.len();
        assert_eq!(fast, plain, "{event:?}");
    }
    assert!(matched > 0, "the samples reach no rule");
}

#[test]
fn a_long_run_does_not_confuse_one_event_with_another() {
    let set = compile(&["evt.type = openat and fd.name = /etc/shadow".to_owned()]);
    let processes = samples::processes();
    // Generations begin again before they would run out of bits.
    let mut scratch = Scratch { generation: (u32::MAX >> 1) - 20, ..Scratch::default() };
    for event in samples::events(3, 200) {
        let (fast, plain) = both(&set, &processes, &event, &mut scratch);
        assert_eq!(fast, plain);
    }
}
