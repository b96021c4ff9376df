use super::*;
use crate::eval::{Condition, Scratch};
use crate::fields::{Catalogue, Fetch, FieldSource};
use crate::filter::Filter;
use crate::{Overrides, RuleFile, RuleSet};

fn event(source: &str, text: &str) -> JsonEvent {
    let mut events = JsonEvent::read(source, text).unwrap();
    assert_eq!(events.len(), 1);
    events.remove(0)
}

fn holds(event: &JsonEvent, condition: &str) -> bool {
    let filter = Filter::parse(condition).unwrap();
    let condition = Condition::compile(&filter, Catalogue::standard()).unwrap_or_else(|e| panic!("{e:?}"));
    condition.holds(event)
}

/// All of these hold, and none of those.
fn check(event: &JsonEvent, these: &[&str], those: &[&str]) {
    for condition in these {
        assert!(holds(event, condition), "{condition}");
    }
    for condition in those {
        assert!(!holds(event, condition), "{condition}");
    }
}

const POD: &str = r#"{"kind":"Event","auditID":"a-1","stage":"ResponseComplete","verb":"create",
  "requestURI":"/api/v1/namespaces/x/pods?command=rm%20-rf&command=ls&dry+run=1#end",
  "user":{"username":"kim","groups":["devs","admins"]},"sourceIPs":["10.0.0.1","::1"],
  "objectRef":{"resource":"pods","namespace":"x","name":"p"},
  "annotations":{"authorization.k8s.io/decision":"allow"},
  "stageTimestamp":"2026-01-31T08:00:00.000001Z",
  "responseStatus":{"code":201},
  "requestObject":{"spec":{
    "hostNetwork":true,"securityContext":{"runAsUser":1000,"supplementalGroups":[5,6]},
    "containers":[
      {"name":"one","image":"nginx:1.2","command":["sh","-c"],"ports":[{"hostPort":80},{"containerPort":81}],
       "securityContext":{"privileged":true,"runAsUser":7,"capabilities":{"add":["SYS_ADMIN","NET_RAW"]}}},
      {"name":"two","image":"docker.io/busybox@sha256:00","command":["ls"]}],
    "initContainers":[{"name":"init","image":"init"}],
    "volumes":[{"name":"v","hostPath":{"path":"/proc/1"}},{"name":"w","flexVolume":{"driver":"d"}}]}}}"#;

#[test]
fn fields_of_an_audit_event() {
    check(
        &event("k8s_audit", POD),
        &[
            "ka.auditid = a-1 and ka.verb = create and ka.target.resource = pods",
            "ka.auth.decision = allow",
            "ka.user.groups intersects (admins)",
            "ka.user.groups in (devs, admins, others)",
            "ka.sourceips intersects (10.0.0.1)",
            "ka.sourceips[1] = ::1",
            "ka.uri.param[command] = 'rm -rf'",
            "ka.uri.param['dry run'] = 1",
            "ka.response.code = 201",
            "ka.target.pod.name = p",
            "ka.req.pod.host_network = true and ka.req.container.host_network = true",
            "ka.req.pod.supplemental_groups in (5, 6)",
            "evt.source = k8s_audit and evt.type = pluginevent and evt.num = 1",
            "evt.rawtime = 1769846400000001000",
            "jevt.rawtime = 1769846400000001000",
            "jevt.time = 08:00:00.000001000 and evt.time.s = 08:00:00",
            "jevt.time.iso8601 = 2026-01-31T08:00:00.000001000+0000",
        ],
        &[
            "ka.user.groups in (devs)",
            "ka.sourceips[2] exists",
            "ka.uri.param[none] exists",
            "ka.req.pod.host_pid != true",
            "ka.impuser.name exists",
            "ka.target.subresource != log",
        ],
    );
}

