//! What is served, to those who read as Langfuse's SDKs do.

use crate::team::{House, Member, Team};
use domain::content::{Message, Role, VersionContent};
use domain::ledger::Body;
use domain::split::SLOTS;
use domain::{Digest, PromptId, VersionId};
use serde_json::{Value, json};

async fn saves(
    ada: &Member,
    prompt: PromptId,
    content: &Value,
    snippets: &[(&str, Digest)],
) -> VersionId {
    let mut content: VersionContent = serde_json::from_value(content.clone()).unwrap();
    let named = snippets
        .iter()
        .map(|(name, digest)| ((*name).to_owned(), *digest));
    content.includes = named.collect();
    let (bytes, digest) = content.encode().unwrap();
    ada.puts(bytes).await;
    let mut includes: Vec<_> = content.includes.values().copied().collect();
    includes.sort_unstable();
    includes.dedup();
    let body = Body::SaveVersion {
        prompt,
        parents: Vec::new(),
        content: digest,
        includes,
        reads: Vec::new(),
        message: ada.writes("for the test").await,
    };
    ada.does(body).await.into()
}

/// A chat prompt with a snippet and settings, served in production; and one with a condition.
async fn desk(team: &Team) -> Digest {
    let ada = &team.ada;
    let tone = ada.creates_prompt("snippets/tone").await;
    let snippet = json!({
        "kind": "text",
        "messages": [{ "type": "message", "role": "user", "text": "Be {{ manner }}." }],
        "inputs": [{ "name": "manner", "type": "text", "required": true }],
    });
    saves(ada, tone, &snippet, &[]).await;
    let content: VersionContent = serde_json::from_value(snippet).unwrap();
    let digest = content.encode().unwrap().1;
    let triage = ada.creates_prompt("support/triage").await;
    let chat = json!({
        "kind": "chat",
        "messages": [
            { "type": "message", "role": "system", "text": "Sort the mail. {% include \"snippets/tone\" %}" },
            { "type": "placeholder", "name": "history" },
            { "type": "message", "role": "user", "text": "{{message}}" },
        ],
        "inputs": [
            { "name": "manner", "type": "text", "required": true },
            { "name": "message", "type": "text", "required": true },
        ],
        "model": { "provider": "openai", "model": "gpt-test", "parameters": { "temperature": 0.2 } },
    });
    let version = saves(ada, triage, &chat, &[("snippets/tone", digest)]).await;
    ada.releases(team.production, triage, &[(version, SLOTS)], None)
        .await;
    let logic = ada.creates_prompt("support/logic").await;
    let conditional = json!({
        "kind": "text",
        "messages": [{ "type": "message", "role": "user", "text": "Hi\n{% if polite %}, please{% endif %}" }],
        "inputs": [{ "name": "polite", "type": "boolean" }],
    });
    let version = saves(ada, logic, &conditional, &[]).await;
    ada.releases(team.production, logic, &[(version, SLOTS)], None)
        .await;
    content_digest(&chat, digest)
}

