//! `/openapi.json` says what there is, and nothing else.

use registry::http::routes;
use registry::people::Scope;
use std::collections::BTreeSet;

#[test]
fn the_document_lists_the_routes_and_no_others() {
    let document: serde_json::Value =
        serde_json::from_str(include_str!("../../src/http/openapi.json")).unwrap();
    let mut documented = BTreeSet::new();
    for (path, calls) in document["paths"].as_object().unwrap() {
        for (method, call) in calls
            .as_object()
            .unwrap()
            .iter()
            .filter(|(m, _)| *m != "parameters")
        {
            let open = call["security"].as_array().is_some_and(Vec::is_empty);
            assert!(
                call["summary"].is_string(),
                "{method} {path} says what it is for"
            );
            documented.insert((path.clone(), method.to_uppercase(), open));
        }
    }
    let routes: BTreeSet<_> = routes()
        .into_iter()
        .map(|r| {
            (
                r.path.to_owned(),
                r.method.to_string(),
                r.scope == Scope::Open,
            )
        })
        .collect();
    assert_eq!(documented, routes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_not_there_is_an_error_like_any_other() {
    let house = crate::team::House::open().await;
    let client = crate::team::client();
    for (method, path, status) in [
        (reqwest::Method::GET, "/v2", 404),
        (reqwest::Method::DELETE, "/v1/me", 405),
        (reqwest::Method::GET, "/", 404),
    ] {
        let response = client
            .request(method.clone(), format!("{}{path}", house.url()))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{method} {path}");
        let error: protocol::ApiError = response.json().await.unwrap();
        assert_eq!(error.code, protocol::ErrorCode::NotFound);
    }
    let long = format!(
        "{}/v1/prompts/{}",
        house.url(),
        "x".repeat(registry::limits::URI_BYTES)
    );
    assert_eq!(client.get(long).send().await.unwrap().status(), 413);
    let metrics = client
        .get(format!("{}/metrics", house.url()))
        .send()
        .await
        .unwrap();
    let text = metrics.text().await.unwrap();
    assert!(
        text.contains("galley_answers_total{class=\"4xx\"} 4"),
        "{text}"
    );
    assert_eq!(
        client
            .get(format!("{}/readyz", house.url()))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}
