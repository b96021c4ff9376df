//! Only the tenant role in a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    vedetta_runtime::run(&[vedetta_tenant::ROLE])
}
