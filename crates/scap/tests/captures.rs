//! Recorded captures read as libsinsp reads them. The folder that `VEDETTA_CORPORA` names holds
//! them.

use std::path::PathBuf;
use std::{env, fs};

use vedetta_scap::conformance;

/// Of a thousand values so many agree at least.
const FLOOR: usize = 1000;

fn corpora() -> PathBuf {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let folder = env::var_os("VEDETTA_CORPORA").map_or_else(beside, PathBuf::from);
    assert!(
        folder.is_dir(),
        "{} is no folder: set VEDETTA_CORPORA to where the recorded cases are",
        folder.display()
    );
    folder
}

fn read(path: &str) -> Option<Vec<u8>> {
    fs::read(corpora().join(path)).ok()
}

#[test]
fn every_capture_gives_the_fields_that_libsinsp_gives() {
    let folder = corpora().join("falco/captures");
    let mut seen = 0;
    let (mut total, mut same, mut others) = (0, 0, Vec::new());
    for entry in fs::read_dir(&folder).expect("the folder of captures") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "scap") {
            continue;
        }
        seen += 1;
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let events = conformance::events(&read, &name).unwrap_or_else(|why| panic!("{name}: {why}"));
        // One capture has no event of interest, and so no lines.
        let Some(lines) = conformance::lines(&read, &name) else { continue };
        let agreement = conformance::compare(&events, &lines);
        println!("{name}: {} events, {} of {} values agree", events.len(), agreement.same, agreement.total);
        total += agreement.total;
        same += agreement.same;
        others.extend(agreement.others.into_iter().map(|other| format!("{name} {other}")));
    }
    assert!(seen > 0 && total > 0, "no capture with events in {}", folder.display());
    println!("{same} of {total} values agree\n{}", others.join("\n"));
    assert!(same * 1000 >= total * FLOOR, "only {same} of {total} values agree:\n{}", others.join("\n"));
}

#[test]
fn macros_and_rules_match_the_same_events() {
    let result = conformance::run(&read);
    println!("{result}");
    assert!(!result.absent && result.total > 0, "{} is there", result.set);
    assert!(result.failures.is_empty(), "{:#?}", result.failures);
}
