//! A stand-in for ingest that keeps what it acknowledges and answers as it is told.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    sync::{mpsc, watch},
    task::spawn_blocking,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_stream::{
    Stream, StreamExt,
    wrappers::{ReceiverStream, TcpListenerStream},
};
use tonic::{Request, Response, Status, Streaming, transport::Server};
use vedetta_api::agent::v1::{
    Ack, AgentMessage, EnrollRequest, EnrollResponse, Policy, Refusal, RenewRequest, RenewResponse,
    ServerMessage, Welcome,
    agent_message::Message as FromAgent,
    agent_server::{Agent, AgentServer},
    enrollment_server::{Enrollment, EnrollmentServer},
    refusal::Code,
    server_message::Message as ToAgent,
};
use vedetta_auth::Authority;
use vedetta_block::{Batch, Header};
use vedetta_model::{BootId, Clock, NodeId, Payload, SystemClock, TenantId};

/// What to do with a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Keep it and say so.
    Ack,
    /// Keep it, but end the stream before saying so.
    KeepAndBreak,
    /// End the stream.
    Break,
    /// Say nothing.
    Silence,
    /// Refuse it.
    Refuse(Code, u32),
    /// Refuse it without saying which it was.
    RefuseUnread(Code),
}

type Script = Box<dyn FnMut(&Header) -> Answer + Send>;

/// What was acknowledged, or at least kept.
#[derive(Debug, Default)]
pub struct Received {
    /// By agent run and first number; a repeat changes nothing.
    pub blocks: BTreeMap<(BootId, u64), Batch>,
    /// How often each block came.
    pub arrivals: BTreeMap<(BootId, u64), u32>,
    /// Streams that were opened.
    pub streams: u32,
    /// What each renewal asked to have signed was signed.
    pub renewals: u32,
    /// Enrollments that were granted.
    pub enrolled: Vec<EnrollRequest>,
}

impl Received {
    /// Numbers of all events of a run.
    pub fn numbers(&self, boot: BootId) -> Vec<u64> {
        let blocks = self.blocks.iter().filter(|((run, _), _)| *run == boot);
        blocks.flat_map(|(_, batch)| batch.events.iter().map(|event| event.seq)).collect()
    }

    /// What every event said, in order of run and number.
    pub fn payloads(&self) -> impl Iterator<Item = &Payload> {
        self.blocks.values().flat_map(|batch| batch.events.iter().map(|event| &event.payload))
    }

    /// Losses that were told.
    pub fn lost(&self) -> u64 {
        self.payloads().map(|it| if let Payload::Loss(loss) = it { loss.count } else { 0 }).sum()
    }

    /// Opened paths.
    pub fn opens(&self) -> usize {
        self.payloads().filter(|it| matches!(it, Payload::Open(_))).count()
    }
}

struct Shared {
    received: watch::Sender<Received>,
    script: Mutex<Script>,
    heartbeat_seconds: u32,
    policy: Option<Vec<u32>>,
    authority: Authority,
    enroll: Mutex<Result<(TenantId, NodeId), Status>>,
    certificate_life: Mutex<Duration>,
}

/// See the module. Stops when dropped.
pub struct Ingest {
    shared: Arc<Shared>,
    address: SocketAddr,
    /// The server has a runtime of its own, so that stopping it ends its connections too.
    server: Option<Runtime>,
    tls: bool,
}

impl Drop for Ingest {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
    }
}

/// An authority of its own.
pub fn authority() -> Authority {
    let dir = tempfile::tempdir().unwrap();
    Authority::open_or_create(dir.path(), &SystemClock).unwrap()
}

/// An address that nobody listens at.
pub async fn port_of_nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

impl Ingest {
    /// Listens without encryption and acknowledges everything.
    pub async fn start() -> Self {
        Self::scripted(|_| Answer::Ack).await
    }

    /// Listens without encryption and answers as `script` says.
    pub async fn scripted(script: impl FnMut(&Header) -> Answer + Send + 'static) -> Self {
        Self::with(script, 5, None).await
    }

