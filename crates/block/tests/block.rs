//! What a block promises to its readers.

mod common;

use common::{boot, node, process, tenant};
use vedetta_block::{
    Actor, Batch, BlockError, BuildError, Builder, Header, MAX_BLOCK_BYTES, MergeError, Opened, merge,
};
use vedetta_model::{Event, Kind, Payload, Process, ProcessKey, Term, Timestamp, event as facts};

fn event(seq: u64, process: Option<u32>, payload: impl Into<Payload>) -> Event {
    let time = Timestamp::from_millis(1_700_000_100_000 + i64::try_from(seq).unwrap());
    Event { seq, time, process, tid: 12, result: 3, payload: payload.into() }
}

fn open(path: &str) -> facts::Open {
    facts::Open { path: path.into(), flags: 0o100, mode: 0o644 }
}

fn two_events() -> Vec<u8> {
    let mut builder = Builder::new(tenant(), node(), boot());
    let shell = builder.process(process(10, None, "sh"));
    let cat = builder.process(process(11, Some(shell), "cat"));
    builder.push(event(5, Some(cat), open("/etc/shadow")));
    builder.push(event(8, None, facts::Heartbeat { interval_seconds: 5, ..Default::default() }));
    builder.finish().unwrap().to_vec()
}

#[test]
fn what_went_in_comes_out_and_the_header_tells_it_without_the_body() {
    let block = two_events();
    let (header, body) = Header::parse(&block).unwrap();
    assert_eq!((header.first, header.last, header.count), (5, 8, 2));
    assert_eq!(header.tenant, tenant());
    assert!(header.has(Kind::FileOpen) && header.has(Kind::AgentHeartbeat) && !header.has(Kind::NetBind));
    assert_eq!(body.end, block.len());

    let batch = Batch::decode(&block).unwrap();
    assert_eq!(batch.header, header);
    assert_eq!(batch.events[0].payload, Payload::from(open("/etc/shadow")));
    assert_eq!(batch.event_id(&batch.events[1]).seq, 8);
    let names: Vec<&str> = batch.lineage(1).map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["cat", "sh"]);
    assert_eq!(batch.lineage(2).count(), 0);
}

#[test]
fn the_same_process_is_written_once_and_a_changed_one_twice() {
    let mut builder = Builder::new(tenant(), node(), boot());
    let before = builder.process(process(10, None, "sh"));
    assert_eq!(builder.process(process(10, None, "sh")), before);
    assert_ne!(builder.process(process(10, None, "nc")), before);
}

#[test]
fn a_builder_refuses_what_a_reader_would() {
    let build = |fill: &dyn Fn(&mut Builder)| {
        let mut builder = Builder::new(tenant(), node(), boot());
        fill(&mut builder);
        builder.finish().unwrap_err()
    };
    assert_eq!(build(&|_| {}), BuildError::Empty);
    assert_eq!(build(&|b| b.push(event(0, None, open("/")))), BuildError::Order(0));
    assert_eq!(build(&|b| b.push(event(1, Some(0), open("/")))), BuildError::NoSuchProcess(0));
    let own_parent = |b: &mut Builder| {
        b.process(process(1, Some(0), "init"));
    };
    assert_eq!(build(&own_parent), BuildError::NoSuchProcess(0));
    let repeated = |b: &mut Builder| {
        b.push(event(2, None, open("/")));
        b.push(event(2, None, open("/")));
    };
    assert_eq!(build(&repeated), BuildError::Order(2));
    let endless = |b: &mut Builder| b.push(event(1, None, open(&"x".repeat(17 << 20))));
    assert!(matches!(build(&endless), BuildError::TooLarge { .. }));
}

#[test]
fn a_block_that_is_cut_lengthened_or_too_large_is_refused_as_such() {
    let block = two_events();
    assert!(matches!(Header::parse(&block[..block.len() - 1]), Err(BlockError::Length { .. })));
    assert!(matches!(Header::parse(&[&block[..], b"!"].concat()), Err(BlockError::Length { .. })));
    assert!(matches!(Header::parse(b"VD"), Err(BlockError::Length { .. })));
    assert_eq!(Header::parse(b"GET / HTTP/1.1\r\n").unwrap_err(), BlockError::Magic);
    assert_eq!(Header::parse(&vec![0; MAX_BLOCK_BYTES + 1]), Err(BlockError::TooLarge(MAX_BLOCK_BYTES + 1)));
}

