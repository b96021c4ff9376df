//! Events of AWS CloudTrail: the fields `ct.*`, `s3.*`, `ec2.*`, `ecr.*` and `iam.*`.

use std::borrow::Cow;

use super::json::Json;
use super::take::{Argument, Take, Texts, any_text, bool_text};
use Take::{Any, Bool, Count, First, Json as AsJson, Many, One, Text};

pub(super) const FIELDS: &[&[(&str, Take)]] = &[
    &[
        ("ct.id", Text(&["eventID"])),
        ("ct.error", Text(&["errorCode"])),
        ("ct.errormessage", Text(&["errorMessage"])),
        ("ct.time", Text(&["eventTime"])),
        ("ct.src", Text(&["eventSource"])),
        ("ct.shortsrc", One(short_source)),
        ("ct.name", Text(&["eventName"])),
        ("ct.user", One(user)),
        ("ct.originaluser", One(original_user)),
        ("ct.user.accountid", First(&[Text(&["userIdentity", "accountId"]), Text(&["recipientAccountId"])])),
        ("ct.user.identitytype", Text(&["userIdentity", "type"])),
        ("ct.user.principalid", Text(&["userIdentity", "principalId"])),
        ("ct.user.arn", Text(&["userIdentity", "arn"])),
        ("ct.region", Text(&["awsRegion"])),
        ("ct.srcip", Text(&["sourceIPAddress"])),
        ("ct.useragent", Text(&["userAgent"])),
        ("ct.info", One(|event, _| Some(Cow::Owned(info(event))))),
        ("ct.managementevent", Bool(&["managementEvent"])),
        ("ct.readonly", One(read_only)),
        ("ct.requestid", Text(&["requestID"])),
        ("ct.eventtype", Text(&["eventType"])),
        ("ct.apiversion", Text(&["apiVersion"])),
        ("ct.resources", One(resources)),
        ("ct.recipientaccountid", Text(&["recipientAccountId"])),
        ("ct.serviceeventdetails", Any(&["serviceEventDetails"])),
        ("ct.sharedeventid", Text(&["sharedEventID"])),
        ("ct.vpcendpointid", Text(&["vpcEndpointId"])),
        ("ct.eventcategory", Text(&["eventCategory"])),
        ("ct.addendum.reason", Text(&["addendum", "reason"])),
        ("ct.addendum.updatedfields", Text(&["addendum", "updatedFields"])),
        ("ct.addendum.originalrequestid", Text(&["addendum", "originalRequestID"])),
        ("ct.addendum.originaleventid", Text(&["addendum", "originalEventID"])),
        ("ct.sessioncredentialfromconsole", One(from_console)),
        ("ct.edgedevicedetails", Any(&["edgeDeviceDetails"])),
        ("ct.tlsdetails.tlsversion", Text(&["tlsDetails", "tlsVersion"])),
        ("ct.tlsdetails.ciphersuite", Text(&["tlsDetails", "cipherSuite"])),
        ("ct.tlsdetails.clientprovidedhostheader", Text(&["tlsDetails", "clientProvidedHostHeader"])),
        ("ct.additionaleventdata", AsJson(&["additionalEventData"])),
    ],
    &[
        ("ct.response", AsJson(&["responseElements"])),
        ("ct.response.subnetid", Text(&["responseElements", "subnetId"])),
        ("ct.response.reservationid", Text(&["responseElements", "reservationId"])),
        ("ct.request", AsJson(&["requestParameters"])),
        ("ct.request.availabilityzone", Text(&["requestParameters", "availabilityZone"])),
        ("ct.request.cluster", Text(&["requestParameters", "cluster"])),
        ("ct.request.functionname", Text(&["requestParameters", "functionName"])),
        ("ct.request.groupname", Text(&["requestParameters", "groupName"])),
        ("ct.request.host", Text(&["requestParameters", "Host"])),
        ("ct.request.name", Text(&["requestParameters", "name"])),
        ("ct.request.policy", Text(&["requestParameters", "policy"])),
        ("ct.request.reason", Text(&["requestParameters", "reason"])),
        ("ct.request.target", Text(&["requestParameters", "target"])),
        ("ct.request.documentname", Text(&["requestParameters", "documentName"])),
        ("ct.request.serialnumber", Text(&["requestParameters", "serialNumber"])),
        ("ct.request.servicename", Text(&["requestParameters", "serviceName"])),
        ("ct.request.subnetid", Text(&["requestParameters", "subnetId"])),
        ("ct.request.taskdefinition", Text(&["requestParameters", "taskDefinition"])),
        ("ct.request.username", Text(&["requestParameters", "userName"])),
        ("iam.role", Text(&["requestParameters", "roleName"])),
        ("iam.policy", Text(&["requestParameters", "policyName"])),
        ("ecr.repository", Text(&["requestParameters", "repositoryName"])),
        ("ecr.imagetag", Text(&["requestParameters", "imageTag"])),
        ("ec2.name", One(instance_name)),
        (
            "ec2.imageid",
            One(|event, _| images(event, Argument { index: Some(0), text: "" })?.into_iter().next()),
        ),
        ("ec2.imageids", Many(images)),
        ("s3.bucket", Text(&["requestParameters", "bucketName"])),
        ("s3.key", Text(&["requestParameters", "key"])),
        ("s3.uri", One(|event, _| s3_address(event).map(Cow::Owned))),
        ("s3.bytes", One(|event, _| bytes(event).map(|n| Cow::Owned(n.to_string())))),
        ("s3.bytes.in", Count(&["additionalEventData", "bytesTransferredIn"])),
        ("s3.bytes.out", Count(&["additionalEventData", "bytesTransferredOut"])),
        ("s3.cnt.get", One(|event, _| one_if(text(event, &["eventName"]) == Some("GetObject")))),
        ("s3.cnt.put", One(|event, _| one_if(text(event, &["eventName"]) == Some("PutObject")))),
        (
            "s3.cnt.other",
            One(|event, _| one_if(!matches!(text(event, &["eventName"]), Some("GetObject" | "PutObject")))),
        ),
    ],
];

