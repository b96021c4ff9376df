//! Connections: each call goes over one, message by message, and each can break, stall or be slow.
//!
//! Calls are made on the server itself, without sockets; what a socket would do to them is done here. Messages of a stream
//! arrive in their order or not at all, as over TCP.

use std::{
    convert::Infallible,
    fmt::Write as _,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt as _, StreamBody};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body};
use tower::{Service, ServiceExt as _};
use vedetta_api::Channel;
use vedetta_auth::PeerIdentity;
use vedetta_model::Clock;

use crate::{
    fault::Fault,
    world::{SimClock, World, lock},
};

/// A server, as whoever calls it finds it.
#[derive(Clone)]
pub struct Server {
    /// What it serves.
    pub routes: tonic::service::Routes,
    /// Whether its process has died.
    pub dead: CancellationToken,
    /// Its clock, by which certificates are judged.
    pub clock: SimClock,
}

/// Who serves just now; `None` while nobody does.
pub type Address = Arc<Mutex<Option<Server>>>;

/// What becomes of all links between two machines.
#[derive(Debug)]
pub struct Cable {
    world: Arc<World>,
    cut: Mutex<CancellationToken>,
    /// Stalled on the way to the server, and back.
    stalled: watch::Sender<(bool, bool)>,
    /// Nothing gets through at all, and callers are told.
    parted: watch::Sender<bool>,
}

impl Cable {
    /// A good one.
    pub fn new(world: &Arc<World>) -> Arc<Self> {
        Arc::new(Self {
            world: world.clone(),
            cut: Mutex::default(),
            stalled: watch::Sender::new((false, false)),
            parted: watch::Sender::new(false),
        })
    }

    /// Breaks every link that is open on it.
    pub fn cut(&self) {
        std::mem::take(&mut *lock(&self.cut)).cancel();
    }

    /// Stalls messages to the server, from it, or both; or lets them through again.
    pub fn stall(&self, there: bool, back: bool) {
        self.stalled.send_replace((there, back));
    }

    /// Lets nothing through until told otherwise.
    pub fn part(&self, parted: bool) {
        self.parted.send_replace(parted);
        if parted {
            self.cut();
        }
    }
}

/// Sees the messages that pass, whole.
pub type Tap = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// A caller's way to a server.
#[derive(Clone)]
pub struct Caller {
    /// The cable.
    pub cable: Arc<Cable>,
    /// The server.
    pub server: Address,
    /// Whether the caller's process has died.
    pub dead: CancellationToken,
    /// The certificate that the caller shows.
    pub identity: PeerIdentity,
    /// Sees the server's messages as they leave it.
    pub answers: Option<Tap>,
    /// Sees the caller's messages as they arrive.
    pub asked: Option<Tap>,
}

impl Caller {
    /// As a channel for generated clients.
    pub fn channel(self) -> Channel {
        Channel::local(self)
    }

    async fn call(self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let world = self.cable.world.clone();
        let link = Link::open(&self)?;
        link.travel(&world, Way::There).await?;
        let server = lock(&self.server).clone();
        let Some(server) = server.filter(|server| !server.dead.is_cancelled()) else {
            return Err(Status::unavailable("nobody listens"));
        };
        if let Some(identity) = &self.identity.0
            && server.clock.now() >= identity.expires
        {
            return Err(Status::unavailable("the peer's certificate has expired"));
        }
        let link = Link { server: server.dead.clone(), ..link };
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(self.identity.clone());
        let body = link.clone().carry(world.clone(), body, Way::There, self.asked.clone());
        let answer = tokio::select! {
            biased;
            status = link.broken() => return Err(status),
            answer = server.routes.prepare().oneshot(Request::from_parts(parts, body)) => answer,
        };
        let Ok(answer) = answer;
        link.travel(&world, Way::Back).await?;
        Ok(answer.map(|body| link.carry(world, Body::new(body), Way::Back, self.answers)))
    }
}

