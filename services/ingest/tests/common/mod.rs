//! An ingest role behind a real TLS listener, with a memory log that can be made to misbehave and a
//! tenant service of a few lines.

#![expect(dead_code, reason = "each test file uses its part")]

pub mod agent;
pub mod gate;
pub mod tenant;

use std::{net::SocketAddr, sync::Arc};

use gate::Gate;
use tenant::FakeTenant;
use tokio::{net::TcpListener, sync::Mutex, task::JoinHandle};
use uuid::Uuid;
use vedetta_api::Channel;
use vedetta_auth::{
    Authority, Keys,
    client::{self, Identity, NodeKey, Trust},
};
use vedetta_block::Builder;
use vedetta_log::{
    EventLog, Key, MemoryLog, NewRecord, Offset, Partition, Position, ReadLimit, Record, Topic, TopicOptions,
};
use vedetta_model::{
    BootId, Clock, Event, ManualClock, NodeId, SystemClock, TenantId,
    control::{Actor, DomainEvent, Envelope, NodeEvent},
    event,
};
use vedetta_runtime::{Clients, Context, Drain, agents_listener::serve_agents};
use vedetta_store::MemoryStore;

pub struct Sandbox {
    pub log: Arc<Gate>,
    pub clock: Arc<ManualClock>,
    pub authority: Arc<Authority>,
    pub tenants: FakeTenant,
    pub context: Context,
    pub address: SocketAddr,
    pub server: JoinHandle<anyhow::Result<()>>,
    pub tasks: Vec<JoinHandle<anyhow::Result<()>>>,
    _dir: tempfile::TempDir,
}

pub fn tenant() -> TenantId {
    "default".parse().unwrap()
}

pub fn node() -> NodeId {
    NodeId::from_uuid(Uuid::from_u128(7))
}

pub fn boot() -> BootId {
    BootId::from_uuid(Uuid::from_u128(9))
}

impl Sandbox {
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// With a configuration section.
    pub async fn start_with(section: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let log = Arc::new(Gate::new(MemoryLog::new(clock.clone())));
        for topic in [Topic::TELEMETRY, Topic::CONTROL, Topic::DEAD_LETTERS] {
            log.create_topic(&topic, TopicOptions { partitions: 1 }).await.unwrap();
        }
        let keys = Arc::new(Keys::open_or_create(&dir.path().join("keys"), &mut rand::rng()).unwrap());
        let authority = Arc::new(Authority::open_or_create(&dir.path().join("pki"), &*clock).unwrap());
        let tenants = FakeTenant::new(authority.clone(), keys.clone(), clock.clone());
        let clients = Clients::default();
        clients.set_internal(Channel::local(tenants.service()));
        let store = Arc::new(MemoryStore::new());
        let sections: toml::Table = format!("[ingest]\n{section}").parse().unwrap();
        let context = Context {
            log: log.clone(),
            events: store.clone(),
            views: store.clone(),
            blocks: store,
            clock: clock.clone(),
            keys,
            authority: authority.clone(),
            clients,
            drain: Drain::new(),
            registry: Arc::new(Mutex::default()),
            data_dir: dir.path().to_owned(),
            agents_url: String::new(),
            sections: Arc::new(sections),
        };
        let running = (vedetta_ingest::ROLE.build)(&context).await.unwrap();
        let tasks = running.tasks.into_iter().map(|task| tokio::spawn(task.run)).collect();
        let tls = authority.server_config(&["127.0.0.1".into()], clock.clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let drain = context.drain.clone();
        let server = tokio::spawn(serve_agents(listener, tls, running.agents.unwrap(), async move {
            drain.called().await;
        }));
        Self { log, clock, authority, tenants, context, address, server, tasks, _dir: dir }
    }

    /// A channel of somebody who holds no certificate.
    pub fn stranger(&self) -> tonic::transport::Channel {
        self.channel(None)
    }

    /// A channel of the node with a certificate of its own.
    pub fn node_channel(&self, key: &NodeKey) -> tonic::transport::Channel {
        let csr = client::csr(key).unwrap();
        let ttl = std::time::Duration::from_secs(3600);
        let issued = self.authority.issue_node(&tenant(), &node(), &csr, self.clock.now(), ttl).unwrap();
        self.channel(Some(&Identity { chain_der: &issued.chain_der, key }))
    }

    pub fn channel(&self, identity: Option<&Identity<'_>>) -> tonic::transport::Channel {
        let trust = Trust::Pin(self.authority.pin().parse().unwrap());
        let tls = client::tls_config(&trust, identity).unwrap();
        client::channel(&format!("https://{}", self.address), tls).unwrap()
    }

    /// What lies in the telemetry topic.
    pub async fn telemetry(&self) -> Vec<Record> {
        self.records(Topic::TELEMETRY).await
    }

    /// What lies in a topic.
    pub async fn records(&self, topic: Topic) -> Vec<Record> {
        use futures::StreamExt;
        let partition = Partition { topic, index: 0 };
        let end = self.log.bounds(&partition).await.unwrap().end;
        let mut records: Vec<Record> = Vec::new();
        if end == Offset(0) {
            return records;
        }
        let from = Position { partition, offset: Offset(0) };
        let mut stream = self.log.read(from, ReadLimit::default()).await.unwrap();
        while records.last().is_none_or(|r| r.position.offset.next() < end) {
            records.extend(stream.next().await.unwrap().unwrap());
        }
        records
    }

    /// Lets a decision reach the control feed.
    pub async fn decide(&self, stream: &str, version: u64, event: DomainEvent) {
        let time = self.clock.now();
        let (id, actor) = (Uuid::new_v4(), Actor::System);
        let envelope = Envelope { id, tenant: tenant(), stream: stream.into(), version, time, actor, event };
        let record = NewRecord {
            tenant: tenant(),
            key: Key::of(&tenant(), stream),
            headers: Default::default(),
            payload: envelope.encode().into(),
        };
        self.log.append(&Topic::CONTROL, vec![record]).await.unwrap();
    }

    pub async fn remove_node(&self) {
        let event = DomainEvent::Node(NodeEvent::NodeRemoved { reason: "gone".into() });
        self.decide(&node().to_string(), 1, event).await;
    }

    /// One counter's value, by its name in the metrics text.
    pub async fn metric(&self, name: &str) -> f64 {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &*self.context.registry.lock().await).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }
}