/// Beginnings of names of calls that change something.
const WRITING: [&str; 39] = [
    "Start",
    "Stop",
    "Create",
    "Destroy",
    "Delete",
    "Add",
    "Remove",
    "Terminate",
    "Put",
    "Associate",
    "Disassociate",
    "Attach",
    "Detach",
    "Open",
    "Close",
    "Wipe",
    "Update",
    "Upgrade",
    "Unlink",
    "Assign",
    "Unassign",
    "Suspend",
    "Set",
    "Run",
    "Register",
    "Deregister",
    "Reboot",
    "Purchase",
    "Modify",
    "Initialize",
    "Enable",
    "Disable",
    "Cancel",
    "Admin",
    "Activate",
    "Replace",
    "Revoke",
    "Restore",
    "Reset",
];

fn text<'j>(event: &'j Json, path: &[&str]) -> Option<&'j str> {
    event.at(path)?.as_text()
}

fn one_if(holds: bool) -> Option<Cow<'static, str>> {
    holds.then_some(Cow::Borrowed("1"))
}

fn short_source<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    let source = text(event, &["eventSource"])?;
    let short = source.strip_suffix(".amazonaws.com").filter(|short| !short.is_empty());
    Some(Cow::Borrowed(short.unwrap_or(source)))
}

fn user_name(event: &Json) -> Option<&str> {
    match text(event, &["userIdentity", "type"])? {
        "Root" | "IAMUser" => text(event, &["userIdentity", "userName"]),
        "AWSService" => text(event, &["userIdentity", "invokedBy"]),
        "AssumedRole" => Some(
            text(event, &["userIdentity", "sessionContext", "sessionIssuer", "userName"])
                .unwrap_or("AssumedRole"),
        ),
        "AWSAccount" => Some("AWSAccount"),
        "FederatedUser" => Some("FederatedUser"),
        _ => None,
    }
}

fn user<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    user_name(event).map(Cow::Borrowed)
}

/// Who took on a role, which the name of the session says; any other user's own name.
fn original_user<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    if text(event, &["userIdentity", "type"]) != Some("AssumedRole") {
        return text(event, &["userIdentity", "userName"]).map(Cow::Borrowed);
    }
    let arn = text(event, &["userIdentity", "arn"]).map(|arn| arn.split('/').collect::<Vec<_>>());
    let principal = text(event, &["userIdentity", "principalId"]).map(|id| id.split(':').collect::<Vec<_>>());
    match (arn.as_deref(), principal.as_deref()) {
        (Some([_, _, session]), _) | (_, Some([_, session])) => Some(Cow::Borrowed(session)),
        _ => None,
    }
}