impl Service<Request<Body>> for Caller {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let call = Self::call(self.clone(), request);
        Box::pin(async move { Ok(call.await.unwrap_or_else(|status| status.into_http())) })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

/// One open connection.
#[derive(Clone)]
struct Link {
    cable: Arc<Cable>,
    cut: CancellationToken,
    caller: CancellationToken,
    server: CancellationToken,
}

impl Link {
    fn open(caller: &Caller) -> Result<Self, Status> {
        if *caller.cable.parted.borrow() {
            return Err(Status::unavailable("there is no way"));
        }
        let cut = lock(&caller.cable.cut).clone();
        Ok(Self {
            cable: caller.cable.clone(),
            cut,
            caller: caller.dead.clone(),
            server: CancellationToken::new(),
        })
    }

    async fn broken(&self) -> Status {
        tokio::select! {
            biased;
            () = self.cut.cancelled() => {}
            () = self.caller.cancelled() => {}
            () = self.server.cancelled() => {}
        }
        Status::unavailable("the connection is broken")
    }

    /// Takes the time of one message.
    async fn travel(&self, world: &World, way: Way) -> Result<(), Status> {
        let most = if world.strikes(Fault::LinkSlow) { 4000 } else { 4 };
        let time = world.between(Duration::ZERO, Duration::from_millis(most));
        let mut stalled = self.cable.stalled.subscribe();
        let passes = async {
            tokio::time::sleep(time).await;
            let waits = |stalled: &(bool, bool)| if way == Way::There { stalled.0 } else { stalled.1 };
            // The sender lives in the cable.
            let _ = stalled.wait_for(|stalled| !waits(stalled)).await;
        };
        tokio::select! {
            biased;
            status = self.broken() => Err(status),
            () = passes => Ok(()),
        }
    }

    /// The same body with each message on its way.
    fn carry(self, world: Arc<World>, body: Body, way: Way, tap: Option<Tap>) -> Body {
        Body::new(StreamBody::new(async_stream::stream! {
            let mut body = body;
            loop {
                let frame = tokio::select! {
                    biased;
                    status = self.broken() => {
                        yield Err(status);
                        return;
                    }
                    frame = body.frame() => frame,
                };
                let Some(frame) = frame else { return };
                // What the server has said counts, whether or not it arrives; what the caller says counts once it arrives.
                if way == Way::Back && let Some(data) = frame.as_ref().ok().and_then(|frame| frame.data_ref()) {
                    show(tap.as_ref(), data);
                }
                if let Err(status) = self.travel(&world, way).await {
                    yield Err(status);
                    return;
                }
                if way == Way::There && let Some(data) = frame.as_ref().ok().and_then(|frame| frame.data_ref()) {
                    show(tap.as_ref(), data);
                }
                yield frame;
            }
        }))
    }
}

/// Shows the messages in a piece of a body: each has a byte of flags and four of length in front. Clients and servers here
/// never divide a message.
fn show(tap: Option<&Tap>, data: &Bytes) {
    let Some(tap) = tap else { return };
    let mut rest = &data[..];
    while let [_, a, b, c, d, more @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let Some((message, next)) = more.split_at_checked(length) else { return };
        tap(message);
        rest = next;
    }
}

/// Tells what a cable suffers while there are faults: breaks and stalls.
pub async fn trouble(world: Arc<World>, cable: Arc<Cable>) {
    let cuts = async {
        loop {
            world.due(Fault::LinkCut).await;
            cable.cut();
        }
    };
    let stalls = async {
        loop {
            world.due(Fault::LinkStalled).await;
            let (there, back) = world.dice(|rng| {
                use rand::Rng as _;
                let there = rng.random_bool(0.5);
                (there, !there || rng.random_bool(0.5))
            });
            world.note(|line| write!(line, "a cable is stalled there: {there}, back: {back}"));
            cable.stall(there, back);
            tokio::time::sleep(world.between(Duration::from_secs(1), Duration::from_secs(60))).await;
            cable.stall(false, false);
        }
    };
    tokio::join!(cuts, stalls);
}