fn content_digest(chat: &Value, snippet: Digest) -> Digest {
    let mut content: VersionContent = serde_json::from_value(chat.clone()).unwrap();
    content.includes = [("snippets/tone".to_owned(), snippet)].into();
    assert!(matches!(
        &content.messages[0],
        Message::Message {
            role: Role::System,
            ..
        }
    ));
    content.encode().unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_is_flattened_and_nothing_is_half_said() {
    let house = House::open().await;
    let team = house.found().await;
    let digest = desk(&team).await;
    let (app, _) = team.ada.issues_key(team.production).await;
    let get = async |path: &str| {
        let response = app
            .http
            .get(format!("{}/api/public/v2/prompts{path}", app.url))
            .basic_auth("pk-anything", Some(&app.bearer))
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        (status, response.json::<Value>().await.unwrap())
    };
    let (status, prompt) = get("/support%2Ftriage").await;
    assert_eq!(status, 200, "{prompt}");
    assert_eq!(
        prompt["prompt"],
        json!([
            { "type": "chatmessage", "role": "system", "content": "Sort the mail. Be {{manner}}." },
            { "type": "placeholder", "name": "history" },
            { "type": "chatmessage", "role": "user", "content": "{{message}}" },
        ])
    );
    assert_eq!(
        (&prompt["type"], &prompt["version"]),
        (&json!("chat"), &json!(1))
    );
    assert_eq!(prompt["labels"], json!(["production"]));
    let config = &prompt["config"];
    assert_eq!(
        (&config["model"], &config["temperature"]),
        (&json!("gpt-test"), &json!(0.2))
    );
    assert_eq!(config["galley"]["digest"], json!(digest));

    let (status, refused) = get("/support%2Flogic").await;
    assert_eq!(status, 400);
    let words = refused["message"].as_str().unwrap();
    assert!(
        words.contains("a condition ({% if %})") && words.contains("line 2"),
        "{words}"
    );

    for (path, status) in [
        ("/support%2Ftriage?label=production", 200),
        ("/support%2Ftriage?version=1", 200),
        ("/support%2Ftriage?version=2", 404),
        ("/support%2Ftriage?label=latest", 200),
        ("/support%2Ftriage?label=nowhere", 404),
        ("/support%2Ftriage?label=staging", 403),
        ("/support%2Ftriage?version=1&label=production", 200),
        ("/support%2Ftriage?version=x", 400),
        ("/support%2Ftriage?resolve=false", 400),
        ("/snippets%2Ftone", 404),
        ("?limit=101", 400),
        ("?page=0", 400),
        ("?fromUpdatedAt=yesterday", 400),
        ("?label=staging", 403),
    ] {
        assert_eq!(get(path).await.0, status, "{path}");
    }

    let (_, list) = get("").await;
    let names: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["name"])
        .collect();
    assert_eq!(names, ["support/logic", "support/triage"]);
    assert_eq!(
        list["meta"],
        json!({ "page": 1, "limit": 10, "totalItems": 2, "totalPages": 1 })
    );
    let (_, second) = get("?limit=1&page=2").await;
    assert_eq!(second["data"][0]["name"], "support/triage");
    for query in [
        "?name=support/triage",
        "?label=production&name=support%2Ftriage",
    ] {
        let (_, found) = get(query).await;
        assert_eq!(found["meta"]["totalItems"], 1, "{query}");
    }
    for query in [
        "?tag=x",
        "?label=latest",
        "?toUpdatedAt=2020-01-01T00:00:00Z",
        "?page=9",
    ] {
        let (_, found) = get(query).await;
        assert_eq!(found["data"], json!([]), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_for_their_form_is_made_anew_when_what_is_served_changes() {
    let house = House::open().await;
    let team = house.found().await;
    let ada = &team.ada;
    let prompt = ada.creates_prompt("triage").await;
    let (one, two) = (
        ada.saves(prompt, "first").await,
        ada.saves(prompt, "second").await,
    );
    let first = ada
        .releases(team.production, prompt, &[(one, SLOTS)], None)
        .await;
    let (app, _) = ada.issues_key(team.production).await;
    let get = async |path: &str, tag: Option<&str>| {
        let url = format!("{}/api/public/v2/prompts{path}", app.url);
        let mut request = app.http.get(url).bearer_auth(&app.bearer);
        if let Some(tag) = tag {
            request = request.header("if-none-match", tag);
        }
        let response = request.send().await.unwrap();
        let tag = response.headers()["etag"].to_str().unwrap().to_owned();
        (
            response.status().as_u16(),
            tag,
            response.text().await.unwrap(),
        )
    };
    for path in ["/triage", ""] {
        let (_, tag, text) = get(path, None).await;
        assert_eq!(get(path, None).await, (200, tag.clone(), text));
        assert_eq!(
            get(path, Some(&tag)).await,
            (304, tag.clone(), String::new())
        );
    }
    let (_, tag, _) = get("/triage", None).await;
    let (_, list, _) = get("", None).await;
    ada.releases(team.production, prompt, &[(two, SLOTS)], Some(first))
        .await;
    let (status, _, text) = get("/triage", Some(&tag)).await;
    assert_eq!(status, 200);
    assert!(
        text.contains("\"second\"") && !text.contains("\"first\""),
        "{text}"
    );
    let (status, _, text) = get("", Some(&list)).await;
    assert_eq!(status, 200);
    assert!(text.contains("\"versions\":[2]"), "{text}");
    // Another name of the environment is another label.
    let rename = Body::RenameEnvironment {
        environment: team.production,
        name: "live".into(),
        replaces: "production".into(),
    };
    ada.does(rename).await;
    for path in ["/triage", ""] {
        let (_, _, text) = get(path, None).await;
        assert!(text.contains("\"labels\":[\"live\"]"), "{text}");
    }
    // Two keys of two projects with the same content read their own project.
    let other = house.found().await;
    let prompt = other.ada.creates_prompt("triage").await;
    let version = other.ada.saves(prompt, "second").await;
    other
        .ada
        .releases(other.production, prompt, &[(version, SLOTS)], None)
        .await;
    let (reader, _) = other.ada.issues_key(other.production).await;
    let text = reader.gets("/api/public/v2/prompts/triage").await;
    let text = text.text().await.unwrap();
    assert!(text.contains(&other.project.to_string()), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn basic_credentials_open_this_and_nothing_else() {
    let house = House::open().await;
    let team = house.found().await;
    desk(&team).await;
    let (app, _) = team.ada.issues_key(team.production).await;
    let (staging, _) = team.ada.issues_key(team.staging).await;
    let ask = async |method: reqwest::Method, path: &str, key: &str| {
        let request = app.http.request(method, format!("{}{path}", app.url));
        let response = request.basic_auth("pk", Some(key)).send().await.unwrap();
        response.status().as_u16()
    };
    let get = reqwest::Method::GET;
    let prompt = "/api/public/v2/prompts/support%2Ftriage";
    assert_eq!(ask(get.clone(), prompt, &app.bearer).await, 200);
    // Basic is for these routes and for environment keys alone.
    assert_eq!(
        ask(get.clone(), "/v1/prompts/support%2Ftriage", &app.bearer).await,
        401
    );
    assert_eq!(ask(get.clone(), "/v1/environment", &app.bearer).await, 401);
    assert_eq!(ask(get.clone(), prompt, &team.ada.bearer).await, 401);
    assert_eq!(ask(get.clone(), "/v1/me", &team.ada.bearer).await, 401);
    assert_eq!(ask(get.clone(), prompt, "sk-lf-123").await, 401);
    assert_eq!(ask(get.clone(), prompt, &staging.bearer).await, 404);
    // A person's token is not for what applications read.
    let bearer = team
        .ada
        .http
        .get(format!("{}{prompt}", app.url))
        .bearer_auth(&team.ada.bearer);
    assert_eq!(bearer.send().await.unwrap().status(), 403);
    for (method, path) in [
        (reqwest::Method::POST, "/api/public/v2/prompts"),
        (reqwest::Method::DELETE, prompt),
        (
            reqwest::Method::PATCH,
            "/api/public/v2/prompts/support%2Ftriage/versions/1",
        ),
    ] {
        assert_eq!(ask(method, path, &app.bearer).await, 405, "{path}");
    }
    assert_eq!(ask(get, "/api/public/projects", &app.bearer).await, 404);
}