    pub async fn with(
        script: impl FnMut(&Header) -> Answer + Send + 'static,
        heartbeat_seconds: u32,
        policy: Option<Vec<u32>>,
    ) -> Self {
        let mut ingest = Self::new(port_of_nobody().await, false, script, heartbeat_seconds, policy);
        ingest.listen().await;
        ingest
    }

    /// Listens with TLS for `localhost`.
    pub async fn with_tls() -> Self {
        let mut ingest = Self::new(port_of_nobody().await, true, |_| Answer::Ack, 5, None);
        ingest.listen().await;
        ingest
    }

    /// Will listen at `address` once it is told to.
    pub fn at(address: SocketAddr) -> Self {
        Self::new(address, false, |_| Answer::Ack, 5, None)
    }

    fn new(
        address: SocketAddr,
        tls: bool,
        script: impl FnMut(&Header) -> Answer + Send + 'static,
        heartbeat_seconds: u32,
        policy: Option<Vec<u32>>,
    ) -> Self {
        let shared = Shared {
            received: watch::channel(Received::default()).0,
            script: Mutex::new(Box::new(script)),
            heartbeat_seconds,
            policy,
            authority: authority(),
            enroll: Mutex::new(Err(Status::unauthenticated("no token is known here"))),
            certificate_life: Mutex::new(Duration::from_secs(3600)),
        };
        Self { shared: Arc::new(shared), address, server: None, tls }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn tls_url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    pub fn pin(&self) -> String {
        self.shared.authority.pin()
    }

    /// Who the next one to enroll becomes, or why it does not.
    pub fn enroll_as(&self, outcome: Result<(TenantId, NodeId), Status>, life: Duration) {
        *self.shared.enroll.lock().unwrap() = outcome;
        *self.shared.certificate_life.lock().unwrap() = life;
    }

    /// Listens, again if it was stopped.
    pub async fn listen(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        let service = Service(Arc::clone(&self.shared));
        let router = Server::builder()
            .add_service(AgentServer::new(service.clone()))
            .add_service(EnrollmentServer::new(service));
        let tls = self.tls.then(|| {
            let names = ["localhost".to_owned()];
            let config = self.shared.authority.server_config(&names, Arc::new(SystemClock)).unwrap();
            TlsAcceptor::from(config)
        });
        let server = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = listener.into_std().unwrap();
        server.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            match tls {
                None => router.serve_with_incoming(TcpListenerStream::new(listener)).await.unwrap(),
                Some(acceptor) => router.serve_with_incoming(handshakes(listener, acceptor)).await.unwrap(),
            }
        });
        self.server = Some(server);
    }

    /// Stops and breaks all connections.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            #[expect(clippy::disallowed_methods, reason = "the test's runtime goes on meanwhile")]
            let stopped = spawn_blocking(move || server.shutdown_timeout(Duration::from_secs(10)));
            stopped.await.unwrap();
        }
    }

    /// Waits until what was received is as wanted, and gives a look at it.
    pub async fn until(&self, wanted: impl FnMut(&Received) -> bool) -> watch::Ref<'_, Received> {
        let mut received = self.shared.received.subscribe();
        let look = tokio::time::timeout(Duration::from_secs(30), received.wait_for(wanted)).await;
        assert!(look.is_ok(), "not received in 30 s");
        drop(look);
        self.shared.received.borrow()
    }

    pub fn received(&self) -> watch::Ref<'_, Received> {
        self.shared.received.borrow()
    }
}

fn handshakes(
    listener: TcpListener,
    acceptor: TlsAcceptor,
) -> impl Stream<Item = std::io::Result<TlsStream<TcpStream>>> {
    let (sender, receiver) = mpsc::channel(8);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            // A failed handshake is the client's business.
            if let Ok(stream) = acceptor.accept(tcp).await
                && sender.send(Ok(stream)).await.is_err()
            {
                return;
            }
        }
    });
    ReceiverStream::new(receiver)
}

#[derive(Clone)]
struct Service(Arc<Shared>);

