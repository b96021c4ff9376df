//! Generates the gRPC code from proto/, with no protoc to install.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let files = ["vedetta/agent/v1/agent.proto", "vedetta/tenant/v1/tenant.proto"];
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(files, ["proto"])?;
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR")?).join("descriptors.bin");
    std::fs::write(&out, protox::prost::Message::encode_to_vec(&descriptors))?;
    tonic_prost_build::configure().bytes(".vedetta.agent.v1.AgentMessage.block").compile_fds(descriptors)?;
    Ok(())
}
