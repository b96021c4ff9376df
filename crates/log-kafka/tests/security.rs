//! Certificates, passwords and tokens, on one real broker with all of its listeners.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tracing_subscriber::fmt::MakeWriter;
use vedetta_log::{EventLog as _, Headers, Key, NewRecord, Topic, TopicOptions};
use vedetta_log_kafka::testing::Server;
use vedetta_log_kafka::{KafkaLog, Options};

const SECRET: &str = "correct-horse";
const WRONG: &str = "battery-staple";

/// Two authorities, a client's certificate of the first, and passwords.
struct Files(TempDir);

impl Files {
    fn make() -> (Self, String) {
        let dir = tempfile::tempdir().unwrap();
        let authority = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![]).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let certificate = params.self_signed(&key).unwrap().pem();
            (certificate, Issuer::new(params, key))
        };
        let signed = |name: &str, issuer: &Issuer<'_, KeyPair>| {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![name.to_owned(), "127.0.0.1".to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            (params.signed_by(&key, issuer).unwrap().pem(), key.serialize_pem())
        };
        let (ca, issuer) = authority("ours");
        let (stranger, _) = authority("a stranger");
        let (certificate, key) = signed("client", &issuer);
        for (name, text) in [
            ("ca.pem", &ca),
            ("stranger.pem", &stranger),
            ("client.pem", &certificate),
            ("client.key", &key),
            ("secret", &format!("{SECRET}\n")),
            ("wrong", &WRONG.to_owned()),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let (certificate, key) = signed("localhost", &issuer);
        (Self(dir), format!("{key}{certificate}"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn prepare(dir: &Path, files: &Files, broker: &str) {
    fs::write(dir.join("broker.pem"), broker).unwrap();
    let login = "org.apache.kafka.common.security";
    let unsecured = format!("{login}.oauthbearer.internals.unsecured.OAuthBearerUnsecured");
    let mut properties = format!(
        "sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512,PLAIN,OAUTHBEARER\n\
         ssl.keystore.type=PEM\nssl.keystore.location={broker}\n\
         ssl.truststore.type=PEM\nssl.truststore.location={ca}\n\
         listener.name.ssl.ssl.client.auth=required\n",
        broker = dir.join("broker.pem").display(),
        ca = files.path("ca.pem").display(),
    );
    for listener in ["sasl_plaintext", "sasl_ssl"] {
        for scram in ["scram-sha-256", "scram-sha-512"] {
            properties += &format!(
                "listener.name.{listener}.{scram}.sasl.jaas.config={login}.scram.ScramLoginModule required;\n"
            );
        }
        properties += &format!(
            "listener.name.{listener}.plain.sasl.jaas.config={login}.plain.PlainLoginModule required user_alice=\"{SECRET}\";\n\
             listener.name.{listener}.oauthbearer.sasl.jaas.config={login}.oauthbearer.OAuthBearerLoginModule required \
             unsecuredLoginStringClaim_sub=\"broker\";\n\
             listener.name.{listener}.oauthbearer.sasl.login.callback.handler.class={unsecured}LoginCallbackHandler\n\
             listener.name.{listener}.oauthbearer.sasl.server.callback.handler.class={unsecured}ValidatorCallbackHandler\n"
        );
    }
    fs::write(dir.join("secure.properties"), properties).unwrap();
    let scram = |bits| format!("--add-scram\nSCRAM-SHA-{bits}=[name=alice,password={SECRET}]\n");
    fs::write(dir.join("format.args"), scram(256) + &scram(512)).unwrap();
}

/// Everything that is logged, at every level.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

async fn open(brokers: &str, query: &str) -> Result<KafkaLog, String> {
    let prefix = format!("t{:016x}.", rand::random::<u64>());
    let url = format!(
        "kafka://{brokers}/?topic_prefix={prefix}&replication=1&connect_timeout_ms=5000&append_timeout_ms=10000&{query}"
    );
    KafkaLog::open(url.parse::<Options>().unwrap()).await.map_err(|error| error.to_string())
}

/// Opens, makes a topic, appends.
async fn works(brokers: &str, query: &str) {
    let log = open(brokers, query).await.unwrap_or_else(|error| panic!("{query}: {error}"));
    assert!(!format!("{log:?}").contains(SECRET));
    log.create_topic(&Topic::FINDINGS, TopicOptions { partitions: 1 }).await.unwrap();
    let tenant = "acme".parse().unwrap();
    let record = NewRecord { tenant, key: Key("k".into()), headers: Headers::new(), payload: "hello".into() };
    log.append(&Topic::FINDINGS, vec![record]).await.unwrap();
    log.close().await;
}

/// One line that says which address, and `said`.
async fn fails(brokers: &str, query: &str, said: &str) {
    let error = open(brokers, query).await.map(|_| "a log").unwrap_err();
    assert!(error.contains(brokers) && error.contains(said), "{query}: {error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(!error.contains(WRONG) && !error.contains(SECRET), "{error}");
}

/// An OpenID provider's token endpoint. The token is not signed, which the broker is told to accept; a client with another
/// secret gets none.
async fn provider() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut request = vec![0; 8192];
                let length = stream.read(&mut request).await.unwrap();
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let known = base64::engine::general_purpose::STANDARD.encode(format!("alice:{SECRET}"));
                let (status, body) = if request.contains(&known) {
                    ("200 OK", format!("{{\"access_token\":\"{}\",\"token_type\":\"bearer\"}}", token()))
                } else {
                    ("401 Unauthorized", "{\"error\":\"invalid_client\"}".to_owned())
                };
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    format!("http://{address}/token")
}

fn token() -> String {
    use vedetta_model::Clock as _;
    let now = vedetta_model::SystemClock.now().as_millis() / 1000;
    let part = |json: String| URL_SAFE_NO_PAD.encode(json);
    let claims = format!("{{\"sub\":\"alice\",\"iat\":{now},\"exp\":{}}}", now + 300);
    format!("{}.{}.", part("{\"alg\":\"none\"}".into()), part(claims))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_to_show_who_one_is() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(lines.clone())
        .finish();
    tracing_subscriber::util::SubscriberInitExt::init(subscriber);
    let (files, broker) = Files::make();
    let server = Server::prepared(1, |dir| prepare(dir, &files, &broker));
    let (ssl, sasl, sasl_ssl) =
        (server.listener("SSL"), server.listener("SASL_PLAINTEXT"), server.listener("SASL_SSL"));
    let path = |name: &str| files.path(name).display().to_string();
    let (ca, stranger, secret, wrong) = (path("ca.pem"), path("stranger.pem"), path("secret"), path("wrong"));
    let own = format!("cert={}&key={}", path("client.pem"), path("client.key"));

    works(&ssl, &format!("tls=yes&ca={ca}&{own}")).await;
    fails(&ssl, &format!("tls=yes&ca={stranger}&{own}"), "certificate verify failed").await;
    fails(&ssl, &format!("tls=yes&ca={ca}"), "certificate").await;
    fails(&ssl, "", "answers").await;

    for mechanism in ["scram-sha-256", "scram-sha-512"] {
        let query = |file: &str| format!("sasl={mechanism}&username=alice&password_file={file}");
        works(&sasl, &query(&secret)).await;
        fails(&sasl, &query(&wrong), "Authentication failed").await;
    }
    let scram = format!("sasl=scram-sha-512&username=alice&password_file={secret}");
    works(&sasl_ssl, &format!("tls=yes&ca={ca}&{scram}")).await;
    let plain = |file: &str| format!("tls=yes&ca={ca}&sasl=plain&username=alice&password_file={file}");
    works(&sasl_ssl, &plain(&secret)).await;
    fails(&sasl_ssl, &plain(&wrong), "Authentication failed").await;

    let url = provider().await;
    let oidc = |file: &str| {
        format!("sasl=oauthbearer&token_url={url}&client_id=alice&client_secret_file={file}&scope=kafka")
    };
    works(&sasl, &oidc(&secret)).await;
    let refused = open(&sasl, &oidc(&wrong)).await.map(|_| "a log").unwrap_err();
    assert!(refused.contains("token"), "{refused}");
    assert!(!refused.contains(WRONG), "{refused}");

    let logged = String::from_utf8_lossy(&lines.0.lock().unwrap()).into_owned();
    assert!(logged.contains("Authentication failed"), "the log was listened to");
    for secret in [SECRET, WRONG] {
        assert!(!logged.contains(secret), "a secret was logged");
    }
    drop(server);
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_told_by_its_place() {
    for (place, said) in [
        ("password_env=NO_SUCH_VARIABLE", "the variable NO_SUCH_VARIABLE holds no secret"),
        ("password_file=/no/such/file", "the file /no/such/file holds no secret"),
        ("password_file=/dev/null", "it is empty"),
    ] {
        let refused = open("127.0.0.1:9", &format!("sasl=scram-sha-256&username=me&{place}")).await;
        let refused = refused.map(|_| "a log").unwrap_err();
        assert!(refused.contains(said), "{refused}");
    }
    let refused = open("127.0.0.1:9", "tls=yes&ca=/no/such/ca.pem").await.map(|_| "a log").unwrap_err();
    assert!(refused.contains("/no/such/ca.pem can't be read"), "{refused}");
    // A variable that is everywhere will do.
    let mut options: Options =
        "kafka://127.0.0.1:9/?sasl=scram-sha-256&username=me&password_env=PATH".parse().unwrap();
    options.connect_timeout = Duration::from_millis(100);
    let refused = KafkaLog::open(options).await.unwrap_err().to_string();
    assert!(refused.contains("127.0.0.1:9"), "{refused}");
}
