//! Rules and cases, through the service.

mod support;

use support::{RULE, World, stream};
use tonic::Code;
use vedetta_api::tenant::v1 as pb;
use vedetta_model::control::{Envelope, Permission, RuleSet};

async fn rule_set(world: &World, token: &str, as_of: &str) -> (RuleSet, u64, Option<Envelope>) {
    let message = pb::GetRuleSetRequest { as_of: as_of.into() };
    let request = vedetta_auth::metadata::with_token(message, token);
    let answer = world.client().get_rule_set(request).await.unwrap().into_inner();
    let last = (!answer.last_change_json.is_empty())
        .then(|| Envelope::decode(answer.last_change_json.as_bytes()).unwrap());
    (serde_json::from_str(&answer.rule_set_json).unwrap(), answer.version, last)
}

#[tokio::test]
async fn a_bad_rule_file_is_told_with_its_place_and_changes_nothing() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    world.import(&ada.token, &[("own.yaml", RULE)]).await.unwrap();
    let before = rule_set(&world, &ada.token, "").await;
    let broken = RULE.replace("proc.name = sh", "proc.nmae = sh");
    let answer = world
        .import(&ada.token, &[("fine.yaml", "- list: l\n  items: [a]\n"), ("own.yaml", &broken)])
        .await
        .unwrap();
    assert!(answer.decided.is_none());
    let error = answer.diagnostics.iter().find(|d| !d.warning).unwrap();
    assert_eq!((error.file.as_str(), error.line), ("own.yaml", 3), "{error:?}");
    assert!(
        error.column > 1 && error.message.contains("proc.nmae") && error.code.starts_with("LOAD_"),
        "{error:?}"
    );
    assert_eq!(rule_set(&world, &ada.token, "").await, before);
    world.stop().await;
}

#[tokio::test]
async fn people_do_not_write_the_rules_that_ship_and_their_decisions_outlive_an_upgrade() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    let role = world.role(Some(&tenant));
    world.import(&role, &[("builtin/shell.yaml", RULE)]).await.unwrap();
    let status = world.import(&ada.token, &[("builtin/shell.yaml", "[]")]).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");

    let message = pb::SetRuleEnabledRequest { rule: "Shell".into(), enabled: false, reason: "noisy".into() };
    let off = world.client().set_rule_enabled(ada.ask(message.clone())).await.unwrap().into_inner();
    let again = world.client().set_rule_enabled(ada.ask(message)).await.unwrap().into_inner();
    assert_eq!(off, again, "off is off: no second event");
    assert_eq!((off.aggregate.as_str(), off.version), ("rule_set", 2));
    world.import(&role, &[("builtin/shell.yaml", &RULE.replace("a shell", "any shell"))]).await.unwrap();
    let (state, version, last) = rule_set(&world, &ada.token, "").await;
    assert!(state.disabled.contains("Shell") && state.files["builtin/shell.yaml"].contains("any shell"));
    assert_eq!((version, last.unwrap().event.name().as_str()), (3, "RulesImported"));
    world.stop().await;
}

#[tokio::test]
async fn an_exception_names_fields_that_exist_and_a_rule_that_does() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    world.import(&ada.token, &[("own.yaml", RULE)]).await.unwrap();
    let add = |rule: &str, json: &str| {
        let message = pb::AddRuleExceptionRequest {
            rule: rule.into(),
            exception_json: json.into(),
            reason: "known".into(),
        };
        let request = ada.ask(message);
        let mut client = world.client();
        async move { client.add_rule_exception(request).await }
    };
    let good = r#"{"name":"ours","fields":["proc.cmdline"],"comps":["startswith"],"values":[["sh -c ok"]]}"#;
    for wrong in
        ["{", "{}", &good.replace("proc.cmdline", "proc.nothing"), &good.replace("startswith", "resembles")]
    {
        let status = add("Shell", wrong).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{wrong}: {status}");
    }
    assert_eq!(add("Shel", good).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(add("Shell", good).await.unwrap().into_inner().version, 2);
    let remove =
        pb::RemoveRuleExceptionRequest { rule: "Shell".into(), name: "ours".into(), reason: String::new() };
    assert_eq!(world.client().remove_rule_exception(ada.ask(remove)).await.unwrap().into_inner().version, 3);
    world.stop().await;
}

#[tokio::test]
async fn many_comments_at_once_are_all_kept_in_a_row() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    let case = world.case(&tenant).await.to_string();
    let comments = (0..12).map(|n| {
        let request = ada.ask(pb::CommentCaseRequest { case: case.clone(), text: format!("comment {n}") });
        let mut client = world.client();
        async move { client.comment_case(request).await.unwrap().into_inner().version }
    });
    let mut versions = futures::future::join_all(comments).await;
    versions.sort_unstable();
    assert_eq!(versions, (1..=12).collect::<Vec<u64>>());
    let history = world.events(&stream(&tenant, "case", &case)).await;
    assert!(history.iter().zip(1..).all(|(e, n)| e.version == n && e.actor.to_string() == "ada"));
    world.stop().await;
}

#[tokio::test]
async fn a_case_is_closed_with_what_it_was_and_one_that_is_not_there_can_not_be() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    let case = world.case(&tenant).await.to_string();
    let set = |case: &str, state: &str, disposition: &str| {
        let message = pb::SetCaseStateRequest {
            case: case.into(),
            state: state.into(),
            disposition: disposition.into(),
        };
        let request = ada.ask(message);
        let mut client = world.client();
        async move { client.set_case_state(request).await.map(|r| r.into_inner().version) }
    };
    for (state, disposition) in [("closed", ""), ("open", "benign"), ("shut", ""), ("closed", "harmless")] {
        assert_eq!(
            set(&case, state, disposition).await.unwrap_err().code(),
            Code::InvalidArgument,
            "{state}"
        );
    }
    assert_eq!(set(&case, "closed", "true_positive").await.unwrap(), 1);
    let other = vedetta_model::CaseId::random(&mut rand::rng()).to_string();
    assert_eq!(set(&other, "closed", "benign").await.unwrap_err().code(), Code::NotFound);
    world.stop().await;
}
