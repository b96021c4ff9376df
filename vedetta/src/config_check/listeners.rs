//! Who can reach what.

use vedetta_backends::Risk;
use vedetta_runtime::Config;

pub fn risks(config: &Config) -> Vec<Risk> {
    let mut found = Vec::new();
    let listen = &config.common.listen;
    if !listen.public.ip().is_loopback() {
        found.push(Risk::new(
            format!("listen.public = {} is reachable from other machines without TLS", listen.public),
            "Passwords and sessions would cross the network in the clear: put a TLS proxy in front, and let nothing else reach \
             this address.",
        ));
    }
    if !listen.admin.ip().is_loopback() {
        found.push(Risk::new(
            format!("listen.admin = {} is reachable from other machines", listen.admin),
            "Metrics name tenants and nodes and ask for no password: listen on loopback or a private address.",
        ));
    }
    if let Some(internal) = listen.internal.filter(|address| !address.ip().is_loopback()) {
        found.push(Risk::new(
            format!("listen.internal = {internal} is reachable from other machines without TLS"),
            "Tokens of roles and people, and passwords at sign-in, would cross the network in the clear: keep it on a private \
             network, or behind a proxy that speaks TLS to its peers.",
        ));
    }
    if let Some(host) = plain_and_far(&config.common.clients.internal_url) {
        found.push(Risk::new(
            format!("clients.internal_url is http:// to another machine, {host}"),
            "Tokens of roles and people, and passwords at sign-in, cross the network in the clear: keep it on a private network, \
             or call a proxy on loopback that speaks TLS.",
        ));
    }
    found
}

/// The host of an http:// URL that is not this machine.
fn plain_and_far(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("http://")?;
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).trim_matches(['[', ']']);
    let is_near = host.parse::<std::net::IpAddr>().map_or(host == "localhost", |ip| ip.is_loopback());
    (!is_near).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_check::testing::with;

    fn one(key: &str, value: &str) -> String {
        let found = risks(&with(&[(key, value)]));
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].message.clone()
    }

    #[test]
    fn addresses_that_others_reach() {
        assert!(one("listen.public", "0.0.0.0:7600").contains("listen.public"));
        assert!(one("listen.admin", "10.0.0.1:7602").contains("listen.admin"));
        assert!(one("listen.internal", "[::]:7603").contains("listen.internal"));
    }

    #[test]
    fn calls_that_leave_the_machine_in_the_clear() {
        assert!(one("clients.internal_url", "http://tenant:7603").contains("another machine, tenant"));
        assert!(one("clients.internal_url", "http://[fd00::1]:7603").contains("fd00::1"));
        for near in ["http://127.0.0.1:7603", "http://localhost:1", "http://[::1]:1", "https://tenant:7603"] {
            assert_eq!(risks(&with(&[("clients.internal_url", near)])), [], "{near}");
        }
    }
}
