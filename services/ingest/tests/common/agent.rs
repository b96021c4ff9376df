//! The agent's end of a stream.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming, transport::Channel};
use vedetta_api::agent::v1::{
    AgentMessage, Hello, Refusal, ServerMessage, agent_client::AgentClient,
    agent_message::Message as FromAgent, server_message::Message as ToAgent,
};

use super::boot;

pub struct Stream {
    pub sender: mpsc::Sender<AgentMessage>,
    replies: Streaming<ServerMessage>,
}

impl Stream {
    /// Opens a stream and sees the greeting.
    pub async fn open(channel: Channel) -> Result<Self, Status> {
        let hello = Hello {
            boot: boot().as_uuid().as_bytes().to_vec(),
            agent_version: "1".into(),
            hostname: "box".into(),
        };
        let mut stream = Self::open_with(channel, Some(FromAgent::Hello(hello))).await?;
        assert!(matches!(stream.reply().await?, ToAgent::Welcome(_)));
        assert!(matches!(stream.reply().await?, ToAgent::Policy(_)));
        Ok(stream)
    }

    /// Opens a stream with another first message.
    pub async fn open_with(channel: Channel, first: Option<FromAgent>) -> Result<Self, Status> {
        let (sender, receiver) = mpsc::channel(64);
        sender.try_send(AgentMessage { message: first }).unwrap();
        let replies = AgentClient::new(channel).stream(ReceiverStream::new(receiver)).await?.into_inner();
        Ok(Self { sender, replies })
    }

    pub async fn send(&self, block: Vec<u8>) {
        self.sender.send(AgentMessage { message: Some(FromAgent::Block(block.into())) }).await.unwrap();
    }

    pub async fn reply(&mut self) -> Result<ToAgent, Status> {
        let message = self.replies.message().await?;
        message.and_then(|m| m.message).ok_or_else(|| Status::ok("ended"))
    }

    /// The next reply, which must be an acknowledgement: its numbers.
    pub async fn ack(&mut self) -> (u64, u64) {
        match self.reply().await.unwrap() {
            ToAgent::Ack(ack) => (ack.first, ack.last),
            other => panic!("expected an acknowledgement, got {other:?}"),
        }
    }

    /// The next reply, which must be a refusal.
    pub async fn refusal(&mut self) -> Refusal {
        match self.reply().await.unwrap() {
            ToAgent::Refusal(refusal) => refusal,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    /// The status that ends the stream; replies before it are skipped.
    pub async fn end(&mut self) -> Status {
        loop {
            if let Err(status) = self.reply().await {
                return status;
            }
        }
    }
}
