//! Accessibility of what is in sight, judged by axe-core in the real web view.

use fantoccini::Client;
use serde_json::Value;

/// What axe finds wrong, one line each with the place.
///
/// # Panics
/// axe-core is not installed (`npm ci` in `ui/`), or it can't run.
pub async fn check(client: &Client) -> Vec<String> {
    let source = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/ui/node_modules/axe-core/axe.min.js"
    );
    let axe = std::fs::read_to_string(source)
        .unwrap_or_else(|error| panic!("axe-core is not there ({error}): run `npm ci` in ui/"));
    client
        .execute(&axe, vec![])
        .await
        .expect("axe is loaded into the page");
    let run = "const done = arguments[arguments.length - 1];\
               axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })\
               .then(r => done(r.violations), e => done(String(e)))";
    let violations = client.execute_async(run, vec![]).await.expect("axe runs");
    let Value::Array(violations) = violations else {
        panic!("axe failed: {violations}")
    };
    violations.iter().flat_map(lines).collect()
}

fn lines(violation: &Value) -> Vec<String> {
    let nodes = violation["nodes"].as_array().cloned().unwrap_or_default();
    nodes
        .iter()
        .map(|node| {
            format!(
                "{}: {} at {} {}",
                violation["id"].as_str().unwrap_or_default(),
                violation["help"].as_str().unwrap_or_default(),
                node["target"],
                node["failureSummary"]
                    .as_str()
                    .unwrap_or_default()
                    .replace('\n', " ")
            )
        })
        .collect()
}
