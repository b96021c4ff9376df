use clap::{CommandFactory, Parser};

use super::*;

fn config(args: &[&str]) -> Result<Config, ConfigError> {
    let cli = Cli::try_parse_from([&["vedetta-agent"], args].concat()).unwrap();
    Config::resolve(cli.options)
}

#[test]
fn the_command_line_is_sound_and_every_flag_is_explained() {
    Cli::command().debug_assert();
    let silent: Vec<_> = Cli::command()
        .get_arguments()
        .filter(|arg| arg.get_help().is_none())
        .map(|arg| arg.get_id().to_string())
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn without_settings_it_watches_the_kernel_with_a_spool_of_256_mib() {
    let config = config(&[]).unwrap();
    assert_eq!(config.source, SourceSpec::Kernel);
    assert_eq!((config.spool_bytes, config.state_dir), (256 << 20, STATE_DIR.into()));
    assert_eq!(config.reads, Reads::default());
}

#[test]
fn flags_go_before_the_file_and_the_file_before_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("agent.toml");
    let text = "server = \"https://a.example:1\"\nspool-limit = \"2GiB\"\nsource = \"synthetic:10\"\ntoken = \"vde_x\"\n";
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let config =
        config(&["--config", file, "--server", "https://[::1]:7443", "--synthetic-seed", "9"]).unwrap();
    assert_eq!(config.server.unwrap().to_string(), "https://[::1]:7443");
    assert_eq!(config.spool_bytes, 2 << 30);
    assert_eq!(config.token.unwrap().secret(), "vde_x");
    let SourceSpec::Synthetic(source) = config.source else { panic!("{:?}", config.source) };
    assert_eq!((source.seed, source.rate), (9, 10.0));
}

#[test]
fn a_wrong_value_is_told_with_its_flag_and_what_would_be_right() {
    for (args, words) in [
        (["--server", "http://a:1"], "--server: `http://a:1` is not an address; expected https://HOST:PORT"),
        (["--server", "https://a"], "expected https://HOST:PORT"),
        (
            ["--ca-pin", "sha256:12"],
            "--ca-pin: `sha256:12` is not a pin: expected sha256: and 64 hexadecimal digits",
        ),
        (["--source", "replay"], "expected kernel, replay:FILE"),
        (["--source", "synthetic:-1"], "expected kernel, replay:FILE"),
        (["--spool-limit", "5MB"], "KiB, MiB or GiB"),
        (["--spool-limit", "100KiB"], "at least 1MiB"),
        (["--open-reads", "etc"], "absolute paths"),
        (["--config", "/nonexistent/agent.toml"], "/nonexistent/agent.toml: No such file"),
    ] {
        let error = config(&args).unwrap_err().to_string();
        assert!(error.contains(words), "{args:?}: {error}");
    }
}

#[test]
fn an_unknown_setting_in_the_file_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("agent.toml");
    std::fs::write(&file, "sever = \"https://a:1\"\n").unwrap();
    let error = config(&["--config", file.to_str().unwrap()]).unwrap_err().to_string();
    assert!(error.contains("sever") && error.contains("agent.toml"), "{error}");
}

#[test]
fn a_token_is_never_printed() {
    let config = config(&["--token", "vde_hushhush"]).unwrap();
    assert_eq!(config.token.as_ref().unwrap().secret(), "vde_hushhush");
    assert!(!format!("{config:?}").contains("hush"));
}