#[test]
fn a_newer_version_is_named_as_such() {
    let mut block = two_events();
    block[4] = 4;
    assert_eq!(Header::parse(&block).unwrap_err(), BlockError::Version(4));
}

#[test]
fn blocks_of_all_versions_that_were_recorded_then_still_read_the_same() {
    let recorded: [&[u8]; 3] =
        [include_bytes!("data/v1.block"), include_bytes!("data/v2.block"), include_bytes!("data/v3.block")];
    for (version, block) in (1..).zip(recorded) {
        let batch = Batch::decode(block).unwrap();
        assert_eq!(batch.header.version, version);
        is_the_recorded_one(&batch);
    }
}

#[test]
fn columns_of_recorded_blocks_are_read_in_place_and_rows_are_not() {
    let rows = Opened::open(include_bytes!("data/v1.block")).unwrap();
    assert_eq!(rows.columns().unwrap_err(), BlockError::NoColumns);
    for block in [&include_bytes!("data/v2.block")[..], include_bytes!("data/v3.block")] {
        let opened = Opened::open(block).unwrap();
        let columns = opened.columns().unwrap();
        let seen: Vec<_> = columns.events(|kind| kind == Kind::FileOpen).collect::<Result<_, _>>().unwrap();
        let [seen] = seen[..] else { panic!("{seen:?}") };
        assert_eq!((seen.seq, seen.kind, seen.result), (2, Kind::FileOpen, 3));
        assert_eq!((seen.time, seen.path), (event(2, None, open("/")).time, Some("/etc/shadow")));
        let actor = columns.process(seen.process.unwrap()).unwrap();
        assert_eq!(actor, Some(Actor { pid: 11, parent: Some(0), name: "cat", exe: "/usr/bin/cat" }));
        assert_eq!(columns.process(2).unwrap(), None);
    }
}

fn is_the_recorded_one(batch: &Batch) {
    let header = &batch.header;
    assert_eq!((header.tenant.clone(), header.node, header.boot), (tenant(), node(), boot()));
    assert_eq!((header.first, header.last, header.count), (1, 4, 3));
    assert_eq!(header.kinds, [1, 20, 40]);
    assert_eq!(batch.processes, [process(10, None, "sh"), process(11, Some(0), "cat")]);
    assert_eq!(batch.events, recorded_events());
}

fn recorded_events() -> Vec<Event> {
    let connect = facts::Connect {
        fd: 5,
        remote: facts::SocketAddress::Ip { address: "192.0.2.7".parse().unwrap(), port: 443 },
        local: None,
        protocol: 6,
    };
    let exec = facts::Exec { filename: "cat".into(), previous_name: "sh".into() };
    vec![event(1, Some(1), exec), event(2, Some(1), open("/etc/shadow")), event(4, Some(0), connect)]
}

#[test]
fn the_digest_names_who_acted_and_what_was_touched() {
    let (header, _) = Header::parse(&two_events()).unwrap();
    let holds = [
        Term::ProcessName("cat"),
        Term::Executable("/usr/bin/cat"),
        Term::Pid(11),
        Term::User("root"),
        Term::Container("host"),
        Term::Directory("/etc"),
    ];
    assert!(holds.iter().all(|term| header.digest.may_hold(term)), "{header:?}");
    // Its parent only stands in the table.
    let others = (0..1000).filter(|n| header.digest.may_hold(&Term::Pid(*n))).count();
    assert!(!header.digest.may_hold(&Term::ProcessName("sh")) && others < 80, "{others} of 1000");
}

