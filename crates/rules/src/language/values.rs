use serde_json::json;

use super::*;

#[test]
fn addresses_and_networks() {
    let fields = json!({"fd.cip": "10.1.2.3", "fd.sip": "192.168.0.9", "fd.cport": 40000, "fd.sport": 443});
    verdicts(
        &fields,
        &[
            ("fd.sip = 192.168.0.9", true),
            ("fd.sip != 192.168.0.9", false),
            ("fd.sip in (1.1.1.1, 192.168.0.9)", true),
            ("fd.snet = 192.168.0.0/16", true),
            ("fd.snet in (10.0.0.0/8, 192.168.0.0/24)", true),
            ("fd.snet = 192.168.1.0/24", false),
            ("fd.snet = 0.0.0.0/0", true),
            ("fd.snet = 192.168.0.9/32", true),
            ("fd.net = 10.0.0.0/8", true),
            ("fd.ip = 10.1.2.3", true),
            ("fd.ip != 10.1.2.3", false),
            ("fd.ip != 8.8.8.8", true),
            ("fd.sport = 443", true),
            ("fd.sport in (22, 443)", true),
            ("fd.sport > 1024", false),
            ("fd.port = 40000", true),
            ("fd.port in (1, 2)", false),
            ("fd.rip exists", false),
            ("fd.rip != 1.1.1.1", false),
        ],
    );
    verdicts(
        &json!({"fd.sip": "2001:db8::1"}),
        &[
            ("fd.sip = 2001:db8::1", true),
            ("fd.sip = 2001:0db8:0:0::1", true),
            ("fd.snet = 2001:db8::/32", true),
            ("fd.snet = 2001:db9::/32", false),
            ("fd.snet = 10.0.0.0/8", false),
        ],
    );
    for condition in ["fd.sip = 1.2.3", "fd.snet = 10.0.0.0/33", "fd.snet = x/8", "fd.sip > 1.1.1.1"] {
        wrong(condition);
    }
}

#[test]
fn numbers_and_truth() {
    verdicts(
        &json!({"proc.pid": 16, "evt.rawres": -2, "evt.is_open_write": true, "proc.vpid": 1}),
        &[
            ("proc.pid = 16", true),
            ("proc.pid = 0x10", true),
            ("proc.pid >= 16 and proc.pid <= 16", true),
            ("proc.pid > 16 or proc.pid < 16", false),
            ("proc.pid in (1, 16)", true),
            ("proc.pid != 16", false),
            ("evt.rawres = -2", true),
            ("evt.rawres < 0", true),
            ("evt.is_open_write = true", true),
            ("evt.is_open_write = false", false),
            ("evt.is_open_write != false", true),
        ],
    );
    for condition in
        ["proc.pid = many", "proc.pid contains 1", "evt.is_open_write > 1", "evt.is_open_write = x"]
    {
        wrong(condition);
    }
}

#[test]
fn fields_are_compared_with_fields() {
    verdicts(
        &json!({"proc.name": "sh", "proc.pname": "sh", "proc.exe": "/bin/sh", "proc.pid": 5, "proc.ppid": 3, "fd.cip": "1.1.1.1", "fd.sip": "1.1.1.1"}),
        &[
            ("proc.name = val(proc.pname)", true),
            ("proc.name != val(proc.pname)", false),
            ("proc.exe endswith val(proc.name)", true),
            ("proc.exe contains val(proc.name)", true),
            ("proc.pid > val(proc.ppid)", true),
            ("proc.pid <= val(proc.ppid)", false),
            ("fd.sip = val(fd.cip)", true),
            ("proc.name = val(proc.cwd)", false),
            ("proc.name != val(proc.cwd)", false),
            ("proc.cwd != val(proc.name)", false),
            ("proc.name = basename(proc.exe)", true),
        ],
    );
    wrong("proc.name = val(proc.pid)");
    wrong("proc.name regex val(proc.pname)");
    wrong("proc.name pmatch val(proc.pname)");
    wrong("proc.name = val(proc.nobody)");
}

