//! `vedetta block`.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;
use vedetta_block::{Batch, Header};
use vedetta_model::Kind;

use crate::cli::failed;

/// What can be done with blocks of events.
#[derive(Debug, Subcommand)]
pub enum BlockCommand {
    /// Says what is in a block, as it lies in a spool or among dead letters; `-` reads standard input.
    Show {
        /// The block's bytes.
        file: PathBuf,
        /// The events too, one JSON object a line.
        #[arg(long)]
        events: bool,
    },
}

impl BlockCommand {
    /// Does it.
    pub fn run(&self) -> ExitCode {
        let Self::Show { file, events } = self;
        match show(file, *events) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&error),
        }
    }
}

fn show(file: &Path, events: bool) -> anyhow::Result<()> {
    let name = file.display();
    let bytes = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes)?;
        bytes
    } else {
        std::fs::read(file).with_context(|| name.to_string())?
    };
    let mut out = std::io::stdout().lock();
    let (header, body) = Header::parse(&bytes).with_context(|| name.to_string())?;
    write!(out, "{}", about(&header, bytes.len(), body.start))?;
    let batch =
        Batch::decode(&bytes).with_context(|| format!("{name}: the header is good, the body is not"))?;
    writeln!(out, "processes  {}", batch.processes.len())?;
    if events {
        for event in &batch.events {
            let line = json!({ "id": batch.event_id(event).to_string(), "kind": event.kind().as_str(), "event": event,
                "process": event.process.and_then(|index| batch.processes.get(index as usize)) });
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn about(header: &Header, bytes: usize, head: usize) -> String {
    let kinds = header
        .kinds
        .iter()
        .map(|kind| Kind::try_from(*kind).map_or_else(|_| kind.to_string(), |kind| kind.as_str().to_owned()));
    let lost = header.last - header.first + 1 - u64::from(header.count);
    format!(
        "version    {}\ntenant     {}\nnode       {}\nrun        {}\nevents     {} (numbers {} to {}, {lost} missing)\n\
         time       {} to {}\nkinds      {}\nbytes      {bytes} ({:.1} an event): head {head}, of it digest {}, body {}, {} decompressed\n",
        header.version,
        header.tenant,
        header.node,
        header.boot,
        header.count,
        header.first,
        header.last,
        header.earliest,
        header.latest,
        kinds.collect::<Vec<_>>().join(" "),
        bytes as f64 / f64::from(header.count),
        header.digest.as_bytes().len(),
        header.body_bytes,
        header.decoded_bytes,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_tells_what_is_in_it_without_its_body() {
        let bytes = include_bytes!("../../crates/block/tests/data/v3.block");
        let (header, body) = Header::parse(bytes).unwrap();
        let text = about(&header, bytes.len(), body.start);
        for line in [
            "version    3",
            "tenant     default",
            "(numbers 1 to 4, 1 missing)",
            "process.exec file.open net.connect",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
