use std::net::{IpAddr, Ipv4Addr};

use vedetta_model::event::{
    Accept, Bind, Chmod, Connect, Exec, Link, Open, SetId, SetIdCall, SocketAddress, Unlink,
};
use vedetta_model::{Event, Kind, Payload, Process, Timestamp};

use super::*;
use crate::fields::{Catalogue, KindSet, is_available, type_names};
use crate::filter::parse_operand_prefix;
use crate::samples;

fn event(process: u32, result: i64, payload: impl Into<Payload>) -> Event {
    let time = Timestamp::from_nanos(1_760_000_000_000_005_000);
    Event { seq: 7, time, process: Some(process), tid: 103, result, payload: payload.into() }
}

/// The value of a field as an output shows it; several with commas between them.
fn value(processes: &[Process], event: &Event, name: &str) -> String {
    let (operand, _) = parse_operand_prefix(name).unwrap();
    let crate::filter::Operand::Field { name, arg, .. } = operand else { panic!("{operand:?}") };
    let field = Catalogue::standard().resolve(&name, arg.as_ref()).unwrap();
    let view = EventView { processes, event };
    let mut buffer = Vec::new();
    let mut out = String::new();
    match view.fetch(&field, &mut buffer) {
        Fetch::Absent => return "-".to_owned(),
        Fetch::Value(value) => value.write_to(&mut out),
        Fetch::Built => Value::Text(&buffer).write_to(&mut out),
        Fetch::Many => view.each(&field, &mut Vec::new(), &mut |value| {
            if !out.is_empty() {
                out.push(',');
            }
            value.write_to(&mut out);
            false
        }),
    }
    out
}

fn assert_values(event: &Event, wanted: &[(&str, &str)]) {
    let processes = samples::processes();
    for (name, wanted) in wanted {
        assert_eq!(value(&processes, event, name), *wanted, "{name}");
    }
}

#[test]
fn an_opened_file_reads_as_falco_shows_it() {
    let open = Open { path: "/etc/shadow".to_owned(), flags: 0o1101, mode: 0o600 };
    assert_values(
        &event(3, 4, open),
        &[
            ("evt.type", "openat,open,openat2,creat"),
            ("evt.num", "7"),
            ("evt.res", "SUCCESS"),
            ("evt.is_open_write", "true"),
            ("evt.is_open_read", "false"),
            ("evt.is_open_create", "true"),
            ("evt.arg.flags", "O_WRONLY|O_CREAT|O_TRUNC"),
            ("evt.arg.mode", "0600"),
            ("evt.rawarg.flags", "577"),
            ("fd.num", "4"),
            ("fd.name", "/etc/shadow"),
            ("fd.directory", "/etc"),
            ("fd.filename", "shadow"),
            ("fd.typechar", "f"),
            ("fs.path.name", "/etc/shadow"),
            ("fd.sip", "-"),
            ("evt.time.iso8601", "2025-10-09T08:53:20.000005000+0000"),
        ],
    );
}

#[test]
fn a_failed_call_has_the_errors_name() {
    let open = Open { path: "/x".to_owned(), flags: 0, mode: 0 };
    assert_values(
        &event(3, -13, open),
        &[
            ("evt.res", "EACCES"),
            ("evt.rawres", "-13"),
            ("evt.failed", "true"),
            ("fd.num", "-1"),
            ("evt.is_open_create", "false"),
        ],
    );
}

#[test]
fn a_process_is_known_with_its_ancestors() {
    let exec = Exec { filename: "/bin/cat".to_owned(), previous_name: "bash".to_owned() };
    assert_values(
        &event(3, 0, exec),
        &[
            ("proc.name", "cat"),
            ("proc.exe", "cat"),
            ("proc.exepath", "/usr/bin/cat"),
            ("proc.args", "/etc/shadow"),
            ("proc.args[0]", "/etc/shadow"),
            ("proc.cmdline", "cat /etc/shadow"),
            ("proc.cmdnargs", "1"),
            ("proc.cwd", "/root/"),
            ("proc.pid", "103"),
            ("proc.ppid", "102"),
            ("proc.pname", "bash"),
            ("proc.pcmdline", "bash"),
            ("proc.aname", "bash,sshd,systemd"),
            ("proc.aname[0]", "cat"),
            ("proc.aname[2]", "sshd"),
            ("proc.aname[9]", "-"),
            ("proc.apid[1]", "102"),
            ("proc.sname", "sshd"),
            ("proc.duration", "4897"),
            ("proc.is_exe_writable", "false"),
            ("proc.vmsize", "-"),
            ("thread.ismain", "true"),
            ("user.loginuid", "-1"),
            ("container.id", "host"),
            ("container.name", "host"),
            ("evt.arg.filename", "/bin/cat"),
            ("evt.arg.previous_comm", "bash"),
            ("k8s.ns.name", "-"),
        ],
    );
}

