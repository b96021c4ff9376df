//! The shape of the tree: which way dependencies point, who may name which library, how long a file may be.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What each of our packages may depend on, of ours. A package that is not listed fails the test.
const MAY_USE: &[(&str, &[&str])] = &[
    ("vedetta-model", &[]),
    ("vedetta-aside", &[]),
    ("vedetta-node-agent-common", &[]),
    ("vedetta-node-agent-ebpf", &["node-agent-common"]),
    ("vedetta-block", &["model"]),
    ("vedetta-rules", &["model"]),
    ("vedetta-scap", &["rules"]),
    ("vedetta-api", &["model"]),
    ("vedetta-auth", &["model"]),
    ("vedetta-log", &["model"]),
    ("vedetta-store", &["block", "model"]),
    ("vedetta-search", &["aside", "block", "rules", "store", "model"]),
    ("vedetta-embedded", &["aside", "model"]),
    ("vedetta-log-embedded", &["log", "embedded", "model"]),
    ("vedetta-log-kafka", &["aside", "log", "model"]),
    ("vedetta-store-embedded", &["store", "embedded", "block", "model"]),
    ("vedetta-store-scylla", &["store", "block", "model"]),
    (
        "vedetta-backends",
        &["log", "log-embedded", "log-kafka", "store", "store-embedded", "store-scylla", "embedded", "model"],
    ),
    ("vedetta-copy", &["log", "store", "block", "model"]),
    ("vedetta-runtime", &["api", "auth", "backends", "log", "store", "model"]),
    ("vedetta-ingest", &["api", "auth", "block", "log", "store", "runtime", "model"]),
    ("vedetta-detect", &["api", "auth", "block", "log", "store", "rules", "runtime", "model"]),
    (
        "vedetta-query",
        &["aside", "api", "auth", "block", "log", "store", "rules", "search", "runtime", "model"],
    ),
    ("vedetta-tenant", &["aside", "api", "auth", "log", "store", "rules", "runtime", "model"]),
    ("vedetta-node-agent", &["api", "auth", "block", "node-agent-common", "model"]),
    (
        "vedetta",
        &[
            "api", "auth", "backends", "block", "copy", "log", "store", "rules", "runtime", "model",
            "ingest", "detect", "query", "tenant",
        ],
    ),
    ("vedetta-conformance", &["rules", "scap"]),
    ("vedetta-load", &["*"]),
    ("vedetta-chaos", &["*"]),
    ("vedetta-simulation", &["*"]),
    ("vedetta-tests", &["*"]),
];

/// Libraries with one home. Others may not name them, not even for tests.
const HOMES: &[(&str, &[&str])] = &[
    ("aya", &["vedetta-node-agent"]),
    ("aya-ebpf", &["vedetta-node-agent-ebpf"]),
    (
        "fjall",
        &[
            "vedetta-embedded",
            "vedetta-log-embedded",
            "vedetta-store-embedded",
            "vedetta-backends",
            "vedetta-tests",
        ],
    ),
    ("jsonwebtoken", &["vedetta-auth"]),
    ("async-graphql", &["vedetta-query"]),
    ("rdkafka", &["vedetta-log-kafka"]),
    ("scylla", &["vedetta-store-scylla"]),
];

/// No IO and no async in these: not even indirectly through what they name.
const PURE: &[&str] = &["vedetta-model", "vedetta-block", "vedetta-rules", "vedetta-scap"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository").to_owned()
}

fn packages() -> Vec<cargo_metadata::Package> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .expect("cargo metadata");
    metadata.packages
}

#[test]
fn dependencies_point_one_way_only() {
    let may_use: BTreeMap<&str, BTreeSet<String>> = MAY_USE
        .iter()
        .map(|(name, uses)| {
            let of_ours =
                |short: &&str| if *short == "*" { "*".to_owned() } else { format!("vedetta-{short}") };
            (*name, uses.iter().map(of_ours).collect())
        })
        .collect();
    let packages = packages();
    let ours: BTreeSet<String> = packages.iter().map(|p| p.name.to_string()).collect();
    let mut wrong = Vec::new();
    for package in &packages {
        let Some(allowed) = may_use.get(package.name.as_str()) else {
            wrong.push(format!("{} is not listed in MAY_USE", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development) {
            let fine = !ours.contains(&dependency.name)
                || allowed.contains("*")
                || allowed.contains(&dependency.name);
            if !fine {
                wrong.push(format!("{} → {}", package.name, dependency.name));
            }
        }
    }
    assert!(wrong.is_empty(), "against the arrows in ARCHITECTURE.md:\n{}", wrong.join("\n"));
}

#[test]
fn each_engine_has_one_home() {
    let mut wrong = Vec::new();
    for package in packages() {
        for dependency in &package.dependencies {
            if let Some((_, homes)) = HOMES.iter().find(|(name, _)| *name == dependency.name)
                && !homes.contains(&package.name.as_str())
            {
                wrong.push(format!("{} names {}", package.name, dependency.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_and_rules_do_no_io_and_know_no_async() {
    let banned = ["tokio", "futures", "async-trait", "tonic", "axum", "reqwest"];
    for package in packages().iter().filter(|p| PURE.contains(&p.name.as_str())) {
        for dependency in package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            assert!(
                !banned.contains(&dependency.name.as_str()),
                "{} names {}",
                package.name,
                dependency.name
            );
        }
    }
}

#[test]
fn no_file_holds_more_than_a_story() {
    const MOST_LINES: usize = 1000;
    let mut long = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a readable folder").flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let skipped = name.starts_with('.')
                || ["target", "node_modules", "dist", "__generated__"].contains(&name.as_str());
            if path.is_dir() && !skipped {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|e| ["rs", "ts", "tsx", "css", "sh"].iter().any(|x| e == *x))
            {
                let lines = std::fs::read_to_string(&path).map_or(0, |text| text.lines().count());
                if lines > MOST_LINES {
                    long.push(format!("{}: {lines} lines", path.display()));
                }
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}
