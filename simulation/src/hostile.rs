//! What somebody does who holds a node's key, or can write to the log: garbage, foreign names, numbers used twice, repeats.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use rand::Rng as _;
use tokio_util::sync::CancellationToken;
use vedetta_auth::NodeIdentity;
use vedetta_block::Builder;
use vedetta_log::{EventLog as _, Key, NewRecord, Topic};
use vedetta_model::{BootId, Event, NodeId, TenantId, event::AgentStopping};
use vedetta_node_agent::ship::{Connection, Hello};

use crate::{books::Books, fault::Fault, node::Node, service::Platform, world::lock};

/// See the module.
pub struct Hostile {
    /// What all stand on.
    pub platform: Arc<Platform>,
    /// Whose keys are used.
    pub nodes: Vec<Arc<Node>>,
    /// What nodes have sent.
    pub books: Arc<Mutex<Books>>,
    /// Tenants to pretend to be.
    pub tenants: Vec<TenantId>,
}

/// What stands in events that nobody's agent has made.
pub const FORGED: &str = "forged";

impl Hostile {
    /// Acts while there are faults.
    pub async fn run(&self) {
        tokio::join!(
            self.send(Fault::Duplicate, |node| self.repeats(node)),
            self.send(Fault::Malformed, |node| self.garbage(node)),
            self.send(Fault::Foreign, |node| self.foreign(node)),
            self.send(Fault::Overlap, |node| self.overlaps(node)),
            self.poison(),
        );
    }

    /// Sends what `make` gives over a connection of its own, with a node's certificate, and waits a while for answers.
    async fn send(&self, fault: Fault, make: impl Fn(&NodeIdentity) -> Vec<Bytes>) {
        let world = &self.platform.world;
        loop {
            world.due(fault).await;
            let node = world.dice(|rng| self.nodes[rng.random_range(0..self.nodes.len())].clone());
            let Some(identity) = node.identity() else { continue };
            let blocks = make(&identity);
            let sent = async {
                let dead = CancellationToken::new();
                let hello = Hello { boot: world.dice(BootId::random), hostname: node.name.clone() };
                let mut connection = Connection::open(node.caller(&dead).channel(), &hello).await?;
                for block in blocks {
                    connection.send(block).await?;
                }
                loop {
                    connection.next().await?;
                }
            };
            let sent: Result<Result<(), vedetta_node_agent::ship::ConnectionError>, _> =
                tokio::time::timeout(Duration::from_secs(5), sent).await;
            if let Ok(Err(error)) = sent {
                world.note(|line| write!(line, "{fault:?} was answered: {error}"));
            }
        }
    }

    /// Blocks that arrived before, in any order.
    fn repeats(&self, node: &NodeIdentity) -> Vec<Bytes> {
        let books = lock(&self.books);
        let own: Vec<&Bytes> =
            books.arrived.iter().filter(|(of, _)| *of == node.node).map(|(_, block)| block).collect();
        if own.is_empty() {
            return vec![];
        }
        self.platform.world.dice(|rng| {
            (0..rng.random_range(1..6)).map(|_| own[rng.random_range(0..own.len())].clone()).collect()
        })
    }

    /// Bytes that are no block: random ones, and blocks with a bit turned.
    fn garbage(&self, node: &NodeIdentity) -> Vec<Bytes> {
        let mut blocks = self.repeats(node);
        self.platform.world.dice(|rng| {
            for block in &mut blocks {
                let mut bytes = block.to_vec();
                let at = rng.random_range(0..bytes.len());
                bytes[at] ^= 1 << rng.random_range(0..8);
                *block = bytes.into();
            }
            let noise: Vec<u8> = (0..rng.random_range(0..2000)).map(|_| rng.random()).collect();
            blocks.push(noise.into());
        });
        blocks
    }

    /// Blocks in the name of another tenant, or of another node.
    fn foreign(&self, node: &NodeIdentity) -> Vec<Bytes> {
        let boot = self.platform.world.dice(BootId::random);
        let stranger = self.platform.world.dice(NodeId::random);
        let others = self.tenants.iter().filter(|tenant| **tenant != node.tenant);
        let mut blocks: Vec<Bytes> =
            others.map(|tenant| self.forged((tenant.clone(), node.node, boot), 1, 3)).collect();
        blocks.push(self.forged((node.tenant.clone(), stranger, boot), 1, 3));
        blocks
    }

    /// Other events under numbers that were acknowledged.
    fn overlaps(&self, node: &NodeIdentity) -> Vec<Bytes> {
        let books = lock(&self.books);
        let own: Vec<_> = books.acknowledged.iter().filter(|((_, of, _), _)| *of == node.node).collect();
        if own.is_empty() {
            return vec![];
        }
        self.platform.world.dice(|rng| {
            let (run, ranges) = own[rng.random_range(0..own.len())];
            let (first, last) = ranges[rng.random_range(0..ranges.len())];
            let from = rng.random_range(first..=last);
            vec![self.forged(run.clone(), from, rng.random_range(from..=last))]
        })
    }

    fn forged(&self, (tenant, node, boot): (TenantId, NodeId, BootId), first: u64, last: u64) -> Bytes {
        let mut builder = Builder::new(tenant, node, boot);
        let time = self.platform.world.now();
        for seq in first..=last {
            let payload = AgentStopping { reason: FORGED.to_owned() }.into();
            builder.push(Event { seq, time, process: None, tid: 0, result: 0, payload });
        }
        builder.finish().expect("a small block can be made")
    }

    /// Records that are no blocks, past ingest.
    async fn poison(&self) {
        let world = &self.platform.world;
        loop {
            world.due(Fault::Poison).await;
            let tenant = world.dice(|rng| self.tenants[rng.random_range(0..self.tenants.len())].clone());
            let noise: Vec<u8> =
                world.dice(|rng| (0..rng.random_range(0..500)).map(|_| rng.random()).collect());
            let record = NewRecord {
                key: Key::of(&tenant, world.dice(NodeId::random)),
                tenant,
                headers: Default::default(),
                payload: noise.into(),
            };
            self.platform.log.append(&Topic::TELEMETRY, vec![record]).await.expect("the log itself takes it");
        }
    }
}
