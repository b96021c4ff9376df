//! Runs the recorded cases below the folder that `VEDETTA_CORPORA` names and prints one line per
//! set: name, cases passed, cases in all, percent. A set that is not there is listed as absent.

use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, bail};

const USAGE: &str = "usage: vedetta-conformance [--failures FILE] [SET...]

Cases that fail are written to FILE (default: conformance-failures.txt in the build folder).
Only sets whose name contains one of SET are printed; without any, all are.
Environment: VEDETTA_CORPORA, the folder of recorded cases (default: ../shared/corpora).
Exit code: 0 when every case of the printed sets passed, 1 when one failed, 2 on a usage error.";

fn main() -> anyhow::Result<()> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let corpora =
        env::var_os("VEDETTA_CORPORA").map_or_else(|| root.join("../shared/corpora"), PathBuf::from);
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let mut failures_path = target.join("conformance-failures.txt");
    let mut only = Vec::new();
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--failures" => failures_path = args.next().context("--failures wants a file name")?.into(),
            "--help" | "-h" => {
                println!("{USAGE}");
                return Ok(());
            }
            flag if flag.starts_with('-') => {
                eprintln!("unknown option {flag}\n{USAGE}");
                std::process::exit(2);
            }
            _ => only.push(arg),
        }
    }
    if env::var_os("VEDETTA_CORPORA").is_some() && !corpora.is_dir() {
        bail!("{} is no folder: set VEDETTA_CORPORA to where the recorded cases are", corpora.display());
    }
    let mut failures = String::new();
    let mut failed = false;
    let mut results = vedetta_rules::conformance::run(&|path| fs::read_to_string(corpora.join(path)).ok());
    results.push(vedetta_scap::conformance::run(&|path| fs::read(corpora.join(path)).ok()));
    for result in results {
        if !only.is_empty() && !only.iter().any(|o| result.set.contains(o.as_str())) {
            continue;
        }
        println!("{result}");
        failed |= !result.failures.is_empty();
        for (id, why) in &result.failures {
            writeln!(failures, "{}\t{}\t{}", result.set, id.replace('\n', "\\n"), why.replace('\n', " "))?;
        }
    }
    fs::write(&failures_path, failures)
        .with_context(|| format!("can't write {}", failures_path.display()))?;
    if failed {
        println!("failures: {}", failures_path.display());
        std::process::exit(1);
    }
    Ok(())
}
