//! The service as other roles call it: who calls, what for, and the answer. Decides nothing.

use std::{str::FromStr, sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use tonic::{Request, Response, Status, metadata::MetadataMap};
use vedetta_api::{
    Code, Error,
    tenant::v1::{
        self as pb,
        tenant_service_server::{TenantService, TenantServiceServer},
    },
};
use vedetta_auth::{Keys, TenantCtx, Verified, metadata::authenticate};
use vedetta_model::{
    Clock, NodeId, TenantId, Timestamp,
    control::{ConfigFile, Permission, RuleException},
};
use vedetta_rules::Diagnostic;
use vedetta_store::Version;

use crate::application::{Commands, Decided, EnrollNode, UserMade};

/// The tenant service over gRPC.
#[derive(Debug, Clone)]
pub struct Service {
    commands: Commands,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
}

type Answer<T> = Result<Response<T>, Status>;

/// All rule files of a tenant travel in one message, as text and as JSON.
const MAX_MESSAGE_BYTES: usize = 16 << 20;

impl Service {
    /// Over commands.
    pub(crate) fn new(commands: Commands, keys: Arc<Keys>, clock: Arc<dyn Clock>) -> Self {
        Self { commands, keys, clock }
    }

    /// Ready to be called.
    pub(crate) fn into_server(self) -> TenantServiceServer<Self> {
        TenantServiceServer::new(self)
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES)
    }

    /// A caller in a tenant, with the rights of now.
    async fn caller(&self, metadata: &MetadataMap) -> Result<TenantCtx, Status> {
        match authenticate(&self.keys, metadata, self.clock.now())? {
            Verified::Tenant(ctx) => Ok(self.commands.session(ctx).await?),
            Verified::Service(_) => Err(Status::permission_denied("this needs a token for a tenant")),
        }
    }

    /// Another role; a person's session is refused.
    fn role(&self, metadata: &MetadataMap) -> Result<(), Status> {
        match authenticate(&self.keys, metadata, self.clock.now())? {
            Verified::Service(_) => Ok(()),
            Verified::Tenant(ctx) if ctx.is_service() => Ok(()),
            Verified::Tenant(_) => {
                Err(Status::permission_denied("only another part of Vedetta may ask for this"))
            }
        }
    }
}

#[tonic::async_trait]
impl TenantService for Service {
    async fn create_tenant(
        &self,
        request: Request<pb::CreateTenantRequest>,
    ) -> Answer<pb::CreateTenantResponse> {
        self.role(request.metadata())?;
        let message = request.into_inner();
        let tenant: TenantId = parse(&message.tenant)?;
        let (created, done) = self.commands.create_tenant(&tenant, &message.name).await?;
        Ok(Response::new(pb::CreateTenantResponse { created, decided: Some(decided(done)) }))
    }

    async fn get_tenant(&self, request: Request<pb::GetTenantRequest>) -> Answer<pb::GetTenantResponse> {
        let ctx = self.caller(request.metadata()).await?;
        let (tenant, version) = self.commands.tenant(&ctx).await?;
        Ok(Response::new(pb::GetTenantResponse {
            tenant: ctx.tenant().to_string(),
            state_json: json(&tenant)?,
            version: version.0,
        }))
    }

    async fn create_user(&self, request: Request<pb::CreateUserRequest>) -> Answer<pb::UserResponse> {
        let ctx = self.caller(request.metadata()).await?;
        let message = request.into_inner();
        let permissions: Vec<Permission> =
            message.permissions.iter().map(|name| word("permission", name)).collect::<Result<_, _>>()?;
        let made = self.commands.create_user(&ctx, &message.name, &message.password, permissions).await?;
        Ok(Response::new(user(ctx.tenant(), made)))
    }

    async fn verify_password(&self, request: Request<pb::VerifyPasswordRequest>) -> Answer<pb::UserResponse> {
        self.role(request.metadata())?;
        let message = request.into_inner();
        // A name that can't be a tenant's is answered as one that is not there.
        let tenant: TenantId = message
            .tenant
            .parse()
            .map_err(|_| Error::new(Code::Unauthenticated, "name or password is wrong"))?;
        let made = self.commands.verify_password(&tenant, &message.name, &message.password).await?;
        Ok(Response::new(user(&tenant, made)))
    }

    async fn get_viewer(&self, request: Request<pb::GetViewerRequest>) -> Answer<pb::UserResponse> {
        let ctx = self.caller(request.metadata()).await?;
        let made = self.commands.viewer(&ctx).await?;
        Ok(Response::new(user(ctx.tenant(), made)))
    }

