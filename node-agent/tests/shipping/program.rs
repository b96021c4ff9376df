//! The program itself: flags in, exit code and events out.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use rand::{SeedableRng, rngs::StdRng};
use rustix::process::{Pid, Signal, kill_process};
use tokio::task::spawn_blocking;
use tonic::Status;
use vedetta_auth::EnrollmentSecret;
use vedetta_model::{NodeId, Payload};

use crate::support::Ingest;

fn agent(state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vedetta-agent"));
    command.env_clear().arg("--state-dir").arg(state).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn enrolling(state: &Path, ingest: &Ingest) -> Command {
    let mut command = agent(state);
    let secret = EnrollmentSecret::generate(&mut StdRng::seed_from_u64(1));
    command
        .args(["--server", &ingest.tls_url(), "--ca-pin", &ingest.pin()])
        .args(["--machine-id", "0123456789abcdef0123456789abcdef"])
        .env("VEDETTA_AGENT_TOKEN", secret.expose());
    command
}

async fn output(mut command: Command) -> (i32, String) {
    #[expect(clippy::disallowed_methods, reason = "the server in this process goes on meanwhile")]
    let Output { status, stdout, stderr } = spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = [stdout, stderr].concat();
    (status.code().unwrap(), String::from_utf8_lossy(&said).into_owned())
}

fn welcoming(ingest: &Ingest) {
    let node = NodeId::random(&mut StdRng::seed_from_u64(2));
    ingest.enroll_as(Ok(("acme".parse().unwrap(), node)), Duration::from_secs(3600));
}

const LINES: &str = r#"{"process": {"key": {"pid": 7, "start": "2026-01-31T08:00:00Z"}, "name": "cat"}, "event": {"time": "2026-01-31T08:00:01Z", "payload": {"Open": {"path": "/etc/shadow", "flags": 0, "mode": 0}}}}
{"process": {"key": {"pid": 7, "start": "2026-01-31T08:00:00Z"}, "name": "cat"}, "event": {"time": "2026-01-31T08:00:01.1Z", "payload": {"Exit": {"code": 0, "signal": 0}}}}
"#;

#[tokio::test]
async fn a_recording_goes_to_the_server_and_the_second_start_needs_no_token() {
    let ingest = Ingest::with_tls().await;
    welcoming(&ingest);
    let dir = tempfile::tempdir().unwrap();
    let (state, recording) = (dir.path().join("state"), dir.path().join("events.jsonl"));
    std::fs::write(&recording, LINES).unwrap();
    let source = format!("replay:{}", recording.display());

    let mut first = enrolling(&state, &ingest);
    first.args(["--source", &source, "--exit-at-end"]);
    let (code, said) = output(first).await;
    assert_eq!(code, 0, "{said}");
    assert_eq!(ingest.received().opens(), 1);
    assert!(!said.contains("vde_"), "the token is in no log line");

    let mut second = agent(&state);
    second.args(["run", "--source", &source, "--exit-at-end"]);
    let (code, said) = output(second).await;
    assert_eq!((code, ingest.received().opens(), ingest.received().enrolled.len()), (0, 2, 1), "{said}");

    let mut status = agent(&state);
    status.arg("status");
    let (code, said) = output(status).await;
    assert!(code == 0 && said.contains("acme") && said.contains("0 events in 0 blocks"), "{said}");
}

#[tokio::test]
async fn a_signal_ends_it_in_good_order() {
    let ingest = Ingest::with_tls().await;
    welcoming(&ingest);
    let dir = tempfile::tempdir().unwrap();
    let mut command = enrolling(&dir.path().join("state"), &ingest);
    command.args(["--source", "synthetic:500"]);
    let child = command.spawn().unwrap();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    drop(ingest.until(|received| received.opens() > 50).await);
    kill_process(pid, Signal::TERM).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the server in this process goes on meanwhile")]
    let output = spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let last = ingest.received().payloads().last().cloned().unwrap();
    assert!(matches!(&last, Payload::AgentStopping(it) if it.reason == "SIGTERM"), "{last:?}");
}

#[tokio::test]
async fn every_way_to_fail_has_its_exit_code_and_says_what_to_do() {
    let ingest = Ingest::with_tls().await;
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");

    let (code, said) = output(agent(&state)).await;
    assert!(code == 2 && said.contains("give --server, --ca-pin and --token"), "{code}: {said}");

    let mut wrong = agent(&state);
    wrong.args(["--source", "tape"]);
    let (code, said) = output(wrong).await;
    assert!(code == 2 && said.contains("expected kernel, replay:FILE"), "{code}: {said}");

    ingest.enroll_as(
        Err(Status::unauthenticated("this enrollment token is used up; create a new one")),
        Duration::ZERO,
    );
    for subcommand in ["run", "enroll"] {
        let mut refused = enrolling(&state, &ingest);
        refused.arg(subcommand);
        let (code, said) = output(refused).await;
        assert!(
            code == 3 && said.contains("error: this enrollment token is used up; create a new one"),
            "{code}: {said}"
        );
    }

    welcoming(&ingest);
    let mut enroll = enrolling(&state, &ingest);
    enroll.arg("enroll");
    let (code, said) = output(enroll).await;
    assert!(code == 0 && said.contains("of tenant acme"), "{code}: {said}");

    let mut missing = agent(&state);
    missing.args(["--source", "replay:/nonexistent/recording"]);
    let (code, said) = output(missing).await;
    assert!(code == 4 && said.contains("/nonexistent/recording"), "{code}: {said}");
}
