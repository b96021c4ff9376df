//! Audit events of Kubernetes: the fields `ka.*`.

use std::borrow::Cow;

use super::json::Json;
use super::take::{Argument, Path, Take, Texts, any_text, bool_text, walk};
use Take::{Any, Each, EachOfAll, Flat, List, Many, One};

/// A field of each list of containers that a pod has.
macro_rules! of_containers {
    ($name:literal, $take:ident, [$($key:literal),*]) => {
        [
            (concat!("ka.req.pod.containers.", $name), $take(&["requestObject", "spec", "containers" $(, $key)*])),
            (concat!("ka.req.pod.initContainers.", $name), $take(&["requestObject", "spec", "initContainers" $(, $key)*])),
            (concat!("ka.req.pod.ephemeralContainers.", $name), $take(&["requestObject", "spec", "ephemeralContainers" $(, $key)*])),
        ]
    };
    ($name:literal, $make:ident) => {
        [
            (concat!("ka.req.pod.containers.", $name), Many(|event, argument| $make(event, "containers", argument))),
            (concat!("ka.req.pod.initContainers.", $name), Many(|event, argument| $make(event, "initContainers", argument))),
            (concat!("ka.req.pod.ephemeralContainers.", $name), Many(|event, argument| $make(event, "ephemeralContainers", argument))),
        ]
    };
}

pub(super) const FIELDS: &[&[(&str, Take)]] = &[
    &[
        ("ka.auditid", Any(&["auditID"])),
        ("ka.stage", Any(&["stage"])),
        ("ka.auth.decision", Any(&["annotations", "authorization.k8s.io/decision"])),
        ("ka.auth.reason", Any(&["annotations", "authorization.k8s.io/reason"])),
        ("ka.auth.openshift.decision", Any(&["annotations", "authentication.openshift.io/decision"])),
        ("ka.auth.openshift.username", Any(&["annotations", "authentication.openshift.io/username"])),
        (
            "ka.validations.admission.policy.failure",
            Any(&["annotations", "validation.policy.admission.k8s.io/validation_failure"]),
        ),
        ("ka.security.pod.violations", Any(&["annotations", "pod-security.kubernetes.io/audit-violations"])),
        ("ka.user.name", Any(&["user", "username"])),
        ("ka.user.groups", List(&["user", "groups"])),
        ("ka.impuser.name", Any(&["impersonatedUser", "username"])),
        ("ka.verb", Any(&["verb"])),
        ("ka.uri", Any(&["requestURI"])),
        ("ka.uri.param", One(uri_parameter)),
        ("ka.useragent", Any(&["userAgent"])),
        ("ka.sourceips", List(&["sourceIPs"])),
        ("ka.target.name", Any(&["objectRef", "name"])),
        ("ka.target.namespace", Any(&["objectRef", "namespace"])),
        ("ka.target.resource", Any(&["objectRef", "resource"])),
        ("ka.target.subresource", Any(&["objectRef", "subresource"])),
        ("ka.target.pod.name", One(target_pod)),
        ("ka.resp.name", Any(&["responseObject", "metadata", "name"])),
        ("ka.response.code", Any(&["responseStatus", "code"])),
        ("ka.response.reason", Any(&["responseStatus", "reason"])),
        ("ka.req.binding.subjects", List(&["requestObject", "subjects"])),
        ("ka.req.binding.subjects.user_names", Many(|event, _| subjects(event, "User", false))),
        ("ka.req.binding.subjects.group_names", Many(|event, _| subjects(event, "Group", false))),
        (
            "ka.req.binding.subjects.serviceaccount_names",
            Many(|event, _| subjects(event, "ServiceAccount", false)),
        ),
        (
            "ka.req.binding.subjects.serviceaccount_ns_names",
            Many(|event, _| subjects(event, "ServiceAccount", true)),
        ),
        ("ka.req.binding.role", Any(&["requestObject", "roleRef", "name"])),
        // Falco has kept this one only for old rules, and always says so.
        ("ka.req.binding.subject.has_name", One(|_, _| Some(bool_text(true)))),
        ("ka.req.configmap.name", Any(&["objectRef", "name"])),
        ("ka.req.configmap.obj", Any(&["requestObject", "data"])),
        ("ka.req.role.rules", List(&["requestObject", "rules"])),
        ("ka.req.role.rules.apiGroups", Flat(&["requestObject", "rules", "apiGroups"])),
        ("ka.req.role.rules.nonResourceURLs", Flat(&["requestObject", "rules", "nonResourceURLs"])),
        ("ka.req.role.rules.verbs", Flat(&["requestObject", "rules", "verbs"])),
        ("ka.req.role.rules.resources", Flat(&["requestObject", "rules", "resources"])),
        ("ka.req.service.type", Any(&["requestObject", "spec", "type"])),
        ("ka.req.service.ports", List(&["requestObject", "spec", "ports"])),
    ],
    &[
        ("ka.req.pod.host_ipc", Any(&["requestObject", "spec", "hostIPC"])),
        ("ka.req.pod.host_network", Any(&["requestObject", "spec", "hostNetwork"])),
        ("ka.req.container.host_network", Any(&["requestObject", "spec", "hostNetwork"])),
        ("ka.req.pod.host_pid", Any(&["requestObject", "spec", "hostPID"])),
        ("ka.req.pod.run_as_user", Any(&["requestObject", "spec", "securityContext", "runAsUser"])),
        ("ka.req.pod.run_as_group", Any(&["requestObject", "spec", "securityContext", "runAsGroup"])),
        ("ka.req.pod.fs_group", Any(&["requestObject", "spec", "securityContext", "fsGroup"])),
        (
            "ka.req.pod.supplemental_groups",
            List(&["requestObject", "spec", "securityContext", "supplementalGroups"]),
        ),
        ("ka.req.pod.volumes.hostpath", Each(&["requestObject", "spec", "volumes", "hostPath", "path"])),
        ("ka.req.volume.hostpath", One(has_host_path)),
        (
            "ka.req.pod.volumes.flexvolume_driver",
            Each(&["requestObject", "spec", "volumes", "flexVolume", "driver"]),
        ),
        ("ka.req.pod.volumes.volume_type", Many(volume_types)),
        ("ka.req.container.image", One(|event, _| first(images(event, "containers", FIRST)))),
        (
            "ka.req.container.image.repository",
            One(|event, _| first(repositories(event, "containers", FIRST))),
        ),
        ("ka.req.container.privileged", One(any_privileged)),
    ],
    &of_containers!("name", Each, ["name"]),
    &of_containers!("args", Flat, ["args"]),
    &of_containers!("command", Flat, ["command"]),
    &of_containers!("image", EachOfAll, ["image"]),
    &of_containers!("image.repository", repositories),
    &of_containers!("host_port", host_ports),
    &of_containers!("privileged", Each, ["securityContext", "privileged"]),
    &of_containers!("allow_privilege_escalation", Each, ["securityContext", "allowPrivilegeEscalation"]),
    &of_containers!("read_only_fs", Each, ["securityContext", "readOnlyRootFilesystem"]),
    &of_containers!("run_as_user", Each, ["securityContext", "runAsUser"]),
    &of_containers!("run_as_group", Each, ["securityContext", "runAsGroup"]),
    &of_containers!("eff_run_as_user", effective_users),
    &of_containers!("eff_run_as_group", effective_groups),
    &of_containers!("proc_mount", Each, ["securityContext", "procMount"]),
    &of_containers!("add_capabilities", Flat, ["securityContext", "capabilities", "add"]),
];

