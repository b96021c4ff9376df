//! Findings, blocks and decisions to project.

use bytes::Bytes;
use uuid::Uuid;
use vedetta_block::Builder;
use vedetta_log::{Key, NewRecord};
use vedetta_model::{
    BootId, Event, EventId, Finding, FindingId, NodeId, Payload, Process, ProcessKey, Severity, TenantId,
    Timestamp,
    control::{Actor, ConfigFile, DomainEvent, Envelope, NodeEvent, RuleSetEvent, TenantEvent},
    event::{AgentStarted, Heartbeat, Open},
    finding::{Evidence, RuleRef},
};

pub fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

pub fn node(n: u128) -> NodeId {
    NodeId::from_uuid(Uuid::from_u128(n))
}

pub fn boot(n: u128) -> BootId {
    BootId::from_uuid(Uuid::from_u128(n))
}

/// A finding of rule `rule` on node `n`, of event number `seq`, in the group `group`.
pub fn finding(tenant: &TenantId, n: u128, rule: &str, seq: u64, group: &str, time: Timestamp) -> Finding {
    let event_id = EventId { node: node(n), boot: boot(n), seq };
    let process = process(100, time);
    let payload = Payload::Open(Open { path: "/etc/shadow".into(), flags: 0, mode: 0 });
    Finding {
        id: FindingId::of(tenant, rule, &event_id),
        tenant: tenant.clone(),
        node: node(n),
        hostname: format!("host-{n}"),
        time,
        detected: time,
        severity: Severity::ALL[rule.len() % 5],
        rule: RuleRef {
            name: rule.into(),
            version: "v1".into(),
            description: "what it is for".into(),
            condition: "evt.type = open".into(),
            tags: vec!["T1003.008".into(), "host".into()],
            rule_set_version: 1,
        },
        message: format!("{rule} by cat number {seq}"),
        fields: vec![("fd.name".into(), "/etc/shadow".into())],
        evidence: Some(Evidence {
            event_id,
            event: Event { seq, time, process: Some(0), tid: 7, result: 3, payload },
            lineage: vec![process],
        }),
        group_key: group.into(),
    }
}

pub fn process(pid: u32, start: Timestamp) -> Process {
    Process {
        key: ProcessKey { pid, start },
        parent: None,
        ppid: 1,
        exec_time: start,
        name: "cat".into(),
        exe: "/usr/bin/cat".into(),
        args: vec!["cat".into(), "/etc/shadow".into()],
        cwd: "/root".into(),
        uid: 0,
        euid: 0,
        gid: 0,
        egid: 0,
        user: "root".into(),
        loginuid: None,
        tty: 0,
        sid: 1,
        session_start: Timestamp::EPOCH,
        pgid: 1,
        container_id: String::new(),
        exe_from_memfd: false,
        exe_writable: false,
    }
}

pub fn finding_record(finding: &Finding) -> NewRecord {
    NewRecord {
        tenant: finding.tenant.clone(),
        key: Key::of(&finding.tenant, finding.node),
        headers: [].into(),
        payload: serde_json::to_vec(finding).unwrap().into(),
    }
}

pub fn envelope(
    tenant: &TenantId,
    stream: &str,
    version: u64,
    time: Timestamp,
    event: DomainEvent,
) -> Envelope {
    let name = format!("{tenant}/{}/{stream}/{version}", event.aggregate());
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
    Envelope { id, tenant: tenant.clone(), stream: stream.into(), version, time, actor: Actor::System, event }
}

pub fn envelope_record(envelope: &Envelope) -> NewRecord {
    NewRecord {
        tenant: envelope.tenant.clone(),
        key: Key::of(&envelope.tenant, format_args!("{}/{}", envelope.event.aggregate(), envelope.stream)),
        headers: [].into(),
        payload: envelope.encode().into(),
    }
}

