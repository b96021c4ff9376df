//! What services say and do that can't start yet, or not at all.

use std::path::Path;

use anyhow::ensure;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use vedetta_log_kafka::testing::Server;
use vedetta_tests::{
    apart::{Apart, Ended, free_address},
    until,
};

/// Passes on what comes to an address: a server that comes later.
fn stand_in(listener: TcpListener, to: String) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            let to = to.clone();
            connections.spawn(async move {
                if let Ok(mut far) = TcpStream::connect(to).await {
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                }
            });
        }
    });
    tasks
}

/// Host and port of a `scylla://` URL.
fn place(store: &str) -> &str {
    store.trim_start_matches("scylla://").split('/').next().unwrap_or(store)
}

/// One line that says what to do, and nothing else that looks like a failure.
fn refused(ended: &Ended, parts: &[&str]) -> anyhow::Result<()> {
    let errors: Vec<&str> = ended.out.lines().filter(|line| line.contains("\"level\":\"ERROR\"")).collect();
    ensure!(ended.code == Some(1) && errors.len() == 1, "{ended:?}");
    for part in parts {
        ensure!(errors[0].contains(part), "`{part}` is not in {}", errors[0]);
    }
    ensure!(!format!("{}{}", ended.out, ended.err).contains(SECRET), "a secret is told");
    Ok(())
}

const SECRET: &str = "correct-horse";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named_with_the_command_that_makes_it() -> anyhow::Result<()> {
    let apart = Apart::new()?;
    let detect = |more: Vec<(&'static str, String)>| {
        let apart = &apart;
        async move { apart.to_its_end("vedetta-detect", &[], &more).await }
    };
    refused(&detect(vec![]).await?, &["session.key is missing", "vedetta bootstrap"])?;
    ensure!(!apart.secrets().exists(), "a role made keys of its own");

    // Keys alone: then the schema is what is missing, and behind it the topics.
    let made = apart.vedetta(&["bootstrap"], &[("store.url", "memory:".into())]).await?;
    ensure!(made.code == Some(0), "{made:?}");
    refused(&detect(vec![]).await?, &["schema is not ready", "vedetta migrate --store"])?;

    let migrated = apart.vedetta(&["migrate"], &[]).await?;
    ensure!(migrated.code == Some(0), "{migrated:?}");
    let other = (
        "log.url",
        format!(
            "{}&partitions=exact",
            apart.log_at(apart.brokers()).replace("topic_prefix=", "topic_prefix=o")
        ),
    );
    refused(&detect(vec![other]).await?, &["topic ot", "is missing", "run `vedetta bootstrap`"])?;

    let more = ("topics.telemetry_partitions", "5".to_owned());
    refused(&detect(vec![more]).await?, &["has 4 partitions and 5 are configured", "--partitions 5"])?;
    Ok(())
}

/// A broker that lets in who knows another password.
fn want_passwords(dir: &Path, secrets: &Path) {
    let keystore = secrets.join("pki/authority.pem");
    let properties = format!(
        "sasl.enabled.mechanisms=SCRAM-SHA-512\nssl.keystore.type=PEM\nssl.keystore.location={}\n\
         listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config=\
         org.apache.kafka.common.security.scram.ScramLoginModule required;\n\
         listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
         org.apache.kafka.common.security.scram.ScramLoginModule required;\n",
        keystore.display()
    );
    std::fs::write(dir.join("secure.properties"), properties).expect("a scratch folder");
    let user = "--add-scram\nSCRAM-SHA-512=[name=v,password=battery-staple]\n";
    std::fs::write(dir.join("format.args"), user).expect("a scratch folder");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_not_be_trusted_is_not_waited_for() -> anyhow::Result<()> {
    let apart = Apart::new()?;
    let made = apart.vedetta(&["bootstrap"], &[]).await?;
    ensure!(made.code == Some(0), "{made:?}");
    let password = apart.dir().join("password");
    std::fs::write(&password, SECRET)?;
    let sasl = format!("&sasl=scram-sha-512&username=v&password_file={}", password.display());
    let strict =
        tokio::task::block_in_place(|| Server::prepared(1, |dir| want_passwords(dir, &apart.secrets())));
    let broker = strict.listener("SASL_PLAINTEXT");
    let log = format!("{}{sasl}", apart.log_at(&broker));
    let ended = apart.to_its_end("vedetta-detect", &[], &[("log.url", log)]).await?;
    refused(&ended, &["the broker refuses this client", &broker, "check tls"])?;

    // TLS to a node that speaks none.
    let ca = apart.dir().join("ca.pem");
    let pem = std::fs::read_to_string(apart.secrets().join("pki/authority.pem"))?;
    let at = pem.find("-----BEGIN CERTIFICATE").unwrap_or_default();
    std::fs::write(&ca, &pem[at..])?;
    let store =
        format!("{}&user=v&password_file={}&tls_ca={}", apart.store(), password.display(), ca.display());
    let ended = apart.to_its_end("vedetta-detect", &[], &[("store.url", store)]).await?;
    refused(&ended, &["refuses this client", place(&apart.store()), "tls_ca"])?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_down_are_waited_for_by_name() -> anyhow::Result<()> {
    let apart = Apart::new()?;
    let made = apart.vedetta(&["bootstrap"], &[]).await?;
    ensure!(made.code == Some(0), "{made:?}");
    let (broker, node) = (free_address()?, free_address()?);
    let store = apart.store();
    let down = [
        ("log.url", apart.log_at(&broker.to_string())),
        ("store.url", store.replace(place(&store), &node.to_string())),
    ];
    let mut service = apart.service("vedetta-detect", 1, &down)?;
    until("it says what it waits for", || async {
        let (status, text) = service.asked("/readyz").await?;
        ensure!(status == 503, "{text}");
        let names = [broker, node].iter().all(|address| text.contains(&address.to_string()));
        Ok((names && text.contains("refused")).then_some(()))
    })
    .await?;
    ensure!(service.asked("/healthz").await?.0 == 200);
    ensure!(service.asked("/metrics").await?.0 == 200);

    // One of them comes: it is opened, and the other is still waited for.
    let _log = stand_in(TcpListener::bind(broker).await?, apart.brokers().to_owned());
    until("the log is open", || async {
        let (_, text) = service.asked("/readyz").await?;
        Ok((!text.contains(&broker.to_string()) && text.contains(&node.to_string())).then_some(()))
    })
    .await?;
    let _store = stand_in(TcpListener::bind(node).await?, place(&store).to_owned());
    service.ready().await?;
    service.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_with_a_signal() -> anyhow::Result<()> {
    let apart = Apart::new()?;
    let made = apart.vedetta(&["bootstrap"], &[]).await?;
    ensure!(made.code == Some(0), "{made:?}");
    let broker = free_address()?;
    let service = apart.service("vedetta-detect", 1, &[("log.url", apart.log_at(&broker.to_string()))])?;
    until("it answers", || async { Ok((service.asked("/healthz").await?.0 == 200).then_some(())) }).await?;
    let lines = service.stop().await?;
    ensure!(lines.contains("stopped before it was ready"), "{lines}");
    Ok(())
}