#[test]
fn a_processs_user_is_the_effective_one_and_its_container_is_short() {
    let exec = || Exec::default();
    let mut processes = samples::processes();
    processes[5].container_id = "0123456789abcdef".to_owned();
    (processes[5].uid, processes[5].euid, processes[5].user) = (1000, 0, "ann".to_owned());
    let event = event(5, 0, exec());
    assert_eq!(value(&processes, &event, "user.uid"), "0");
    assert_eq!(value(&processes, &event, "user.name"), "root");
    assert_eq!(value(&processes, &event, "container.id"), "0123456789ab");
    assert_eq!(value(&processes, &event, "container.full_id"), "0123456789abcdef");
    assert_eq!(value(&processes, &event, "proc.vpid"), "-");
}

#[test]
fn a_program_that_its_user_may_change_is_known_as_such() {
    let mut processes = samples::processes();
    processes[3].exe_writable = true;
    assert_eq!(value(&processes, &event(3, 0, Exec::default()), "proc.is_exe_writable"), "true");
}

fn ip(last: u8, port: u16) -> SocketAddress {
    SocketAddress::Ip { address: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), port }
}

#[test]
fn who_connects_is_the_client() {
    let connect = Connect { fd: 5, remote: ip(2, 443), local: Some(ip(1, 4711)), protocol: 6 };
    assert_values(
        &event(3, -115, connect),
        &[
            ("fd.name", "10.0.0.1:4711->10.0.0.2:443"),
            ("fd.cip", "10.0.0.1"),
            ("fd.sip", "10.0.0.2"),
            ("fd.lip", "10.0.0.1"),
            ("fd.rip", "10.0.0.2"),
            ("fd.sport", "443"),
            ("fd.lport", "4711"),
            ("fd.ip", "10.0.0.2,10.0.0.1"),
            ("fd.port", "443,4711"),
            ("fd.l4proto", "tcp"),
            ("fd.type", "ipv4"),
            ("fd.is_server", "false"),
            ("fd.connected", "true"),
            ("evt.res", "EINPROGRESS"),
            ("fd.filename", "-"),
        ],
    );
    let accept = Accept { remote: Some(ip(9, 5000)), local: Some(ip(1, 80)), protocol: 6 };
    assert_values(
        &event(3, 8, accept),
        &[
            ("fd.cip", "10.0.0.9"),
            ("fd.sip", "10.0.0.1"),
            ("fd.sport", "80"),
            ("fd.num", "8"),
            ("fd.is_server", "true"),
        ],
    );
    assert_values(
        &event(3, 0, Bind { fd: 3, local: ip(1, 80), protocol: 6 }),
        &[("fd.name", "10.0.0.1:80"), ("fd.rip", "-")],
    );
    let unix = SocketAddress::Unix { path: "/run/docker.sock".to_owned() };
    assert_values(
        &event(3, 0, Connect { fd: 3, remote: unix, local: None, protocol: 0 }),
        &[("fd.name", "/run/docker.sock"), ("fd.sockfamily", "unix"), ("fd.ip", "-")],
    );
}

