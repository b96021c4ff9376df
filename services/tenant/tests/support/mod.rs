//! A tenant role on the memory log and store, called through a channel in this process.
#![expect(dead_code, reason = "each test binary uses its own part of it")]

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;
use tonic::{Request, Response, Status};
use vedetta_api::{Channel, TenantClient, tenant::v1 as pb};
use vedetta_auth::{Authority, Keys, Session, client, metadata::with_token};
use vedetta_log::{EventLog, MemoryLog, Topic, TopicOptions};
use vedetta_model::{
    Clock, ManualClock, TenantId, Timestamp, UserId,
    control::{Actor, DomainEvent, Envelope, Permission},
};
use vedetta_runtime::{Clients, Context, Drain};
use vedetta_store::{
    EventStore, Expected, MemoryStore, NewEvent, StreamId, Version, View, ViewChange, ViewKey, ViewStore,
};
use vedetta_tenant::{ROLE, bootstrap};

pub const HOUR: Duration = Duration::from_secs(3600);

/// A rule of our own, so that tests do not depend on the built-in ones.
pub const RULE: &str = "- rule: Shell\n  desc: a shell\n  condition: evt.type = execve and proc.name = sh\n  output: shell %proc.name\n  priority: NOTICE\n";

pub struct World {
    pub context: Context,
    pub clock: Arc<ManualClock>,
    pub store: MemoryStore,
    pub channel: Channel,
    tasks: JoinSet<anyhow::Result<()>>,
    _dir: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_800_000_000_000)));
        let log = MemoryLog::new(clock.clone());
        Self::on(clock, Arc::new(log)).await
    }

    /// With another log.
    pub async fn on(clock: Arc<ManualClock>, log: Arc<dyn EventLog>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        log.create_topic(&Topic::CONTROL, TopicOptions { partitions: 2 }).await.unwrap();
        log.create_topic(&Topic::DEAD_LETTERS, TopicOptions { partitions: 1 }).await.unwrap();
        let store = MemoryStore::new();
        let context = Context {
            log,
            events: Arc::new(store.clone()),
            views: Arc::new(store.clone()),
            blocks: Arc::new(store.clone()),
            clock: clock.clone(),
            keys: Arc::new(Keys::open_or_create(&dir.path().join("keys"), &mut rand::rng()).unwrap()),
            authority: Arc::new(Authority::open_or_create(&dir.path().join("pki"), &*clock).unwrap()),
            clients: Clients::default(),
            drain: Drain::new(),
            registry: Arc::default(),
            data_dir: dir.path().to_owned(),
            agents_url: "https://localhost:1".into(),
            sections: Arc::default(),
        };
        let running = (ROLE.build)(&context).await.unwrap();
        let channel = Channel::local(running.internal.unwrap().prepare());
        context.clients.set_internal(channel.clone());
        let mut tasks = JoinSet::new();
        for task in running.tasks {
            tasks.spawn(task.run);
        }
        Self { context, clock, store, channel, tasks, _dir: dir }
    }

    /// Drains and waits for every task.
    pub async fn stop(mut self) {
        self.context.drain.call();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap().unwrap();
        }
    }

    pub fn client(&self) -> TenantClient {
        self.context.clients.tenant().unwrap()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A tenant without rules.
    pub async fn tenant(&self, name: &str) -> TenantId {
        let message = pb::CreateTenantRequest { tenant: name.into(), name: name.into() };
        self.client().create_tenant(with_token(message, &self.role(None))).await.unwrap();
        name.parse().unwrap()
    }

    /// Another role's token.
    pub fn role(&self, tenant: Option<&TenantId>) -> String {
        self.context.keys.service_token("test", tenant, self.now())
    }

    /// Makes a user and gives a session with all rights but those that the name lacks.
    pub async fn person(&self, tenant: &TenantId, name: &str, permissions: &[Permission]) -> Person {
        let words = permissions.iter().map(|p| serde_json::to_value(p).unwrap().as_str().unwrap().to_owned());
        let message = pb::CreateUserRequest {
            name: name.into(),
            password: PASSWORD.into(),
            permissions: words.collect(),
        };
        let made = self.client().create_user(with_token(message, &self.role(Some(tenant)))).await.unwrap();
        let user: UserId = made.into_inner().user.parse().unwrap();
        let session =
            Session { tenant: tenant.clone(), user, name: name.into(), permissions: permissions.to_vec() };
        Person { token: self.context.keys.session_token(&session, self.now(), HOUR * 24), session }
    }

    /// A new session of somebody.
    pub fn sign_in_again(&self, person: &Person) -> String {
        self.context.keys.session_token(&person.session, self.now(), HOUR)
    }

    /// Writes an event past the service, as another version of it might have.
    pub async fn append(&self, stream: &StreamId, event: DomainEvent) {
        let present = self.store.load(stream, Version(0), 10_000).await.unwrap().len() as u64;
        let envelope = Envelope {
            id: uuid::Uuid::from_bytes(rand::random()),
            tenant: stream.tenant.clone(),
            stream: stream.id.clone(),
            version: present + 1,
            time: self.now(),
            actor: Actor::System,
            event,
        };
        let new = NewEvent { id: envelope.id, time: envelope.time, data: envelope.encode().into() };
        self.store.append(stream, Expected::Exactly(Version(present)), &[new]).await.unwrap();
    }

    /// All events of a stream.
    pub async fn events(&self, stream: &StreamId) -> Vec<Envelope> {
        let stored = self.store.load(stream, Version(0), 10_000).await.unwrap();
        stored.iter().map(|event| Envelope::decode(&event.data).unwrap()).collect()
    }

    /// Puts a case where the query role would.
    pub async fn case(&self, tenant: &TenantId) -> vedetta_model::CaseId {
        let id = vedetta_model::CaseId::random(&mut rand::rng());
        let key = ViewKey::new(tenant, View("cases"), id.as_uuid().as_bytes().to_vec());
        let checkpoint = vedetta_store::Checkpoint {
            projection: id.to_string().as_str().into(),
            source: "findings/0".into(),
            next: 1,
        };
        let change = ViewChange::Put { key, value: b"{}".as_slice().into() };
        self.store.apply(&[change], &checkpoint).await.unwrap();
        id
    }

    pub async fn enrollment_token(
        &self,
        person: &Person,
        max_uses: u32,
    ) -> pb::CreateEnrollmentTokenResponse {
        let message = pb::CreateEnrollmentTokenRequest { label: "t".into(), valid_seconds: 3600, max_uses };
        let made = self.client().create_enrollment_token(with_token(message, &person.token)).await;
        made.unwrap().into_inner()
    }

    pub async fn enroll(&self, secret: &str, machine: &Machine) -> Result<pb::EnrollNodeResponse, Status> {
        let message = pb::EnrollNodeRequest {
            secret: secret.into(),
            csr: client::csr(&machine.key).unwrap(),
            hostname: machine.name.clone(),
            machine_id: machine.name.clone(),
            agent_version: "0.1.0".into(),
        };
        self.client().enroll_node(with_token(message, &self.role(None))).await.map(Response::into_inner)
    }

    pub async fn import(
        &self,
        token: &str,
        files: &[(&str, &str)],
    ) -> Result<pb::ImportRulesResponse, Status> {
        let files =
            files.iter().map(|(name, text)| pb::RuleFile { name: (*name).into(), text: (*text).into() });
        let message = pb::ImportRulesRequest { files: files.collect(), remove: vec![] };
        self.client().import_rules(with_token(message, token)).await.map(Response::into_inner)
    }

    /// The first set-up of a tenant.
    pub async fn bootstrap(&self, tenant: &TenantId) -> anyhow::Result<bootstrap::Bootstrapped> {
        bootstrap::run(&self.context, tenant).await
    }
}

pub const PASSWORD: &str = "tea with lemon";

/// Somebody who is signed in.
pub struct Person {
    pub token: String,
    pub session: Session,
}

impl Person {
    pub fn ask<T>(&self, message: T) -> Request<T> {
        with_token(message, &self.token)
    }
}

/// A machine with its key.
pub struct Machine {
    pub name: String,
    pub key: client::NodeKey,
}

impl Machine {
    pub fn named(name: &str) -> Self {
        Self { name: name.into(), key: client::generate_key().unwrap() }
    }
}

pub fn stream(tenant: &TenantId, aggregate: &str, id: impl std::fmt::Display) -> StreamId {
    StreamId::new(tenant, aggregate, id)
}
