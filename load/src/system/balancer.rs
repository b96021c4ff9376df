//! One address for several processes of a role, as an installation's load balancer gives: each new connection goes to the next
//! process that takes one.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::timeout,
};

/// A process that does not take a connection within this is passed over.
const CONNECT: Duration = Duration::from_millis(500);

/// See the module. Dropping it ends all connections through it.
#[derive(Debug)]
pub struct Balancer {
    role: String,
    address: SocketAddr,
    targets: watch::Sender<Vec<SocketAddr>>,
    run: JoinHandle<()>,
}

impl Balancer {
    /// Listens on loopback for a role. Connections wait until there are targets.
    pub(super) async fn start(role: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (targets, receiver) = watch::channel(Vec::new());
        Ok(Self { role: role.to_owned(), address, targets, run: tokio::spawn(run(listener, receiver)) })
    }

    /// Passes new connections on to these from now on.
    pub(super) fn point_at(&self, targets: Vec<SocketAddr>) {
        self.targets.send_replace(targets);
    }

    /// For whom it stands.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.run.abort();
    }
}

async fn run(listener: TcpListener, mut targets: watch::Receiver<Vec<SocketAddr>>) {
    if targets.wait_for(|targets| !targets.is_empty()).await.is_err() {
        return;
    }
    let next = Arc::new(AtomicUsize::new(0));
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((mut from, _)) = accepted else { continue };
                let _ = from.set_nodelay(true);
                let (targets, next) = (targets.borrow().clone(), next.clone());
                open.spawn(async move {
                    if let Some(mut to) = connect(&targets, &next).await {
                        // Both ends hear of the end by their own connection.
                        let _ = copy_bidirectional(&mut from, &mut to).await;
                    }
                });
            }
            Some(_) = open.join_next() => {}
        }
    }
}

async fn connect(targets: &[SocketAddr], next: &AtomicUsize) -> Option<TcpStream> {
    let first = next.fetch_add(1, Ordering::Relaxed);
    for offset in 0..targets.len() {
        let target = targets[(first + offset) % targets.len()];
        if let Ok(Ok(stream)) = timeout(CONNECT, TcpStream::connect(target)).await {
            let _ = stream.set_nodelay(true);
            return Some(stream);
        }
    }
    None
}
