//! Users, groups, and what events tell about containers.

use std::sync::Arc;

use hashbrown::HashMap;
use serde_json::Value as Json;

use crate::blocks::users::Account;
use crate::text;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) home: String,
    pub(crate) shell: String,
}

/// A container, as its runtime described it to whoever recorded the capture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Container {
    pub(crate) name: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) image_id: Option<String>,
    pub(crate) repository: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) digest: Option<String>,
    pub(crate) kind: Option<&'static str>,
    pub(crate) privileged: Option<bool>,
    pub(crate) ip: Option<String>,
}

/// Descriptions that are kept at most.
const MOST_CONTAINERS: usize = 65_536;

/// Runtimes by their number.
const KINDS: [&str; 12] = [
    "docker",
    "lxc",
    "libvirt-lxc",
    "mesos",
    "rkt",
    "custom",
    "cri",
    "containerd",
    "cri-o",
    "bpm",
    "static",
    "podman",
];

/// Who and what the machine knows.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    users: HashMap<u32, User>,
    groups: HashMap<u32, String>,
    containers: HashMap<String, Arc<Container>>,
}

impl Accounts {
    pub(super) fn add(&mut self, account: Account<'_>) {
        match account {
            Account::User { uid, name, home, shell } => {
                let user =
                    User { name: text::lossy(name), home: text::lossy(home), shell: text::lossy(shell) };
                self.users.insert(uid, user);
            }
            Account::Group { gid, name } => {
                self.groups.insert(gid, text::lossy(name));
            }
        }
    }

    pub(crate) fn user(&self, uid: u32) -> Option<&User> {
        self.users.get(&uid)
    }

    pub(crate) fn group(&self, gid: u32) -> Option<&str> {
        self.groups.get(&gid).map(String::as_str)
    }

    pub(crate) fn container(&self, id: &str) -> Option<&Arc<Container>> {
        self.containers.get(id)
    }

    /// Takes the description in a `container` event.
    pub(super) fn describe_container(&mut self, json: &[u8]) {
        let Ok(json) = serde_json::from_slice::<Json>(crate::blocks::event::until_zero(json)) else { return };
        let container = json.get("container").unwrap_or(&json);
        let text = |key: &str| {
            container.get(key).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let Some(id) = text("id") else { return };
        if self.containers.len() >= MOST_CONTAINERS && !self.containers.contains_key(&id) {
            return;
        }
        let kind = container.get("type").and_then(Json::as_u64).and_then(|n| usize::try_from(n).ok());
        let described = Container {
            name: text("name"),
            image: text("image"),
            image_id: text("imageid"),
            repository: text("imagerepo"),
            tag: text("imagetag"),
            digest: text("imagedigest"),
            kind: kind.and_then(|n| KINDS.get(n).copied()),
            privileged: container.get("privileged").and_then(Json::as_bool),
            ip: text("ip"),
        };
        self.containers.insert(id, Arc::new(described));
    }
}
