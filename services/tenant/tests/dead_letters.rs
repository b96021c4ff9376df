//! Records that were put aside, through the service.

mod support;

use support::{Person, World, stream};
use tonic::{Code, Status};
use vedetta_api::tenant::v1 as pb;
use vedetta_log::{Headers, Key, Offset, Partition, Position, Record, Topic};
use vedetta_model::{TenantId, control::Permission};
use vedetta_runtime::{DeadLetters, Drain};

/// Puts a record of so many bytes aside; returns where it lay and where the letter lies.
async fn letter(world: &World, tenant: &TenantId, offset: u64, bytes: usize) -> (String, String) {
    let partition = Partition { topic: Topic::TELEMETRY, index: 0 };
    let record = Record {
        position: Position { partition, offset: Offset(offset) },
        appended: world.now(),
        tenant: tenant.clone(),
        key: Key::of(tenant, "node"),
        headers: Headers::new(),
        payload: vec![7; bytes].into(),
    };
    let letters = Partition { topic: Topic::DEAD_LETTERS, index: 0 };
    let place =
        Position { offset: world.context.log.bounds(&letters).await.unwrap().end, partition: letters };
    let dead = DeadLetters::new(world.context.log.clone());
    assert!(dead.bury(&record, "detect", "no block", &Drain::new()).await.unwrap());
    (record.position.to_string(), place.to_string())
}

async fn resubmit(
    world: &World,
    person: &Person,
    (record, letter): &(String, String),
) -> Result<pb::Decided, Status> {
    let message = pb::ResubmitDeadLetterRequest { record: record.clone(), letter: letter.clone() };
    world.client().resubmit_dead_letter(person.ask(message)).await.map(tonic::Response::into_inner)
}

async fn dismiss(
    world: &World,
    person: &Person,
    (record, letter): &(String, String),
) -> Result<pb::Decided, Status> {
    let (record, letter) = (record.clone(), letter.clone());
    let message = pb::DismissDeadLetterRequest { record, letter, reason: "seen".into() };
    world.client().dismiss_dead_letter(person.ask(message)).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_double_click_is_one_decision_and_it_tells_who_and_which() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let (ada, bob) = (
        world.person(&tenant, "ada", &Permission::ALL).await,
        world.person(&tenant, "bob", &Permission::ALL).await,
    );
    let it = letter(&world, &tenant, 7, 8).await;
    let (one, two) = tokio::join!(resubmit(&world, &ada, &it), resubmit(&world, &ada, &it));
    assert_eq!(one.unwrap(), two.unwrap());
    let decided = resubmit(&world, &bob, &it).await.unwrap();
    assert_eq!(
        (decided.aggregate.as_str(), decided.stream.as_str(), decided.version),
        ("dead_letter", "telemetry/0/7", 1)
    );
    let events = world.events(&stream(&tenant, "dead_letter", "telemetry/0/7")).await;
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].actor.to_string(), events[0].event.name()),
        ("ada".into(), "DeadLetterResubmitted".into())
    );
    let refusal = dismiss(&world, &bob, &it).await.unwrap_err();
    assert_eq!(refusal.code(), Code::Aborted, "{refusal}");
    assert!(refusal.message().contains("ada"), "{refusal}");
    world.stop().await;
}

#[tokio::test]
async fn another_tenants_letter_is_as_one_that_is_not_there_and_rights_are_asked_for_afterwards() {
    let world = World::new().await;
    let (ours, theirs) = (world.tenant("ours").await, world.tenant("theirs").await);
    let ada = world.person(&ours, "ada", &Permission::ALL).await;
    let rita = world.person(&ours, "rita", &[Permission::Read, Permission::ManageNodes]).await;
    let own = letter(&world, &ours, 7, 8).await;
    let foreign = letter(&world, &theirs, 8, 8).await;
    let mixed = (own.0.clone(), foreign.1.clone());
    let unknown = (own.0.clone(), "dead-letters/0/99".to_owned());
    let no_letter = (own.0.clone(), own.0.clone());
    let nonsense = ("x".to_owned(), "y".to_owned());
    for it in [&foreign, &mixed, &unknown, &no_letter, &nonsense] {
        for refusal in [resubmit(&world, &ada, it).await, dismiss(&world, &rita, it).await] {
            let refusal = refusal.unwrap_err();
            assert_eq!(
                (refusal.code(), refusal.message()),
                (Code::NotFound, "no such dead letter"),
                "{it:?}"
            );
        }
    }
    assert_eq!(resubmit(&world, &rita, &own).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(dismiss(&world, &rita, &own).await.unwrap_err().code(), Code::PermissionDenied);
    for tenant in [&ours, &theirs] {
        for record in [&own.0, &foreign.0] {
            assert!(world.events(&stream(tenant, "dead_letter", record)).await.is_empty());
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn what_was_too_large_to_be_kept_can_be_dismissed_and_not_resubmitted() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    let most = world.context.log.describe().capabilities.max_record_bytes;
    let it = letter(&world, &tenant, 7, most).await;
    let refusal = resubmit(&world, &ada, &it).await.unwrap_err();
    assert_eq!(refusal.code(), Code::InvalidArgument, "{refusal}");
    assert!(refusal.message().contains("its bytes were not kept"), "{refusal}");
    dismiss(&world, &ada, &it).await.unwrap();
    let events = world.events(&stream(&tenant, "dead_letter", "telemetry/0/7")).await;
    assert_eq!(events.iter().map(|e| e.event.name()).collect::<Vec<_>>(), ["DeadLetterDismissed"]);
    world.stop().await;
}