#[test]
fn other_calls_have_their_arguments() {
    assert_values(
        &event(3, 0, Chmod { path: "/tmp/sh".to_owned(), mode: 0o4711 }),
        &[
            ("evt.arg.mode", "S_IXOTH|S_IXGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID"),
            ("fs.path.name", "/tmp/sh"),
            ("evt.path", "/tmp/sh"),
            ("fd.name", "-"),
        ],
    );
    assert_values(
        &event(3, 0, SetId { call: SetIdCall::SetUid, ids: [Some(0), None, None] }),
        &[
            ("evt.type", "setuid"),
            ("evt.arg.uid", "root"),
            ("evt.rawarg.uid", "0"),
            ("evt.args", "uid=root res=0"),
        ],
    );
    assert_values(
        &event(3, 0, Unlink { path: "/tmp/d".to_owned(), directory: true }),
        &[("evt.type", "rmdir,unlinkat")],
    );
    let link =
        Link { target: "/dev/null".to_owned(), path: "/root/.bash_history".to_owned(), symbolic: true };
    assert_values(
        &event(3, 0, link),
        &[
            ("evt.type", "symlinkat,symlink"),
            ("fs.path.source", "/dev/null"),
            ("fs.path.target", "/root/.bash_history"),
            ("evt.arg.linkpath", "/root/.bash_history"),
        ],
    );
}

#[test]
fn a_process_table_that_loops_is_left() {
    let mut processes = samples::processes();
    processes[0].parent = Some(3);
    let event = event(3, 0, Exec::default());
    assert!(value(&processes, &event, "proc.aname").split(',').count() < processes.len());
    assert_eq!(value(&processes, &Event { process: Some(999), ..event }, "proc.name"), "-");
}

#[test]
fn what_a_kind_is_said_to_lack_it_lacks() {
    let processes = samples::processes();
    let fields: Vec<_> = Catalogue::standard()
        .names()
        .into_iter()
        .filter_map(|n| Catalogue::standard().resolve(n, None).ok())
        .collect();
    let mut seen = KindSet::EMPTY;
    for event in samples::events(11, 3000) {
        seen.insert(event.kind());
        let view = EventView { processes: &processes, event: &event };
        for field in &fields {
            if view.fetch(field, &mut Vec::new()) != Fetch::Absent {
                assert!(is_available(field, event.kind()), "{} on {}", field.name, event.kind());
            }
        }
    }
    assert!(seen.iter().count() >= 12, "{seen:?}");
}

#[test]
fn every_kind_answers_to_names_that_exist() {
    for kind in Kind::ALL {
        for name in type_names(*kind).iter().copied().flatten() {
            assert!(crate::fields::is_event_type(name), "{name}");
        }
    }
}

#[test]
fn errors_are_counted_by_what_they_were_about() {
    let open = Open { path: "/etc/shadow".to_owned(), flags: 0, mode: 0 };
    let remote = SocketAddress::Ip { address: IpAddr::V4(Ipv4Addr::LOCALHOST), port: 80 };
    let connect = Connect { fd: 3, remote, local: None, protocol: 6 };
    let unlink = Unlink { path: "/x".to_owned(), directory: false };
    let cases: [(Event, [&str; 4]); 4] = [
        (event(3, -13, open.clone()), ["1", "1", "-", "-"]),
        (event(3, -111, connect), ["1", "-", "1", "-"]),
        (event(3, -2, unlink), ["1", "-", "-", "1"]),
        (event(3, 4, open), ["-", "-", "-", "-"]),
    ];
    let names = ["evt.count.error", "evt.count.error.file", "evt.count.error.net", "evt.count.error.other"];
    for (event, wanted) in cases {
        assert_values(&event, &std::array::from_fn::<_, 4, _>(|at| (names[at], wanted[at])));
    }
}

/// An argument that is listed and never filled would be left out of outputs without a word.
#[test]
fn every_listed_argument_has_a_value_somewhere() {
    let processes = samples::processes();
    let mut listed = std::collections::BTreeMap::new();
    let set_all = SetId { call: SetIdCall::SetResUid, ids: [Some(1), Some(2), Some(3)] };
    for seed in 0..20 {
        for event in samples::events(seed, 500).into_iter().chain([event(3, 0, set_all.clone())]) {
            for name in super::args::argument_names(&event.payload) {
                let filled = value(&processes, &event, &format!("evt.arg.{name}")) != "-";
                *listed.entry((event.kind(), *name)).or_insert(false) |= filled;
            }
        }
    }
    let empty: Vec<_> = listed.into_iter().filter(|(_, filled)| !filled).map(|(at, _)| at).collect();
    assert_eq!(empty, []);
}
