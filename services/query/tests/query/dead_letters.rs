//! Records that were put aside: looked at, sent again, dismissed.

use std::time::Duration;

use serde_json::{Value, json};
use vedetta_log::{Delivery, EventLog, Group, Key, Member, NewRecord, Record, Topic, partition_of};
use vedetta_model::TenantId;
use vedetta_runtime::{DeadLetters, Drain, Resubmission};

use crate::{
    activity::{archive_until, letters},
    support::{Bench, facts::*},
};

const LETTER: &str = "query($id: ID!) { node(id: $id) { ... on DeadLetter {
    place topic partition offset stage why bytes unreadable obstacle state attempts
    header { nodeId bootId first last events earliest latest kinds watchedNode { hostname } }
    resubmitted { by time } dismissed { by time reason } resubmissionOf { place } failedAgain { place } } } }";
const RESUBMIT: &str = "mutation($ids: [ID!]!) { it: resubmitDeadLetters(input: { deadLetterIds: $ids }) {
    deadLetters { place state resubmitted { by } } userErrors { code message field } } }";
const DISMISS: &str =
    "mutation($ids: [ID!]!) { it: dismissDeadLetters(input: { deadLetterIds: $ids, reason: \"seen\" }) {
    deadLetters { state dismissed { by reason } } userErrors { code } } }";

/// Appends a record and puts it aside, as a stage that can't use it does; returns where it lay.
pub async fn put_aside(bench: &Bench, record: NewRecord, why: &str) -> String {
    let at = bench.log.append(&Topic::TELEMETRY, vec![record.clone()]).await.unwrap().positions.remove(0);
    let NewRecord { tenant, key, headers, payload } = record;
    let record = Record { position: at, appended: bench.now(), tenant, key, headers, payload };
    assert!(DeadLetters::new(bench.log.clone()).bury(&record, "detect", why, &Drain::new()).await.unwrap());
    record.position.to_string()
}

/// Ids of a tenant's letters, by where their records lay.
async fn ids(bench: &Bench, token: &str, tenant: &TenantId, open: Option<bool>) -> Vec<(String, String)> {
    bench.applied().await;
    let query = "query($t: String!, $open: Boolean) { tenant(id: $t) { deadLetters(open: $open) { nodes { id place } } } }";
    let data = bench.data(token, query, json!({ "t": tenant.as_str(), "open": open })).await;
    let nodes = data["tenant"]["deadLetters"]["nodes"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    nodes.iter().map(|node| (text(&node["place"]), text(&node["id"]))).collect()
}

async fn id_of(bench: &Bench, token: &str, tenant: &TenantId, place: &str) -> String {
    let found = ids(bench, token, tenant, None).await.into_iter().find(|(at, _)| at == place);
    found.unwrap_or_else(|| panic!("no letter of {place}")).1
}

async fn letter(bench: &Bench, token: &str, id: &str) -> Value {
    bench.applied().await;
    bench.data(token, LETTER, json!({ "id": id })).await["node"].take()
}

/// The next record that a consumer is given.
async fn next(member: &mut dyn Member) -> Record {
    loop {
        let delivery = tokio::time::timeout(Duration::from_secs(30), member.next()).await.expect("no record");
        if let Delivery::Records(mut records) = delivery.unwrap() {
            assert_eq!(records.len(), 1);
            return records.remove(0);
        }
    }
}

#[tokio::test]
async fn a_letter_tells_what_its_header_says_or_why_that_cannot_be_read() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    bench.run();
    let token = bench.tenants.sign_in(&acme, "ada");
    bench.decide(&enrolled(&acme, 1, bench.now())).await;
    let late = bench.now().after(Duration::from_secs(2));
    let whole = block(&acme, 1, 9, &[(5, bench.now(), open("/a")), (7, late, beat(1, 0))]);
    let mut damaged = whole.payload.to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    let place = put_aside(&bench, NewRecord { payload: damaged.into(), ..whole.clone() }, "damaged").await;
    let found = letter(&bench, &token, &id_of(&bench, &token, &acme, &place).await).await;
    let header = json!({
        "nodeId": node(1).to_string(), "bootId": boot(9).to_string(), "first": 5.0, "last": 7.0, "events": 2,
        "earliest": bench.now().to_string(), "latest": late.to_string(), "kinds": ["file.open", "agent.heartbeat"],
        "watchedNode": { "hostname": "host-1" },
    });
    assert_eq!(found["header"], header, "{found:#}");
    let (topic, rest) = place.split_once('/').unwrap();
    assert_eq!(format!("{topic}/{rest}"), found["place"]);
    assert_eq!(
        (&found["topic"], &found["stage"], &found["why"]),
        (&json!("telemetry"), &json!("detect"), &json!("damaged"))
    );
    assert_eq!((&found["bytes"], &found["unreadable"]), (&json!(whole.payload.len() as f64), &Value::Null));
    assert_eq!((&found["state"], &found["attempts"]), (&json!("OPEN"), &json!(0)));

    let place = put_aside(&bench, garbage(&acme, &node(1)), "no block").await;
    let found = letter(&bench, &token, &id_of(&bench, &token, &acme, &place).await).await;
    assert_eq!(found["header"], Value::Null);
    assert!(found["unreadable"].as_str().unwrap().contains("begin like a block"), "{found:#}");
}

