//! Enrollment tokens and nodes, through the service.

mod support;

use std::time::Duration;

use support::{HOUR, Machine, World, stream};
use tonic::{Code, Status};
use vedetta_api::tenant::v1 as pb;
use vedetta_auth::{NodeIdentity, client, metadata::with_token};
use vedetta_model::control::{
    DomainEvent, Limits, NodeEvent, Permission, TenantEvent, TokenEvent, TokenRefusal,
};
use vedetta_store::EventStore;

async fn renew(
    world: &World,
    enrolled: &pb::EnrollNodeResponse,
    key: &client::NodeKey,
) -> Result<(), Status> {
    let message = pb::RenewNodeRequest {
        tenant: enrolled.tenant.clone(),
        node: enrolled.node.clone(),
        csr: client::csr(key).unwrap(),
        agent_version: "0.1.0".into(),
    };
    world.client().renew_node(with_token(message, &world.role(None))).await.map(|_| ())
}

#[tokio::test]
async fn a_machine_keeps_its_id_and_counts_once() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    let token = world.enrollment_token(&ada, 1).await;
    let first = world.enroll(&token.secret, &Machine::named("web-1")).await.unwrap();
    let identity = NodeIdentity::from_certificate(&first.certificates[0]).unwrap();
    assert_eq!(
        (identity.tenant.to_string(), identity.node.to_string()),
        (first.tenant.clone(), first.node.clone())
    );
    assert!(!first.authorities.is_empty());

    let again = world.enroll(&token.secret, &Machine::named("web-1")).await.unwrap();
    assert_eq!(again.node, first.node, "a new key, the same machine");
    let uses = world.events(&stream(&tenant, "token", &token.token)).await;
    let used =
        uses.iter().filter(|e| matches!(e.event, DomainEvent::Token(TokenEvent::TokenUsed { .. }))).count();
    assert_eq!(used, 1);
    let status = world.enroll(&token.secret, &Machine::named("web-2")).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unauthenticated, &*TokenRefusal::UsedUp.to_string())
    );
    world.stop().await;
}

#[tokio::test]
async fn every_bad_token_and_request_has_its_own_words_and_enrolls_nothing() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    let unknown = vedetta_auth::EnrollmentSecret::generate(&mut rand::rng());
    let revoked = world.enrollment_token(&ada, 1).await;
    let message = pb::RevokeEnrollmentTokenRequest { token: revoked.token, reason: "leaked".into() };
    world.client().revoke_enrollment_token(ada.ask(message)).await.unwrap();
    let expired = world.enrollment_token(&ada, 1).await;
    world.clock.advance(HOUR);
    let good = world.enrollment_token(&ada, 1).await;

    let machine = Machine::named("web-1");
    let mut told = std::collections::BTreeSet::new();
    for (secret, refusal) in [
        (unknown.expose(), TokenRefusal::Unknown),
        (&*revoked.secret, TokenRefusal::Revoked),
        (&*expired.secret, TokenRefusal::Expired),
    ] {
        let status = world.enroll(secret, &machine).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Unauthenticated, &*refusal.to_string()));
        told.insert(status.message().to_owned());
    }
    let cut = &good.secret[..good.secret.len() - 1];
    let status = world.enroll(cut, &machine).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    told.insert(status.message().to_owned());
    assert_eq!(told.len(), 4, "{told:?}");

    let request = pb::EnrollNodeRequest {
        secret: good.secret.clone(),
        csr: b"not a request".to_vec(),
        hostname: "web-1".into(),
        machine_id: "web-1".into(),
        agent_version: String::new(),
    };
    for request in [
        request.clone(),
        pb::EnrollNodeRequest {
            hostname: String::new(),
            csr: client::csr(&machine.key).unwrap(),
            ..request.clone()
        },
        pb::EnrollNodeRequest {
            machine_id: "x".repeat(200),
            csr: client::csr(&machine.key).unwrap(),
            ..request
        },
    ] {
        let status = world.client().enroll_node(with_token(request, &world.role(None))).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
    assert_eq!(world.store.streams(&tenant, "node", None, 10).await.unwrap(), []);
    world.enroll(&good.secret, &machine).await.expect("the refused requests did not use the token up");
    world.stop().await;
}

