//! From a token to a certificate, and from that to the next.

mod common;

use common::{Sandbox, agent::Stream, block, node, tenant, tenant::FakeTenant};
use tonic::{Code, transport::Channel};
use vedetta_api::agent::v1::{
    EnrollRequest, EnrollResponse, RenewRequest, agent_client::AgentClient,
    enrollment_client::EnrollmentClient,
};
use vedetta_auth::{
    NodeIdentity,
    client::{self, Identity, NodeKey},
};

async fn enroll(channel: Channel, token: &str, key: &NodeKey) -> Result<EnrollResponse, tonic::Status> {
    let request = EnrollRequest {
        token: token.into(),
        csr: client::csr(key).unwrap(),
        hostname: "box".into(),
        machine_id: "0123456789abcdef0123456789abcdef".into(),
        agent_version: "1".into(),
    };
    Ok(EnrollmentClient::new(channel).enroll(request).await?.into_inner())
}

#[tokio::test]
async fn a_good_token_gives_a_certificate_with_which_blocks_are_taken() {
    let sandbox = Sandbox::start().await;
    let key = client::generate_key().unwrap();
    let enrolled = enroll(sandbox.stranger(), FakeTenant::good().expose(), &key).await.unwrap();
    assert_eq!((enrolled.tenant, enrolled.node), (tenant().to_string(), node().to_string()));
    assert_eq!(enrolled.authorities, [sandbox.authority.certificate_der().to_vec()]);

    let identity = Identity { chain_der: &enrolled.certificates, key: &key };
    let mut stream = Stream::open(sandbox.channel(Some(&identity))).await.unwrap();
    stream.send(block(1, 3)).await;
    assert_eq!(stream.ack().await, (1, 3));
    assert_eq!(sandbox.metric("vedetta_ingest_enrollments_total{result=\"ok\"}").await, 1.0);
}

#[tokio::test]
async fn each_refused_token_is_told_its_own_reason() {
    let sandbox = Sandbox::start().await;
    let key = client::generate_key().unwrap();
    for (secret, reason) in FakeTenant::refused() {
        let status = enroll(sandbox.stranger(), secret.expose(), &key).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Unauthenticated, &*reason.to_string()));
    }
    assert_eq!(sandbox.metric("vedetta_ingest_enrollments_total{result=\"unauthenticated\"}").await, 4.0);
}

#[tokio::test]
async fn a_malformed_request_is_refused_before_anybody_is_asked() {
    let sandbox = Sandbox::start().await;
    let key = client::generate_key().unwrap();
    let good = FakeTenant::good();
    let mut enrollment = EnrollmentClient::new(sandbox.stranger());
    let request = |token: &str| EnrollRequest {
        token: token.into(),
        csr: client::csr(&key).unwrap(),
        ..EnrollRequest::default()
    };
    let cut = &good.expose()[..good.expose().len() - 1];
    for wrong in [
        request(cut),
        request(""),
        EnrollRequest { csr: vec![], ..request(good.expose()) },
        EnrollRequest { csr: vec![0; 100_000], ..request(good.expose()) },
        EnrollRequest { hostname: "x".repeat(1000), ..request(good.expose()) },
        EnrollRequest { machine_id: "a\nb".into(), ..request(good.expose()) },
    ] {
        let status = enrollment.enroll(wrong).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
    assert_eq!(sandbox.tenants.asked(), 0);
    let status = enroll(sandbox.stranger(), cut, &key).await.unwrap_err();
    assert!(status.message().contains("copy it again"), "{status}");
}

#[tokio::test]
async fn more_tries_than_configured_have_to_wait() {
    let sandbox = Sandbox::start_with("enrollments_per_second = 1").await;
    let key = client::generate_key().unwrap();
    let (unknown, _) = &FakeTenant::refused()[3];
    for _ in 0..10 {
        let status = enroll(sandbox.stranger(), unknown.expose(), &key).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
    }
    let status = enroll(sandbox.stranger(), unknown.expose(), &key).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    sandbox.clock.advance(std::time::Duration::from_secs(2));
    assert!(enroll(sandbox.stranger(), FakeTenant::good().expose(), &key).await.is_ok());
}

#[tokio::test]
async fn a_node_renews_with_its_certificate_and_a_stranger_does_not() {
    let sandbox = Sandbox::start().await;
    let key = client::generate_key().unwrap();
    let request = || RenewRequest { csr: client::csr(&key).unwrap(), agent_version: "1".into() };
    let renewed = AgentClient::new(sandbox.node_channel(&key)).renew(request()).await.unwrap().into_inner();
    let identity = NodeIdentity::from_certificate(&renewed.certificates[0]).unwrap();
    assert_eq!((identity.tenant, identity.node), (tenant(), node()));

    let status = AgentClient::new(sandbox.stranger()).renew(request()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(sandbox.tenants.asked(), 1);
    let status = Stream::open(sandbox.stranger()).await.err().unwrap();
    assert_eq!(status.code(), Code::Unauthenticated);
}