    async fn change_password(&self, request: Request<pb::ChangePasswordRequest>) -> Answer<pb::UserResponse> {
        let ctx = self.caller(request.metadata()).await?;
        let message = request.into_inner();
        let made = self.commands.change_password(&ctx, &message.current, &message.new).await?;
        Ok(Response::new(user(ctx.tenant(), made)))
    }

    async fn create_enrollment_token(
        &self,
        request: Request<pb::CreateEnrollmentTokenRequest>,
    ) -> Answer<pb::CreateEnrollmentTokenResponse> {
        let ctx = self.caller(request.metadata()).await?;
        let message = request.into_inner();
        let valid = Duration::from_secs(message.valid_seconds);
        let made = self.commands.create_token(&ctx, &message.label, valid, message.max_uses).await?;
        Ok(Response::new(pb::CreateEnrollmentTokenResponse {
            token: made.id.to_string(),
            secret: made.secret.expose().to_owned(),
            decided: Some(decided(made.decided)),
        }))
    }

    async fn revoke_enrollment_token(
        &self,
        request: Request<pb::RevokeEnrollmentTokenRequest>,
    ) -> Answer<pb::Decided> {
        let ctx = self.caller(request.metadata()).await?;
        let message = request.into_inner();
        let done = self.commands.revoke_token(&ctx, &message.token, &message.reason).await?;
        Ok(Response::new(decided(done)))
    }

    async fn enroll_node(&self, request: Request<pb::EnrollNodeRequest>) -> Answer<pb::EnrollNodeResponse> {
        self.role(request.metadata())?;
        let pb::EnrollNodeRequest { secret, csr, hostname, machine_id, agent_version } = request.into_inner();
        let request = EnrollNode { secret, csr, hostname, machine_id, agent_version };
        let enrolled = self.commands.enroll_node(&request).await?;
        Ok(Response::new(pb::EnrollNodeResponse {
            tenant: enrolled.tenant.to_string(),
            node: enrolled.node.to_string(),
            certificates: enrolled.certificate.chain,
            authorities: enrolled.certificate.authorities,
            decided: Some(decided(enrolled.decided)),
        }))
    }

    async fn renew_node(&self, request: Request<pb::RenewNodeRequest>) -> Answer<pb::RenewNodeResponse> {
        self.role(request.metadata())?;
        let message = request.into_inner();
        let (tenant, node): (TenantId, NodeId) = (parse(&message.tenant)?, parse(&message.node)?);
        let renewed = self.commands.renew_node(&tenant, node, &message.csr).await?;
        Ok(Response::new(pb::RenewNodeResponse {
            certificates: renewed.chain,
            authorities: renewed.authorities,
        }))
    }

    async fn remove_node(&self, request: Request<pb::RemoveNodeRequest>) -> Answer<pb::Decided> {
        let ctx = self.caller(request.metadata()).await?;
        let message = request.into_inner();
        Ok(Response::new(decided(self.commands.remove_node(&ctx, &message.node, &message.reason).await?)))
    }

    async fn import_rules(
        &self,
        request: Request<pb::ImportRulesRequest>,
    ) -> Answer<pb::ImportRulesResponse> {
        let ctx = self.caller(request.metadata()).await?;
        let message = request.into_inner();
        let files: Vec<ConfigFile> =
            message.files.into_iter().map(|pb::RuleFile { name, text }| ConfigFile { name, text }).collect();
        let imported = self.commands.import_rules(&ctx, &files, &message.remove).await?;
        Ok(Response::new(pb::ImportRulesResponse {
            decided: imported.decided.map(decided),
            diagnostics: imported.diagnostics.iter().map(diagnostic).collect(),
        }))
    }

    async fn set_rule_enabled(&self, request: Request<pb::SetRuleEnabledRequest>) -> Answer<pb::Decided> {
        let ctx = self.caller(request.metadata()).await?;
        let m = request.into_inner();
        Ok(Response::new(decided(self.commands.set_rule_enabled(&ctx, &m.rule, m.enabled, &m.reason).await?)))
    }

    async fn add_rule_exception(&self, request: Request<pb::AddRuleExceptionRequest>) -> Answer<pb::Decided> {
        let ctx = self.caller(request.metadata()).await?;
        let m = request.into_inner();
        let exception: RuleException = serde_json::from_str(&m.exception_json)
            .map_err(|e| Error::new(Code::Invalid, format!("the exception is not as expected: {e}")))?;
        Ok(Response::new(decided(self.commands.add_exception(&ctx, &m.rule, &exception, &m.reason).await?)))
    }

    async fn remove_rule_exception(
        &self,
        request: Request<pb::RemoveRuleExceptionRequest>,
    ) -> Answer<pb::Decided> {
        let ctx = self.caller(request.metadata()).await?;
        let m = request.into_inner();
        Ok(Response::new(decided(self.commands.remove_exception(&ctx, &m.rule, &m.name, &m.reason).await?)))
    }

