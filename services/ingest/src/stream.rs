//! One agent's stream: blocks in, acknowledgements out, in the order of the blocks.
//!
//! ```text
//!   block ─► judge ─┬─► append ─► durable ─► Ack      several at a time, so that the log
//!                   ├─► repeated ──────────► Ack      can write them together
//!                   ├─► overlaps ─► put aside ─► Refusal
//!                   └─► refused ───────────► Refusal
//! ```

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{
    StreamExt,
    future::{BoxFuture, FutureExt, ready},
    stream::FuturesOrdered,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tonic::{Status, Streaming};
use vedetta_api::agent::v1::{
    Ack, AgentMessage, Policy, Refusal, ServerMessage, Welcome, agent_message::Message as FromAgent,
    refusal::Code, server_message::Message as ToAgent,
};
use vedetta_auth::NodeIdentity;
use vedetta_block::Header;
use vedetta_log::{EventLog, Topic};
use vedetta_model::{
    BootId, Clock, Kind,
    simulated::{Bug, Point, planted, reached},
};
use vedetta_runtime::Drain;

use crate::{
    Config,
    admission::{self, Admission, Verdict},
    metrics::Metrics,
    progress::Claim,
    quarantine::{Quarantine, Quarantined},
};

/// How long an agent may take to say hello.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);

/// What all streams share.
#[derive(Debug)]
pub struct Shared {
    /// Where blocks go.
    pub log: Arc<dyn EventLog>,
    /// Who may send what.
    pub admission: Admission,
    /// Where blocks go that are refused for what is in them.
    pub quarantine: Quarantine,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The order to stop.
    pub drain: Drain,
    /// Settings.
    pub config: Config,
    /// Counters.
    pub metrics: Metrics,
    /// KiB that may still come to wait for the log.
    pub room: Arc<Semaphore>,
}

/// Where answers go.
pub type Replies = mpsc::Sender<Result<ServerMessage, Status>>;

/// Serves one stream until it ends, by either side. The last thing sent is why, unless the agent
/// itself ended it.
pub async fn serve(
    shared: Arc<Shared>,
    identity: Arc<NodeIdentity>,
    incoming: Streaming<AgentMessage>,
    replies: Replies,
) {
    shared.metrics.streams.inc();
    let mut session = Session {
        shared: shared.clone(),
        identity: identity.clone(),
        pending: FuturesOrdered::new(),
        malformed: 0,
    };
    match session.run(incoming, &replies).await {
        Ok(()) => tracing::debug!(%identity, "the agent ended its stream"),
        Err(status) => {
            tracing::info!(%identity, code = ?status.code(), reason = status.message(), "a stream was ended");
            // When it can't be told the agent has gone.
            let _ = replies.send(Err(status)).await;
        }
    }
    drop(replies);
    // What the log has begun to write should be known as written when the agent comes again.
    while session.pending.next().await.is_some() {}
    shared.metrics.streams.dec();
}

struct Session {
    shared: Arc<Shared>,
    identity: Arc<NodeIdentity>,
    pending: FuturesOrdered<Pending>,
    malformed: u32,
}

type Pending = BoxFuture<'static, ToAgent>;

impl Session {
    async fn run(&mut self, mut incoming: Streaming<AgentMessage>, replies: &Replies) -> Result<(), Status> {
        let Shared { drain, config, .. } = &*self.shared.clone();
        let boot = tokio::time::timeout(HELLO_TIMEOUT, hello(&mut incoming))
            .await
            .map_err(|_| Status::deadline_exceeded("no hello came"))??;
        tracing::debug!(identity = %self.identity, %boot, "a stream was opened");
        let mut changes = self.shared.admission.control.changes();
        self.check_peer()?;
        greet(&self.shared, replies).await?;

        let mut ended = false;
        while !(ended && self.pending.is_empty()) {
            tokio::select! {
                () = drain.called(), if !ended => ended = true,
                () = replies.closed() => return Ok(()),
                changed = changes.changed() => {
                    changed.map_err(|_| Status::unavailable("the server is stopping"))?;
                    self.check_peer()?;
                }
                Some(reply) = self.pending.next() => send(replies, reply).await?,
                message = incoming.message(), if !ended && self.pending.len() < config.blocks_in_flight => {
                    match message? {
                        None => ended = true,
                        Some(message) => {
                            self.check_peer()?;
                            self.take(message)?;
                        }
                    }
                }
            }
            if self.malformed >= config.malformed_blocks {
                while let Some(reply) = self.pending.next().await {
                    send(replies, reply).await?;
                }
                return Err(Status::invalid_argument(
                    "too many blocks could not be read; update or repair the agent",
                ));
            }
        }
        if drain.is_called() {
            Err(Status::unavailable("the server is stopping; connect again"))
        } else {
            Ok(())
        }
    }

    /// A certificate may end, and a node may be removed, while a stream is open.
    fn check_peer(&self) -> Result<(), Status> {
        if self.shared.clock.now() >= self.identity.expires {
            reached(Point::CertificateEnded);
            return Err(Status::unauthenticated(
                "the node's certificate has ended; renew it and connect again",
            ));
        }
        let admitted = self.shared.admission.control.admits(&self.identity);
        admitted.map_err(|denied| {
            reached(Point::PeerDenied);
            Status::permission_denied(denied.to_string())
        })
    }

    fn take(&mut self, message: AgentMessage) -> Result<(), Status> {
        let block = match message.message {
            Some(FromAgent::Block(block)) => block,
            Some(FromAgent::Hello(_)) => {
                return Err(Status::invalid_argument("a stream has one hello, at its start"));
            }
            None => Bytes::new(),
        };
        let reply = match self.shared.admission.judge(&self.identity, &block, self.shared.clock.now()) {
            Verdict::Append(header, claim) => match self.room(block.len()) {
                Some(room) if planted(Bug::AckBeforeDurable) => {
                    tokio::spawn(append(self.shared.clone(), header.clone(), block, claim, room));
                    ready(ack(&header)).boxed()
                }
                Some(room) => append(self.shared.clone(), header, block, claim, room).boxed(),
                None => self.refuse(admission::refusal_of_overload(&header)),
            },
            Verdict::Overlaps(header, refusal) => match self.room(block.len()) {
                Some(room) => put_aside(self.shared.clone(), header, block, refusal, room).boxed(),
                None => self.refuse(admission::refusal_of_overload(&header)),
            },
            Verdict::Repeated(header) => {
                self.shared.metrics.repeated.inc();
                reached(Point::RepeatAcknowledged);
                ready(ack(&header)).boxed()
            }
            Verdict::Refused(refusal) => self.refuse(refusal),
        };
        self.pending.push_back(reply);
        Ok(())
    }

    /// Room for a block among those that wait for the log.
    fn room(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let kibibytes = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX);
        self.shared.room.clone().try_acquire_many_owned(kibibytes).ok()
    }

    fn refuse(&mut self, refusal: Refusal) -> Pending {
        self.shared.metrics.refuse(refusal.code());
        match refusal.code() {
            Code::Malformed => {
                self.malformed += 1;
                reached(Point::MalformedRefused);
            }
            Code::Foreign => reached(Point::ForeignRefused),
            _ => {}
        }
        ready(ToAgent::Refusal(refusal)).boxed()
    }
}

