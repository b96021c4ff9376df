//! What works and may still hurt, as far as URLs tell.

use std::{net::IpAddr, time::Duration};

use vedetta_log_kafka::{Options as Kafka, options::Sasl};
use vedetta_store_scylla::Options as Scylla;

use crate::{
    Places,
    url::{LogPlace, Place, StorePlace},
};

/// Something that works and may still hurt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// What is set.
    pub message: String,
    /// What may happen, and what to write instead.
    pub explain: &'static str,
}

impl Risk {
    /// A risk.
    pub fn new(message: impl Into<String>, explain: &'static str) -> Self {
        Self { message: message.into(), explain }
    }
}

impl Places {
    /// What is dangerous about them.
    pub fn risks(&self) -> Vec<Risk> {
        let mut found = match &self.log {
            LogPlace::Kafka(options) => kafka(options),
            LogPlace::Local(place) => local("log.url", place),
        };
        found.extend(match &self.store {
            // It was read before.
            StorePlace::Scylla(url) => Scylla::parse(url).map(|options| scylla(&options)).unwrap_or_default(),
            StorePlace::Local(place) => local("store.url", place),
        });
        found.extend(together(self));
        found
    }

    /// How long the log's own limit keeps telemetry, where it has one.
    pub fn telemetry_retention(&self) -> Option<Duration> {
        match &self.log {
            LogPlace::Kafka(options) => Some(options.topics.telemetry_retention),
            LogPlace::Local(_) => None,
        }
    }
}

fn local(setting: &str, place: &Place) -> Vec<Risk> {
    match place {
        Place::Memory => vec![Risk::new(
            format!("{setting} = memory: forgets everything at the next stop"),
            "Meant for tests. Use `file:`, or a cluster, to keep what was acknowledged.",
        )],
        Place::Directory { .. } => vec![],
    }
}

fn together(places: &Places) -> Vec<Risk> {
    match (places.log_is_shared(), places.store_is_shared()) {
        (true, false) => vec![Risk::new(
            format!("log.url is a cluster, and store.url = {} belongs to one process", places.store_shown()),
            "Roles that run apart would each have a store of their own, and decisions of one are not seen by another: use \
             scylla://… for the store, or run all roles in one process.",
        )],
        (false, true) => vec![Risk::new(
            format!("store.url is a cluster, and log.url = {} belongs to one process", places.log_shown()),
            "Roles that run apart would each have a log of their own, and events never reach detection: use kafka://… for \
             the log, or run all roles in one process.",
        )],
        _ => vec![],
    }
}

fn kafka(options: &Kafka) -> Vec<Risk> {
    let mut found = Vec::new();
    let topics = &options.topics;
    if topics.replication < 3 {
        found.push(Risk::new(
            format!("log.url: replication={} keeps too few copies to lose a broker", topics.replication),
            "A broker that is down stops the log, and one that is lost takes acknowledged events along: use three brokers and \
             replication=3.",
        ));
    }
    if topics.replication > 1 && topics.min_insync >= topics.replication {
        found.push(Risk::new(
            format!(
                "log.url: min_insync={} wants every copy of replication={}",
                topics.min_insync, topics.replication
            ),
            "One broker that restarts stops all appends: use replication=3&min_insync=2.",
        ));
    }
    if topics.replication > 1 && topics.min_insync == 1 {
        found.push(Risk::new(
            format!(
                "log.url: min_insync=1 of replication={} acknowledges what one broker alone has",
                topics.replication
            ),
            "What was acknowledged is lost with that broker: use replication=3&min_insync=2.",
        ));
    }
    let brokers: Vec<&str> = options.brokers.split(',').collect();
    if topics.replication > 1 && brokers.len() == 1 {
        found.push(Risk::new(
            format!("log.url names one broker, {}", options.brokers),
            "While that one is down no process can start: name two or three.",
        ));
    }
    let far = brokers.iter().any(|broker| is_far(broker));
    if far && options.security.tls.is_none() {
        found.push(Risk::new(
            "log.url: without tls=yes everything crosses the network in the clear",
            "Events hold command lines and paths of all tenants: use tls=yes and ca=FILE.",
        ));
    }
    let has_certificate = options.security.tls.as_ref().is_some_and(|tls| tls.cert.is_some());
    if far && options.security.sasl.is_none() && !has_certificate {
        found.push(Risk::new(
            "log.url names no user: whoever reaches the brokers can read and write all tenants' events",
            "Use sasl=… or a client certificate, and let the brokers ask for it.",
        ));
    }
    if let Some(Sasl::Oidc { token_url, .. }) = &options.security.sasl
        && token_url.starts_with("http://")
    {
        found.push(Risk::new(
            "log.url: token_url is http://, so the client's secret crosses the network in the clear",
            "Use an https:// token endpoint.",
        ));
    }
    found
}

