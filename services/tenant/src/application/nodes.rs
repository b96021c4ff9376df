//! Enrollment tokens, and the nodes that enroll with them.

use std::time::Duration;

use vedetta_api::{Code, Error};
use vedetta_auth::{EnrollmentSecret, IssuedCertificate, TenantCtx};
use vedetta_model::{
    NodeId, TenantId, TokenId,
    control::{Actor, Node, Permission, Tenant, Token, TokenRefusal},
};
use vedetta_store::StreamId;

use super::{
    Aggregate, Commands, Decided,
    commands::{main, require},
};
use crate::domain::{self, node::Enrollment};

/// A token and its secret, shown once.
#[derive(Debug)]
pub struct TokenCreated {
    /// Which.
    pub id: TokenId,
    /// The secret.
    pub secret: EnrollmentSecret,
    /// What changed.
    pub decided: Decided,
}

/// A node that asks to be enrolled.
#[derive(Debug)]
pub struct EnrollNode {
    /// The token's secret.
    pub secret: String,
    /// Its certificate request, DER.
    pub csr: Vec<u8>,
    /// The machine's name.
    pub hostname: String,
    /// `/etc/machine-id`.
    pub machine_id: String,
    /// The agent's version.
    pub agent_version: String,
}

/// A node with its certificate.
#[derive(Debug)]
pub struct Enrolled {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub node: NodeId,
    /// Its certificate.
    pub certificate: Renewed,
    /// What changed.
    pub decided: Decided,
}

/// A new certificate.
#[derive(Debug)]
pub struct Renewed {
    /// Leaf first, DER.
    pub chain: Vec<Vec<u8>>,
    /// The authority's, DER.
    pub authorities: Vec<Vec<u8>>,
}

impl Commands {
    /// Creates an enrollment token.
    pub async fn create_token(
        &self,
        ctx: &TenantCtx,
        label: &str,
        valid: Duration,
        max_uses: u32,
    ) -> Result<TokenCreated, Error> {
        require(ctx, Permission::ManageNodes)?;
        let (secret, id) = self.random.draw(|rng| (EnrollmentSecret::generate(rng), TokenId::random(rng)));
        let decided = self
            .streams
            .decide(ctx.tenant(), id, &ctx.actor(), |state: &Token, now| {
                let terms = domain::token::Terms { label, valid, max_uses };
                domain::token::create(state, &terms, secret.sha256(), self.token_longest, now)
            })
            .await?;
        self.tokens.insert(secret.sha256(), ctx.tenant().clone(), id);
        Ok(TokenCreated { id, secret, decided })
    }

    /// Takes an enrollment token back.
    pub async fn revoke_token(&self, ctx: &TenantCtx, token: &str, reason: &str) -> Result<Decided, Error> {
        require(ctx, Permission::ManageNodes)?;
        let unknown = |_| Error::new(Code::NotFound, "no such enrollment token");
        let id: TokenId = token.parse().map_err(unknown)?;
        let decide = |state: &Token, _| domain::token::revoke(state, reason);
        self.streams.decide(ctx.tenant(), id, &ctx.actor(), decide).await
    }

    /// Enrolls a node with a token.
    ///
    /// The token's use is written first, the node second: a crash between the two leaves a use that
    /// the same machine takes up again for free. A crash after both leaves a certificate that nobody
    /// has; the machine asks again.
    pub async fn enroll_node(&self, request: &EnrollNode) -> Result<Enrolled, Error> {
        let outcome = self.enroll(request).await;
        self.metrics.enrollment(outcome.as_ref().err().map(|error| error.code));
        outcome
    }

