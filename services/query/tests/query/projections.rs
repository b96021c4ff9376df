//! Records to rows, whatever order and repeats they come in.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use vedetta_auth::TenantCtx;
use vedetta_log::{EventLog, Topic};
use vedetta_model::{
    CaseId, Finding, TenantId, UserId,
    control::{CaseEvent, CaseState, DomainEvent, Permission, UserEvent},
};
use vedetta_query::{
    metrics::ProjectionLabel,
    readers::{Views, cases::CaseQuery, findings::FindingQuery},
};
use vedetta_store::{
    ViewStore,
    layers::{Chaos, Faults},
};

use crate::support::{Bench, facts::*};

fn views(bench: &Bench, tenant: &TenantId) -> Views {
    Views::of(bench.store.clone(), &caller(bench, tenant), 100_000)
}

fn caller(bench: &Bench, tenant: &TenantId) -> TenantCtx {
    let token = bench.tenants.sign_in(tenant, "reader");
    bench.state.keys.verify(&token, bench.now()).unwrap()
}

async fn all_cases(bench: &Bench, tenant: &TenantId) -> Vec<vedetta_query::readers::cases::CaseView> {
    let cases = views(bench, tenant).cases(&CaseQuery::default(), None, 100_000).await.unwrap();
    cases.items.into_iter().map(|(_, case)| case).collect()
}

async fn all_findings(bench: &Bench, tenant: &TenantId, query: &FindingQuery) -> Vec<Finding> {
    let found = views(bench, tenant).findings(query, None, 100_000).await.unwrap();
    found.items.into_iter().map(|(_, row)| row.finding).collect()
}

#[tokio::test]
async fn a_finding_is_listed_newest_first_and_by_all_that_it_is_about() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let at = |s| bench.now().after(Duration::from_secs(s));
    let one = finding(&acme, 1, "Rule", 1, "g", at(0));
    let two = finding(&acme, 2, "Other", 2, "h", at(10));
    bench.find(&one).await;
    bench.find(&two).await;
    bench.project("query").await;

    let ids = async |query: FindingQuery| {
        all_findings(&bench, &acme, &query).await.into_iter().map(|f| f.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(FindingQuery::default()).await, [two.id, one.id]);
    assert_eq!(ids(FindingQuery { rule: Some("Rule".into()), ..Default::default() }).await, [one.id]);
    assert_eq!(ids(FindingQuery { node: Some(node(2)), ..Default::default() }).await, [two.id]);
    assert_eq!(
        ids(FindingQuery { technique: Some("T1003.008".into()), ..Default::default() }).await.len(),
        2
    );
    assert_eq!(ids(FindingQuery { technique: Some("T1003".into()), ..Default::default() }).await, []);
    assert_eq!(
        ids(FindingQuery { case: Some(CaseId::of(&acme, "g", &one.id)), ..Default::default() }).await,
        [one.id]
    );
    assert_eq!(ids(FindingQuery { severities: vec![two.severity], ..Default::default() }).await, [two.id]);
    assert_eq!(ids(FindingQuery { text: Some("number 2".into()), ..Default::default() }).await, [two.id]);
    assert_eq!(ids(FindingQuery { from: Some(at(10)), ..Default::default() }).await, [two.id]);
    assert_eq!(ids(FindingQuery { until: Some(at(10)), ..Default::default() }).await, [one.id]);
    assert_eq!(ids(FindingQuery { from: Some(at(1)), until: Some(at(10)), ..Default::default() }).await, []);
}

#[tokio::test]
async fn a_finding_joins_the_case_of_its_group_within_the_window_and_opens_one_after_it() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let at = |minutes: u64| bench.now().after(Duration::from_secs(minutes * 60));
    for (seq, minute) in [(1, 0), (2, 29), (3, 58), (4, 100), (5, 101)] {
        bench.find(&finding(&acme, 1, "Rule", seq, "g", at(minute))).await;
    }
    bench.find(&finding(&acme, 1, "Rule", 6, "another group", at(101))).await;
    // From a spool: belongs to the first case.
    bench.find(&finding(&acme, 1, "Rule", 7, "g", at(30))).await;
    bench.project("query").await;
    let mut counts: Vec<_> = all_cases(&bench, &acme).await.into_iter().map(|c| c.row.count).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2, 4]);
}