/// The agent run that the first message names. Blocks of earlier runs may follow: what was spooled.
async fn hello(incoming: &mut Streaming<AgentMessage>) -> Result<BootId, Status> {
    let first = incoming.message().await?.and_then(|message| message.message);
    let Some(FromAgent::Hello(hello)) = first else {
        return Err(Status::invalid_argument("the first message of a stream must be a hello"));
    };
    let boot = uuid::Uuid::from_slice(&hello.boot)
        .map_err(|_| Status::invalid_argument("a hello's boot must have 16 bytes"))?;
    Ok(BootId::from_uuid(boot))
}

async fn greet(shared: &Shared, replies: &Replies) -> Result<(), Status> {
    let welcome = Welcome {
        heartbeat_seconds: shared.config.heartbeat_seconds,
        max_block_bytes: shared.admission.max_block_bytes as u64,
    };
    send(replies, ToAgent::Welcome(welcome)).await?;
    // Everything, whatever the rules: detection never sees less than it asks for.
    let kinds = Kind::ALL.iter().map(|&kind| u32::from(u16::from(kind))).collect();
    send(replies, ToAgent::Policy(Policy { version: 1, kinds })).await
}

/// The acknowledgement exists only once the log has said that the block is durable.
async fn append(
    shared: Arc<Shared>,
    header: Header,
    block: Bytes,
    claim: Claim,
    room: OwnedSemaphorePermit,
) -> ToAgent {
    let bytes = block.len() as u64;
    let started = tokio::time::Instant::now();
    let result = shared.log.append(&Topic::TELEMETRY, vec![admission::record(&header, block)]).await;
    drop(room);
    shared.metrics.append.observe(started.elapsed().as_secs_f64());
    match result {
        Ok(_) => {
            claim.durable();
            shared.metrics.blocks.inc();
            shared.metrics.events.inc_by(u64::from(header.count));
            shared.metrics.bytes.inc_by(bytes);
            ack(&header)
        }
        Err(error) => {
            let refusal: Refusal = admission::refusal_of_append(&error, &header);
            reached(Point::AppendRefused);
            shared.metrics.refuse(refusal.code());
            tracing::warn!(%error, tenant = %header.tenant, node = %header.node, "a block was not taken by the log");
            ToAgent::Refusal(refusal)
        }
    }
}

/// The refusal is for good only once the block lies aside, or never will.
async fn put_aside(
    shared: Arc<Shared>,
    header: Header,
    block: Bytes,
    refusal: Refusal,
    room: OwnedSemaphorePermit,
) -> ToAgent {
    let now = shared.clock.now();
    let refusal = match shared.quarantine.put(&header, block, &refusal, now).await {
        Quarantined::Kept => {
            shared.metrics.quarantined(true);
            refusal
        }
        Quarantined::OverLimit => {
            tracing::warn!(tenant = %header.tenant, node = %header.node, reason = refusal.message,
                "a block was refused and not put aside: there is enough of its node or tenant");
            shared.metrics.quarantined(false);
            refusal
        }
        Quarantined::Failed(error) => admission::refusal_of_append(&error, &header),
    };
    drop(room);
    shared.metrics.refuse(refusal.code());
    ToAgent::Refusal(refusal)
}

fn ack(header: &Header) -> ToAgent {
    ToAgent::Ack(Ack {
        boot: header.boot.as_uuid().as_bytes().to_vec(),
        first: header.first,
        last: header.last,
    })
}

async fn send(replies: &Replies, message: ToAgent) -> Result<(), Status> {
    replies
        .send(Ok(ServerMessage { message: Some(message) }))
        .await
        .map_err(|_| Status::cancelled("the agent has gone"))
}