#[test]
fn blocks_that_follow_each_other_become_one() {
    let one = |first: u64, count: u64, name: &str| {
        let mut builder = Builder::new(tenant(), node(), boot());
        let shell = builder.process(process(10, None, "sh"));
        let child = builder.process(process(11, Some(shell), name));
        (first..first + count).for_each(|seq| builder.push(event(seq, Some(child), open("/etc/shadow"))));
        builder.finish().unwrap()
    };
    let (low, middle, high) = (one(1, 3, "cat"), one(4, 2, "dog"), one(6, 1, "cat"));
    let merged = Batch::decode(&merge(&[low.clone(), middle, high.clone()]).unwrap()).unwrap();
    assert_eq!((merged.header.first, merged.header.last, merged.header.count), (1, 6, 6));
    let names: Vec<_> = merged.processes.iter().map(|process| &*process.name).collect();
    assert_eq!(names, ["sh", "cat", "dog"]);
    let acting: Vec<_> = merged.events.iter().map(|event| event.process).collect();
    assert_eq!(acting, [Some(1), Some(1), Some(1), Some(2), Some(2), Some(1)]);
    assert_eq!(merge(&[low.clone(), high]), Err(MergeError::Order));
    assert_eq!(merge(&[low.clone(), low]), Err(MergeError::Order));
    assert_eq!(merge(&[]), Err(MergeError::Order));
}

#[test]
fn events_hours_apart_do_not_go_into_one_block() {
    let mut builder = Builder::new(tenant(), node(), boot());
    builder.push(event(1, None, open("/")));
    builder.push(Event { time: Timestamp::from_millis(1_700_003_700_002), ..event(2, None, open("/")) });
    assert_eq!(builder.finish().unwrap_err(), BuildError::Span);
}

/// Whoever starts programs with very many very small arguments must not make a block that is lost.
#[test]
fn a_long_line_of_ancestors_with_thousands_of_empty_arguments_fits() {
    let mut builder = Builder::new(tenant(), node(), boot());
    let mut parent = None;
    for pid in 1..=64 {
        let args = (0..4096).map(|n| if n % 2 == 0 { String::new() } else { n.to_string() }).collect();
        parent = Some(builder.process(Process { args, ..process(pid, parent, "x") }));
    }
    builder.push(event(1, parent, open("/etc/shadow")));
    let batch = Batch::decode(&builder.finish().unwrap()).unwrap();
    assert_eq!(batch.processes.iter().map(|process| process.args.len()).sum::<usize>(), 64 * 4096);
}

/// Every field of a process, with a value that no other field has and that a missing column would not read as.
#[test]
fn every_field_of_a_process_comes_back_as_it_went_in() {
    let time = |nanos: i64| Timestamp::from_nanos(1_700_000_000_000_000_000 + nanos);
    let whole = Process {
        key: ProcessKey { pid: u32::MAX, start: time(1) },
        parent: Some(0),
        ppid: 2,
        exec_time: time(3),
        name: "name".into(),
        exe: "/exe".into(),
        args: vec!["a0".into(), String::new(), "ü/…".into()],
        cwd: "/cwd".into(),
        uid: 4,
        euid: 5,
        gid: 6,
        egid: u32::MAX,
        user: "user".into(),
        loginuid: Some(7),
        tty: 8,
        sid: 9,
        session_start: Timestamp::from_nanos(i64::MIN),
        pgid: 10,
        container_id: "container".into(),
        exe_from_memfd: true,
        exe_writable: true,
    };
    let mut builder = Builder::new(tenant(), node(), boot());
    builder.process(process(1, None, "init"));
    let acting = builder.process(whole.clone());
    builder.push(event(1, Some(acting), open("/")));
    let batch = Batch::decode(&builder.finish().unwrap()).unwrap();
    assert_eq!(batch.processes[1], whole);
}