#[tokio::test]
async fn a_letter_is_its_records_tenants_whatever_the_block_claims() {
    let (bench, acme, other) = (Bench::new().await, tenant("acme"), tenant("other"));
    bench.run();
    let (ada, eve) = (bench.tenants.sign_in(&acme, "ada"), bench.tenants.sign_in(&other, "eve"));
    bench.decide(&enrolled(&other, 2, bench.now())).await;
    let claims = block(&other, 2, 2, &[(1, bench.now(), open("/a"))]);
    let place = put_aside(&bench, NewRecord { tenant: acme.clone(), ..claims }, "another tenant").await;

    let id = id_of(&bench, &ada, &acme, &place).await;
    let found = letter(&bench, &ada, &id).await;
    assert_eq!(found["place"], json!(place));
    assert_eq!(found["header"]["watchedNode"], Value::Null, "the other's node is not theirs to see");
    assert_eq!(ids(&bench, &eve, &other, None).await, []);
    assert_eq!(letter(&bench, &eve, &id).await, Value::Null);
    // An id that names their own tenant and somebody else's record.
    let forged = global_id(&format!("DeadLetter:other:{place}"));
    assert_eq!(letter(&bench, &eve, &forged).await, Value::Null);
    for (token, ids) in [(&eve, json!([id])), (&eve, json!([forged])), (&ada, json!(["x"]))] {
        let data = bench.data(token, RESUBMIT, json!({ "ids": ids })).await;
        let error =
            json!({ "code": "NOT_FOUND", "message": "no such dead letter", "field": ["deadLetterIds", "0"] });
        assert_eq!(data["it"], json!({ "deadLetters": [], "userErrors": [error] }), "{ids}");
    }
    assert_eq!(letter(&bench, &ada, &id).await["state"], "OPEN");
}

fn global_id(text: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(text)
}

#[tokio::test]
async fn a_resubmitted_record_comes_to_whoever_reads_its_topic_as_it_was() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    bench.run();
    let token = bench.tenants.sign_in(&acme, "ada");
    let sent = block(&acme, 1, 1, &[(1, bench.now(), open("/a"))]);
    let mut judge = bench.log.join(&Group::named("judge"), &[Topic::TELEMETRY]).await.unwrap();
    let place = put_aside(&bench, sent.clone(), "a fault that was mended").await;
    assert_eq!(Resubmission::of(&next(&mut *judge).await), None);

    let id = id_of(&bench, &token, &acme, &place).await;
    let data = bench.data(&token, RESUBMIT, json!({ "ids": [id] })).await;
    let now = json!([{ "place": place, "state": "RESUBMITTED", "resubmitted": { "by": "ada" } }]);
    assert_eq!(data["it"], json!({ "deadLetters": now, "userErrors": [] }));
    let again = next(&mut *judge).await;
    assert_eq!((&again.tenant, &again.key, &again.payload), (&sent.tenant, &sent.key, &sent.payload));
    assert_eq!(again.position.partition.to_string(), place.rsplit_once('/').unwrap().0);
    assert_eq!(Resubmission::of(&again).unwrap().of.to_string(), place);

    assert_eq!(ids(&bench, &token, &acme, Some(true)).await, [], "it is not open any more");
    assert_eq!(ids(&bench, &token, &acme, Some(false)).await.len(), 1);
    let found = letter(&bench, &token, &id).await;
    assert_eq!(found["resubmitted"], json!({ "by": "ada", "time": bench.now().to_string() }));
    let query = "{ tenant(id: \"acme\") { changes(filter: { aggregate: \"dead_letter\" }) { nodes { actor stream name } } } }";
    let changes = bench.data(&token, query, json!({})).await["tenant"]["changes"]["nodes"].take();
    assert_eq!(changes, json!([{ "actor": "ada", "stream": place, "name": "DeadLetterResubmitted" }]));
}

#[tokio::test]
async fn what_fails_again_is_another_letter_and_each_tells_of_the_other() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    bench.run();
    let token = bench.tenants.sign_in(&acme, "ada");
    bench.append(Topic::TELEMETRY, block(&acme, 1, 1, &[(5, bench.now(), open("/a"))])).await;
    archive_until(&bench, async || true).await;
    bench.append(Topic::TELEMETRY, block(&acme, 1, 1, &[(5, bench.now(), open("/b"))])).await;
    archive_until(&bench, async || letters(&bench).await.len() == 1).await;
    let [(first_place, first)] = &ids(&bench, &token, &acme, Some(true)).await[..] else {
        panic!("one letter")
    };

    bench.data(&token, RESUBMIT, json!({ "ids": [first] })).await;
    archive_until(&bench, async || letters(&bench).await.len() == 2).await;
    let [(second_place, second)] = &ids(&bench, &token, &acme, Some(true)).await[..] else {
        panic!("one is open")
    };
    assert_ne!(first_place, second_place);
    let (old, new) = (letter(&bench, &token, first).await, letter(&bench, &token, second).await);
    assert_eq!((&old["state"], &old["failedAgain"]["place"]), (&json!("RESUBMITTED"), &json!(second_place)));
    assert_eq!((&new["attempts"], &new["resubmissionOf"]["place"]), (&json!(1), &json!(first_place)));
    assert_eq!(new["why"], old["why"]);

    let data = bench.data(&token, DISMISS, json!({ "ids": [second] })).await;
    let dismissed = json!([{ "state": "DISMISSED", "dismissed": { "by": "ada", "reason": "seen" } }]);
    assert_eq!(data["it"], json!({ "deadLetters": dismissed, "userErrors": [] }));
    assert_eq!(ids(&bench, &token, &acme, Some(true)).await, []);
}