/// As the event says; where it does not, as the name of the call suggests.
fn read_only<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    match event.get("readOnly") {
        Some(value) => Some(bool_text(*value == Json::Bool(true))),
        None => {
            let name = text(event, &["eventName"])?;
            Some(bool_text(!WRITING.iter().any(|beginning| name.starts_with(beginning))))
        }
    }
}

/// CloudTrail writes it as a text, or as true or false.
fn from_console<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    let value = event.get("sessionCredentialFromConsole")?;
    Some(bool_text(*value == Json::Bool(true) || value.as_text() == Some("true")))
}

fn resources<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    let resources: Vec<_> = event.get("resources")?.as_list()?.iter().map(Json::to_json).collect();
    (!resources.is_empty()).then(|| Cow::Owned(resources.join(",")))
}

fn s3_address(event: &Json) -> Option<String> {
    let bucket = text(event, &["requestParameters", "bucketName"])?;
    let key = text(event, &["requestParameters", "key"])?;
    Some(format!("s3://{bucket}/{key}"))
}

fn bytes(event: &Json) -> Option<u64> {
    let count = |key| event.at(&["additionalEventData", key]).map(|n| n.as_count().unwrap_or_default());
    match (count("bytesTransferredIn"), count("bytesTransferredOut")) {
        (None, None) => None,
        (taken, given) => Some(taken.unwrap_or_default().saturating_add(given.unwrap_or_default())),
    }
}

/// The tag `Name` of the instances that a request makes.
fn instance_name<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    let items = event.at(&["requestParameters", "tagSpecificationSet", "items"])?.as_list()?;
    let of_instances = items.iter().filter(|item| text(item, &["resourceType"]) == Some("instance"));
    let tags = of_instances.filter_map(|item| item.get("tags")?.as_list()).flatten();
    let mut names = tags.filter(|tag| text(tag, &["key"]) == Some("Name"));
    names.find_map(|tag| text(tag, &["value"])).filter(|name| !name.is_empty()).map(Cow::Borrowed)
}

fn images<'j>(event: &'j Json, argument: Argument<'_>) -> Option<Texts<'j>> {
    let items = |side| event.at(&[side, "instancesSet", "items"]).and_then(Json::as_list);
    let items = items("responseElements").or_else(|| items("requestParameters"))?;
    let ids: Texts<'j> = items.iter().filter_map(|item| item.get("imageId").map(any_text)).collect();
    match argument.index {
        None => Some(ids),
        Some(index) => ids.into_iter().nth(index).map(|id| vec![id]),
    }
}

/// Who did what from where, in one line.
fn info(event: &Json) -> String {
    let Some(user) = user_name(event) else {
        return "<invalid cloudtrail event: userIdentity field missing>".to_owned();
    };
    let Some(from) = text(event, &["sourceIPAddress"]) else {
        return "<invalid cloudtrail event: eventSource field missing>".to_owned();
    };
    let Some(name) = text(event, &["eventName"]) else {
        return "<invalid cloudtrail event: eventName field missing>".to_owned();
    };
    let failed = if text(event, &["errorCode"]).is_some() { "!" } else { "" };
    let writes = read_only(event, Argument::default()).as_deref() == Some("false");
    let arrow = if writes { "→" } else { "←" };
    let via = if user == from { String::new() } else { format!(" via {from}") };
    let mut info = format!("{user}{via} {failed}{arrow} {name}");
    if let Some(bytes) = bytes(event) {
        info.push_str(&format!(" Size={bytes}"));
    }
    let about = [
        ("URI", s3_address(event)),
        ("Bucket", text(event, &["requestParameters", "bucketName"]).map(str::to_owned)),
        ("Key", text(event, &["requestParameters", "key"]).map(str::to_owned)),
        ("Host", text(event, &["requestParameters", "Host"]).map(str::to_owned)),
    ];
    if let Some((what, Some(value))) = about.into_iter().find(|(_, value)| value.is_some()) {
        info.push_str(&format!(" {what}={value}"));
    }
    info
}
