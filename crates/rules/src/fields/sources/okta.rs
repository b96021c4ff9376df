//! Events of Okta's system log: the fields `okta.*`.

use std::borrow::Cow;

use super::json::Json;
use super::take::{Argument, Take, given};
use Take::{Count, Given, One};

pub(super) const FIELDS: &[&[(&str, Take)]] = &[&[
    ("okta.app", One(app)),
    ("okta.behaviors", Given(&["debugContext", "debugData", "behaviors"])),
    ("okta.evt.type", Given(&["eventType"])),
    ("okta.evt.legacytype", Given(&["legacyEventType"])),
    ("okta.severity", Given(&["severity"])),
    ("okta.message", Given(&["displayMessage"])),
    ("okta.published", Given(&["published"])),
    ("okta.logonlysecuritydata", Given(&["debugContext", "debugData", "logOnlySecurityData"])),
    ("okta.actor.id", Given(&["actor", "id"])),
    ("okta.actor.Type", Given(&["actor", "type"])),
    ("okta.actor.alternateid", Given(&["actor", "alternateId"])),
    ("okta.actor.name", Given(&["actor", "displayName"])),
    ("okta.client.zone", Given(&["client", "zone"])),
    ("okta.client.ip", Given(&["client", "ipAddress"])),
    ("okta.client.device", Given(&["client", "device"])),
    ("okta.client.id", Given(&["client", "id"])),
    ("okta.client.geo.city", Given(&["client", "geographicalContext", "city"])),
    ("okta.client.geo.state", Given(&["client", "geographicalContext", "state"])),
    ("okta.client.geo.country", Given(&["client", "geographicalContext", "country"])),
    ("okta.client.geo.postalcode", Given(&["client", "geographicalContext", "postalCode"])),
    ("okta.client.geo.lat", Given(&["client", "geographicalContext", "geolocation", "lat"])),
    ("okta.client.geo.lon", Given(&["client", "geographicalContext", "geolocation", "lon"])),
    ("okta.useragent.os", Given(&["client", "userAgent", "os"])),
    ("okta.useragent.browser", Given(&["client", "userAgent", "browser"])),
    ("okta.useragent.raw", Given(&["client", "userAgent", "rawUserAgent"])),
    ("okta.result", Given(&["outcome", "result"])),
    ("okta.reason", Given(&["outcome", "reason"])),
    ("okta.transaction.id", Given(&["transaction", "id"])),
    ("okta.transaction.type", Given(&["transaction", "type"])),
    ("okta.requesturi", Given(&["debugContext", "debugData", "requestUri"])),
    ("okta.principal.id", Given(&["debugContext", "debugData", "originalPrincipal", "id"])),
    ("okta.principal.alternateid", Given(&["debugContext", "debugData", "originalPrincipal", "alternateId"])),
    ("okta.principal.type", Given(&["debugContext", "debugData", "originalPrincipal", "type"])),
    ("okta.principal.name", Given(&["debugContext", "debugData", "originalPrincipal", "displayName"])),
    ("okta.authentication.step", Given(&["authenticationContext", "authenticationStep"])),
    ("okta.authentication.sessionid", Given(&["authenticationContext", "externalSessionId"])),
    ("okta.authentication.provider", Given(&["authenticationContext", "authenticationProvider"])),
    ("okta.authentication.credentialprovider", Given(&["authenticationContext", "credentialProvider"])),
    ("okta.security.asnumber", Count(&["securityContext", "asNumber"])),
    ("okta.security.asorg", Given(&["securityContext", "asOrg"])),
    ("okta.security.isp", Given(&["securityContext", "isp"])),
    ("okta.security.domain", Given(&["securityContext", "domain"])),
    ("okta.security.isproxy", Given(&["securityContext", "isProxy"])),
    ("okta.target.user.id", One(|event, _| target(event, "User", "id"))),
    ("okta.target.user.alternateid", One(|event, _| target(event, "User", "alternateId"))),
    ("okta.target.user.name", One(|event, _| target(event, "User", "displayName"))),
    ("okta.target.group.id", One(|event, _| target(event, "UserGroup", "id"))),
    ("okta.target.group.alternateid", One(|event, _| target(event, "UserGroup", "alternateId"))),
    ("okta.target.group.name", One(|event, _| target(event, "UserGroup", "displayName"))),
    ("okta.target.app.alternateid", One(|event, _| target(event, "AppInstance", "alternateId"))),
    ("okta.targets.displayName", One(display_names)),
]];

/// The last target of a kind.
fn target<'j>(event: &'j Json, kind: &str, key: &str) -> Option<Cow<'j, str>> {
    let targets = event.get("target")?.as_list()?;
    let target = targets.iter().rfind(|t| t.get("type").and_then(Json::as_text) == Some(kind))?;
    target.get(key).and_then(given)
}

/// The names of all targets, or of the one that the argument says.
fn display_names<'j>(event: &'j Json, argument: Argument<'_>) -> Option<Cow<'j, str>> {
    let mut names =
        event.get("target")?.as_list()?.iter().map(|target| target.get("displayName").and_then(given));
    match argument.index {
        Some(index) => names.nth(index)?,
        None => {
            let names: Vec<_> = names.flatten().collect();
            (!names.is_empty()).then(|| Cow::Owned(names.join(",")))
        }
    }
}

/// The application that a request is for: `/app/<name>/…`.
fn app<'j>(event: &'j Json, _: Argument<'_>) -> Option<Cow<'j, str>> {
    let uri = event.at(&["debugContext", "debugData", "requestUri"])?.as_text()?;
    uri.strip_prefix("/app/")?.split('/').next().map(Cow::Borrowed)
}