/// A block of what the agent says of itself.
pub fn block(tenant: &TenantId, n: u128, run: u128, reports: &[(u64, Timestamp, Payload)]) -> NewRecord {
    let mut builder = Builder::new(tenant.clone(), node(n), boot(run));
    for (seq, time, payload) in reports {
        let payload = payload.clone();
        builder.push(Event { seq: *seq, time: *time, process: None, tid: 0, result: 0, payload });
    }
    NewRecord {
        tenant: tenant.clone(),
        key: Key::of(tenant, node(n)),
        headers: [].into(),
        payload: builder.finish().unwrap(),
    }
}

pub fn started() -> Payload {
    Payload::AgentStarted(AgentStarted {
        version: "0.1.0".into(),
        kernel: "6.1".into(),
        hostname: "host".into(),
        hooks: vec!["exec".into()],
    })
}

pub fn open(path: &str) -> Payload {
    Open { path: path.into(), flags: 0, mode: 0 }.into()
}

pub fn beat(read: u64, lost: u64) -> Payload {
    let beat =
        Heartbeat { interval_seconds: 5, events_read: read, events_lost: lost, ..Heartbeat::default() };
    Payload::Heartbeat(beat)
}

pub fn enrolled(tenant: &TenantId, n: u128, time: Timestamp) -> Envelope {
    let event = NodeEvent::NodeEnrolled {
        hostname: format!("host-{n}"),
        machine_id: format!("machine-{n}"),
        key_sha256: "00".into(),
        token: vedetta_model::TokenId::from_uuid(Uuid::from_u128(1)),
        agent_version: "0.1.0".into(),
    };
    envelope(tenant, &node(n).to_string(), 1, time, DomainEvent::Node(event))
}

pub fn created(tenant: &TenantId, time: Timestamp) -> Envelope {
    let event = TenantEvent::TenantCreated { name: format!("The {tenant} company") };
    envelope(tenant, "main", 1, time, DomainEvent::Tenant(event))
}

pub const SHADOW: &str = "Read the shadow file";

pub const RULES: &str = "\
- rule: Read the shadow file
  desc: somebody reads password hashes
  condition: evt.type = openat and fd.name = /etc/shadow
  output: shadow read by %proc.name
  priority: CRITICAL
  tags: [T1003.008]

- rule: Shell
  desc: a shell
  condition: evt.type = execve and proc.name = sh
  output: shell %proc.cmdline
  priority: NOTICE
  tags: [T1059.004]
";

pub fn imported(tenant: &TenantId, version: u64, time: Timestamp) -> Envelope {
    let files = vec![ConfigFile { name: "test.yaml".into(), text: RULES.into() }];
    envelope(tenant, "main", version, time, DomainEvent::RuleSet(RuleSetEvent::RulesImported { files }))
}

pub fn garbage(tenant: &TenantId, key: &NodeId) -> NewRecord {
    NewRecord {
        tenant: tenant.clone(),
        key: Key::of(tenant, key),
        headers: [].into(),
        payload: Bytes::from_static(b"no"),
    }
}

pub fn loss(count: u64) -> Payload {
    Payload::Loss(vedetta_model::event::Loss {
        stage: vedetta_model::event::LossStage::Ring,
        cpu: Some(1),
        hook: "open".into(),
        count,
        since: super::NOON.parse().unwrap(),
        until: super::NOON.parse().unwrap(),
    })
}

pub fn token_created(tenant: &TenantId, time: Timestamp) -> Envelope {
    let event = vedetta_model::control::TokenEvent::TokenCreated {
        label: "laptops".into(),
        secret_sha256: "5ec2e7".into(),
        expires: time.after(std::time::Duration::from_secs(600)),
        max_uses: 2,
    };
    let id = vedetta_model::TokenId::from_uuid(Uuid::from_u128(7)).to_string();
    envelope(tenant, &id, 1, time, DomainEvent::Token(event))
}

pub fn loss_at(count: u64, time: Timestamp) -> Payload {
    match loss(count) {
        Payload::Loss(loss) => Payload::Loss(vedetta_model::event::Loss { since: time, until: time, ..loss }),
        other => other,
    }
}
