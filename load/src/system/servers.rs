//! The log and the database of a system whose roles are apart: real servers, gone with it.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use vedetta_backends::Backends;
use vedetta_log_kafka::testing::Server;
use vedetta_model::SystemClock;
use vedetta_store_scylla::testing::{Net, Nodes};

use super::Place;

/// A Kafka cluster and a CQL database that nobody else uses. They need `scripts/setup.sh test`.
#[derive(Debug)]
pub struct Servers {
    /// The brokers, `broker-1` and so on as members of a system are called.
    pub kafka: Server,
    /// The database, one node.
    pub database: Nodes,
    brokers: u32,
}

impl Servers {
    /// Starts so many brokers and a database, and waits until they are ready. Blocks.
    pub(super) fn start(brokers: u32, places: &BTreeMap<String, Place>) -> anyhow::Result<Self> {
        let lines: Vec<String> = (1..=brokers)
            .filter_map(|number| {
                let Place { address, namespace } = places.get(&format!("broker-{number}"))?;
                Some(format!("{number} {address} {}\n", namespace.as_deref().unwrap_or_default()))
            })
            .collect();
        let net = places.get("database-1").map(net).transpose()?;
        let kafka = Server::prepared(brokers, |dir| {
            if !lines.is_empty() {
                std::fs::write(dir.join("places"), lines.concat()).expect("a folder that was just made");
            }
        });
        Ok(Self { kafka, database: Nodes::start_in(1, net), brokers })
    }

    /// Makes the tables.
    pub(super) async fn migrate(&self) -> anyhow::Result<()> {
        Backends::migrate(&self.store_url(), &SystemClock).await?;
        Ok(())
    }

    /// How many brokers there are.
    pub const fn brokers(&self) -> u32 {
        self.brokers
    }

    /// The URL of the log: as many copies as there are brokers, up to three.
    pub fn log_url(&self) -> String {
        format!("kafka://{}/?replication={}", self.kafka.boot(), self.brokers.min(3))
    }

    /// The URL of the store.
    pub fn store_url(&self) -> String {
        format!("scylla://{}/vedetta?replication=1", self.database.endpoints())
    }
}

/// Its script gives node 1 the address NET.1 and the namespace NETNS1.
fn net(Place { address, namespace }: &Place) -> anyhow::Result<Net> {
    let address = address.to_string();
    let addresses = address.strip_suffix(".1").context("the database's address must end in .1")?;
    let namespaces = namespace.as_deref().unwrap_or_default();
    ensure!(namespaces.ends_with('1'), "the database's namespace must end in 1");
    Ok(Net { addresses: addresses.to_owned(), namespaces: namespaces.trim_end_matches('1').to_owned() })
}