    async fn enroll(&self, request: &EnrollNode) -> Result<Enrolled, Error> {
        let credential = |what: &dyn std::fmt::Display| Error::new(Code::Unauthenticated, what);
        let secret = EnrollmentSecret::parse(&request.secret).map_err(|error| credential(&error))?;
        let found = self.tokens.find(&secret);
        let (tenant, token) = found.ok_or_else(|| credential(&TokenRefusal::Unknown))?;
        let enrollment = Enrollment {
            hostname: &request.hostname,
            machine_id: &request.machine_id,
            agent_version: &request.agent_version,
        };
        domain::node::check(&enrollment)?;
        let node = domain::node::id_of(&tenant, &request.machine_id);

        // All that can be refused is refused before anything is written.
        let now = self.streams.now();
        let token_stream = StreamId::new(&tenant, Token::NAME, token);
        let (token_state, ..) = self.streams.state::<Token>(&token_stream, None).await?;
        domain::token::use_for(&token_state, node, now)?;
        let (node_state, ..) =
            self.streams.state::<Node>(&StreamId::new(&tenant, Node::NAME, node), None).await?;
        domain::node::check_return(&node_state, &token_state)?;
        let signed = self.sign(&tenant, node, &request.csr)?;
        let (tenant_state, ..) = self.streams.state::<Tenant>(&main::<Tenant>(&tenant), None).await?;
        let is_new = self.census.admit(&self.streams, &tenant, node, tenant_state.limits.nodes).await?;

        let actor = Actor::Node { id: node };
        let written = async {
            let use_token = |state: &Token, now| domain::token::use_for(state, node, now);
            self.streams.decide(&tenant, token, &actor, use_token).await?;
            let enroll = |state: &Node, _| {
                domain::node::check_return(state, &token_state)?;
                domain::node::enroll(&enrollment, signed.key_sha256.clone(), token, certificate(&signed))
            };
            self.streams.decide(&tenant, node, &actor, enroll).await
        };
        match written.await {
            Ok(decided) => Ok(Enrolled { tenant, node, certificate: self.renewed(signed), decided }),
            Err(error) => {
                if is_new {
                    self.census.leave(&tenant, node).await;
                }
                Err(error)
            }
        }
    }

    /// Signs a new certificate for the key that enrolled.
    pub async fn renew_node(&self, tenant: &TenantId, node: NodeId, csr: &[u8]) -> Result<Renewed, Error> {
        let signed = self.sign(tenant, node, csr)?;
        let decide = |state: &Node, _| domain::node::renew(state, &signed.key_sha256, certificate(&signed));
        self.streams.decide(tenant, node, &Actor::Node { id: node }, decide).await?;
        Ok(self.renewed(signed))
    }

    /// Takes a node's right to send away.
    pub async fn remove_node(&self, ctx: &TenantCtx, node: &str, reason: &str) -> Result<Decided, Error> {
        require(ctx, Permission::ManageNodes)?;
        let id: NodeId = node.parse().map_err(|_| Error::new(Code::NotFound, "no such node"))?;
        let decide = |state: &Node, _| domain::node::remove(state, reason);
        let decided = self.streams.decide(ctx.tenant(), id, &ctx.actor(), decide).await?;
        self.census.leave(ctx.tenant(), id).await;
        Ok(decided)
    }

    fn sign(&self, tenant: &TenantId, node: NodeId, csr: &[u8]) -> Result<IssuedCertificate, Error> {
        let now = self.streams.now();
        let signed = self.authority.issue_node(tenant, &node, csr, now, self.certificate_ttl);
        signed.map_err(|error| match error {
            vedetta_auth::PkiError::Request(_) => Error::new(Code::Invalid, error),
            error => {
                tracing::error!(%error, %tenant, %node, "a certificate was not issued");
                Error::new(
                    Code::Internal,
                    "the certificate could not be issued; the log of the server says why",
                )
            }
        })
    }

    fn renewed(&self, signed: IssuedCertificate) -> Renewed {
        Renewed { chain: signed.chain_der, authorities: vec![self.authority.certificate_der().to_vec()] }
    }
}

fn certificate(signed: &IssuedCertificate) -> domain::node::Certificate {
    domain::node::Certificate { serial: signed.serial.clone(), expires: signed.expires }
}