#[tokio::test]
async fn a_token_that_may_enroll_five_enrolls_five_of_thirty_at_once() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    let token = world.enrollment_token(&ada, 5).await;
    let machines: Vec<_> = (0..30).map(|n| Machine::named(&format!("web-{n}"))).collect();
    let all = futures::future::join_all(machines.iter().map(|m| world.enroll(&token.secret, m))).await;
    assert_eq!(all.iter().filter(|r| r.is_ok()).count(), 5);
    assert_eq!(world.store.streams(&tenant, "node", None, 100).await.unwrap().len(), 5);
    world.stop().await;
}

#[tokio::test]
async fn only_the_enrolled_key_is_renewed_and_a_removed_node_needs_a_newer_token() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    let token = world.enrollment_token(&ada, 9).await;
    let machine = Machine::named("web-1");
    let enrolled = world.enroll(&token.secret, &machine).await.unwrap();
    renew(&world, &enrolled, &machine.key).await.unwrap();
    let clone = Machine::named("web-1");
    assert_eq!(renew(&world, &enrolled, &clone.key).await.unwrap_err().code(), Code::Unauthenticated);

    world.clock.advance(Duration::from_secs(1));
    let message = pb::RemoveNodeRequest { node: enrolled.node.clone(), reason: "sold".into() };
    world.client().remove_node(ada.ask(message)).await.unwrap();
    let status = renew(&world, &enrolled, &machine.key).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let status = world.enroll(&token.secret, &machine).await.unwrap_err();
    assert!(status.message().contains("removed"), "{status}");
    world.clock.advance(Duration::from_secs(1));
    let newer = world.enrollment_token(&ada, 1).await;
    assert_eq!(world.enroll(&newer.secret, &machine).await.unwrap().node, enrolled.node);
    renew(&world, &enrolled, &machine.key).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_full_tenant_takes_no_node_more_until_one_is_removed() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    let limits = Limits { nodes: 2, ..Limits::default() };
    world
        .append(
            &stream(&tenant, "tenant", "main"),
            DomainEvent::Tenant(TenantEvent::LimitsChanged { limits }),
        )
        .await;
    let token = world.enrollment_token(&ada, 9).await;
    let machines: Vec<_> = (0..3).map(|n| Machine::named(&format!("web-{n}"))).collect();
    let first = world.enroll(&token.secret, &machines[0]).await.unwrap();
    world.enroll(&token.secret, &machines[1]).await.unwrap();
    let status = world.enroll(&token.secret, &machines[2]).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    world.enroll(&token.secret, &machines[1]).await.expect("one that is there already may come again");
    let message = pb::RemoveNodeRequest { node: first.node, reason: String::new() };
    world.client().remove_node(ada.ask(message)).await.unwrap();
    world.enroll(&token.secret, &machines[2]).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_use_without_a_node_is_taken_up_again_by_its_machine() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    // What a crash between the two streams leaves.
    let elsewhere = world.enrollment_token(&ada, 1).await;
    let node = world.enroll(&elsewhere.secret, &Machine::named("web-1")).await.unwrap().node.parse().unwrap();
    let token = world.enrollment_token(&ada, 1).await;
    world
        .append(&stream(&tenant, "token", &token.token), DomainEvent::Token(TokenEvent::TokenUsed { node }))
        .await;
    let enrolled = world.enroll(&token.secret, &Machine::named("web-1")).await.unwrap();
    let history = world.events(&stream(&tenant, "node", &enrolled.node)).await;
    let names: Vec<_> = history.iter().map(|e| e.event.name()).collect();
    assert_eq!(names, ["NodeEnrolled", "CertificateIssued", "NodeEnrolled", "CertificateIssued"]);
    assert!(
        matches!(&history[2].event, DomainEvent::Node(NodeEvent::NodeEnrolled { token: t, .. }) if t.to_string() == token.token)
    );
    world.stop().await;
}