#[test]
fn fields_of_containers_are_lists() {
    check(
        &event("k8s_audit", POD),
        &[
            "ka.req.pod.containers.name in (one, two)",
            "ka.req.pod.containers.image[0] = nginx:1.2",
            "ka.req.container.image = nginx:1.2 and ka.req.container.image.repository = nginx",
            "ka.req.pod.containers.image.repository in (nginx, docker.io/busybox)",
            "ka.req.pod.containers.image.repository[1] = docker.io/busybox",
            "ka.req.pod.initContainers.image intersects (init)",
            "ka.req.pod.containers.privileged intersects (true)",
            "ka.req.container.privileged = true",
            "ka.req.pod.containers.run_as_user in (7)",
            "ka.req.pod.containers.eff_run_as_user in (7, 1000)",
            "ka.req.pod.containers.eff_run_as_user[1] = 1000",
            "ka.req.pod.containers.eff_run_as_group in (0)",
            "ka.req.pod.initContainers.eff_run_as_user in (1000)",
            "ka.req.pod.containers.host_port in (80, 81)",
            "ka.req.pod.containers.add_capabilities intersects (SYS_ADMIN)",
            "ka.req.pod.containers.command intersects (sh)",
            "ka.req.pod.containers.command[0] in (sh, -c)",
            "ka.req.pod.containers.command[1] in (ls)",
            "ka.req.pod.volumes.hostpath in (/proc/1)",
            "ka.req.volume.hostpath[/proc*] = true",
            "ka.req.volume.hostpath[/proc] = false",
            "ka.req.pod.volumes.volume_type in (hostPath, flexVolume)",
            "ka.req.pod.volumes.flexvolume_driver in (d)",
        ],
        &[
            "ka.req.pod.initContainers.privileged exists",
            "ka.req.pod.ephemeralContainers.image exists",
            "ka.req.pod.containers.image[2] exists",
            "ka.req.pod.containers.command[1] intersects (sh)",
            "ka.req.pod.containers.privileged[1] exists",
            "ka.req.pod.containers.read_only_fs exists",
        ],
    );
}

#[test]
fn subjects_of_a_binding_are_sorted_by_kind() {
    let text = r#"{"auditID":"b","requestObject":{"roleRef":{"name":"cluster-admin"},"subjects":[
      {"kind":"User","name":"kim"},{"kind":"Group","name":"system:masters"},
      {"kind":"ServiceAccount","name":"bot","namespace":"ci"}]}}"#;
    check(
        &event("k8s_audit", text),
        &[
            "ka.req.binding.role = cluster-admin",
            "ka.req.binding.subjects.user_names in (kim)",
            "ka.req.binding.subjects.group_names intersects (system:masters)",
            "ka.req.binding.subjects.serviceaccount_names in (bot)",
            "ka.req.binding.subjects.serviceaccount_ns_names in (ci:bot)",
            r#"ka.req.binding.subjects intersects ('{"kind":"User","name":"kim"}')"#,
            "ka.req.binding.subject.has_name[x] = true",
        ],
        &["ka.req.role.rules exists"],
    );
}

