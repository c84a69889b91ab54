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

/// What every call may be answered with is said of every call, with the form of an error; and no
/// call leaves open what else might come.
#[test]
fn every_error_is_declared_where_it_can_come() {
    let document: serde_json::Value =
        serde_json::from_str(include_str!("../../src/http/openapi.json")).unwrap();
    for (path, calls) in document["paths"].as_object().unwrap() {
        for (method, call) in calls.as_object().unwrap() {
            let Some(responses) = call.get("responses").and_then(|r| r.as_object()) else {
                continue;
            };
            let open = call["security"].as_array().is_some_and(Vec::is_empty);
            assert!(!responses.contains_key("default"), "{method} {path}");
            let keyed = ["401", "429", "503"].into_iter().filter(|_| !open);
            for status in ["400", "403", "413"].into_iter().chain(keyed) {
                assert!(responses.contains_key(status), "{method} {path}: {status}");
            }
            for (status, response) in responses {
                if status.starts_with(['4', '5']) {
                    let name = response["$ref"].as_str().unwrap();
                    let name = name.rsplit('/').next().unwrap();
                    let form = &document["components"]["responses"][name]["content"];
                    let form = &form["application/json"]["schema"]["$ref"];
                    assert_eq!(form, "#/components/schemas/Error", "{method} {path}");
                } else {
                    let said = response["description"].as_str().unwrap();
                    assert!(!said.is_empty(), "{method} {path}: {status}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_in_the_wrong_form_is_told_in_json() {
    let house = crate::team::House::open().await;
    let team = house.found().await;
    let (app, _) = team.ada.issues_key(team.production).await;
    let project = format!("/v1/projects/{}", team.project);
    let bad = async |response: reqwest::Response| {
        assert_eq!(response.status(), 400);
        let error: protocol::ApiError = response.json().await.unwrap();
        assert_eq!(error.code, protocol::ErrorCode::BadRequest);
        error.message
    };
    bad(app.gets("/v1/environment/changes?after=x").await).await;
    bad(team.ada.gets(&format!("{project}/changes?after=-1")).await).await;
    bad(team.ada.gets(&format!("{project}/ledger?after=x")).await).await;
    // A list of an object's fields in order is no object.
    for (path, body) in [("commands", "[[]]"), ("content", "[[]]")] {
        let request = team
            .ada
            .http
            .post(format!("{}{project}/{path}", house.url()));
        let request = request.bearer_auth(&team.ada.bearer).body(body);
        let said = bad(request.send().await.unwrap()).await;
        assert!(said.contains("no JSON object"), "{said}");
    }
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
    for (route, method, status, count) in [
        ("none", "GET", 404, 2),
        ("/v1/me", "DELETE", 405, 1),
        ("/v1/prompts/{name}", "GET", 413, 1),
    ] {
        let labels = format!(r#"route="{route}",method="{method}",status="{status}""#);
        let line = format!("galley_requests_total{{{labels}}} {count}\n");
        assert!(text.contains(&line), "{line}{text}");
    }
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