const FIRST: Argument<'static> = Argument { text: "", index: Some(0) };
const SPEC: Path = &["requestObject", "spec"];

fn first(values: Option<Texts<'_>>) -> Option<Cow<'_, str>> {
    values?.into_iter().next()
}

fn target_pod<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    let target = event.get("objectRef")?;
    let is_pod = target.get("resource")?.as_text() == Some("pods");
    is_pod.then(|| target.get("name").map(any_text)).flatten()
}

/// The first value of a parameter of the request's address.
fn uri_parameter<'j>(event: &'j Json, argument: Argument<'_>) -> Option<Cow<'j, str>> {
    let uri = event.get("requestURI")?.as_text()?;
    let uri = uri.split_once('#').map_or(uri, |(before, _)| before);
    let (_, query) = uri.split_once('?')?;
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut values = pairs.filter(|(name, _)| unescape(name).as_deref() == Some(argument.text));
    values.find_map(|(_, value)| unescape(value))
}

/// Undoes the escapes of a query: `+` and `%20`. `None` when one is broken.
fn unescape(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['+', '%']) {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            plain => plain,
        });
    }
    Some(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
}

fn subjects<'j>(event: &'j Json, kind: &str, with_namespace: bool) -> Option<Texts<'j>> {
    let subjects = event.at(&["requestObject", "subjects"])?.as_list()?;
    let of_kind = subjects.iter().filter(|s| s.get("kind").and_then(Json::as_text) == Some(kind));
    let name = |subject: &'j Json| {
        let name = subject.get("name").map(any_text)?;
        if !with_namespace {
            return Some(name);
        }
        let namespace = subject.get("namespace").map(any_text)?;
        Some(Cow::Owned(format!("{namespace}:{name}")))
    };
    Some(of_kind.filter_map(name).collect())
}

