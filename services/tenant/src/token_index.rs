//! From the hash of an enrollment secret to its token: a view in memory, because the secret names no tenant.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use vedetta_api::Error;
use vedetta_auth::EnrollmentSecret;
use vedetta_model::{
    TenantId, TokenId,
    control::{DomainEvent, Envelope, Token, TokenEvent},
};
use vedetta_store::EventStore;

use crate::application::{Aggregate, Streams};

const PAGE: usize = 1000;

/// Tokens by the SHA-256 of their secret.
#[derive(Debug, Default)]
pub struct TokenIndex(RwLock<HashMap<String, (TenantId, TokenId)>>);

impl TokenIndex {
    /// Reads the tokens of all tenants.
    pub async fn load(streams: &Streams) -> Result<Self, Error> {
        let index = Self::default();
        let store: &dyn EventStore = &**streams.store();
        for tenant in store.tenants().await.map_err(|e| crate::application::unavailable(&e))? {
            let mut after: Option<String> = None;
            loop {
                let page = store
                    .streams(&tenant, Token::NAME, after.as_deref(), PAGE)
                    .await
                    .map_err(|e| crate::application::unavailable(&e))?;
                for stream in &page {
                    let (token, ..) = streams.state::<Token>(stream, None).await?;
                    if let Ok(id) = stream.id.parse() {
                        index.insert(token.secret_sha256, tenant.clone(), id);
                    }
                }
                after = page.last().map(|stream| stream.id.to_string());
                if page.len() < PAGE {
                    break;
                }
            }
        }
        Ok(index)
    }

    /// Adds a token.
    pub fn insert(&self, sha256: String, tenant: TenantId, token: TokenId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(sha256, (tenant, token));
    }

    /// Takes in what another instance decided.
    pub fn take(&self, envelope: &Envelope) {
        if let DomainEvent::Token(TokenEvent::TokenCreated { secret_sha256, .. }) = &envelope.event
            && let Ok(id) = envelope.stream.parse()
        {
            self.insert(secret_sha256.clone(), envelope.tenant.clone(), id);
        }
    }

    /// The token of a secret.
    pub fn find(&self, secret: &EnrollmentSecret) -> Option<(TenantId, TokenId)> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&secret.sha256()).cloned()
    }
}