#[test]
fn json_that_is_no_audit_event_has_none_of_its_fields() {
    let other = event("k8s_audit", r#"{"verb":"create","objectRef":{"name":"x"}}"#);
    check(
        &other,
        &["jevt.value[/verb] = create", "json.value[/objectRef/name] = x", "json.obj contains objectRef"],
        &["ka.verb exists", "ka.target.name = x", "ka.req.container.privileged = false"],
    );
}

#[test]
fn any_source_answers_json_pointers() {
    let text = r#"{"a/b":{"~":[1,{"k":null}]},"t":"x"}"#;
    check(
        &event("github", text),
        &["json.value[/a~1b/~0/0] = 1", "jevt.value[/a~1b/~0/1] = '{\"k\":null}'", "jevt.value[t] = x"],
        &["json.value[/a~1b/~0/2] exists", "json.value[/none] exists", "json.rawtime exists"],
    );
}

#[test]
fn fields_of_cloudtrail() {
    let text = r#"{"eventID":"1","eventTime":"2026-01-31T08:00:00Z","eventSource":"s3.amazonaws.com",
      "eventName":"PutObject","errorCode":null,"sourceIPAddress":"1.2.3.4","awsRegion":"eu-1",
      "userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/ops/kim","accountId":"1",
        "sessionContext":{"sessionIssuer":{"userName":"ops"}}},
      "requestParameters":{"bucketName":"b","key":"k/l","Host":"h"},"responseElements":null,
      "additionalEventData":{"bytesTransferredIn":33.0,"bytesTransferredOut":2},
      "managementEvent":false,"resources":[{"ARN":"a"},{"ARN":"b"}]}"#;
    check(
        &event("aws_cloudtrail", text),
        &[
            "ct.src = s3.amazonaws.com and ct.shortsrc = s3",
            "ct.user = ops and ct.originaluser = kim and ct.user.accountid = 1",
            "ct.managementevent = false",
            "ct.readonly = false",
            "ct.resources = '{\"ARN\":\"a\"},{\"ARN\":\"b\"}'",
            "s3.uri = s3://b/k/l and s3.bytes = 35 and s3.bytes.in >= 33 and s3.cnt.put = 1",
            "ct.info = 'ops via 1.2.3.4 → PutObject Size=35 URI=s3://b/k/l'",
            "ct.request contains '\"key\":\"k/l\"'",
        ],
        &["ct.error exists", "s3.cnt.get exists", "ct.request.name exists", "ec2.name exists"],
    );
}

#[test]
fn instances_of_cloudtrail() {
    let text = r#"{"eventName":"RunInstances","userIdentity":{"type":"IAMUser","userName":"kim"},
      "requestParameters":{"tagSpecificationSet":{"items":[{"resourceType":"volume","tags":[{"key":"Name","value":"no"}]},
        {"resourceType":"instance","tags":[{"key":"Name","value":"web"}]}]}},
      "responseElements":{"instancesSet":{"items":[{"imageId":"ami-1"},{"imageId":"ami-2"}]}}}"#;
    check(
        &event("aws_cloudtrail", text),
        &[
            "ec2.name = web",
            "ec2.imageid = ami-1 and ec2.imageids in (ami-1, ami-2) and ec2.imageids[1] = ami-2",
            "ct.user = kim and ct.originaluser = kim",
            "ct.readonly = false",
        ],
        &["ct.user.accountid exists"],
    );
}

#[test]
fn fields_of_okta() {
    let text = r#"{"eventType":"user.session.start","published":"2026-01-31T08:00:00Z",
      "actor":{"id":"u1","type":"User","alternateId":"kim@x"},
      "client":{"ipAddress":"1.1.1.1","geographicalContext":{"state":null,"geolocation":{"lat":1.5}}},
      "outcome":{"result":"FAILURE"},"securityContext":{"asNumber":64500,"isProxy":true},
      "debugContext":{"debugData":{"requestUri":"/app/crm/x"}},
      "target":[{"id":"1","type":"User","displayName":"Kim"},{"id":"2","type":"AppInstance","alternateId":"CRM"}]}"#;
    check(
        &event("okta", text),
        &[
            "okta.evt.type = user.session.start and okta.actor.alternateid = kim@x",
            "okta.security.asnumber > 64000 and okta.security.isproxy = true",
            "okta.app = crm and okta.target.app.alternateid = CRM and okta.target.user.name = Kim",
            "okta.client.geo.lat = 1.5",
            "okta.targets.displayName[0] = Kim",
        ],
        &[
            "okta.client.geo.state exists",
            "okta.target.group.id exists",
            "okta.targets.displayName[1] exists",
        ],
    );
}

