//! The schema as the console sees it.

use std::path::Path;

use serde_json::json;

use crate::support::{Bench, facts::tenant};

#[test]
fn the_schema_file_is_fresh() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web-ui/schema.graphql");
    let written = std::fs::read_to_string(file).unwrap();
    assert_eq!(written, vedetta_query::graphql::sdl(), "web-ui/schema.graphql is stale: run `make gen`");
}

#[tokio::test]
async fn every_operation_of_the_console_is_within_the_limits() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web-ui/src/api/__generated__/graphql.ts");
    let code = std::fs::read_to_string(file).expect("the console's operations: run `make gen`");
    let documents =
        code.split("new TypedDocumentString(`").skip(1).filter_map(|rest| Some(rest.split_once("`")?.0));
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let token = bench.tenants.sign_in(&acme, "ada");
    let mut operations = 0;
    for document in documents.filter(|text| !text.trim_start().starts_with("fragment")) {
        operations += 1;
        let answer = bench.ask(Some(&token), document, json!({})).await;
        let errors = answer["errors"].to_string();
        for refusal in ["too complex", "nested too deep", "aliases", "directives", "Unknown", "Cannot query"]
        {
            assert!(!errors.contains(refusal), "{errors}\n{document}");
        }
    }
    assert!(operations > 10, "{operations} operations");
}
