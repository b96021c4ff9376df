//! Builds the kernel programs and embeds them.
//!
//! They need another target (`bpfel-unknown-none`) and a linker that stable Rust does not ship, so
//! a second cargo runs here with a compiler of its own. Where that toolchain is missing, an empty
//! object takes their place: everything compiles, and the kernel source refuses to start.
//!
//! `VEDETTA_BPF=require` makes a missing toolchain an error. `VEDETTA_BPF_RUSTC` names the compiler.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const TARGET: &str = "bpfel-unknown-none";
const PROGRAM: &str = "vedetta-node-agent-ebpf";

fn main() {
    println!("cargo::rerun-if-env-changed=VEDETTA_BPF");
    println!("cargo::rerun-if-env-changed=VEDETTA_BPF_RUSTC");
    println!("cargo::rerun-if-changed=build.rs");
    for source in ["../node-agent-ebpf/src", "../node-agent-ebpf/Cargo.toml", "../node-agent-common/src"] {
        println!("cargo::rerun-if-changed={source}");
    }

    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let object = out.join("programs.o");
    let required = env::var("VEDETTA_BPF").is_ok_and(|value| value == "require");
    let rustc = env::var_os("VEDETTA_BPF_RUSTC").unwrap_or_else(|| "/usr/bin/rustc".into());

    let built = missing(&rustc).map_or_else(|| build(&rustc, &out), Err);
    match built {
        Ok(path) => {
            fs::copy(path, &object).expect("the object can be copied");
        }
        // What is there but does not compile is a mistake, never a reason to go on without.
        Err(reason) if required || missing(&rustc).is_none() => {
            panic!("the kernel programs cannot be built: {reason}");
        }
        Err(reason) => {
            println!("cargo::warning=the agent is built without kernel programs: {reason}; run `make setup`");
            fs::write(&object, []).expect("the object can be written");
        }
    }
}

/// What the BPF toolchain lacks.
fn missing(rustc: &OsString) -> Option<String> {
    let core = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    let has_core = core.as_ref().is_ok_and(|printed| {
        let folder = PathBuf::from(String::from_utf8_lossy(&printed.stdout).trim());
        fs::read_dir(folder).is_ok_and(|files| {
            files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
        })
    });
    if !has_core {
        return Some(format!("{} has no `core` for {TARGET}", rustc.to_string_lossy()));
    }
    let linker = Command::new("bpf-linker").arg("--version").output();
    if !linker.is_ok_and(|it| it.status.success()) {
        return Some("`bpf-linker` is not in PATH".to_owned());
    }
    None
}

/// Runs the second cargo. It inherits nothing of this one's settings but the registry.
fn build(rustc: &OsString, out: &Path) -> Result<PathBuf, String> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"))
        .join("../node-agent-ebpf/Cargo.toml");
    let target_dir = out.join("bpf");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let ours = text.starts_with("CARGO") && text != "CARGO_HOME" && !text.starts_with("CARGO_NET_");
        let foreign = ["RUSTFLAGS", "RUSTDOCFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTC"];
        let shape = ["RUSTUP_TOOLCHAIN", "TARGET", "HOST", "OUT_DIR", "PROFILE", "OPT_LEVEL", "DEBUG"];
        if ours || foreign.contains(&&*text) || shape.contains(&&*text) {
            cargo.env_remove(&name);
        }
    }
    let flags = ["-Clinker=bpf-linker", "-Clink-arg=--btf", "-Cdebuginfo=2"].join("\u{1f}");
    let status = cargo
        .args(["build", "--release", "--quiet", "--target", TARGET, "--bin", PROGRAM, "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(&target_dir)
        .env("RUSTC", rustc)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .status()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !status.success() {
        return Err(format!("cargo ended with {status}"));
    }
    Ok(target_dir.join(TARGET).join("release").join(PROGRAM))
}