#[tokio::test]
async fn decisions_about_a_case_are_merged_in_and_counted() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let first = finding(&acme, 1, "Rule", 1, "g", bench.now());
    bench.find(&first).await;
    bench.find(&finding(&acme, 1, "Rule", 2, "h", bench.now())).await;
    let case = CaseId::of(&acme, "g", &first.id).to_string();
    let states = [CaseState::Closed, CaseState::InProgress, CaseState::Closed];
    for (state, version) in states.into_iter().zip(1..) {
        let event = DomainEvent::Case(CaseEvent::CaseStateChanged { state, disposition: None });
        let envelope = envelope(&acme, &case, version, bench.now(), event);
        bench.decide(&envelope).await;
        bench.decide(&envelope).await;
    }
    bench.project("query").await;
    let closed = CaseQuery { states: vec![CaseState::Closed], ..CaseQuery::default() };
    let found = views(&bench, &acme).cases(&closed, None, 10).await.unwrap();
    assert_eq!(found.items.iter().map(|(_, c)| c.row.id.to_string()).collect::<Vec<_>>(), [case]);
    assert_eq!(views(&bench, &acme).open_cases().await.unwrap(), 1);
}

#[tokio::test]
async fn a_record_that_makes_no_sense_is_counted_and_the_next_one_is_applied() {
    let (bench, acme, other) = (Bench::new().await, tenant("acme"), tenant("other"));
    for topic in [Topic::FINDINGS, Topic::CONTROL, Topic::TELEMETRY] {
        bench.append(topic, garbage(&acme, &node(1))).await;
    }
    // A finding that names another tenant than the record it lies in.
    let foreign = finding(&other, 1, "Rule", 1, "g", bench.now());
    bench
        .append(Topic::FINDINGS, vedetta_log::NewRecord { tenant: acme.clone(), ..finding_record(&foreign) })
        .await;
    bench.find(&finding(&acme, 1, "Rule", 2, "g", bench.now())).await;
    bench.project("query").await;
    assert_eq!(all_findings(&bench, &acme, &FindingQuery::default()).await.len(), 1);
    assert_eq!(all_findings(&bench, &other, &FindingQuery::default()).await.len(), 0);
    let poison = |projection| bench.state.metrics.poison.get_or_create(&ProjectionLabel { projection }).get();
    assert_eq!((poison("findings"), poison("control"), poison("nodes")), (2, 1, 1));
}

#[tokio::test]
async fn records_below_the_checkpoint_are_skipped_though_the_group_begins_anew() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    fill(&bench, &acme).await;
    bench.project("one").await;
    let before = bench.dump(&[&acme]).await;
    let records = |bench: &Bench| {
        bench.state.metrics.records.get_or_create(&ProjectionLabel { projection: "findings" }).get()
    };
    let applied = records(&bench);
    bench.find(&finding(&acme, 1, "Rule", 999, "g", bench.now())).await;
    bench.project("two").await;
    assert_eq!(records(&bench), applied + 1);
    assert_ne!(bench.dump(&[&acme]).await, before);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_often_gives_no_answer_is_asked_again_until_all_is_applied() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    fill(&bench, &acme).await;
    bench.project("query").await;
    let whole = bench.dump(&[&acme]).await;
    for seed in 0..40 {
        // Rarely: one step reads many rows, and all of them have to be answered.
        let faults = Faults { failed: 0.01, half_done: 0.01, ..Faults::default() };
        let again = Bench::new().await;
        fill(&again, &acme).await;
        again.project_through("query", Arc::new(Chaos::new(again.store.clone(), faults, seed))).await;
        assert_eq!(again.dump(&[&acme]).await, whole, "seed {seed}");
    }
}

#[tokio::test]
async fn dropped_views_come_back_though_the_group_has_committed() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    fill(&bench, &acme).await;
    bench.project("query").await;
    let before = bench.dump(&[&acme]).await;
    for projection in bench.projections() {
        bench.store.drop_views(projection.name(), projection.views()).await.unwrap();
    }
    assert_eq!(bench.dump(&[&acme]).await, []);
    bench.project("query").await;
    assert_eq!(bench.dump(&[&acme]).await, before);
}

#[tokio::test]
async fn a_rebuild_gives_the_same_bytes() {
    let (bench, acme, other) = (Bench::new().await, tenant("acme"), tenant("other"));
    fill(&bench, &acme).await;
    fill(&bench, &other).await;
    bench.project("query").await;
    let before = bench.dump(&[&acme, &other]).await;
    assert!(before.len() > 100, "{} rows", before.len());
    bench.rebuild().await;
    assert_eq!(bench.dump(&[&acme, &other]).await, before);
}

#[tokio::test]
async fn everything_twice_is_the_same_as_once() {
    let (once, twice, acme) = (Bench::new().await, Bench::new().await, tenant("acme"));
    fill(&once, &acme).await;
    fill(&twice, &acme).await;
    fill(&twice, &acme).await;
    once.project("query").await;
    twice.project("query").await;
    assert_eq!(once.dump(&[&acme]).await, twice.dump(&[&acme]).await);
}

