//! `user.*`, `group.*` and `container.*`.

use super::Fields;
use crate::state::{Current, Tables, User, container};

pub(super) fn add(fields: &mut Fields, tables: &Tables<'_>, current: &Current<'_>) {
    let Some(thread) = current.tid.and_then(|tid| tables.thread(tid)) else { return };
    fields.set("user.uid", thread.uid);
    fields.set("user.loginuid", thread.loginuid);
    if let Some(User { name, home, shell }) = tables.accounts.user(thread.uid) {
        fields.set("user.name", name.as_str());
        fields.set("user.homedir", home.as_str());
        fields.set("user.shell", shell.as_str());
    }
    let login = u32::try_from(thread.loginuid).ok().and_then(|uid| tables.accounts.user(uid));
    fields.set_some("user.loginname", login.map(|user| user.name.as_str()));
    fields.set("group.gid", thread.gid);
    fields.set_some("group.name", tables.accounts.group(thread.gid));
    add_container(fields, tables, &thread.container);
}

fn add_container(fields: &mut Fields, tables: &Tables<'_>, id: &str) {
    if id.is_empty() {
        for name in ["id", "name", "type"] {
            fields.set(&format!("container.{name}"), "host");
        }
        return;
    }
    fields.set("container.id", id);
    let Some(container) = tables.accounts.container(id) else {
        // Nobody described it.
        let kind = container::kind(id);
        fields.set("container.type", kind);
        if kind == "lxc" {
            fields.set("container.name", id);
        } else {
            fields.set("container.privileged", false);
        }
        return;
    };
    let texts = [
        ("name", &container.name),
        ("image", &container.image),
        ("image.id", &container.image_id),
        ("image.repository", &container.repository),
        ("image.tag", &container.tag),
        ("image.digest", &container.digest),
        ("ip", &container.ip),
    ];
    for (name, text) in texts {
        fields.set_some(&format!("container.{name}"), text.as_deref());
    }
    fields.set_some("container.type", container.kind);
    fields.set_some("container.privileged", container.privileged);
}
