//! Single harmless actions that a built-in rule finds.

use std::path::Path;

use anyhow::ensure;
use tokio::process::Command;

/// Reads /etc/shadow with a program that nobody knows, named `name`.
pub async fn read_shadow(scratch: &Path, name: &str) -> anyhow::Result<()> {
    let program = scratch.join(name);
    if !program.exists() {
        std::fs::copy("/bin/cat", &program)?;
    }
    let output = Command::new(&program).arg("/etc/shadow").output().await?;
    ensure!(
        output.status.success(),
        "{} /etc/shadow: {}",
        program.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