#[tokio::test]
async fn no_row_holds_a_password_hash_or_a_secret() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let event = DomainEvent::User(UserEvent::UserCreated {
        name: "ada".into(),
        password_hash: "$argon2id$x".into(),
        permissions: vec![Permission::Read],
        one_time: true,
    });
    bench
        .decide(&envelope(
            &acme,
            &UserId::from_uuid(uuid::Uuid::from_u128(1)).to_string(),
            1,
            bench.now(),
            event,
        ))
        .await;
    bench.decide(&token_created(&acme, bench.now())).await;
    bench.project("query").await;
    let rows = bench.dump(&[&acme]).await;
    let text: Vec<_> = rows.iter().map(|(.., value)| String::from_utf8_lossy(value)).collect();
    assert!(text.iter().any(|row| row.contains("ada")) && text.iter().any(|row| row.contains("laptops")));
    assert!(!text.iter().any(|row| row.contains("argon2") || row.contains("5ec2e7")));
}

/// Some of everything, the same each time.
async fn fill(bench: &Bench, tenant: &TenantId) {
    let start = bench.now();
    let at = |s: u64| start.after(Duration::from_secs(s));
    bench.decide(&created(tenant, start)).await;
    bench.decide(&imported(tenant, 1, start)).await;
    bench.decide(&token_created(tenant, start)).await;
    for n in 1..=3 {
        bench.decide(&enrolled(tenant, n, at(1))).await;
        for k in 0..12u64 {
            let reports = match k {
                0 => vec![(1, at(2), started())],
                5 => vec![(6, at(27), loss(4)), (7, at(27), beat(k * 10, 4))],
                _ => vec![(k * 2 + 1, at(2 + k * 5), beat(k * 10, if k > 5 { 4 } else { 0 }))],
            };
            bench.append(Topic::TELEMETRY, block(tenant, n, n, &reports)).await;
        }
        for seq in 0..15 {
            let rule = ["Rule", "Other rule", SHADOW][seq as usize % 3];
            let group = format!("group {}", seq % 2);
            bench.find(&finding(tenant, n, rule, seq, &group, at(seq * 300))).await;
        }
    }
    let first = finding(tenant, 1, "Rule", 0, "group 0", start);
    let case = CaseId::of(tenant, "group 0", &first.id).to_string();
    let text = "looked at it".to_owned();
    bench
        .decide(&envelope(tenant, &case, 1, at(9), DomainEvent::Case(CaseEvent::CaseCommented { text })))
        .await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_finding_is_in_exactly_one_case_whatever_the_order_and_repeats(
        records in prop::collection::vec((1u128..5, 0usize..3, 0u64..60, 0usize..3, 0u64..400), 1..120),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (bench, acme) = (Bench::new().await, tenant("acme"));
            let mut distinct = std::collections::BTreeSet::new();
            for (n, rule, seq, group, minute) in records {
                let rule = ["Rule", "Other rule", SHADOW][rule];
                let time = bench.now().after(Duration::from_secs(minute * 60));
                // The same event and rule is the same finding, whatever else it says: the first one counts.
                let finding = finding(&acme, n, rule, seq, &format!("group {group}"), time);
                distinct.insert(finding.id);
                bench.find(&finding).await;
            }
            bench.project("query").await;
            let cases = all_cases(&bench, &acme).await;
            let sum: u64 = cases.iter().map(|case| case.row.count).sum();
            assert_eq!(sum, distinct.len() as u64);
            assert_eq!(all_findings(&bench, &acme, &FindingQuery::default()).await.len(), distinct.len());
            let later = bench.now().after(Duration::from_secs(400 * 60));
            let sums = views(&bench, &acme).finding_sums(bench.now(), later).await.unwrap();
            assert_eq!(sums.total, distinct.len() as u64);
            assert_eq!(sums.over_time.iter().map(|(_, n)| n).sum::<u64>(), sums.total);
            assert_eq!(views(&bench, &acme).open_cases().await.unwrap(), cases.len() as u64);
            for case in &cases {
                let query = FindingQuery { case: Some(case.row.id), ..FindingQuery::default() };
                let found = all_findings(&bench, &acme, &query).await;
                assert_eq!(found.len() as u64, case.row.count);
                assert_eq!(found.iter().map(|f| f.time).max(), Some(case.row.last_seen));
                assert_eq!(found.iter().map(|f| f.time).min(), Some(case.row.first_seen));
                assert_eq!(case.row.rules.values().map(|tally| tally.count).sum::<u64>(), case.row.count);
            }
            bench.log.close().await;
        });
    }
}
