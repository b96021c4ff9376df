//! What is not copied, and what people are told.

use uuid::Uuid;
use vedetta_copy::CopyError;
use vedetta_log::{EventLog as _, Topic, TopicOptions};
use vedetta_model::Timestamp;
use vedetta_store::{
    BlockStore as _, Checkpoint, EventStore as _, Expected, NewEvent, StreamId, ViewStore as _,
};

use crate::support::{Place, block, copy_of, plan, record, settle, tenant, whole};

async fn refused(source: &Place, target: &Place) -> String {
    let copy = copy_of(source.side("source"), target.side("target"), plan());
    let error = copy.run().await.unwrap_err();
    assert!(matches!(error, CopyError::Occupied(_)), "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_target_with_anything_in_it_is_refused_by_name_and_stays_as_it_is() {
    let source = Place::new();
    settle(&source.side("source"), 3).await;

    let target = Place::new();
    target.log.create_topic(&Topic::CONTROL, TopicOptions { partitions: 1 }).await.unwrap();
    target.log.append(&Topic::CONTROL, vec![record("other", "x", "theirs")]).await.unwrap();
    let told = refused(&source, &target).await;
    assert!(told.contains("1 records in control/0 of memory:"), "{told}");
    assert!(target.log.partitions(&Topic::TELEMETRY).await.is_err(), "something was made");

    let target = Place::new();
    let event = NewEvent { id: Uuid::from_u128(1), time: Timestamp::EPOCH, data: "theirs".into() };
    let stream = StreamId::new(&tenant("other"), "case", 1);
    target.store.append(&stream, Expected::Any, &[event]).await.unwrap();
    assert!(refused(&source, &target).await.contains("decisions of tenant other"));

    let target = Place::new();
    target.store.keep(&[block("other", 1, 1, 0)]).await.unwrap();
    assert!(refused(&source, &target).await.contains("blocks of events of tenant other"));

    let target = Place::new();
    let checkpoint = Checkpoint { projection: "found".into(), source: "findings/0".into(), next: 3 };
    target.store.apply(&[], &checkpoint).await.unwrap();
    assert!(refused(&source, &target).await.contains("views of found up to findings/0"));
}

#[tokio::test]
async fn a_copy_of_another_source_or_of_an_earlier_state_is_not_gone_on_with() {
    let (source, other, target) = (Place::new(), Place::new(), Place::new());
    settle(&source.side("source"), 3).await;
    settle(&other.side("source"), 3).await;
    other.log.append(&Topic::TELEMETRY, vec![record("acme", "node-1", "one more")]).await.unwrap();
    copy_of(source.side("source"), target.side("target"), plan()).run().await.unwrap();
    refused(&other, &target).await;
    source.log.append(&Topic::TELEMETRY, vec![record("acme", "node-1", "one more")]).await.unwrap();
    refused(&source, &target).await;
}

#[tokio::test]
async fn an_empty_source_is_no_installation() {
    let copy = copy_of(Place::new().side("source"), Place::new().side("target"), plan());
    assert!(matches!(copy.run().await, Err(CopyError::Empty)));
}

#[tokio::test]
async fn partitions_that_are_there_are_not_made_otherwise() {
    let (source, target) = (Place::new(), Place::new());
    settle(&source.side("source"), 3).await;
    target.log.create_topic(&Topic::TELEMETRY, TopicOptions { partitions: 5 }).await.unwrap();
    let mut asking = plan();
    asking.partitions.insert(Topic::TELEMETRY, 7);
    let copy = copy_of(source.side("source"), target.side("target"), asking);
    assert!(copy.run().await.unwrap_err().to_string().contains("5 partitions, and --partitions asks for 7"));
    let copy = copy_of(source.side("source"), target.side("target"), plan());
    whole(&copy).await.unwrap();
    assert_eq!(target.log.partitions(&Topic::TELEMETRY).await.unwrap(), 5);
}
