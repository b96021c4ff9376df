//! What was in force at any time is the fold of the stream up to then.

mod support;

use std::time::Duration;

use proptest::prelude::*;
use support::{Person, World, stream};
use vedetta_api::tenant::v1 as pb;
use vedetta_model::{
    Timestamp,
    control::{DomainEvent, Permission, RuleSet},
};

#[derive(Debug, Clone)]
enum Command {
    Import(u8, u8),
    Remove(u8),
    Enable(u8, bool),
    Except(u8, u8),
    Unexcept(u8, u8),
    Wait(u16),
    ClockBack(u16),
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let command = prop_oneof![
        3 => (0..3u8, 0..3u8).prop_map(|(file, text)| Command::Import(file, text)),
        1 => (0..3u8).prop_map(Command::Remove),
        3 => (0..3u8, any::<bool>()).prop_map(|(rule, on)| Command::Enable(rule, on)),
        2 => (0..3u8, 0..2u8).prop_map(|(rule, name)| Command::Except(rule, name)),
        1 => (0..3u8, 0..2u8).prop_map(|(rule, name)| Command::Unexcept(rule, name)),
        3 => (1..5000u16).prop_map(Command::Wait),
        1 => (1..5000u16).prop_map(Command::ClockBack),
    ];
    proptest::collection::vec(command, 1..25)
}

fn file(n: u8, text: u8) -> pb::RuleFile {
    let rule = support::RULE
        .replace("rule: Shell", &format!("rule: R{n}"))
        .replace("a shell", &format!("text {text}"));
    pb::RuleFile { name: format!("{n}.yaml"), text: rule }
}

/// Carries it out; a refusal is an answer like any other.
async fn run(world: &World, ada: &Person, command: &Command) {
    let mut client = world.client();
    let (rule, reason) = (|n: u8| format!("R{n}"), String::new());
    match *command {
        Command::Import(n, text) => {
            let message = pb::ImportRulesRequest { files: vec![file(n, text)], remove: vec![] };
            client.import_rules(ada.ask(message)).await.unwrap();
        }
        Command::Remove(n) => {
            let message = pb::ImportRulesRequest { files: vec![], remove: vec![format!("{n}.yaml")] };
            client.import_rules(ada.ask(message)).await.unwrap();
        }
        Command::Enable(n, enabled) => {
            let _ = client
                .set_rule_enabled(ada.ask(pb::SetRuleEnabledRequest { rule: rule(n), enabled, reason }))
                .await;
        }
        Command::Except(n, name) => {
            let exception_json =
                format!(r#"{{"name":"e{name}","fields":["proc.name"],"comps":["="],"values":[["x"]]}}"#);
            let message = pb::AddRuleExceptionRequest { rule: rule(n), exception_json, reason };
            let _ = client.add_rule_exception(ada.ask(message)).await;
        }
        Command::Unexcept(n, name) => {
            let message = pb::RemoveRuleExceptionRequest { rule: rule(n), name: format!("e{name}"), reason };
            let _ = client.remove_rule_exception(ada.ask(message)).await;
        }
        Command::Wait(millis) => world.clock.advance(Duration::from_millis(millis.into())),
        Command::ClockBack(millis) => {
            world.clock.set(world.now().before(Duration::from_millis(millis.into())))
        }
    }
}

async fn check(commands: &[Command]) {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    world.clock.advance(Duration::from_secs(3600));
    for command in commands {
        run(&world, &ada, command).await;
    }
    let history = world.events(&stream(&tenant, "rule_set", "main")).await;
    let times: Vec<Timestamp> = history.iter().map(|e| e.time).collect();
    assert!(times.is_sorted(), "history runs forward, whatever the clock does");
    let around =
        times.iter().flat_map(|t| [t.before(Duration::from_nanos(1)), *t, t.after(Duration::from_nanos(1))]);
    for at in around.chain([Timestamp::EPOCH]) {
        let mut fold = RuleSet::default();
        let upto: Vec<_> = history.iter().filter(|e| e.time <= at).collect();
        for envelope in &upto {
            let DomainEvent::RuleSet(event) = &envelope.event else { panic!("{envelope:?}") };
            fold.apply(event);
        }
        let request = ada.ask(pb::GetRuleSetRequest { as_of: at.to_string() });
        let answer = world.client().get_rule_set(request).await.unwrap().into_inner();
        assert_eq!(serde_json::from_str::<RuleSet>(&answer.rule_set_json).unwrap(), fold, "at {at}");
        assert_eq!(answer.version, upto.len() as u64, "at {at}");
        assert_eq!(answer.last_change_json.is_empty(), upto.is_empty());
    }
    world.stop().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn as_of_is_a_fold_of_the_stream(commands in commands()) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(check(&commands));
    }
}
