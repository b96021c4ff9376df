use serde_json::json;

use super::*;

#[test]
fn case_is_changed_on_the_left_and_on_the_right() {
    let fields = json!({"proc.name": "NginX", "proc.pname": "nginx"});
    verdicts(
        &fields,
        &[
            ("tolower(proc.name) = nginx", true),
            ("toupper(proc.name) = NGINX", true),
            ("tolower(proc.name) in (a, nginx)", true),
            ("tolower(proc.name) startswith ngi", true),
            ("proc.name = tolower(proc.name)", false),
            ("proc.pname = tolower(proc.name)", true),
            ("toupper(proc.name) = toupper(proc.pname)", true),
            ("tolower(toupper(proc.name)) = nginx", true),
            ("toupper(proc.exe) exists", false),
            ("toupper(proc.exe) != X", false),
        ],
    );
}

#[test]
fn base64_and_basename() {
    verdicts(
        &json!({"proc.name": "aGVsbG8=", "fd.name": "/etc/ssh/sshd_config", "proc.exe": "not base64!"}),
        &[
            ("b64(proc.name) = hello", true),
            ("b64(proc.name) contains ell", true),
            ("b64(proc.exe) exists", false),
            ("basename(fd.name) = sshd_config", true),
            ("basename(proc.name) = 'aGVsbG8='", true),
            ("toupper(basename(fd.name)) startswith SSHD", true),
        ],
    );
}

#[test]
fn lengths_of_texts_and_lists() {
    verdicts(
        &json!({"proc.name": "cat", "proc.cmdline": "", "ka.user.groups": ["a", "b"]}),
        &[
            ("len(proc.name) = 3", true),
            ("len(proc.name) > 2", true),
            ("len(proc.name) in (1, 3)", true),
            ("len(proc.cmdline) = 0", true),
            ("len(ka.user.groups) = 2", true),
            ("len(ka.sourceips) = 0", false),
        ],
    );
}

#[test]
fn texts_are_put_together() {
    verdicts(
        &json!({"proc.name": "cat", "proc.pname": "sh", "ka.user.groups": ["a", "b"]}),
        &[
            ("concat(proc.pname, '/', proc.name) = sh/cat", true),
            ("concat(proc.name) = cat", true),
            ("concat(proc.exe, proc.name) exists", false),
            ("join('-', (proc.pname, proc.name, 'x')) = sh-cat-x", true),
            ("join(',', ka.user.groups) = 'a,b'", true),
            ("proc.name = basename(concat('/bin/', proc.name))", true),
        ],
    );
}

#[test]
fn options_of_a_command_line() {
    verdicts(
        &json!({"proc.args": ["-l", "-p", "4444", "host"]}),
        &[
            ("getopt(proc.args, 'lp:')[p] = 4444", true),
            ("getopt(proc.args, 'lp:')[l] exists", true),
            ("getopt(proc.args, 'lp:')[x] exists", false),
            ("getopt(proc.args, 'lp:') intersects (4444)", true),
        ],
    );
}

#[test]
fn what_transformers_refuse() {
    for (condition, words) in [
        ("toupper(proc.pid) = 1", "not supported by 'toupper' transformer"),
        ("b64(fd.sip) = 1", "not supported by 'b64' transformer"),
        ("len(proc.pid) = 1", "not supported by 'len' transformer"),
        ("tolower(proc.name, proc.exe) = a", "takes 1 argument"),
        ("join(proc.name, proc.exe) = a", "takes a text and a list"),
        ("concat(ka.user.groups) = a", "takes no lists"),
        ("shout(proc.name) = a", ""),
        ("tolower() = a", ""),
        ("toupper(proc.name)[x] = a", "takes no argument in brackets"),
        ("tolower(proc.nobody) = a", "nonexistent field proc.nobody"),
    ] {
        let error = wrong(condition);
        assert!(error.contains(words), "{condition}: {error}");
    }
}
