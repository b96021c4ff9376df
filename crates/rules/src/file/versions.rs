//! What a file requires of the engine and of its plugins.

use super::reader::{Entries, Reader, find};
use super::yaml::Node;
use crate::diagnostic::Code;

/// A version as `x.y.z`.
fn version(text: &str) -> Option<(u64, u64, u64)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    match (parts.next()??, parts.next()??, parts.next()??, parts.next()) {
        (major, minor, patch, None) => Some((major, minor, patch)),
        _ => None,
    }
}

impl Reader {
    pub(super) fn engine_version(&mut self, node: &Node) {
        let text = node.text().unwrap_or_default();
        let parsed = match text.parse::<u64>() {
            Ok(minor) => Some((0, minor, 0)),
            Err(_) => version(text),
        };
        match parsed {
            None => self.invalid(
                node.mark,
                format!("Unable to parse engine version '{text}' as a semver string. Expected \"x.y.z\" semver format."),
                &["a version such as 0.26.0"],
            ),
            Some(version) if version > super::ENGINE_VERSION => {
                let (a, b, c) = super::ENGINE_VERSION;
                self.error(
                    Code::LoadErrValidate,
                    node.mark,
                    format!("Rules require engine version {text}, but engine version is {a}.{b}.{c}"),
                    &[],
                );
            }
            Some(_) => {}
        }
    }

    /// The events of plugins are read by built-in code, so there are no versions to compare with; what
    /// is required has to be well written all the same.
    pub(super) fn plugin_versions(&mut self, node: &Node) {
        let Some(plugins) = node.list() else {
            self.invalid(
                node.mark,
                "Value of required_plugin_versions must be a sequence",
                &["- name and version"],
            );
            return;
        };
        for plugin in plugins {
            let Some(entries) = plugin.map() else {
                self.invalid(plugin.mark, "Plugin version must be a mapping", &["name and version"]);
                continue;
            };
            let mut names = Vec::new();
            self.plugin_version(plugin, entries, &mut names);
            let Some(node) = find(entries, "alternatives") else { continue };
            let Some(alternatives) = node.list() else {
                let message = "Value of plugin version alternatives must be a sequence";
                self.invalid(node.mark, message, &["- name and version"]);
                continue;
            };
            for alternative in alternatives {
                match alternative.map() {
                    Some(entries) => self.plugin_version(alternative, entries, &mut names),
                    None => self.invalid(
                        alternative.mark,
                        "Plugin version alternative must be a mapping",
                        &["name and version"],
                    ),
                }
            }
        }
    }

    fn plugin_version(&mut self, node: &Node, entries: Entries<'_>, names: &mut Vec<String>) {
        let Some(name) = self.required_text(node.mark, entries, "name") else { return };
        let Some(text) = self.required_text(node.mark, entries, "version") else { return };
        let name = name.text;
        if version(&text.text).is_none() {
            let message = format!("Invalid required version '{}' for plugin '{name}'", text.text);
            self.error(Code::LoadErrValidate, text.mark, message, &["a version such as 0.2.0"]);
        }
        if names.contains(&name) {
            let message = format!("Defined multiple alternative version requirements for plugin '{name}'");
            self.error(Code::LoadErrValidate, node.mark, message, &[]);
        }
        names.push(name);
    }
}
