//! One node: an agent made of the real parts (batcher, spool, shipper), on a simulated disk, behind a simulated cable.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use prost::Message as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use vedetta_api::{
    Channel,
    agent::v1::{AgentMessage, ServerMessage, agent_message, server_message},
};
use vedetta_auth::{NodeIdentity, PeerIdentity, client::NodeKey};
use vedetta_model::{BootId, Clock, NodeId, TenantId, event::Heartbeat};
use vedetta_node_agent::{
    batch::{Batcher, Limits as BatchLimits, Origin},
    enroll::{self, Applicant},
    ledger::Ledger,
    ship::{self, Dial, DialError, Hello, Shipper},
    source::synthetic::{self, Synthetic},
    spool::{Class, Limits, Meta, Outbox, Spool},
};

use crate::{
    books::{Books, MARK, Run, SealedBlock},
    disk::{Mounted, SimDisk},
    fault::Fault,
    link::{Address, Cable, Caller, Tap},
    people::People,
    service::Platform,
    world::{SimClock, lock},
};

/// See the module.
pub struct Node {
    platform: Arc<Platform>,
    people: Arc<People>,
    /// The machine's name.
    pub name: String,
    /// Whose.
    pub tenant: TenantId,
    /// Its disk.
    pub disk: Arc<SimDisk>,
    /// Its clock.
    pub clock: SimClock,
    /// The way to the servers.
    pub cable: Arc<Cable>,
    ingests: Vec<Address>,
    books: Arc<Mutex<Books>>,
    key: Arc<NodeKey>,
    identity: Mutex<Option<Arc<NodeIdentity>>>,
    /// What it was called so far. Its spool stays when its certificate is gone.
    names: Mutex<BTreeSet<NodeId>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    dead: CancellationToken,
    /// No more events: what is there is sent.
    finish: bool,
    /// Nothing waits any more.
    empty: bool,
    /// The disk failed in this run.
    disk_failed: bool,
}

/// A file that the spool's folder is.
const SPOOL: &str = "/spool";
/// Time between two looks of the agent at what is due.
const TICK: Duration = Duration::from_millis(250);

