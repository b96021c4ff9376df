//! Messages of GitHub's webhooks: the fields `github.*`. The plugin that receives them writes into
//! them what kind they are, and what it found in the changes that they are about.

use std::borrow::Cow;

use super::json::Json;
use super::take::{Argument, Take, bool_text};
use Take::{Any, One, Text};

pub(super) const FIELDS: &[&[(&str, Take)]] = &[&[
    ("github.type", Text(&["webhook_type"])),
    ("github.action", Text(&["action"])),
    ("github.user", Text(&["sender", "login"])),
    ("github.repo", Text(&["repository", "html_url"])),
    ("github.repo.url", Text(&["repository", "html_url"])),
    ("github.repo.name", Text(&["repository", "name"])),
    ("github.repo.description", Text(&["repository", "description"])),
    ("github.repo.public", One(is_public)),
    ("github.org", Text(&["organization", "login"])),
    ("github.owner", Text(&["repository", "owner", "login"])),
    ("github.collaborator.name", Text(&["member", "login"])),
    ("github.collaborator.role", Text(&["changes", "permission", "to"])),
    ("github.webhook.id", Any(&["hook", "id"])),
    ("github.webhook.type", Text(&["hook", "type"])),
    ("github.commit.added", One(|event, _| files_of_commits(event, "added"))),
    ("github.commit.modified", One(|event, _| files_of_commits(event, "modified"))),
    ("github.commit.removed", One(|event, _| files_of_commits(event, "removed"))),
    ("github.diff.has_secrets", One(|event, _| secrets(event).map(|found| bool_text(!found.is_empty())))),
    ("github.diff.committed_secrets.desc", One(|event, _| of_secrets(event, |s| in_match(s, "desc")))),
    ("github.diff.committed_secrets.files", One(|event, _| of_secrets(event, |s| s.file.to_owned()))),
    ("github.diff.committed_secrets.lines", One(|event, _| of_secrets(event, |s| s.line()))),
    ("github.diff.committed_secrets.links", One(links)),
    ("github.workflow.has_miners", One(|event, _| miners(event).map(|found| bool_text(!found.is_empty())))),
    ("github.workflow.miners.type", One(miner_types)),
    ("github.workflow.filename", Text(&["workflow", "path"])),
]];

fn text<'j>(event: &'j Json, path: &[&str]) -> &'j str {
    event.at(path).and_then(Json::as_text).unwrap_or_default()
}

fn joined(parts: &[String]) -> Option<Cow<'static, str>> {
    (!parts.is_empty()).then(|| Cow::Owned(parts.join(",")))
}

fn is_public<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    Some(bool_text(*event.at(&["repository", "private"])? != Json::Bool(true)))
}

fn files_of_commits<'j>(event: &'j Json, change: &str) -> Option<Cow<'j, str>> {
    let commits = event.get("commits")?.as_list()?;
    let files = commits.iter().filter_map(|commit| commit.get(change)?.as_list()).flatten();
    joined(&files.filter_map(|file| file.as_text().map(str::to_owned)).collect::<Vec<_>>())
}

/// A secret that was found in a file of a change.
struct Secret<'j> {
    file: &'j str,
    found: &'j Json,
}

impl Secret<'_> {
    fn line(&self) -> String {
        self.found.get("line").and_then(Json::as_count).unwrap_or_default().to_string()
    }
}

fn in_match(secret: &Secret<'_>, key: &str) -> String {
    text(secret.found, &[key]).to_owned()
}

fn secrets(event: &Json) -> Option<Vec<Secret<'_>>> {
    let files = event.get("files")?.as_list()?;
    let of_file = |file: &'_ Json| file.get("matches").and_then(Json::as_list).unwrap_or_default().len();
    let mut secrets = Vec::with_capacity(files.iter().map(of_file).sum());
    for file in files {
        let found = file.get("matches").and_then(Json::as_list).unwrap_or_default();
        secrets.extend(found.iter().map(|found| Secret { file: text(file, &["name"]), found }));
    }
    Some(secrets)
}

fn of_secrets(event: &Json, show: impl Fn(&Secret<'_>) -> String) -> Option<Cow<'static, str>> {
    joined(&secrets(event)?.iter().map(show).collect::<Vec<_>>())
}

fn links<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    let (repository, commit) =
        (text(event, &["repository", "html_url"]), text(event, &["head_commit", "id"]));
    of_secrets(event, |s| format!("{repository}/blob/{commit}/{}/#L{}", s.file, s.line()))
}

fn miners(event: &Json) -> Option<&[Json]> {
    event.at(&["workflow_miner_detections", "matches"])?.as_list()
}

/// Each type once, as they come.
fn miner_types<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    let mut types: Vec<String> = Vec::new();
    for miner in miners(event)? {
        let found = text(miner, &["type"]);
        if !types.iter().any(|t| t == found) {
            types.push(found.to_owned());
        }
    }
    joined(&types)
}
