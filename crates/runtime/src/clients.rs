//! Ways to the other roles.

use std::sync::{Arc, OnceLock};

use anyhow::Context as _;
use vedetta_api::{Channel, TenantClient};

/// Clients of other roles: in this process when they run here, over a socket otherwise.
#[derive(Debug, Clone, Default)]
pub struct Clients {
    internal: Arc<OnceLock<Channel>>,
}

impl Clients {
    /// Says where the internal services are reached. The first call counts.
    pub fn set_internal(&self, channel: Channel) {
        let _ = self.internal.set(channel);
    }

    /// A way to internal services at `http://host:port`. It connects at the first call.
    pub fn remote(url: &str) -> anyhow::Result<Channel> {
        let endpoint = tonic::transport::Endpoint::from_shared(url.to_owned());
        Ok(Channel::remote(endpoint.context("setting clients.internal_url")?.connect_lazy()))
    }

    /// The tenant service. Fails when it runs neither here nor at a configured address.
    pub fn tenant(&self) -> anyhow::Result<TenantClient> {
        let channel = self.internal.get().cloned().ok_or_else(|| {
            anyhow::anyhow!(
                "no tenant service: add `tenant` to the roles of this process or set `clients.internal_url`"
            )
        })?;
        // All rule files of a tenant come in one answer.
        Ok(TenantClient::new(channel).max_decoding_message_size(16 << 20))
    }
}