impl Node {
    /// A machine that has never run an agent.
    pub fn new(
        platform: &Arc<Platform>,
        people: &Arc<People>,
        books: &Arc<Mutex<Books>>,
        name: String,
        tenant: TenantId,
        ingests: Vec<Address>,
    ) -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            people: people.clone(),
            name,
            tenant,
            disk: SimDisk::new(&platform.world),
            clock: SimClock::new(&platform.world),
            cable: Cable::new(&platform.world),
            ingests,
            books: books.clone(),
            key: Arc::new(vedetta_auth::client::generate_key()?),
            identity: Mutex::default(),
            names: Mutex::default(),
            state: Mutex::default(),
            platform: platform.clone(),
        }))
    }

    /// Its certificate, when it has one.
    pub fn identity(&self) -> Option<Arc<NodeIdentity>> {
        lock(&self.identity).clone()
    }

    /// Enrolls again, as a node that was removed has to: somebody has seen to it.
    pub fn come_back(&self) {
        self.forget_identity();
        self.cable.cut();
    }

    /// Has it send what it has, and make no more.
    pub fn finish(&self) {
        lock(&self.state).finish = true;
    }

    /// Whether everything it made has been settled, after [`Node::finish`].
    pub fn is_empty(&self) -> bool {
        lock(&self.state).empty
    }

    /// Forgets its certificate: it enrolls again.
    pub fn forget_identity(&self) {
        *lock(&self.identity) = None;
    }

    /// A way to one of the servers, with the node's certificate.
    pub fn caller(&self, dead: &CancellationToken) -> Caller {
        let world = &self.platform.world;
        let server = world.dice(|rng| self.ingests[rng.random_range(0..self.ingests.len())].clone());
        Caller {
            cable: self.cable.clone(),
            server,
            dead: dead.clone(),
            identity: PeerIdentity(self.identity()),
            answers: None,
            asked: None,
        }
    }

    /// Runs its agent, again and again.
    pub async fn run(self: Arc<Self>) {
        loop {
            let dead = CancellationToken::new();
            lock(&self.state).dead = dead.clone();
            self.run_once(&dead).await;
            self.platform.world.note(|line| write!(line, "{} ended", self.name));
            let rest = self.platform.world.between(Duration::from_millis(100), Duration::from_secs(10));
            tokio::time::sleep(rest).await;
        }
    }

    fn stop(&self, power_cut: bool) {
        lock(&self.state).dead.cancel();
        lock(&self.books).shaken.extend(lock(&self.names).iter());
        if power_cut {
            self.disk.power_cut();
        }
    }

    /// Asks for a certificate until there is one.
    async fn enroll(&self, dead: &CancellationToken) -> Arc<NodeIdentity> {
        loop {
            let present = self.identity().filter(|identity| self.clock.now() < identity.expires);
            if let Some(identity) = present {
                return identity;
            }
            if let Some(secret) = self.people.enrollment_token(&self.tenant).await {
                let applicant =
                    Applicant { token: secret, hostname: self.name.clone(), machine_id: self.name.clone() };
                let caller = Caller { identity: PeerIdentity(None), ..self.caller(dead) };
                let enrolled = enroll::enroll(caller.channel(), &self.key, applicant).await;
                let leaf = enrolled.ok().and_then(|given| given.chain.into_iter().next());
                if let Some(identity) = leaf.and_then(|leaf| NodeIdentity::from_certificate(&leaf).ok()) {
                    self.platform.world.note(|line| write!(line, "{} is {}", self.name, identity.node));
                    lock(&self.names).insert(identity.node);
                    *lock(&self.identity) = Some(Arc::new(identity));
                }
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn run_once(self: &Arc<Self>, dead: &CancellationToken) {
        let identity = tokio::select! {
            biased;
            () = dead.cancelled() => return,
            identity = self.enroll(dead) => identity,
        };
        // Nothing of an agent that died holds on to its spool: its locks end with it.
        let limits =
            Limits { bytes: 256 << 10, reserve: 64 << 10, segment_bytes: 16 << 10, memory_bytes: 64 << 10 };
        let disk = Arc::new(Mounted(self.disk.clone()));
        let (spool, recovery) = match Spool::open_on(disk, Path::new(SPOOL), limits) {
            Ok(opened) => opened,
            Err(error) => {
                self.platform.world.note(|line| write!(line, "{}: {error}", self.name));
                return;
            }
        };
        lock(&self.state).disk_failed = self.disk.is_full();
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let ledger = Arc::<Ledger>::default();
        let outbox = Arc::new(Outbox::new(spool, Arc::clone(&ledger), Arc::clone(&clock)));
        outbox.count(&recovery.damage);
        let boot = self.platform.world.dice(BootId::random);
        let run = (self.tenant.clone(), identity.node, boot);
        let seed = self.platform.world.dice(|rng| rng.random());
        let mut agent = Agent {
            run: run.clone(),
            mark: format!("{MARK}{}-{}-{boot}", self.tenant, self.name),
            batcher: Batcher::new(
                Origin { tenant: self.tenant.clone(), node: identity.node, boot },
                BatchLimits { events: 40, ..BatchLimits::default() },
                Arc::clone(&ledger),
            ),
            source: Synthetic::new(synthetic::Config { seed, ..synthetic::Config::rate(0.0) }, clock),
            ledger: Arc::clone(&ledger),
            outbox: Arc::clone(&outbox),
            marks: Vec::new(),
            beat: None,
            node: self.clone(),
        };
        let dial = Arc::new(SimDial { node: self.clone(), dead: dead.clone() });
        let hello = Hello { boot, hostname: self.name.clone() };
        let ship = ship::Config {
            window_blocks: 8,
            answer_within: Duration::from_secs(10),
            backoff: (Duration::from_millis(100), Duration::from_secs(5)),
            ..ship::Config::default()
        };
        let shipper =
            Shipper::new(ship, dial, hello, Arc::clone(&outbox), ledger, &mut StdRng::seed_from_u64(seed));
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(shipper.run(stop.clone()));
        tokio::select! {
            biased;
            () = dead.cancelled() => {}
            () = agent.live() => {}
        }
    }
}

/// A running agent's own thread.
struct Agent {
    node: Arc<Node>,
    run: Run,
    mark: String,
    batcher: Batcher,
    source: Synthetic,
    ledger: Arc<Ledger>,
    outbox: Arc<Outbox>,
    marks: Vec<(u64, String)>,
    beat: Option<Instant>,
}

impl Agent {
    async fn live(&mut self) {
        let world = self.node.platform.world.clone();
        loop {
            let finish = lock(&self.node.state).finish;
            if !finish {
                let (events, plants) = world.dice(|rng| (rng.random_range(0..6), rng.random_bool(0.15)));
                self.source.produce(events, &mut self.batcher);
                if plants {
                    let mark = self.source.plant(&self.mark, &mut self.batcher);
                    self.marks.push((self.batcher.numbered(), mark));
                }
                self.report();
            }
            for loss in self.ledger.tell() {
                self.batcher.report(loss.into(), self.node.clock.now());
            }
            if world.dice(|rng| finish || rng.random_bool(0.4)) {
                self.batcher.seal();
            }
            self.hand_on();
            let waits = self.outbox.sync_after(Duration::from_millis(50), Instant::now());
            if waits.is_none() {
                self.mark_kept();
            }
            let empty = finish && self.outbox.is_empty() && !self.ledger.has_untold();
            lock(&self.node.state).empty = empty;
            tokio::time::sleep(TICK).await;
        }
    }

    fn report(&mut self) {
        let now = Instant::now();
        if self.beat.is_some_and(|beat| now - beat < Duration::from_secs(5)) {
            return;
        }
        let beat = Heartbeat {
            interval_seconds: 5,
            events_read: self.batcher.numbered(),
            events_lost: self.ledger.total(),
            spool_bytes: self.outbox.waiting_bytes(),
            cpu_millis: 0,
            rss_bytes: 0,
        };
        self.batcher.report(beat.into(), self.node.clock.now());
        self.beat = Some(now);
    }

    fn hand_on(&mut self) {
        while let Some(sealed) = self.batcher.take() {
            let (meta, class) = (sealed.meta, sealed.class);
            let marks = self.marks.extract_if(.., |(number, _)| *number <= meta.last).map(|(_, mark)| mark);
            let mut block = SealedBlock {
                last: meta.last,
                count: meta.count.into(),
                marks: marks.collect(),
                kept: false,
                lost: false,
            };
            let bytes = sealed.finish().expect("blocks of a few events can be made");
            let appended = self.append(meta, &bytes, class);
            block.lost = !appended;
            lock(&self.node.books).sealed.insert((self.run.clone(), meta.first), block);
        }
    }

    fn append(&self, meta: Meta, bytes: &Bytes, class: Class) -> bool {
        let refused = self.outbox.append(meta, bytes, class).err();
        if let Some(refused) = &refused {
            self.ledger.lost_block(vedetta_model::event::LossStage::Spool, &meta, bytes);
            self.node
                .platform
                .world
                .note(|line| write!(line, "{} lost {} events: {refused}", self.node.name, meta.count));
        }
        refused.is_none()
    }

    /// What the spool has said to be kept must survive a power cut. While the disk fails it says nothing.
    fn mark_kept(&self) {
        // What a disk failed to sync once it may have dropped: a later success is no proof of it, and the spool says so.
        if lock(&self.node.state).disk_failed
            || self.node.platform.world.plan.rate(Fault::SpoolSyncFailed) > 0.0
        {
            return;
        }
        let mut books = lock(&self.node.books);
        let from = (self.run.clone(), 0);
        let to = (self.run.clone(), u64::MAX);
        for (_, block) in books.sealed.range_mut(from..=to) {
            block.kept |= !block.lost;
        }
    }
}

/// Dials one of the servers.
#[derive(Clone)]
struct SimDial {
    node: Arc<Node>,
    dead: CancellationToken,
}

impl std::fmt::Debug for SimDial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SimDial").field(&self.node.name).finish()
    }
}

