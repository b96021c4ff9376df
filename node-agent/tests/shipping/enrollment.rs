//! From a token to a stream with a certificate of one's own, over TLS.

use std::{sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::StdRng};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use vedetta_auth::EnrollmentSecret;
use vedetta_model::{BootId, Clock, NodeId, SystemClock, TenantId};
use vedetta_node_agent::{
    config::Token,
    enroll::{Applicant, EnrollError, Keeper, enroll, pinned_channel},
    identity::{Identity, StateDir},
    ship::{Connection, Dial, Hello, Tls},
};

use crate::support::{Ingest, authority};

fn applicant() -> Applicant {
    let secret = EnrollmentSecret::generate(&mut StdRng::seed_from_u64(1));
    Applicant {
        token: Token::new(secret.expose().to_owned()),
        hostname: "bench".into(),
        machine_id: "0123456789abcdef0123456789abcdef".into(),
    }
}

fn someone() -> (TenantId, NodeId) {
    ("acme".parse().unwrap(), NodeId::random(&mut StdRng::seed_from_u64(2)))
}

async fn try_enroll(ingest: &Ingest, state: &StateDir, pin: &str) -> Result<Identity, EnrollError> {
    let server = ingest.tls_url().parse().unwrap();
    let key = state.key().unwrap();
    let channel = pinned_channel(&server, pin.parse().unwrap())?;
    let certificates = enroll(channel, &key, applicant()).await?;
    let identity = Identity::new(key, server, certificates, SystemClock.now())?;
    state.store(&identity).unwrap();
    Ok(identity)
}

#[tokio::test]
async fn a_token_gives_an_identity_that_is_kept_and_opens_a_stream() {
    let ingest = Ingest::with_tls().await;
    ingest.enroll_as(Ok(someone()), Duration::from_secs(3600));
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(dir.path()).unwrap();
    try_enroll(&ingest, &state, &ingest.pin()).await.unwrap();
    assert_eq!(ingest.received().enrolled[0].machine_id, applicant().machine_id);

    let kept = state.identity().unwrap().unwrap();
    assert_eq!((kept.tenant().clone(), kept.node()), someone());
    let hello = Hello { boot: BootId::random(&mut StdRng::seed_from_u64(3)), hostname: "bench".into() };
    let connection = Connection::open(kept.channel().unwrap(), &hello).await.unwrap();
    assert_eq!(connection.welcome().heartbeat, Duration::from_secs(5));
}

#[tokio::test]
async fn refusals_come_in_the_servers_words_and_leave_nothing_behind() {
    let ingest = Ingest::with_tls().await;
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(dir.path()).unwrap();
    for words in ["this enrollment token has expired; create a new one", "this enrollment token was revoked"]
    {
        ingest.enroll_as(Err(Status::unauthenticated(words)), Duration::ZERO);
        let refused = try_enroll(&ingest, &state, &ingest.pin()).await.unwrap_err();
        assert!(matches!(&refused, EnrollError::Refused(told) if told == words), "{refused:?}");
        assert!(!refused.is_passing());
    }
    ingest.enroll_as(Err(Status::unavailable("the tenant service does not answer")), Duration::ZERO);
    assert!(try_enroll(&ingest, &state, &ingest.pin()).await.unwrap_err().is_passing());
    assert!(state.identity().unwrap().is_none());
}

#[tokio::test]
async fn a_server_of_another_authority_never_sees_the_token() {
    let ingest = Ingest::with_tls().await;
    ingest.enroll_as(Ok(someone()), Duration::from_secs(3600));
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(dir.path()).unwrap();
    let refused = try_enroll(&ingest, &state, &authority().pin()).await.unwrap_err();
    assert!(matches!(refused, EnrollError::Untrusted(_)), "{refused:?}");
    assert!(refused.to_string().contains("--ca-pin"), "{refused}");
    assert!(ingest.received().enrolled.is_empty());
}

#[tokio::test]
async fn a_token_that_was_cut_is_refused_before_anybody_is_asked() {
    let ingest = Ingest::with_tls().await;
    ingest.enroll_as(Ok(someone()), Duration::from_secs(3600));
    let key = StateDir::open(tempfile::tempdir().unwrap().path()).unwrap().key().unwrap();
    let channel = pinned_channel(&ingest.tls_url().parse().unwrap(), ingest.pin().parse().unwrap()).unwrap();
    let mut cut = applicant();
    cut.token = Token::new(cut.token.secret()[..20].to_owned());
    let refused = enroll(channel, &key, cut).await.unwrap_err();
    assert!(matches!(refused, EnrollError::Token(_)), "{refused:?}");
    assert!(ingest.received().enrolled.is_empty());
}

#[tokio::test]
async fn a_certificate_is_renewed_in_time_with_the_same_key_and_used_from_then_on() {
    let ingest = Ingest::with_tls().await;
    ingest.enroll_as(Ok(someone()), Duration::from_secs(4));
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(dir.path()).unwrap();
    let identity = try_enroll(&ingest, &state, &ingest.pin()).await.unwrap();
    let (key, first) = (identity.key().key_sha256(), identity.expires());
    ingest.enroll_as(Ok(someone()), Duration::from_secs(3600));

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut rng = StdRng::seed_from_u64(4);
    let keeper = Keeper::new(state.clone(), identity, None, Arc::clone(&clock), &mut rng);
    let mut current = keeper.identity();
    let dial = Tls { identity: keeper.identity(), clock };
    let stop = CancellationToken::new();
    let keeping = tokio::spawn(keeper.run(stop.clone()));
    let renewed = current.wait_for(|identity| identity.expires() > first).await.unwrap().clone();
    assert!(SystemClock.now() < first, "in time");
    assert_eq!((renewed.key().key_sha256(), renewed.node()), (key, someone().1));
    assert_eq!(state.identity().unwrap().unwrap().expires(), renewed.expires());
    let hello = Hello { boot: BootId::random(&mut rng), hostname: "bench".into() };
    Connection::open(dial.dial().await.unwrap(), &hello).await.unwrap();
    assert_eq!(ingest.received().renewals, 1);
    stop.cancel();
    keeping.await.unwrap();
}

#[tokio::test]
async fn an_expired_node_enrolls_again_with_its_token_or_says_what_to_do() {
    let ingest = Ingest::with_tls().await;
    // Certificates hold whole seconds, so this one has ended before it begins.
    ingest.enroll_as(Ok(someone()), Duration::ZERO);
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(dir.path()).unwrap();
    let expired = try_enroll(&ingest, &state, &ingest.pin()).await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut rng = StdRng::seed_from_u64(4);
    let again = Some((ingest.pin().parse().unwrap(), applicant()));
    let keeper = Keeper::new(state, expired, again, Arc::clone(&clock), &mut rng);
    let dial = Tls { identity: keeper.identity(), clock };
    let error = dial.dial().await.unwrap_err().to_string();
    assert!(error.contains("expired") && error.contains("vedetta-agent enroll"), "{error}");

    ingest.enroll_as(Ok(someone()), Duration::from_secs(3600));
    let mut current = keeper.identity();
    let stop = CancellationToken::new();
    let keeping = tokio::spawn(keeper.run(stop.clone()));
    current.wait_for(|identity| !identity.has_expired(SystemClock.now())).await.unwrap();
    assert_eq!((ingest.received().enrolled.len(), ingest.received().renewals), (2, 0));
    stop.cancel();
    keeping.await.unwrap();
}
