//! A tenant service that decides without rules of its own and writes straight to the control feed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tonic::{Request, Response, Status};
use uuid::Uuid;
use vedetta_api::tenant::v1::{tenant_service_server::TenantService, *};
use vedetta_auth::{Keys, Session, TenantCtx};
use vedetta_log::{EventLog, MemoryLog, Topic};
use vedetta_model::{
    Clock, ManualClock, TenantId, UserId,
    control::{
        Actor, CaseEvent, CaseState, ConfigFile, DeadLetterEvent, DomainEvent, Envelope, NodeEvent,
        Permission, RuleException, RuleSet, RuleSetEvent, TokenEvent,
    },
};
use vedetta_runtime::DeadLetters;

use super::facts;

/// The password that is right for everybody.
pub const PASSWORD: &str = "correct horse";

#[derive(Debug)]
pub struct TenantDouble {
    keys: Arc<Keys>,
    log: Arc<MemoryLog>,
    clock: Arc<ManualClock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    users: HashMap<(TenantId, String), (UserId, Vec<Permission>)>,
    disabled: Vec<String>,
    asked: usize,
    streams: HashMap<(TenantId, String), Vec<Envelope>>,
}

impl TenantDouble {
    pub fn new(keys: Arc<Keys>, log: Arc<MemoryLog>, clock: Arc<ManualClock>) -> Self {
        Self { keys, log, clock, state: Mutex::default() }
    }

    /// Makes a person with all permissions and signs them in.
    pub fn sign_in(&self, tenant: &TenantId, name: &str) -> String {
        self.sign_in_as(tenant, name, &Permission::ALL)
    }

    /// Makes a person and signs them in.
    pub fn sign_in_as(&self, tenant: &TenantId, name: &str, permissions: &[Permission]) -> String {
        let user =
            UserId::from_uuid(Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{tenant}/{name}").as_bytes()));
        let key = (tenant.clone(), name.to_owned());
        self.state.lock().unwrap().users.insert(key, (user, permissions.to_vec()));
        let session = Session {
            tenant: tenant.clone(),
            user,
            name: name.to_owned(),
            permissions: permissions.to_vec(),
        };
        self.keys.session_token(&session, self.clock.now(), Duration::from_secs(3600))
    }

    pub fn disable(&self, name: &str) {
        self.state.lock().unwrap().disabled.push(name.to_owned());
    }

    /// How often sessions were asked about.
    pub fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }

    fn caller<T>(&self, request: &Request<T>) -> Result<TenantCtx, Status> {
        let bearer =
            request.metadata().get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let token = bearer.strip_prefix("Bearer ").unwrap_or_default();
        self.keys.verify(token, self.clock.now()).map_err(|error| Status::unauthenticated(error.to_string()))
    }

    async fn decide(
        &self,
        caller: &TenantCtx,
        needs: Permission,
        stream: &str,
        event: DomainEvent,
    ) -> Result<Decided, Status> {
        if !caller.may(needs) {
            return Err(Status::permission_denied("you may not do this in this tenant"));
        }
        let aggregate = event.aggregate();
        let envelope = {
            let mut state = self.state.lock().unwrap();
            let key = (caller.tenant().clone(), format!("{aggregate}/{stream}"));
            let history = state.streams.entry(key).or_default();
            // The tests append the first events of a stream by themselves.
            let version = history.last().map_or(10, |last| last.version) + 1;
            let envelope = Envelope {
                actor: caller.actor(),
                ..facts::envelope(caller.tenant(), stream, version, self.clock.now(), event)
            };
            history.push(envelope.clone());
            envelope
        };
        self.log.append(&Topic::CONTROL, vec![facts::envelope_record(&envelope)]).await.unwrap();
        Ok(Decided { aggregate: aggregate.into(), stream: stream.into(), version: envelope.version })
    }

    fn user(&self, tenant: &TenantId, name: &str) -> Result<UserResponse, Status> {
        let state = self.state.lock().unwrap();
        let (user, permissions) = state
            .users
            .get(&(tenant.clone(), name.to_owned()))
            .filter(|_| !state.disabled.contains(&name.to_owned()))
            .ok_or_else(|| Status::unauthenticated("name or password is wrong"))?;
        let word = |p: &Permission| serde_json::to_value(p).unwrap().as_str().unwrap().to_owned();
        Ok(UserResponse {
            user: user.to_string(),
            name: name.to_owned(),
            tenant: tenant.to_string(),
            permissions: permissions.iter().map(word).collect(),
            ..UserResponse::default()
        })
    }
}

type Answer<T> = Result<Response<T>, Status>;

fn not_here<T>() -> Answer<T> {
    Err(Status::unimplemented("not in this double"))
}