#[tokio::test]
async fn a_resubmitted_record_changes_nothing_where_it_was_known_and_is_no_sign_of_life() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    bench.run();
    let token = bench.tenants.sign_in(&acme, "ada");
    bench.decide(&enrolled(&acme, 1, bench.now())).await;
    let told = [(1, bench.now(), started()), (2, bench.now(), beat(10, 0)), (3, bench.now(), loss(4))];
    let place = put_aside(&bench, block(&acme, 1, 1, &told), "a fault of one stage").await;
    let later = bench.now().after(Duration::from_secs(5));
    bench.append(Topic::TELEMETRY, block(&acme, 1, 1, &[(4, later, beat(30, 4))])).await;
    let kept = async || {
        let usage = vedetta_store::BlockStore::usage(&*bench.store, &acme).await.unwrap();
        usage.iter().map(|(_, it)| it.events).sum::<u64>()
    };
    archive_until(&bench, async || kept().await == 4).await;
    let id = id_of(&bench, &token, &acme, &place).await;
    let of_node = async || {
        bench.applied().await;
        let mut rows = bench.dump(&[&acme]).await;
        rows.retain(|(view, _, key, _)| {
            view.starts_with("node") && key.starts_with(node(1).as_uuid().as_bytes())
        });
        rows
    };
    let before = of_node().await;
    assert!(before.len() >= 4, "{before:?}");

    bench.clock.set(bench.now().after(Duration::from_secs(600)));
    bench.data(&token, RESUBMIT, json!({ "ids": [id] })).await;
    // What the archive takes after it from the same partition: then it has taken it as well.
    let lane = |n| partition_of(&Key::of(&acme, node(n)), 3);
    let neighbour = (2..).find(|&n| lane(n) == lane(1)).unwrap();
    bench.append(Topic::TELEMETRY, block(&acme, neighbour, 2, &[(1, bench.now(), open("/z"))])).await;
    archive_until(&bench, async || kept().await == 5).await;
    assert_eq!(of_node().await, before);
    assert_eq!(letters(&bench).await.len(), 1, "nothing failed again");
}

#[tokio::test]
async fn rows_are_the_same_when_they_are_made_again_and_a_repeated_letter_changes_nothing() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    bench.append(Topic::TELEMETRY, block(&acme, 1, 1, &[(5, bench.now(), open("/a"))])).await;
    let place = put_aside(&bench, garbage(&acme, &node(1)), "no block").await;
    let dead = DeadLetters::new(bench.log.clone());
    let at = format!("{}/0/0", Topic::DEAD_LETTERS).parse().unwrap();
    let again = dead.at(&at).await.unwrap().unwrap().again().unwrap();
    put_aside(&bench, again, "still no block").await;
    bench.project("query").await;
    let rows = bench.dump(&[&acme]).await;
    let of = |rows: &[(&str, TenantId, bytes::Bytes, bytes::Bytes)]| {
        rows.iter().filter(|(view, ..)| view.starts_with("dead_letters")).count()
    };
    assert_eq!(of(&rows), 2, "{place}");
    bench.rebuild().await;
    assert_eq!(bench.dump(&[&acme]).await, rows);

    // Each letter applied once more.
    let projection = vedetta_query::projections::dead_letters::DeadLetters;
    let stored = vedetta_query::projections::StoredRows(&*bench.store);
    for record in letters(&bench).await {
        let changes =
            vedetta_query::projections::Projection::apply(&projection, &record, &stored).await.unwrap();
        assert_eq!(changes, []);
    }
}

#[tokio::test]
async fn who_may_not_administer_decides_nothing_and_too_many_at_once_are_refused() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    bench.run();
    let reader = bench.tenants.sign_in_as(&acme, "rita", &[vedetta_model::control::Permission::Read]);
    let place = put_aside(&bench, garbage(&acme, &node(1)), "no block").await;
    let id = id_of(&bench, &reader, &acme, &place).await;
    for mutation in [RESUBMIT, DISMISS] {
        let data = bench.data(&reader, mutation, json!({ "ids": [id] })).await;
        assert_eq!(data["it"]["userErrors"][0]["code"], "FORBIDDEN");
    }
    assert_eq!(letter(&bench, &reader, &id).await["state"], "OPEN");
    let data = bench.data(&reader, RESUBMIT, json!({ "ids": vec![id; 51] })).await;
    assert_eq!(data["it"]["userErrors"][0]["code"], "INVALID");
}
