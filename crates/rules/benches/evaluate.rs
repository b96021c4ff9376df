//! How much faster the engine is than a plain walk over each rule's condition, at 25, 250 and
//! 1,000 rules over the same made-up events. Prints time per event of both, and their ratio.
//!
//! `cargo bench -p vedetta-rules --bench evaluate`; with `--test`, as `cargo test` calls it, one
//! short round checks that both agree.

use std::hint::black_box;
use std::time::{Duration, Instant};

use vedetta_rules::eval::naive::Walker;
use vedetta_rules::{EventView, Overrides, RuleFile, RuleSet, Scratch, builtin, samples};

/// The built-in rules, then variants that differ in what they look for, as rules of one shop do.
fn rule_set(count: usize) -> RuleSet {
    let mut files: Vec<_> = builtin()
        .iter()
        .take(count)
        .map(|(path, text)| RuleFile::parse(path, text).expect("built-in"))
        .collect();
    let mut text =
        String::from("- list: bench_trusted\n  items: [dpkg, apt, apt-get, rpm, systemd, snapd, runc]\n");
    for i in files.len()..count {
        let condition = match i % 6 {
            0 => format!(
                "evt.type in (open, openat, openat2) and evt.is_open_write = true and fd.name startswith /srv/app{i}/"
            ),
            1 => format!(
                "evt.type in (execve, execveat) and proc.name in (tool{i}, tool{i}.bin) and proc.pname exists"
            ),
            2 => format!(
                "evt.type = connect and fd.sockfamily = ip and fd.sport = {} and proc.name != svc{i}",
                1000 + i
            ),
            3 => format!(
                "evt.type in (execve, execveat) and proc.cmdline contains \"--flag{i}\" and proc.tty != 0"
            ),
            4 => format!("evt.type in (unlink, unlinkat) and fs.path.name endswith /mark{i}.log"),
            _ => format!(
                "evt.type in (open, openat, openat2) and evt.is_open_read = true and fd.name glob \"/home/*/.secret{i}/*\""
            ),
        };
        text.push_str(&format!(
            "- rule: bench {i}\n  desc: d\n  condition: {condition} and not proc.aname in (bench_trusted)\n  output: \"%proc.cmdline\"\n  priority: info\n"
        ));
    }
    files.push(RuleFile::parse("bench.yaml", &text).expect("generated"));
    RuleSet::compile(&files, &Overrides::default()).expect("compiles")
}

fn main() {
    let check_only = std::env::args().any(|a| a == "--test");
    let events = samples::events(42, if check_only { 500 } else { 20_000 });
    let processes = samples::processes();
    let budget = Duration::from_millis(if check_only { 1 } else { 1500 });
    println!("rules  engine ns/event  walker ns/event  ratio");
    for count in [25, 250, 1000] {
        let set = rule_set(count);
        let walker = Walker::new(&set);
        let (mut scratch, mut fast, mut plain) = (Scratch::default(), Vec::new(), Vec::new());
        for event in &events {
            let view = EventView { processes: &processes, event };
            set.evaluate(&view, &mut scratch, &mut fast);
            walker.evaluate(&view, &mut plain);
        }
        assert_eq!(fast, plain, "both ways have to match the same");
        let engine = time(budget, events.len(), || {
            for event in &events {
                fast.clear();
                set.evaluate(&EventView { processes: &processes, event }, &mut scratch, &mut fast);
                black_box(&fast);
            }
        });
        let naive = time(budget, events.len(), || {
            for event in &events {
                plain.clear();
                walker.evaluate(&EventView { processes: &processes, event }, &mut plain);
                black_box(&plain);
            }
        });
        println!("{count:5}  {engine:15.0}  {naive:15.0}  {:5.1}", naive / engine);
    }
}

/// Nanoseconds per event, the best of several rounds.
fn time(budget: Duration, events: usize, mut round: impl FnMut()) -> f64 {
    let begin = Instant::now();
    let mut best = f64::INFINITY;
    loop {
        let start = Instant::now();
        round();
        #[expect(clippy::cast_precision_loss, reason = "some thousand events")]
        let per_event = start.elapsed().as_nanos() as f64 / events as f64;
        best = best.min(per_event);
        if begin.elapsed() > budget {
            return best;
        }
    }
}
