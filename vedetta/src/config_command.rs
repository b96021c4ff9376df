//! `vedetta config`.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;
use vedetta_backends::{Risk, UrlError};
use vedetta_runtime::{Config, ProcessArgs, config::DEFAULTS};

use crate::config_check::risks;

/// What can be asked about settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Prints the settings in force, or all defaults with what they mean.
    Show {
        /// The documented defaults instead.
        #[arg(long)]
        defaults: bool,
    },
    /// Says what is wrong or dangerous about the settings in force, and what to write instead. Opens nothing. Fails when there
    /// is something.
    Check {
        /// As one JSON object: `{"risks":[{"message":"…","explain":"…"}]}`.
        #[arg(long)]
        json: bool,
    },
}

impl ConfigCommand {
    /// Answers.
    pub fn run(&self, args: &ProcessArgs) -> ExitCode {
        if matches!(self, Self::Show { defaults: true }) {
            print!("{DEFAULTS}");
            return ExitCode::SUCCESS;
        }
        let config = match args.load() {
            Ok(config) => config,
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::from(2);
            }
        };
        match self {
            Self::Show { .. } => {
                print!("{}", config.merged);
                ExitCode::SUCCESS
            }
            Self::Check { json } => check(&config, *json).unwrap_or_else(|error| {
                eprintln!("error: {error}");
                ExitCode::from(2)
            }),
        }
    }
}

fn check(config: &Config, json: bool) -> Result<ExitCode, UrlError> {
    let risks = risks(config)?;
    if json {
        let risks = risks.iter().map(|risk| json!({ "message": risk.message, "explain": risk.explain }));
        println!("{}", json!({ "risks": risks.collect::<Vec<_>>() }));
    } else {
        for Risk { message, explain } in &risks {
            println!("warning: {message}\n  {explain}");
        }
        if risks.is_empty() {
            println!("settings are fine");
        }
    }
    Ok(if risks.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