#[async_trait]
impl Dial for SimDial {
    async fn dial(&self) -> Result<Channel, DialError> {
        let identity = self.node.enroll(&self.dead).await;
        let caller = Caller {
            answers: Some(self.acknowledgements(&identity)),
            asked: Some(self.arrivals(identity.node)),
            ..self.node.caller(&self.dead)
        };
        Ok(caller.channel())
    }
}

impl SimDial {
    /// Takes down what the server says to be durable.
    fn acknowledgements(&self, identity: &NodeIdentity) -> Tap {
        let (books, tenant, node) = (self.node.books.clone(), identity.tenant.clone(), identity.node);
        Arc::new(move |message| {
            let said = ServerMessage::decode(message).ok().and_then(|message| message.message);
            if let Some(server_message::Message::Ack(ack)) = said
                && let Ok(boot) = uuid::Uuid::from_slice(&ack.boot)
            {
                let run = (tenant.clone(), node, BootId::from_uuid(boot));
                lock(&books).acknowledged.entry(run).or_default().push((ack.first, ack.last));
            }
        })
    }

    /// Takes down what arrives at the server.
    fn arrivals(&self, node: NodeId) -> Tap {
        let books = self.node.books.clone();
        Arc::new(move |message| {
            let asked = AgentMessage::decode(message).ok().and_then(|message| message.message);
            if let Some(agent_message::Message::Block(block)) = asked {
                lock(&books).arrived.push((node, block));
            }
        })
    }
}

