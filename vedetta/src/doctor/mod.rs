//! `vedetta doctor`: is this machine fit, and if not, what to do.

mod checks;

use std::process::ExitCode;

use vedetta_runtime::Config;

/// How a check came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Ok(String),
    /// Works, with something to know.
    Note(String),
    /// Will not work.
    Problem {
        /// What is wrong.
        what: String,
        /// What to do.
        todo: String,
    },
}

/// One line of the report.
#[derive(Debug)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it came out.
    pub verdict: Verdict,
}

/// Prints one line a check. Fails when one found a problem.
pub fn run(config: &Config) -> ExitCode {
    let report = checks::all(config);
    for Check { name, verdict } in &report {
        match verdict {
            Verdict::Ok(what) => println!("ok       {name:<12} {what}"),
            Verdict::Note(what) => println!("note     {name:<12} {what}"),
            Verdict::Problem { what, todo } => {
                println!("problem  {name:<12} {what}\n         {:<12} → {todo}", "")
            }
        }
    }
    if report.iter().any(|check| matches!(check.verdict, Verdict::Problem { .. })) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
