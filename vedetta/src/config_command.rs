//! `vedetta config`.

use std::process::ExitCode;

use clap::Subcommand;
use vedetta_runtime::{Config, ProcessArgs, config::DEFAULTS};

/// What can be asked about settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Prints the settings in force, or all defaults with what they mean.
    Show {
        /// The documented defaults instead.
        #[arg(long)]
        defaults: bool,
    },
    /// Says what is wrong or dangerous about the settings in force.
    Check,
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
            Self::Show { .. } => print!("{}", config.merged),
            Self::Check => {
                let warnings = warnings(&config);
                for Warning { message, explain } in &warnings {
                    println!("warning: {message}\n  {explain}");
                }
                if warnings.is_empty() {
                    println!("settings are fine");
                } else {
                    return ExitCode::FAILURE;
                }
            }
        }
        ExitCode::SUCCESS
    }
}

/// A setting that works and may still hurt.
#[derive(Debug, PartialEq, Eq)]
struct Warning {
    message: String,
    explain: &'static str,
}

fn warnings(config: &Config) -> Vec<Warning> {
    let mut found = Vec::new();
    let common = &config.common;
    if !common.listen.public.ip().is_loopback() {
        found.push(Warning {
            message: format!("listen.public = {} is reachable from other machines without TLS", common.listen.public),
            explain: "Passwords and sessions would cross the network in the clear: put a TLS proxy in front and listen on loopback.",
        });
    }
    if !common.listen.admin.ip().is_loopback() {
        found.push(Warning {
            message: format!("listen.admin = {} is reachable from other machines", common.listen.admin),
            explain: "Metrics name tenants and nodes and ask for no password: listen on loopback or a private address.",
        });
    }
    for (name, url) in [("log.url", &common.log.url), ("store.url", &common.store.url)] {
        if url.starts_with("memory:") {
            found.push(Warning {
                message: format!("{name} = {url} forgets everything at the next stop"),
                explain: "Meant for tests. Use `file:` to keep what was acknowledged.",
            });
        }
    }
    if common.listen.agents.ip().is_unspecified() && common.agents.advertise.is_empty() {
        found.push(Warning {
            message: "agents.advertise is empty while listen.agents takes any address".to_owned(),
            explain: "Nodes would be told to connect to 0.0.0.0: set agents.advertise to the name they can reach.",
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use vedetta_runtime::config::Sources;

    use super::*;

    fn with(key: &str, value: &str) -> Vec<Warning> {
        let overrides = vec![(key.to_owned(), value.to_owned())];
        warnings(&Config::load(&Sources { overrides, ..Sources::default() }).unwrap())
    }

    #[test]
    fn the_defaults_warn_of_nothing() {
        assert_eq!(warnings(&Config::load(&Sources::default()).unwrap()), []);
    }

    #[test]
    fn a_public_address_and_a_forgetful_log_are_warned_of() {
        assert!(with("listen.public", "0.0.0.0:7600")[0].message.contains("listen.public"));
        assert!(with("log.url", "memory:")[0].message.contains("forgets"));
    }
}
