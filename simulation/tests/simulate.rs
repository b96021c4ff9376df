//! Every seed holds, plays the same each time, and the bugs that are planted are found.
//!
//! `VEDETTA_SEEDS` plays more of them, `VEDETTA_FIRST_SEED` others.

use vedetta_model::simulated::Bug;
use vedetta_simulation::many::{self, Seeds};

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}

fn seeds(count: u64) -> Seeds {
    Seeds {
        program: env!("CARGO_BIN_EXE_vedetta-simulate").into(),
        from: number("VEDETTA_FIRST_SEED", 1),
        count,
        at_once: 2,
        bug: None,
        failures: 5,
    }
}

#[test]
fn what_is_acknowledged_can_be_asked_for_whatever_goes_wrong() {
    let summary = many::play(&seeds(number("VEDETTA_SEEDS", 200)), |_| {});
    assert!(
        summary.failed.is_empty(),
        "play them again with `vedetta-simulate one SEED`: {:#?}",
        summary.failed
    );
    println!("{:.0} s simulated in {:.1} s", summary.simulated, summary.took);
    assert_eq!(summary.missed(), Vec::<String>::new(), "these never happened, so nothing is shown of them");
}

#[test]
fn a_seed_plays_the_same_each_time() {
    for seed in [3, 14, 159] {
        let play = || many::play_apart(&seeds(1), seed).unwrap();
        let (one, two) = (play(), play());
        assert!(one.trace.0 > 10, "{one:?}");
        assert_eq!(one, two);
    }
}

/// Within 200 seeds, of which most find it in the first few.
fn is_found(bug: Bug) {
    let summary = many::play(&Seeds { bug: Some(bug), failures: 1, ..seeds(200) }, |_| {});
    assert!(!summary.failed.is_empty(), "{bug:?} was not found in {} seeds", summary.played);
    println!("{bug:?} was found after {} seeds: {:?}", summary.played, summary.failed);
}

#[test]
fn an_acknowledgement_before_the_log_has_it_is_found() {
    is_found(Bug::AckBeforeDurable);
}

#[test]
fn a_place_committed_before_its_findings_is_found() {
    is_found(Bug::CommitBeforeFindings);
}

#[test]
fn a_finding_that_is_new_each_time_is_found() {
    is_found(Bug::RandomFindingId);
}

#[test]
fn a_projection_that_forgets_its_place_is_found() {
    is_found(Bug::ProjectionForgetsPlace);
}

#[test]
fn decisions_confirmed_before_they_are_relayed_are_found() {
    is_found(Bug::RelayedBeforeAppend);
}

#[test]
fn a_spool_that_does_not_wait_for_its_disk_is_found() {
    is_found(Bug::SpoolSkipsSync);
}

#[test]
fn an_archive_that_drops_what_overlaps_is_found() {
    is_found(Bug::ArchiveDropsOverlaps);
}

#[test]
fn an_ingest_that_believes_foreign_names_is_found() {
    is_found(Bug::ForeignTenant);
}
