//! compose.yaml and Dockerfile name only what exists: programs, commands, settings. They can't be run where tests run.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, ensure};
use cargo_metadata::MetadataCommand;
use serde_norway::Value;
use vedetta_runtime::{Config, config::Sources};
use vedetta_tests::binary;

const IMAGE: &str = "vedetta:local";
const ROLES: [&str; 4] = ["tenant", "ingest", "detect", "query"];

fn file(name: &str) -> anyhow::Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// The services that run our image, by name.
fn services() -> anyhow::Result<BTreeMap<String, Value>> {
    let mut file: Value = serde_norway::from_str(&file("compose.yaml")?)?;
    // What is merged may have merged something itself.
    loop {
        let before = file.clone();
        file.apply_merge()?;
        if file == before {
            break;
        }
    }
    let all = file["services"].as_mapping().context("no services")?;
    let ours = all.iter().filter(|(_, service)| service["image"] == IMAGE);
    ours.map(|(name, service)| Ok((name.as_str().context("a name")?.to_owned(), service.clone()))).collect()
}

fn words(value: &Value) -> Vec<&str> {
    value.as_sequence().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// `${NAME:-default}` becomes the default, as when nobody sets it.
fn expanded(text: &str) -> String {
    match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).and_then(|it| it.split_once(":-")) {
        Some((_, default)) => default.to_owned(),
        None => text.to_owned(),
    }
}

fn environment(service: &Value) -> anyhow::Result<Vec<(String, String)>> {
    let pairs = service["environment"].as_mapping().context("no environment")?;
    let pair = |(name, value): (&Value, &Value)| {
        Ok((name.as_str().context("a name")?.to_owned(), expanded(value.as_str().context("a text")?)))
    };
    pairs.iter().map(pair).collect()
}

/// What a process with these variables is told; fails for one that is no setting.
fn configured(env: Vec<(String, String)>) -> anyhow::Result<Config> {
    ensure!(env.iter().all(|(name, _)| name.starts_with("VEDETTA_")), "{env:?}");
    Ok(Config::load(&Sources { env, ..Sources::default() })?)
}

/// Programs that the Dockerfile puts into the image, each of which is one of this workspace.
fn programs() -> anyhow::Result<Vec<String>> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()?;
    let targets = metadata.packages.iter().flat_map(|package| &package.targets);
    let known: Vec<&str> = targets.filter(|it| it.is_bin()).map(|it| it.name.as_str()).collect();
    let docker = file("Dockerfile")?;
    let installed: Vec<String> = docker
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("target/release/"))
        .map(str::to_owned)
        .collect();
    for (before, word) in docker.split_whitespace().zip(docker.split_whitespace().skip(1)) {
        let is_known = || metadata.packages.iter().any(|package| package.name.as_str() == word);
        ensure!(before != "-p" || is_known(), "Dockerfile builds {word}, which is no package");
    }
    for program in &installed {
        ensure!(known.contains(&program.as_str()), "Dockerfile installs {program}, which nothing builds");
    }
    Ok(installed)
}

/// Whether a command line begins with a program of the image, and with a command that it has.
fn is_runnable(line: &[&str]) -> anyhow::Result<()> {
    let (program, arguments) = line.split_first().context("an empty command")?;
    ensure!(programs()?.iter().any(|it| it == program), "{program} is not in the image");
    let help = std::process::Command::new(binary(program)?).args(arguments).arg("--help").output()?;
    ensure!(help.status.success(), "{line:?}: {}", String::from_utf8_lossy(&help.stderr));
    Ok(())
}

#[test]
fn every_service_runs_a_program_of_the_image_with_settings_that_exist() -> anyhow::Result<()> {
    let services = services()?;
    for role in ROLES {
        let service = services.get(role).with_context(|| format!("no service runs {role}"))?;
        assert_eq!(words(&service["command"]), [format!("vedetta-{role}")]);
    }
    assert_eq!(services.len(), ROLES.len() + 1, "and bootstrap");
    for (name, service) in &services {
        is_runnable(&words(&service["command"])).with_context(|| name.clone())?;
        let health = words(&service["healthcheck"]["test"]);
        if name == "bootstrap" {
            assert_eq!(service["healthcheck"]["disable"], true, "it ends");
        } else {
            is_runnable(health.strip_prefix(&["CMD"]).context("a healthcheck")?)?;
        }
        let config = configured(environment(service)?).with_context(|| name.clone())?;
        let places = config.common.places()?;
        ensure!(places.log_is_shared() && places.store_is_shared() && !places.uses_disk(), "{name}");
        let keys = config.common.keys_dir().display().to_string();
        let mode = if name == "bootstrap" { "" } else { ":ro" };
        assert_eq!(words(&service["volumes"]), [format!("secrets:{keys}{mode}")], "{name}");
    }
    Ok(())
}

#[test]
fn nothing_runs_with_more_than_it_needs() -> anyhow::Result<()> {
    for (name, service) in services()? {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(words(&service["cap_drop"]), ["ALL"], "{name}");
        let user = service["user"].as_str().context("a user")?;
        assert!(
            !user.starts_with('0') && file("Dockerfile")?.contains(&format!("USER {user}")),
            "{name}: {user}"
        );
    }
    Ok(())
}

#[test]
fn services_find_each_other_where_they_listen() -> anyhow::Result<()> {
    let services = services()?;
    let config = |name: &str| configured(environment(&services[name])?);
    let listens = config("tenant")?.common.listen.internal.context("tenant listens for the others")?;
    assert!(listens.ip().is_unspecified(), "{listens}");
    for name in ["ingest", "detect", "query"] {
        let url = config(name)?.common.clients.internal_url;
        assert_eq!(url, format!("http://tenant:{}", listens.port()), "{name}");
    }
    let ingest = config("ingest")?.common;
    let port = ingest.listen.agents.port();
    assert!(
        ingest.listen.agents.ip().is_unspecified() && ingest.agents.advertise.ends_with(&format!(":{port}"))
    );
    assert_eq!(words(&services["ingest"]["ports"]), [format!("{port}:{port}")]);
    let public = config("query")?.common.listen.public;
    assert_eq!(words(&services["query"]["ports"]), [format!("127.0.0.1:{0}:{0}", public.port())]);
    Ok(())
}

#[test]
fn the_image_has_every_program_and_its_variables_are_settings() -> anyhow::Result<()> {
    let programs = programs()?;
    for role in ROLES {
        assert!(programs.contains(&format!("vedetta-{role}")), "{programs:?}");
    }
    assert!(programs.contains(&"vedetta".to_owned()) && programs.contains(&"vedetta-agent".to_owned()));
    let docker = file("Dockerfile")?;
    let last = docker.rsplit("\nFROM ").next().context("a stage")?;
    let variables: Vec<(String, String)> = last
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("VEDETTA_").and_then(|rest| rest.split_once('=')))
        .map(|(name, value)| (format!("VEDETTA_{name}"), value.to_owned()))
        .collect();
    assert!(!variables.is_empty());
    let config = configured(variables)?;
    assert!(last.contains(&format!("-m 700 {}", config.common.keys_dir().display())), "the volume's owner");
    for line in last.lines().filter_map(|line| line.split_once("CMD ").map(|(_, line)| line)) {
        let line: Vec<&str> =
            line.trim_matches(['[', ']']).split(", ").map(|word| word.trim_matches('"')).collect();
        is_runnable(&line)?;
    }
    Ok(())
}
