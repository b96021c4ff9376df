//! One stream to ingest.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use uuid::Uuid;
use vedetta_api::{
    Channel,
    agent::v1::{
        self as wire, AgentMessage, ServerMessage, agent_client::AgentClient, agent_message, refusal::Code,
        server_message,
    },
};
use vedetta_model::{BootId, Kind};

use super::status_words;

/// How long the server may take to answer the first message.
const WELCOME: Duration = Duration::from_secs(10);

/// Who begins a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// This agent run. Blocks of former runs may follow on the same stream.
    pub boot: BootId,
    /// The machine's name.
    pub hostname: String,
}

/// What the server asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Welcome {
    /// Time between heartbeats.
    pub heartbeat: Duration,
    /// Longest block it takes.
    pub max_block_bytes: u64,
}

/// Events of one run, by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// The run.
    pub boot: BootId,
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// These are durable.
    Ack(Numbers),
    /// This block was not taken.
    Refusal(Refusal),
    /// The active rules want these kinds.
    Policy {
        /// Rises with each change.
        version: u64,
        /// Kinds that this build knows.
        kinds: Vec<Kind>,
    },
}

/// Why a block was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The block; `None` when the server could not even read whose it is. Then it is the one that
    /// has waited longest, because blocks are answered in order.
    pub numbers: Option<Numbers>,
    /// When to send it again; `None` when that is no use.
    pub retry_after: Option<Duration>,
    /// In the server's words.
    pub message: String,
}

/// A stream cannot be opened or has broken.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The server said no, or is not there.
    #[error("{}", status_words(.0))]
    Status(#[from] tonic::Status),
    /// It ended the stream.
    #[error("the server closed the stream")]
    Closed,
    /// It does not answer.
    #[error("the server does not answer")]
    Silent,
    /// It speaks another language.
    #[error(
        "the server's answer makes no sense: {0}; check that --server names the agents' address of ingest"
    )]
    Protocol(String),
}

/// An open stream, welcomed by the server.
#[derive(Debug)]
pub struct Connection {
    blocks: Blocks,
    replies: Replies,
    welcome: Welcome,
}

impl Connection {
    /// Opens a stream and waits for the welcome.
    pub async fn open(channel: Channel, hello: &Hello) -> Result<Self, ConnectionError> {
        let (sender, receiver) = mpsc::channel(2);
        let first = wire::Hello {
            boot: hello.boot.as_uuid().as_bytes().to_vec(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            hostname: hello.hostname.clone(),
        };
        let first = AgentMessage { message: Some(agent_message::Message::Hello(first)) };
        sender.try_send(first).map_err(|_| ConnectionError::Closed)?;
        let opening = async {
            let mut client = AgentClient::new(channel);
            let mut replies = client.stream(ReceiverStream::new(receiver)).await?.into_inner();
            match replies.message().await?.and_then(|message| message.message) {
                Some(server_message::Message::Welcome(welcome)) => Ok((replies, welcome)),
                Some(_) => Err(ConnectionError::Protocol("its first message is no welcome".to_owned())),
                None => Err(ConnectionError::Closed),
            }
        };
        let (replies, welcome) =
            tokio::time::timeout(WELCOME, opening).await.map_err(|_| ConnectionError::Silent)??;
        let welcome = Welcome {
            heartbeat: Duration::from_secs(welcome.heartbeat_seconds.max(1).into()),
            max_block_bytes: welcome.max_block_bytes,
        };
        Ok(Self { blocks: Blocks(sender), replies: Replies(replies), welcome })
    }

    /// What the server asked for.
    pub const fn welcome(&self) -> Welcome {
        self.welcome
    }

    /// Sends a block; waits while the stream is congested.
    pub async fn send(&self, block: Bytes) -> Result<(), ConnectionError> {
        self.blocks.send(block).await
    }

    /// The next thing the server says.
    pub async fn next(&mut self) -> Result<Reply, ConnectionError> {
        self.replies.next().await
    }

    /// Both directions on their own. The stream ends when [`Blocks`] is dropped.
    pub fn split(self) -> (Blocks, Replies) {
        (self.blocks, self.replies)
    }
}

/// The way up.
#[derive(Debug, Clone)]
pub struct Blocks(mpsc::Sender<AgentMessage>);

impl Blocks {
    /// Sends a block; waits while the stream is congested.
    pub async fn send(&self, block: Bytes) -> Result<(), ConnectionError> {
        self.ready().await?.send(block);
        Ok(())
    }

    /// Waits until a block can be sent at once.
    pub(super) async fn ready(&self) -> Result<Ready<'_>, ConnectionError> {
        self.0.reserve().await.map(Ready).map_err(|_| ConnectionError::Closed)
    }
}

/// Room for one block.
pub(super) struct Ready<'a>(mpsc::Permit<'a, AgentMessage>);

impl Ready<'_> {
    pub(super) fn send(self, block: Bytes) {
        self.0.send(AgentMessage { message: Some(agent_message::Message::Block(block)) });
    }
}

/// The way down.
#[derive(Debug)]
pub struct Replies(Streaming<ServerMessage>);

impl Replies {
    /// The next thing the server says. Nothing is lost when this is dropped half-way.
    pub async fn next(&mut self) -> Result<Reply, ConnectionError> {
        loop {
            let message = self.0.message().await?.ok_or(ConnectionError::Closed)?;
            // What later versions say is not for this one.
            if let Some(reply) = message.message.map(reply).transpose()?.flatten() {
                return Ok(reply);
            }
        }
    }
}

fn reply(message: server_message::Message) -> Result<Option<Reply>, ConnectionError> {
    Ok(Some(match message {
        server_message::Message::Welcome(_) => return Ok(None),
        server_message::Message::Ack(ack) => Reply::Ack(numbers(&ack.boot, ack.first, ack.last)?),
        server_message::Message::Refusal(refusal) => {
            let again = matches!(refusal.code(), Code::ResourceExhausted | Code::Unavailable);
            Reply::Refusal(Refusal {
                numbers: match &refusal.boot[..] {
                    [] => None,
                    boot => Some(numbers(boot, refusal.first, refusal.last)?),
                },
                retry_after: again.then(|| Duration::from_millis(refusal.retry_after_ms.into())),
                message: refusal.message,
            })
        }
        server_message::Message::Policy(policy) => Reply::Policy {
            version: policy.version,
            kinds: policy
                .kinds
                .into_iter()
                .filter_map(|kind| Kind::try_from(u16::try_from(kind).ok()?).ok())
                .collect(),
        },
    }))
}

fn numbers(boot: &[u8], first: u64, last: u64) -> Result<Numbers, ConnectionError> {
    let boot = Uuid::from_slice(boot)
        .map_err(|_| ConnectionError::Protocol(format!("an agent run of {} bytes", boot.len())))?;
    Ok(Numbers { boot: BootId::from_uuid(boot), first, last })
}