/// A block of that node with events `first` to `last`.
pub fn block_of(tenant: TenantId, node: NodeId, boot: BootId, first: u64, last: u64) -> Vec<u8> {
    filled(tenant, node, boot, (first, last), 3)
}

/// A block of this node and run, with other content than [`block`]'s.
pub fn other_block(first: u64, last: u64) -> Vec<u8> {
    filled(tenant(), node(), boot(), (first, last), 4)
}

fn filled(tenant: TenantId, node: NodeId, boot: BootId, (first, last): (u64, u64), result: i64) -> Vec<u8> {
    let mut builder = Builder::new(tenant, node, boot);
    for seq in first..=last {
        let payload = event::Open { path: format!("/tmp/{seq}"), flags: 0, mode: 0 }.into();
        let time = vedetta_model::Timestamp::from_millis(1_000 + i64::try_from(seq).unwrap());
        builder.push(Event { seq, time, process: None, tid: 1, result, payload });
    }
    builder.finish().unwrap().to_vec()
}

/// A block of this node and run.
pub fn block(first: u64, last: u64) -> Vec<u8> {
    block_of(tenant(), node(), boot(), first, last)
}

/// A block of this node and run with one event that has so long a path, of which compressing takes a quarter.
pub fn large_block(seq: u64, characters: usize) -> Vec<u8> {
    use rand::{Rng as _, SeedableRng as _, distr::Alphanumeric};
    let rng = rand::rngs::StdRng::seed_from_u64(seq);
    let path: String = rng.sample_iter(Alphanumeric).take(characters).map(char::from).collect();
    let payload = event::Open { path, flags: 0, mode: 0 }.into();
    let mut builder = Builder::new(tenant(), node(), boot());
    let time = vedetta_model::Timestamp::from_millis(1_000);
    builder.push(Event { seq, time, process: None, tid: 1, result: 3, payload });
    builder.finish().unwrap().to_vec()
}
