//! Prints the events of a capture as JSON lines: `cargo run -p vedetta-scap --example events FILE`.

use std::io::{BufWriter, Write, stdout};

use vedetta_scap::{Capture, Limits};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name a capture: events FILE")?;
    let bytes = std::fs::read(&path).map_err(|e| format!("can't read {path}: {e}"))?;
    let mut out = BufWriter::new(stdout().lock());
    for event in Capture::open(&bytes, Limits::default())?.events() {
        serde_json::to_writer(&mut out, &event?)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}