/// What nodes suffer while there are faults.
pub async fn trouble(nodes: Vec<Arc<Node>>) {
    futures::future::join_all(nodes.into_iter().map(trouble_of)).await;
}

async fn trouble_of(node: Arc<Node>) {
    let world = node.platform.world.clone();
    let expiry = async {
        loop {
            world.due(Fault::CertificateExpired).await;
            node.cable.part(true);
            world.leap(Duration::from_secs(2 * 3600));
            tokio::time::sleep(world.between(Duration::from_secs(1), Duration::from_secs(10))).await;
            node.cable.part(false);
        }
    };
    let full = async {
        loop {
            world.due(Fault::SpoolFull).await;
            lock(&node.state).disk_failed = true;
            node.disk.set_full(true);
            tokio::time::sleep(world.between(Duration::from_secs(1), Duration::from_secs(20))).await;
            node.disk.set_full(false);
        }
    };
    let removal = async {
        loop {
            world.due(Fault::NodeRemoved).await;
            if let Some(identity) = node.identity()
                && node.people.remove_node(&identity).await
            {
                tokio::time::sleep(world.between(Duration::from_secs(1), Duration::from_secs(20))).await;
                node.forget_identity();
                node.cable.cut();
            }
        }
    };
    tokio::join!(
        crate::link::trouble(world.clone(), node.cable.clone()),
        each(&node, Fault::AgentKilled, |node| node.stop(false)),
        each(&node, Fault::PowerCut, |node| node.stop(true)),
        each(&node, Fault::NodeClock, |node| node.clock.jump()),
        each(&node, Fault::SpoolBitFlip, |node| {
            for name in lock(&node.names).iter() {
                lock(&node.books).damaged(*name);
            }
            node.disk.flip_bit();
        }),
        expiry,
        full,
        removal,
    );
}

async fn each(node: &Arc<Node>, fault: Fault, does: impl Fn(&Node)) {
    loop {
        node.platform.world.due(fault).await;
        does(node);
    }
}
