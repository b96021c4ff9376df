use std::time::Duration;

use super::*;

fn read(url: &str) -> Result<Options, OptionsError> {
    url.parse()
}

fn refused(url: &str) -> String {
    read(url).unwrap_err().to_string()
}

#[test]
fn brokers_alone_are_enough() {
    for url in ["kafka://b1:9092,b2:9092", "kafka://b1:9092,b2:9092/", "kafka://b1:9092,b2:9092/?"] {
        assert_eq!(read(url), Ok(Options::to("b1:9092,b2:9092")));
    }
    assert_eq!(read("kafka://[::1]:9092").unwrap().brokers, "[::1]:9092");
}

#[test]
fn each_knob_is_read() {
    let options = read(
        "kafka://b:1/?topic_prefix=a.&create_topics=no&partitions=present&replication=5&min_insync=3&\
         telemetry_retention_hours=24&max_record_bytes=100000&queue_mib=8&linger_ms=7&compression=zstd&\
         append_timeout_ms=2000&session_timeout_ms=6000&heartbeat_ms=500&max_poll_interval_ms=60000&\
         read_ahead_mib=2&connect_timeout_ms=3000&request_timeout_ms=4000",
    );
    let millis = Duration::from_millis;
    let wanted = Options {
        brokers: "b:1".into(),
        prefix: "a.".into(),
        security: Security::default(),
        topics: TopicRules {
            creation: Creation::ByHand,
            exact_partitions: false,
            replication: 5,
            min_insync: 3,
            telemetry_retention: millis(24 * 3_600_000),
            max_record_bytes: 100_000,
        },
        append: AppendOptions {
            queue_bytes: 8 << 20,
            linger: millis(7),
            compression: Compression::Zstd,
            timeout: millis(2000),
        },
        group: GroupOptions {
            session_timeout: millis(6000),
            heartbeat: millis(500),
            max_poll_interval: millis(60_000),
        },
        read_ahead: 2 << 20,
        connect_timeout: millis(3000),
        request_timeout: millis(4000),
    };
    assert_eq!(options, Ok(wanted));
    assert_eq!(read("kafka://b:1/?replication=1").unwrap().topics.min_insync, 1);
}

#[test]
fn security_is_read_with_the_places_of_secrets() {
    let security = |query: &str| read(&format!("kafka://b:1/?{query}")).unwrap().security;
    assert_eq!(
        security("tls=yes&ca=/ca.pem&cert=c.pem&key=k%20.pem&key_password_env=P").tls,
        Some(Tls {
            ca: Some("/ca.pem".into()),
            cert: Some("c.pem".into()),
            key: Some("k .pem".into()),
            key_password: Some(SecretSource::Env("P".into())),
        })
    );
    for (name, mechanism) in [
        ("scram-sha-256", PasswordMechanism::ScramSha256),
        ("scram-sha-512", PasswordMechanism::ScramSha512),
        ("plain&tls=yes", PasswordMechanism::Plain),
    ] {
        let sasl = security(&format!("sasl={name}&username=me&password_file=/run/p")).sasl;
        let (username, password) = ("me".into(), SecretSource::File("/run/p".into()));
        assert_eq!(sasl, Some(Sasl::Password { mechanism, username, password }));
    }
    let oidc = "sasl=oauthbearer&token_url=https://id/token&client_id=me&client_secret_env=S&scope=kafka";
    assert_eq!(
        security(oidc).sasl,
        Some(Sasl::Oidc {
            token_url: "https://id/token".into(),
            client_id: "me".into(),
            client_secret: SecretSource::Env("S".into()),
            scope: Some("kafka".into()),
        })
    );
}

#[test]
fn a_refusal_names_the_option_and_the_way_out() {
    for (url, said) in [
        ("kafka:", "kafka://host:port"),
        ("kafka://", "kafka://host:port"),
        ("kafka://b1:9092,b2", "broker 2"),
        ("kafka://b1:99999", "broker 1"),
        ("kafka://b1:9092/x", "broker 1"),
        ("kafka://b:1/?colour=red", "`colour` is not an option"),
        ("kafka://b:1/?tls=maybe", "`tls` must be yes or no"),
        ("kafka://b:1/?replication=0", "`replication` must be"),
        ("kafka://b:1/?replication=1&min_insync=2", "`min_insync` must be a number from 1 to 1"),
        ("kafka://b:1/?linger_ms=1&linger_ms=2", "`linger_ms` is given twice"),
        ("kafka://b:1/?heartbeat_ms=5000", "a third of session_timeout_ms"),
        ("kafka://b:1/?topic_prefix=a/b", "`topic_prefix` must be"),
        ("kafka://b:1/?ca=x", "`ca` is for tls=yes only"),
        ("kafka://b:1/?username=me", "`username` is for sasl=… only"),
        ("kafka://b:1/?sasl=scram-sha-256&username=me", "`password_env or password_file` is missing"),
        ("kafka://b:1/?sasl=plain&username=me&password_env=P", "`tls=yes` is missing"),
        ("kafka://b:1/?sasl=kerberos", "`sasl` must be"),
        ("kafka://b:1/?sasl=oauthbearer&client_id=me&client_secret_env=S", "`token_url` is missing"),
        ("kafka://b:1/?tls=yes&cert=c", "`key` is missing"),
    ] {
        assert!(refused(url).contains(said), "{url}: {}", refused(url));
    }
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    for url in [
        "kafka://me:hunter2@b:1",
        "kafka://b:1/?password=hunter2",
        "kafka://hunter2",
        "kafka://b:1/?sasl=hunter2",
        "kafka://b:1/?replication=hunter2",
    ] {
        assert!(!refused(url).contains("hunter2"), "{}", refused(url));
    }
}