#[test]
fn operators_of_texts() {
    verdicts(
        &json!({"fd.name": "/etc/ssh/SSHD.conf", "proc.name": "nginx"}),
        &[
            ("fd.name contains ssh", true),
            ("fd.name contains sshd", false),
            ("fd.name icontains sshd", true),
            ("fd.name startswith /etc", true),
            ("fd.name endswith .conf", true),
            ("fd.name glob /etc/*/*.conf", true),
            ("fd.name glob '*.CONF'", false),
            ("fd.name iglob '*.CONF'", true),
            ("fd.name regex '/etc/.*'", true),
            ("fd.name regex '[a-z]+'", false),
            ("fd.name pmatch (/var, /etc)", true),
            ("fd.name pmatch (/etc/ss)", false),
            ("fd.name == /etc/ssh/SSHD.conf", true),
            ("proc.name contains anyof (x, gin)", true),
            ("proc.name startswith allof (n, ngi)", true),
            ("proc.name endswith oneof (x, inx)", false),
            ("proc.name in (nginx)", true),
            ("proc.name in ()", false),
            ("not proc.name in ()", true),
            ("proc.name exists", true),
            ("proc.exe exists", false),
            ("not proc.exe = x", true),
            ("proc.exe != x", false),
        ],
    );
}

#[test]
fn bytes_are_searched_by_hex() {
    verdicts(
        &json!({"evt.buffer": {"hex": "cafe00ff"}}),
        &[
            ("evt.buffer bcontains fe00", true),
            ("evt.buffer bstartswith cafe", true),
            ("evt.buffer bstartswith fe00", false),
        ],
    );
    wrong("evt.buffer bcontains xyz");
    wrong("evt.buffer regex a");
    wrong("proc.name bcontains ca");
}

#[test]
fn lists_of_values_and_of_the_event() {
    verdicts(
        &json!({"ka.user.groups": ["a", "b"]}),
        &[
            ("ka.user.groups in (a, b, c)", true),
            ("ka.user.groups in (a)", false),
            ("ka.user.groups intersects (b, z)", true),
            ("ka.user.groups intersects (z)", false),
            ("ka.user.groups exists", true),
            ("not ka.user.groups intersects (a)", false),
        ],
    );
    for condition in [
        "ka.user.groups = a",
        "ka.user.groups contains a",
        "ka.user.groups != a",
        "ka.user.groups pmatch (a)",
    ] {
        assert!(wrong(condition).contains("not supported list filters"), "{condition}");
    }
}

#[test]
fn ancestors() {
    verdicts(
        &json!({"proc.name": "cat", "proc.aname": ["sh", "sshd", "init"]}),
        &[
            ("proc.aname = sshd", true),
            ("proc.aname in (x, init)", true),
            ("proc.aname[1] = sh", true),
            ("proc.aname[2] = sshd", true),
            ("proc.aname[3] = sshd", false),
            ("proc.aname[9] exists", false),
            ("proc.aname startswith ss", true),
        ],
    );
    wrong("proc.aname[x] = a");
}

#[test]
fn quotes_and_escapes() {
    verdicts(
        &json!({"proc.cmdline": r#"sh -c "it's" \n"#, "proc.name": "a,b(c)=d"}),
        &[
            (r#"proc.cmdline = "sh -c \"it's\" \\n""#, true),
            (r#"proc.cmdline contains "it's""#, true),
            (r#"proc.cmdline contains '"it\'s"'"#, true),
            (r#"proc.cmdline contains '-c "'"#, true),
            ("proc.name = 'a,b(c)=d'", true),
            (r#"proc.name in ("x", 'a,b(c)=d')"#, true),
        ],
    );
    for condition in [
        "proc.name = a,b",
        "proc.name = 'a",
        "proc.name = \"a",
        "proc.name =",
        "proc.name in a, b",
        "proc.name in (a",
        "= a",
        "",
    ] {
        wrong(condition);
    }
}

#[test]
fn words_bind_as_they_should() {
    verdicts(
        &json!({"proc.name": "a", "proc.pid": 1}),
        &[
            ("proc.name = b and proc.pid = 1 or proc.name = a", true),
            ("proc.name = b and (proc.pid = 1 or proc.name = a)", false),
            ("not proc.name = b and proc.pid = 1", true),
            ("not (proc.name = a and proc.pid = 1)", false),
            ("not not proc.name = a", true),
            ("proc.name=a and proc.pid=1", true),
            ("proc.name = a\nand\tproc.pid = 1", true),
            ("((proc.name = a))", true),
        ],
    );
}