#[tonic::async_trait]
impl TenantService for TenantDouble {
    async fn verify_password(&self, request: Request<VerifyPasswordRequest>) -> Answer<UserResponse> {
        let asked = request.into_inner();
        if asked.name == "throttled" {
            return Err(Status::resource_exhausted("too many wrong passwords; try again in 7 s"));
        }
        if asked.password != PASSWORD {
            return Err(Status::unauthenticated("name or password is wrong"));
        }
        self.user(&asked.tenant.parse().unwrap(), &asked.name).map(Response::new)
    }

    async fn get_viewer(&self, request: Request<GetViewerRequest>) -> Answer<UserResponse> {
        let caller = self.caller(&request)?;
        self.state.lock().unwrap().asked += 1;
        let Actor::User { name, .. } = caller.actor() else {
            return Err(Status::unauthenticated("no person"));
        };
        self.user(caller.tenant(), &name).map(Response::new)
    }

    async fn set_rule_enabled(&self, request: Request<SetRuleEnabledRequest>) -> Answer<Decided> {
        let caller = self.caller(&request)?;
        let SetRuleEnabledRequest { rule, enabled, reason } = request.into_inner();
        if rule == "No such rule" {
            return Err(Status::not_found("no rule of that name"));
        }
        let event = if enabled {
            RuleSetEvent::RuleEnabled { rule, reason }
        } else {
            RuleSetEvent::RuleDisabled { rule, reason }
        };
        let decided =
            self.decide(&caller, Permission::ManageRules, "main", DomainEvent::RuleSet(event)).await?;
        Ok(Response::new(decided))
    }

    async fn add_rule_exception(&self, request: Request<AddRuleExceptionRequest>) -> Answer<Decided> {
        let caller = self.caller(&request)?;
        let AddRuleExceptionRequest { rule, exception_json, reason } = request.into_inner();
        let exception: RuleException = serde_json::from_str(&exception_json).unwrap();
        let event = RuleSetEvent::ExceptionAdded { rule, exception, reason };
        let decided =
            self.decide(&caller, Permission::ManageRules, "main", DomainEvent::RuleSet(event)).await?;
        Ok(Response::new(decided))
    }

    async fn import_rules(&self, request: Request<ImportRulesRequest>) -> Answer<ImportRulesResponse> {
        let file = request.into_inner().files.remove(0).name;
        let diagnostic = Diagnostic {
            warning: false,
            code: "VED0100".into(),
            file,
            line: 3,
            column: 9,
            message: "expected a field".into(),
        };
        Ok(Response::new(ImportRulesResponse { decided: None, diagnostics: vec![diagnostic] }))
    }

    async fn get_rule_set(&self, request: Request<GetRuleSetRequest>) -> Answer<GetRuleSetResponse> {
        let caller = self.caller(&request)?;
        let as_of = request.into_inner().as_of;
        let until = if as_of.is_empty() { self.clock.now() } else { as_of.parse().unwrap() };
        let mut rules = RuleSet::default();
        rules.apply(&RuleSetEvent::RulesImported {
            files: vec![ConfigFile { name: "test.yaml".into(), text: facts::RULES.into() }],
        });
        let state = self.state.lock().unwrap();
        let history = state.streams.get(&(caller.tenant().clone(), "rule_set/main".to_owned()));
        let mut last: Option<&Envelope> = None;
        for envelope in history.into_iter().flatten().filter(|envelope| envelope.time <= until) {
            if let DomainEvent::RuleSet(event) = &envelope.event {
                rules.apply(event);
            }
            last = Some(envelope);
        }
        Ok(Response::new(GetRuleSetResponse {
            rule_set_json: serde_json::to_string(&rules).unwrap(),
            version: last.map_or(10, |envelope| envelope.version),
            last_change_json: last.map(|l| String::from_utf8(l.encode()).unwrap()).unwrap_or_default(),
        }))
    }

    async fn set_case_state(&self, request: Request<SetCaseStateRequest>) -> Answer<Decided> {
        let caller = self.caller(&request)?;
        let asked = request.into_inner();
        let state: CaseState = serde_json::from_value(asked.state.into()).unwrap();
        let disposition = serde_json::from_value(asked.disposition.into()).ok();
        let event = DomainEvent::Case(CaseEvent::CaseStateChanged { state, disposition });
        let decided = self.decide(&caller, Permission::Triage, &asked.case, event).await?;
        Ok(Response::new(decided))
    }