fn in_containers<'j>(
    event: &'j Json,
    list: &str,
    keys: &[&str],
    argument: Argument<'_>,
) -> Option<Vec<Option<&'j Json>>> {
    let path: Vec<_> = std::iter::once(list).chain(keys.iter().copied()).collect();
    walk(event.at(SPEC)?, &path, argument.index)
}

fn images<'j>(event: &'j Json, list: &str, argument: Argument<'_>) -> Option<Texts<'j>> {
    in_containers(event, list, &["image"], argument)?.into_iter().map(|image| image.map(any_text)).collect()
}

fn repositories<'j>(event: &'j Json, list: &str, argument: Argument<'_>) -> Option<Texts<'j>> {
    let repository = |image: Cow<'j, str>| match image {
        Cow::Borrowed(image) => Cow::Borrowed(image.split([':', '@']).next().unwrap_or_default()),
        Cow::Owned(image) => Cow::Owned(image.split([':', '@']).next().unwrap_or_default().to_owned()),
    };
    Some(images(event, list, argument)?.into_iter().map(repository).collect())
}

/// Ports of the host; where a container names none, its own, which is the host's in its network.
fn host_ports<'j>(event: &'j Json, list: &str, argument: Argument<'_>) -> Option<Texts<'j>> {
    let mut ports = Vec::new();
    for of_container in in_containers(event, list, &["ports"], argument)?.into_iter().flatten() {
        for port in of_container.as_list()? {
            ports.extend(port.get("hostPort").or_else(|| port.get("containerPort")).map(any_text));
        }
    }
    Some(ports)
}

fn any_privileged<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    let argument = Argument::default();
    let found = in_containers(event, "containers", &["securityContext", "privileged"], argument)?;
    Some(bool_text(found.contains(&Some(&Json::Bool(true)))))
}

fn effective_users<'j>(event: &'j Json, list: &str, argument: Argument<'_>) -> Option<Texts<'j>> {
    effective(event, list, "runAsUser", argument)
}

fn effective_groups<'j>(event: &'j Json, list: &str, argument: Argument<'_>) -> Option<Texts<'j>> {
    effective(event, list, "runAsGroup", argument)
}

/// What a container says for itself, else what its pod says for all, else root.
fn effective<'j>(event: &'j Json, list: &str, key: &str, argument: Argument<'_>) -> Option<Texts<'j>> {
    let spec = event.at(SPEC)?;
    let of_pod = spec.at(&["securityContext", key]).map_or(Cow::Borrowed("0"), any_text);
    let containers = spec.get(list)?.as_list()?;
    let picked = containers.iter().enumerate().filter(|(at, _)| argument.index.is_none_or(|i| i == *at));
    let own = |container: &'j Json| container.at(&["securityContext", key]).map(any_text);
    Some(picked.map(|(_, container)| own(container).unwrap_or_else(|| of_pod.clone())).collect())
}

/// Whether a volume lies at this path of the host; a star at its end stands for anything.
fn has_host_path<'j>(event: &'j Json, argument: Argument<'_>) -> Option<Cow<'j, str>> {
    let paths = walk(event, &["requestObject", "spec", "volumes", "hostPath", "path"], None)?;
    let wanted = argument.text;
    let agrees = |path: Cow<'_, str>| {
        path == wanted || wanted.strip_suffix('*').is_some_and(|beginning| path.starts_with(beginning))
    };
    Some(bool_text(paths.into_iter().flatten().map(any_text).any(agrees)))
}

/// The keys of the volumes, such as `hostPath`, but for their names.
fn volume_types<'j>(event: &'j Json, argument: Argument<'_>) -> Option<Texts<'j>> {
    let volumes = event.at(SPEC)?.get("volumes")?.as_list()?;
    let picked = volumes.iter().enumerate().filter(|(at, _)| argument.index.is_none_or(|i| i == *at));
    let mut types = Vec::new();
    for (_, volume) in picked {
        if let Json::Object(members) = volume {
            let keys = members.iter().map(|(key, _)| key.as_str()).filter(|key| *key != "name");
            types.extend(keys.map(Cow::Borrowed));
        }
    }
    Some(types)
}
