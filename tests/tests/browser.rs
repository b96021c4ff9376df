//! The console in a real browser against a real system. Screenshots stay in `test-output/`.

use std::{path::Path, process::Stdio};

use anyhow::ensure;
use vedetta_tests::{Form, Sandbox};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_the_demo_live_and_decides_in_the_browser() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    ensure!(
        Path::new("/usr/bin/chromium").exists(),
        "chromium is not installed: run `scripts/setup.sh test`"
    );
    ensure!(
        root.join("web-ui/node_modules").exists(),
        "the console's packages are not installed: run `make console`"
    );
    let output = root.join("test-output");
    std::fs::create_dir_all(&output)?;

    let sandbox = Sandbox::start(Form::One).await?;
    let client = sandbox.admin().await?;
    let agent = sandbox.agent(&client, "this-machine", "kernel").await?;
    let (name, password) = sandbox.credentials().expect("a new system shows its password");
    let status = tokio::process::Command::new("npx")
        .args(["playwright", "test", "--config", "playwright.system.config.ts"])
        .current_dir(root.join("web-ui"))
        .env("VEDETTA_URL", format!("http://{}", sandbox.addresses().public))
        .env("VEDETTA_USER", name)
        .env("VEDETTA_PASSWORD", password)
        .env("VEDETTA_DEMO", root.join("scripts/demo.sh"))
        .env("VEDETTA_SCREENSHOTS", &output)
        .env("VEDETTA_TEST_OUTPUT", output.join("playwright"))
        .stdin(Stdio::null())
        .status()
        .await?;
    ensure!(
        status.success(),
        "the browser test failed ({status}); traces and screenshots are in test-output/"
    );
    agent.stop().await?;
    sandbox.stop().await
}
