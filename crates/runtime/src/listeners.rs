//! What a process listens with.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::{Config, Role};

/// Where a process listens. Port 0 in the configuration shows as the port that was taken.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// Console and API.
    pub public: SocketAddr,
    /// Agents.
    pub agents: SocketAddr,
    /// Health and metrics.
    pub admin: SocketAddr,
    /// Other roles.
    pub internal: Option<SocketAddr>,
}

/// All bound before anything else starts: a taken port is known at once. Those that no role serves are closed at the end of
/// the start.
pub struct Listeners {
    pub public: TcpListener,
    pub agents: TcpListener,
    pub admin: TcpListener,
    pub internal: Option<TcpListener>,
}

impl Listeners {
    pub async fn bind(config: &Config, roles: &[Role]) -> anyhow::Result<(Self, Addresses)> {
        let listen = &config.common.listen;
        // With every role in this process nothing needs the internal listener.
        let apart = roles.len() < crate::ALL_ROLES && roles.iter().any(|r| r.name == "tenant");
        let internal = match listen.internal.filter(|_| apart) {
            Some(address) => Some(bind("internal", address).await?),
            None => None,
        };
        let listeners = Self {
            public: bind("public", listen.public).await?,
            agents: bind("agents", listen.agents).await?,
            admin: bind("admin", listen.admin).await?,
            internal,
        };
        let addresses = Addresses {
            public: listeners.public.local_addr()?,
            agents: listeners.agents.local_addr()?,
            admin: listeners.admin.local_addr()?,
            internal: listeners.internal.as_ref().map(TcpListener::local_addr).transpose()?,
        };
        Ok((listeners, addresses))
    }
}

async fn bind(name: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        let variable = name.to_uppercase();
        format!(
            "cannot listen at {address}: stop what listens there, or set listen.{name} \
             (VEDETTA_LISTEN__{variable}) to another address"
        )
    })
}