    async fn assign_case(&self, request: Request<AssignCaseRequest>) -> Answer<Decided> {
        let caller = self.caller(&request)?;
        let Actor::User { id, name } = caller.actor() else {
            return Err(Status::unauthenticated("no person"));
        };
        let asked = request.into_inner();
        let (assignee, assignee_name) = if asked.to_me { (Some(id), Some(name)) } else { (None, None) };
        let event = DomainEvent::Case(CaseEvent::CaseAssigned { assignee, assignee_name });
        let decided = self.decide(&caller, Permission::Triage, &asked.case, event).await?;
        Ok(Response::new(decided))
    }

    async fn comment_case(&self, request: Request<CommentCaseRequest>) -> Answer<Decided> {
        let caller = self.caller(&request)?;
        let CommentCaseRequest { case, text } = request.into_inner();
        let event = DomainEvent::Case(CaseEvent::CaseCommented { text });
        let decided = self.decide(&caller, Permission::Triage, &case, event).await?;
        Ok(Response::new(decided))
    }

    async fn create_enrollment_token(
        &self,
        request: Request<CreateEnrollmentTokenRequest>,
    ) -> Answer<CreateEnrollmentTokenResponse> {
        let caller = self.caller(&request)?;
        let asked = request.into_inner();
        let id = vedetta_model::TokenId::from_uuid(Uuid::from_u128(77)).to_string();
        let event = TokenEvent::TokenCreated {
            label: asked.label,
            secret_sha256: "5ec2e7".into(),
            expires: self.clock.now().after(Duration::from_secs(asked.valid_seconds)),
            max_uses: asked.max_uses,
        };
        let decided = self.decide(&caller, Permission::ManageNodes, &id, DomainEvent::Token(event)).await?;
        Ok(Response::new(CreateEnrollmentTokenResponse {
            token: id,
            secret: "s3cret".into(),
            decided: Some(decided),
        }))
    }

    async fn remove_node(&self, request: Request<RemoveNodeRequest>) -> Answer<Decided> {
        let caller = self.caller(&request)?;
        let RemoveNodeRequest { node, reason } = request.into_inner();
        let event = DomainEvent::Node(NodeEvent::NodeRemoved { reason });
        let decided = self.decide(&caller, Permission::ManageNodes, &node, event).await?;
        Ok(Response::new(decided))
    }

    async fn resubmit_dead_letter(&self, request: Request<ResubmitDeadLetterRequest>) -> Answer<Decided> {
        let caller = self.caller(&request)?;
        let ResubmitDeadLetterRequest { record, letter } = request.into_inner();
        let place = letter.parse().unwrap();
        let event = DomainEvent::DeadLetter(DeadLetterEvent::DeadLetterResubmitted { letter });
        let decided = self.decide(&caller, Permission::Administer, &record, event).await?;
        // Ingest carries it out once it reads the decision; here it is done at once.
        let letter = DeadLetters::new(self.log.clone()).at(&place).await.unwrap().unwrap();
        let topic = &letter.reason.from.partition.topic;
        self.log.append(topic, vec![letter.again().unwrap()]).await.unwrap();
        Ok(Response::new(decided))
    }

    async fn dismiss_dead_letter(&self, request: Request<DismissDeadLetterRequest>) -> Answer<Decided> {
        let caller = self.caller(&request)?;
        let DismissDeadLetterRequest { record, reason, .. } = request.into_inner();
        let event = DomainEvent::DeadLetter(DeadLetterEvent::DeadLetterDismissed { reason });
        let decided = self.decide(&caller, Permission::Administer, &record, event).await?;
        Ok(Response::new(decided))
    }

    async fn create_tenant(&self, _: Request<CreateTenantRequest>) -> Answer<CreateTenantResponse> {
        not_here()
    }
    async fn get_tenant(&self, _: Request<GetTenantRequest>) -> Answer<GetTenantResponse> {
        not_here()
    }
    async fn create_user(&self, _: Request<CreateUserRequest>) -> Answer<UserResponse> {
        not_here()
    }
    async fn change_password(&self, _: Request<ChangePasswordRequest>) -> Answer<UserResponse> {
        not_here()
    }
    async fn revoke_enrollment_token(&self, _: Request<RevokeEnrollmentTokenRequest>) -> Answer<Decided> {
        not_here()
    }
    async fn enroll_node(&self, _: Request<EnrollNodeRequest>) -> Answer<EnrollNodeResponse> {
        not_here()
    }
    async fn renew_node(&self, _: Request<RenewNodeRequest>) -> Answer<RenewNodeResponse> {
        not_here()
    }
    async fn remove_rule_exception(&self, _: Request<RemoveRuleExceptionRequest>) -> Answer<Decided> {
        not_here()
    }
    async fn history(&self, _: Request<HistoryRequest>) -> Answer<HistoryResponse> {
        not_here()
    }
}