impl Service {
    /// False when the stream is to end.
    async fn answer(&self, block: &[u8], replies: &mpsc::Sender<Result<ServerMessage, Status>>) -> bool {
        let (header, _) = Header::parse(block).unwrap();
        let key = (header.boot, header.first);
        let answer = (self.0.script.lock().unwrap())(&header);
        let keeps = matches!(answer, Answer::Ack | Answer::KeepAndBreak);
        let batch = Batch::decode(block).unwrap();
        self.0.received.send_modify(|received| {
            *received.arrivals.entry(key).or_default() += 1;
            if keeps {
                received.blocks.insert(key, batch);
            }
        });
        let boot = header.boot.as_uuid().as_bytes().to_vec();
        let (first, last) = (header.first, header.last);
        let message = match answer {
            Answer::Ack => ToAgent::Ack(Ack { boot, first, last }),
            Answer::KeepAndBreak | Answer::Break => return false,
            Answer::Silence => return true,
            Answer::Refuse(code, retry_after_ms) => ToAgent::Refusal(Refusal {
                code: code.into(),
                message: "as the test says".into(),
                boot,
                first,
                last,
                retry_after_ms,
            }),
            Answer::RefuseUnread(code) => ToAgent::Refusal(Refusal {
                code: code.into(),
                message: "no block".into(),
                ..Refusal::default()
            }),
        };
        replies.send(Ok(ServerMessage { message: Some(message) })).await.is_ok()
    }

    fn sign(&self, csr: &[u8], tenant: &TenantId, node: &NodeId) -> Result<Vec<Vec<u8>>, Status> {
        let life = *self.0.certificate_life.lock().unwrap();
        let issued = self.0.authority.issue_node(tenant, node, csr, SystemClock.now(), life);
        Ok(issued.map_err(|error| Status::invalid_argument(error.to_string()))?.chain_der)
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        vec![self.0.authority.certificate_der().to_vec()]
    }
}

#[tonic::async_trait]
impl Agent for Service {
    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<RenewResponse>, Status> {
        let (tenant, node) = self.0.enroll.lock().unwrap().clone()?;
        let certificates = self.sign(&request.into_inner().csr, &tenant, &node)?;
        self.0.received.send_modify(|received| received.renewals += 1);
        Ok(Response::new(RenewResponse { certificates, authorities: self.authorities() }))
    }

    type StreamStream = Pin<Box<dyn Stream<Item = Result<ServerMessage, Status>> + Send>>;

    async fn stream(
        &self,
        request: Request<Streaming<AgentMessage>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let mut incoming = request.into_inner();
        let (replies, receiver) = mpsc::channel(8);
        let service = self.clone();
        self.0.received.send_modify(|received| received.streams += 1);
        tokio::spawn(async move {
            let Some(Ok(AgentMessage { message: Some(FromAgent::Hello(_)) })) = incoming.next().await else {
                return;
            };
            let welcome =
                Welcome { heartbeat_seconds: service.0.heartbeat_seconds, max_block_bytes: 1 << 20 };
            let mut greeting = vec![ToAgent::Welcome(welcome)];
            greeting
                .extend(service.0.policy.clone().map(|kinds| ToAgent::Policy(Policy { version: 1, kinds })));
            for message in greeting {
                if replies.send(Ok(ServerMessage { message: Some(message) })).await.is_err() {
                    return;
                }
            }
            while let Some(Ok(AgentMessage { message: Some(FromAgent::Block(block)) })) =
                incoming.next().await
            {
                if !service.answer(&block, &replies).await {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

#[tonic::async_trait]
impl Enrollment for Service {
    async fn enroll(&self, request: Request<EnrollRequest>) -> Result<Response<EnrollResponse>, Status> {
        let request = request.into_inner();
        let (tenant, node) = self.0.enroll.lock().unwrap().clone()?;
        let certificates = self.sign(&request.csr, &tenant, &node)?;
        self.0.received.send_modify(|received| received.enrolled.push(request));
        Ok(Response::new(EnrollResponse {
            tenant: tenant.to_string(),
            node: node.to_string(),
            certificates,
            authorities: self.authorities(),
        }))
    }
}