#[test]
fn fields_of_github() {
    let text = r#"{"webhook_type":"push","sender":{"login":"kim"},"repository":{"html_url":"https://g/r","private":false},
      "commits":[{"added":["a"],"modified":["m","n"]},{"modified":["o"]}],"head_commit":{"id":"c0"},
      "files":[{"name":"f","matches":[{"desc":"AWS key","line":3},{"desc":"token","line":4}]},{"name":"g","matches":[]}],
      "workflow_miner_detections":{"matches":[{"type":"xmrig"},{"type":"xmrig"}]}}"#;
    check(
        &event("github", text),
        &[
            "github.type = push and github.user = kim and github.repo.public = true",
            "github.commit.modified = 'm,n,o' and github.commit.added = a",
            "github.diff.has_secrets = true and github.diff.committed_secrets.desc = 'AWS key,token'",
            "github.diff.committed_secrets.files = 'f,f' and github.diff.committed_secrets.lines = '3,4'",
            "github.diff.committed_secrets.links startswith 'https://g/r/blob/c0/f/#L3,'",
            "github.workflow.has_miners = true and github.workflow.miners.type = xmrig",
        ],
        &["github.commit.removed exists", "github.org exists", "github.webhook.id exists"],
    );
}

#[test]
fn fields_of_google_cloud() {
    let text = |kind: &str, labels: &str| {
        format!(
            r#"{{"protoPayload":{{"serviceData":{{"policyDelta":{{"bindingDeltas":[{{"action":"ADD"}}]}}}},
            "metadata":{{"datasetChange":{{"bindingDeltas":"other"}}}},"methodName":"m"}},
            "resource":{{"type":"{kind}","labels":{labels}}},"timestamp":"2026-01-31T08:00:00Z"}}"#
        )
    };
    check(
        &event("gcp_auditlog", &text("project", r#"{"zone":"us-central1-a","name":"s"}"#)),
        &[
            "gcp.policyDelta = '[{\"action\":\"ADD\"}]'",
            "gcp.location = us-central1 and gcp.methodName = m",
            "gcp.resourceLabels contains us-central1-a",
        ],
        &["gcp.logging.sink exists", "gcp.user != x"],
    );
    check(
        &event("gcp_auditlog", &text("bigquery_dataset", r#"{"region":"eu","zone":"us-a"}"#)),
        &["gcp.policyDelta = other and gcp.location = eu"],
        &[],
    );
    check(
        &event("gcp_auditlog", &text("logging_sink", r#"{"name":"s"}"#)),
        &["gcp.logging.sink = s"],
        &["gcp.location exists"],
    );
}

#[test]
fn texts_with_many_events_are_taken_apart() {
    let read = |source, text: &str| JsonEvent::read(source, text).map(|events| events.len());
    assert_eq!(read("k8s_audit", r#"{"kind":"EventList","items":[{"auditID":"1"},{"auditID":"2"}]}"#), Ok(2));
    assert_eq!(read("aws_cloudtrail", "{\"Records\":[{},{}]}\n{\"eventID\":\"3\"}\n"), Ok(3));
    assert_eq!(read("okta", "[{},{}]"), Ok(2));
    assert_eq!(read("okta", ""), Ok(0));
    let error = read("okta", "{\"a\":1}\n{\"b\":").unwrap_err();
    assert!(error.to_string().starts_with("line 2, column 5: EOF"), "{error}");
    let error = read("syslog", "{}").unwrap_err();
    assert!(error.to_string().contains("'syslog'") && error.to_string().contains("k8s_audit"), "{error}");
}

#[test]
fn a_deep_text_is_refused_and_no_crash() {
    let text = "[".repeat(100_000);
    assert!(matches!(JsonEvent::read("okta", &text), Err(ReadError::NotJson { .. })));
}

#[test]
fn rules_of_one_source_never_see_events_of_another() {
    let rule = |name: &str, source: &str| {
        format!(
            "- {{rule: {name}, desc: d, condition: 'json.value[/a] = 1 or evt.num > 0', output: o, priority: info, source: {source}}}\n"
        )
    };
    let names: Vec<_> = JsonEvent::sources().chain(["syscall"]).collect();
    let text: String = names.iter().map(|name| rule(name, name)).collect();
    let set = RuleSet::compile(&[RuleFile::parse("r.yaml", &text).unwrap()], &Overrides::default()).unwrap();
    let mut scratch = Scratch::default();
    for source in JsonEvent::sources() {
        let event = event(source, r#"{"a":1}"#);
        let (mut found, mut plain) = (Vec::new(), Vec::new());
        set.evaluate(&event, &mut scratch, &mut found);
        crate::eval::naive::Walker::new(&set).evaluate(&event, &mut plain);
        let matched: Vec<_> = found.iter().map(|m| set.rules()[m.rule].name.as_str()).collect();
        assert_eq!(matched, [source]);
        assert_eq!(found, plain);
        assert!(set.explain(source, &event).unwrap().matched);
        assert!(!set.explain("syscall", &event).unwrap().matched);
    }
}

/// Fields whose values come from what the plugin is told, or has seen before: see the page for authors
/// of rules.
const NO_VALUE: [&str; 4] =
    ["ka.cluster.name", "okta.org", "okta.mfa.failure.countlast", "okta.mfa.deny.countlast"];

#[test]
fn each_field_of_a_source_is_in_its_table() {
    let mut source = "";
    for line in include_str!("../catalogue.txt").lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            source = name.trim_end_matches(']');
            continue;
        }
        let name = line.split(' ').next().unwrap_or_default();
        if let Some(known) = find(source)
            && !NO_VALUE.contains(&name)
        {
            assert!(known.takes.contains_key(name), "{source} {name}");
        }
    }
    for source in JsonEvent::sources() {
        for name in JsonEvent::fields(source) {
            assert!(Catalogue::standard().contains(name), "{name}");
        }
    }
}

#[test]
fn what_is_shown_of_a_list() {
    let pod = event("k8s_audit", POD);
    let text = "- {rule: r, desc: d, condition: ka.verb exists, source: k8s_audit, priority: info,
        output: 'u=%ka.user.name g=%ka.user.groups i=%ka.req.pod.containers.image[1] n=%ka.impuser.name p=%ka.uri.param[command]'}";
    let set = RuleSet::compile(&[RuleFile::parse("r.yaml", text).unwrap()], &Overrides::default()).unwrap();
    let (message, _) = set.rules()[0].format(&pod);
    assert_eq!(message, "u=kim g=(devs,admins) i=docker.io/busybox@sha256:00 n=<NA> p=rm -rf");
    let field = Catalogue::standard().resolve("ka.verb", None).unwrap();
    assert!(matches!(pod.fetch(&field, &mut Vec::new()), Fetch::Value(_)));
}

/// The places of all parts of a JSON value.
fn places(value: &serde_json::Value, here: &str, out: &mut Vec<String>) {
    out.push(here.to_owned());
    match value {
        serde_json::Value::Object(members) => members.iter().for_each(|(key, value)| {
            places(value, &format!("{here}/{}", key.replace('~', "~0").replace('/', "~1")), out);
        }),
        serde_json::Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| {
            places(value, &format!("{here}/{at}"), out);
        }),
        _ => {}
    }
}

#[test]
fn an_event_of_another_shape_has_less_and_does_no_harm() {
    use serde_json::json;
    let odd =
        [json!(null), json!(-1.5), json!("é"), json!([]), json!({}), json!([[null]]), json!([{"a": [1]}])];
    let whole: serde_json::Value = serde_json::from_str(POD).unwrap();
    let mut pointers = Vec::new();
    places(&whole, "", &mut pointers);
    let catalogue = Catalogue::standard();
    let fields: Vec<_> = JsonEvent::fields("k8s_audit")
        .flat_map(|name| [None, Some("0"), Some("9"), Some("/*")].map(|arg| (name, arg)))
        .filter_map(|(name, arg)| catalogue.resolve(name, arg.map(Into::into).as_ref()).ok())
        .collect();
    assert!(pointers.len() > 50 && fields.len() > 150);
    for (pointer, odd) in pointers.iter().flat_map(|pointer| odd.iter().map(move |odd| (pointer, odd))) {
        let mut changed = whole.clone();
        *changed.pointer_mut(pointer).unwrap() = odd.clone();
        for event in JsonEvent::read("k8s_audit", &changed.to_string()).unwrap() {
            for field in &fields {
                let mut buffer = Vec::new();
                let _ = event.fetch(field, &mut buffer);
                event.each(field, &mut buffer, &mut |_| false);
            }
        }
    }
}
