//! Audit logs of Google Cloud: the fields `gcp.*`.

use std::borrow::Cow;

use super::json::Json;
use super::take::{Argument, Take, given};
use Take::{Given, One};

pub(super) const FIELDS: &[&[(&str, Take)]] = &[&[
    ("gcp.user", Given(&["protoPayload", "authenticationInfo", "principalEmail"])),
    ("gcp.callerIP", Given(&["protoPayload", "requestMetadata", "callerIp"])),
    ("gcp.userAgent", Given(&["protoPayload", "requestMetadata", "callerSuppliedUserAgent"])),
    ("gcp.authorizationInfo", Given(&["protoPayload", "authorizationInfo"])),
    ("gcp.serviceName", Given(&["protoPayload", "serviceName"])),
    ("gcp.policyDelta", One(policy_delta)),
    ("gcp.request", Given(&["protoPayload", "request"])),
    ("gcp.methodName", Given(&["protoPayload", "methodName"])),
    ("gcp.cloudfunctions.function", Given(&["resource", "labels", "function_name"])),
    ("gcp.cloudsql.databaseId", Given(&["resource", "labels", "database_id"])),
    ("gcp.compute.instanceId", Given(&["resource", "labels", "instance_id"])),
    ("gcp.compute.networkId", Given(&["resource", "labels", "network_id"])),
    ("gcp.compute.subnetwork", Given(&["resource", "labels", "subnetwork_name"])),
    ("gcp.compute.subnetworkId", Given(&["resource", "labels", "subnetwork_id"])),
    ("gcp.dns.zone", Given(&["resource", "labels", "zone_name"])),
    ("gcp.iam.serviceAccount", Given(&["resource", "labels", "email_id"])),
    ("gcp.iam.serviceAccountId", Given(&["resource", "labels", "unique_id"])),
    ("gcp.location", One(location)),
    ("gcp.logging.sink", One(sink)),
    ("gcp.projectId", Given(&["resource", "labels", "project_id"])),
    ("gcp.resourceName", Given(&["protoPayload", "resourceName"])),
    ("gcp.resourceType", Given(&["resource", "type"])),
    ("gcp.resourceLabels", Given(&["resource", "labels"])),
    ("gcp.storage.bucket", Given(&["resource", "labels", "bucket_name"])),
    ("gcp.time", Given(&["timestamp"])),
]];

fn resource_type(event: &Json) -> Option<&str> {
    event.at(&["resource", "type"])?.as_text()
}

/// What a change of a policy adds and takes; BigQuery writes it in a place of its own.
fn policy_delta<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    let path: &[&str] = match resource_type(event) {
        Some("bigquery_dataset") => &["protoPayload", "metadata", "datasetChange", "bindingDeltas"],
        _ => &["protoPayload", "serviceData", "policyDelta", "bindingDeltas"],
    };
    event.at(path).and_then(given)
}

/// The location or region; else that of the zone: `us-central1-a` lies in `us-central1`.
fn location<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    let labels = event.at(&["resource", "labels"])?;
    if let Some(place) = labels.get("location").or_else(|| labels.get("region")) {
        return given(place);
    }
    let zone = labels.get("zone")?.as_text().filter(|zone| !zone.is_empty())?;
    let region = zone.char_indices().nth_back(1).map(|(at, _)| &zone[..at]);
    Some(Cow::Borrowed(region.filter(|region| !region.is_empty()).unwrap_or(zone)))
}

fn sink<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    let is_sink = resource_type(event) == Some("logging_sink");
    is_sink.then(|| event.at(&["resource", "labels", "name"]).and_then(given)).flatten()
}