/// Every kind, with its widest values.
#[test]
fn every_kind_comes_back_as_it_went_in() {
    let key = ProcessKey { pid: u32::MAX, start: Timestamp::from_nanos(i64::MIN) };
    let ip = |text: &str| facts::SocketAddress::Ip { address: text.parse().unwrap(), port: u16::MAX };
    let unix = facts::SocketAddress::Unix { path: "@x".into() };
    let other = facts::SocketAddress::Other { family: u16::MAX };
    let text = || "ü/…".to_owned();
    let payloads: Vec<Payload> = vec![
        facts::Exec { filename: text(), previous_name: String::new() }.into(),
        facts::Fork { child: key }.into(),
        facts::Exit { code: 255, signal: 64 }.into(),
        facts::Ptrace { request: i64::MIN, target: u32::MAX }.into(),
        facts::SetId { call: facts::SetIdCall::SetResGid, ids: [None, Some(0), Some(u32::MAX)] }.into(),
        facts::Open { path: text(), flags: u32::MAX, mode: 0o7777 }.into(),
        facts::Unlink { path: text(), directory: true }.into(),
        facts::Rename { from: text(), to: "/b".into() }.into(),
        facts::Chmod { path: text(), mode: u32::MAX }.into(),
        facts::Chown { path: text(), uid: u32::MAX, gid: 0 }.into(),
        facts::Link { target: text(), path: "/l".into(), symbolic: true }.into(),
        facts::Connect { fd: -1, remote: ip("2001:db8::1"), local: Some(ip("192.0.2.1")), protocol: 255 }
            .into(),
        facts::Accept { remote: Some(unix.clone()), local: None, protocol: 0 }.into(),
        facts::Bind { fd: i32::MAX, local: other, protocol: 1 }.into(),
        facts::Listen { fd: i32::MIN, local: Some(unix), backlog: -1 }.into(),
        facts::SetNs { fd: 3, flags: u32::MAX }.into(),
        facts::Unshare { flags: u64::MAX }.into(),
        facts::Mount { source: text(), target: "/m".into(), fstype: "proc".into(), flags: u64::MAX }.into(),
        facts::Bpf { command: u32::MAX }.into(),
        facts::ModuleLoad { path: text(), args: "a=1".into() }.into(),
        facts::AgentStarted {
            version: "1".into(),
            kernel: "6".into(),
            hostname: "h".into(),
            hooks: vec!["a".into(), "b".into(), "a".into()],
        }
        .into(),
        facts::Heartbeat { interval_seconds: 5, events_read: u64::MAX, ..Default::default() }.into(),
        facts::Loss {
            stage: facts::LossStage::Server,
            cpu: None,
            hook: "exec".into(),
            count: u64::MAX,
            since: Timestamp::from_nanos(i64::MIN),
            until: Timestamp::from_nanos(i64::MAX),
        }
        .into(),
        facts::AgentStopping { reason: text() }.into(),
    ];
    let kinds: std::collections::BTreeSet<_> = payloads.iter().map(Payload::kind).collect();
    assert_eq!(kinds.len(), Kind::ALL.len(), "a kind is missing here");
    let mut builder = Builder::new(tenant(), node(), boot());
    // Twice, and mixed: rows of a kind lie apart from their events.
    let events: Vec<Event> = payloads
        .iter()
        .chain(payloads.iter().rev())
        .zip(1..)
        .map(|(payload, seq)| event(seq, None, payload.clone()))
        .collect();
    for event in &events {
        builder.push(event.clone());
    }
    let opened = Opened::open(&builder.finish().unwrap()).unwrap();
    let columns = opened.columns().unwrap();
    let seen: Vec<_> = columns.events(|_| true).collect::<Result<_, _>>().unwrap();
    let paths: Vec<_> = seen.iter().map(|seen| (seen.kind, seen.path)).collect();
    assert_eq!(paths, events.iter().map(|event| (event.kind(), path_of(&event.payload))).collect::<Vec<_>>());
    assert_eq!(opened.decode().unwrap().events, events);
}

/// The path that an event is about.
fn path_of(payload: &Payload) -> Option<&str> {
    Some(match payload {
        Payload::Exec(it) => &it.filename,
        Payload::Open(it) => &it.path,
        Payload::Unlink(it) => &it.path,
        Payload::Rename(it) => &it.from,
        Payload::Chmod(it) => &it.path,
        Payload::Chown(it) => &it.path,
        Payload::Link(it) => &it.path,
        Payload::Mount(it) => &it.target,
        Payload::ModuleLoad(it) => &it.path,
        _ => return None,
    })
}
