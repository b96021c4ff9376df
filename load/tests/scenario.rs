//! A scenario from start to report, with the program as a person runs it.

use std::process::Command;

#[test]
fn a_short_scenario_is_correct_and_its_report_adds_up() {
    let dir = tempfile::tempdir().unwrap();
    let (scenario, json) = (dir.path().join("short.toml"), dir.path().join("report.json"));
    let text = "tenants = 2\nagents_per_tenant = 2\nevents_per_second = 500\nblock_millis = 50\nseconds = 3\nplanted_per_second = 5\n";
    std::fs::write(&scenario, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_vedetta-load"))
        .args(["run", "--memory", "--json"])
        .args([&json, &scenario])
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}{}", String::from_utf8_lossy(&output.stdout));
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let [round] = report["rounds"].as_array().unwrap().as_slice() else { panic!("{report}") };
    let of = |pointer: &str| round.pointer(pointer).and_then(serde_json::Value::as_u64).unwrap();
    assert_eq!(of("/counts/offered"), of("/counts/accepted") + of("/counts/shed"));
    assert!(of("/probe/planted") > 0);
    assert_eq!(of("/probe/planted"), of("/probe/found"));
    assert_eq!(of("/probe/missing") + of("/probe/doubled") + of("/probe/foreign"), 0);
}
