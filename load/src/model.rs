//! What an installation of some size needs: plain arithmetic over a table of constants.
//!
//! Nothing is fitted and nothing is simulated. Each line says how it was worked out and from which constants; each constant
//! says whether it was measured, and where ([`constants`]). Start with [`plan()`].

pub mod constants;
mod limits;
pub mod plan;
mod print;
mod sheet;

use clap::Args;
use serde_json::json;

use self::{
    constants::Constants,
    plan::{Inputs, plan},
};

/// What to work out.
#[derive(Debug, Args)]
pub struct ModelArgs {
    /// What is there.
    #[command(flatten)]
    pub inputs: Inputs,
    /// Another value of a constant, NAME=VALUE; may be given several times.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Lists the constants and where each comes from, and nothing else.
    #[arg(long)]
    pub constants: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Works it out and prints it.
pub fn run(args: &ModelArgs) -> anyhow::Result<()> {
    let mut constants = Constants::default();
    for text in &args.set {
        constants.set(text)?;
    }
    if args.constants {
        if args.json {
            println!("{}", serde_json::to_string_pretty(&constants)?);
        } else {
            print!("{}", print::table(constants.all()));
        }
        return Ok(());
    }
    args.inputs.check()?;
    let plan = plan(&args.inputs, &constants);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&json!({ "plan": plan, "constants": constants }))?);
    } else {
        print!("{}", print::plan(&plan, &constants));
    }
    Ok(())
}
