//! Only the ingest role in a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    vedetta_runtime::run(&[vedetta_ingest::ROLE])
}