    async fn get_rule_set(&self, request: Request<pb::GetRuleSetRequest>) -> Answer<pb::GetRuleSetResponse> {
        let ctx = self.caller(request.metadata()).await?;
        let message = request.into_inner();
        let as_of: Option<Timestamp> =
            if message.as_of.is_empty() { None } else { Some(parse(&message.as_of)?) };
        let (rules, version, last) = self.commands.rule_set(&ctx, as_of).await?;
        Ok(Response::new(pb::GetRuleSetResponse {
            rule_set_json: json(&rules)?,
            version: version.0,
            last_change_json: last.map_or(Ok(String::new()), |envelope| json(&envelope))?,
        }))
    }

    async fn assign_case(&self, request: Request<pb::AssignCaseRequest>) -> Answer<pb::Decided> {
        let ctx = self.caller(request.metadata()).await?;
        let m = request.into_inner();
        Ok(Response::new(decided(self.commands.assign_case(&ctx, &m.case, m.to_me).await?)))
    }

    async fn set_case_state(&self, request: Request<pb::SetCaseStateRequest>) -> Answer<pb::Decided> {
        let ctx = self.caller(request.metadata()).await?;
        let m = request.into_inner();
        let state = word("state", &m.state)?;
        let disposition =
            if m.disposition.is_empty() { None } else { Some(word("disposition", &m.disposition)?) };
        Ok(Response::new(decided(self.commands.set_case_state(&ctx, &m.case, state, disposition).await?)))
    }

    async fn comment_case(&self, request: Request<pb::CommentCaseRequest>) -> Answer<pb::Decided> {
        let ctx = self.caller(request.metadata()).await?;
        let m = request.into_inner();
        Ok(Response::new(decided(self.commands.comment_case(&ctx, &m.case, &m.text).await?)))
    }

    async fn resubmit_dead_letter(
        &self,
        request: Request<pb::ResubmitDeadLetterRequest>,
    ) -> Answer<pb::Decided> {
        let ctx = self.caller(request.metadata()).await?;
        let m = request.into_inner();
        Ok(Response::new(decided(self.commands.resubmit_dead_letter(&ctx, &m.record, &m.letter).await?)))
    }

    async fn dismiss_dead_letter(
        &self,
        request: Request<pb::DismissDeadLetterRequest>,
    ) -> Answer<pb::Decided> {
        let ctx = self.caller(request.metadata()).await?;
        let m = request.into_inner();
        let done = self.commands.dismiss_dead_letter(&ctx, &m.record, &m.letter, &m.reason).await?;
        Ok(Response::new(decided(done)))
    }

    async fn history(&self, request: Request<pb::HistoryRequest>) -> Answer<pb::HistoryResponse> {
        let ctx = self.caller(request.metadata()).await?;
        let m = request.into_inner();
        let envelopes = self
            .commands
            .stream_history(&ctx, &m.aggregate, &m.stream, Version(m.after), m.limit as usize)
            .await?;
        let envelope_json = envelopes.iter().map(json).collect::<Result<_, _>>()?;
        Ok(Response::new(pb::HistoryResponse { envelope_json }))
    }
}

fn decided(done: Decided) -> pb::Decided {
    pb::Decided {
        aggregate: done.stream.aggregate.to_string(),
        stream: done.stream.id.to_string(),
        version: done.version.0,
    }
}

fn user(tenant: &TenantId, made: UserMade) -> pb::UserResponse {
    let name_of =
        |permission: &Permission| serde_json::to_value(permission).ok()?.as_str().map(str::to_owned);
    pb::UserResponse {
        user: made.id.to_string(),
        name: made.user.name,
        tenant: tenant.to_string(),
        permissions: made.user.permissions.iter().filter_map(name_of).collect(),
        one_time: made.user.one_time,
        generated_password: made.generated.map(|password| password.to_string()).unwrap_or_default(),
        decided: made.decided.map(decided),
    }
}

fn diagnostic(diagnostic: &Diagnostic) -> pb::Diagnostic {
    pb::Diagnostic {
        warning: !diagnostic.is_error(),
        code: diagnostic.code.as_str(),
        file: diagnostic.file.clone(),
        line: u32::try_from(diagnostic.line).unwrap_or(u32::MAX),
        column: u32::try_from(diagnostic.column).unwrap_or(u32::MAX),
        message: diagnostic.message.clone(),
    }
}

fn parse<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Error> {
    text.parse().map_err(|e| Error::new(Code::Invalid, e))
}

/// A word of a closed list, as in JSON.
fn word<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Error> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|e| Error::new(Code::Invalid, format!("{what}: {e}")))
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::new(Code::Internal, e))
}