fn scylla(options: &Scylla) -> Vec<Risk> {
    let mut found = Vec::new();
    if options.copies() < 3 {
        found.push(Risk::new(
            format!("store.url: replication={} keeps too few copies to lose a node", options.copies()),
            "A majority has to answer: with fewer than three copies each node that is down stops the store, and one that is \
             lost takes decisions along. Use three nodes and replication=3 (the keyspace is made with it by the first \
             bootstrap; change it later with ALTER KEYSPACE and a repair).",
        ));
    }
    if options.copies() > 1
        && let [host] = options.hosts()
    {
        found.push(Risk::new(
            format!("store.url names one node, {host}"),
            "While that one is down no process can start: name two or three.",
        ));
    }
    let far = options.hosts().iter().any(|host| is_far(host));
    if far && !options.is_encrypted() {
        found.push(Risk::new(
            "store.url: without tls_ca everything crosses the network in the clear",
            "The store holds events, decisions and password hashes: use tls_ca=FILE.",
        ));
    }
    if far && !options.has_identity() {
        found.push(Risk::new(
            "store.url names no user: whoever reaches the database can change all tenants' decisions",
            "Use user=NAME&password_file=PATH, and let the database ask for it.",
        ));
    }
    found
}

/// Whether `host:port` is on another machine, as far as its name tells.
fn is_far(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
    match host.parse::<IpAddr>() {
        Ok(ip) => !ip.is_loopback(),
        Err(_) => host != "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str =
        "kafka://b1:9092,b2:9092,b3:9092/?tls=yes&ca=/ca&sasl=scram-sha-512&username=v&password_file=/pw";
    const STORE: &str = "scylla://s1,s2,s3/vedetta?tls_ca=/ca&user=v&password_file=/pw";

    fn risks(log: &str, store: &str) -> Vec<Risk> {
        Places::parse(log, store).unwrap().risks()
    }

    /// The one risk there is.
    fn one(log: &str, store: &str) -> String {
        let found = risks(log, store);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].message.clone()
    }

    #[test]
    fn three_copies_of_all_encrypted_with_users_is_fine() {
        assert_eq!(risks(LOG, STORE), []);
    }

    #[test]
    fn one_machine_with_a_file_is_fine() {
        assert_eq!(risks("file:data", "file:data"), []);
    }

    #[test]
    fn copies_of_the_log() {
        assert!(one(&format!("{LOG}&replication=1"), STORE).contains("replication=1"));
        assert!(one(&format!("{LOG}&min_insync=3"), STORE).contains("min_insync=3 wants every copy"));
        assert!(one(&format!("{LOG}&min_insync=1"), STORE).contains("min_insync=1 of replication=3"));
        let few = risks(&format!("{LOG}&replication=2&min_insync=2"), STORE);
        assert_eq!(few.len(), 2, "{few:?}");
    }

    #[test]
    fn copies_of_the_store() {
        assert!(one(LOG, &format!("{STORE}&replication=1")).contains("replication=1"));
        assert!(one(LOG, &format!("{STORE}&replication=east:3,west:2&dc=east")).contains("replication=2"));
    }

    #[test]
    fn who_starts_while_the_only_named_one_is_down() {
        assert!(one(&LOG.replace(",b2:9092,b3:9092", ""), STORE).contains("names one broker, b1:9092"));
        assert!(one(LOG, &STORE.replace(",s2,s3", "")).contains("names one node, s1:9042"));
    }

    #[test]
    fn what_crosses_the_network_in_the_clear() {
        let user = "sasl=scram-sha-512&username=v&password_file=/pw";
        let clear = format!("kafka://b1:9092,b2:9092/?{user}");
        assert!(one(&clear, STORE).contains("without tls=yes"));
        assert!(one(LOG, "scylla://s1,s2/v?user=v&password_file=/pw").contains("without tls_ca"));
        let token = "tls=yes&sasl=oauthbearer&token_url=http://idp/t&client_id=v&client_secret_file=/s";
        assert!(one(&format!("kafka://b1:9092,b2:9092/?{token}"), STORE).contains("token_url is http://"));
        assert_eq!(risks("kafka://127.0.0.1:1,[::1]:2/", "scylla://localhost,127.0.0.2/v"), []);
    }

    #[test]
    fn whoever_reaches_it_is_let_in() {
        assert!(one("kafka://b1:9092,b2:9092/?tls=yes", STORE).contains("log.url names no user"));
        assert!(one(LOG, "scylla://s1,s2/v?tls_ca=/ca").contains("store.url names no user"));
        assert_eq!(risks("kafka://b1:9092,b2:9092/?tls=yes&cert=/c&key=/k", STORE), []);
    }

    #[test]
    fn a_part_that_others_do_not_see() {
        assert!(one(LOG, "file:data").contains("store.url = file:data belongs to one process"));
        assert!(one("file:data", STORE).contains("log.url = file:data belongs to one process"));
        let forgetful = risks(LOG, "memory:");
        assert_eq!(forgetful.len(), 2, "{forgetful:?}");
        assert!(forgetful[0].message.contains("forgets everything"));
    }
}
