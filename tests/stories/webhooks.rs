//! Webhooks from the terminal: made, tried, told of a release, looked up, sent again, removed.

use super::command_line::{done, galley};
use super::terminal::{founded, joined, refused, writes};
use crate::support::Registry;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

async fn arrived(receiver: &MockServer, kind: &str) -> Vec<Request> {
    let all = receiver.received_requests().await.expect("it records");
    let told = |request: &Request| request.body_json::<serde_json::Value>().expect("JSON");
    let mut found = all;
    found.retain(|request| told(request)["type"] == kind);
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_of_a_release() {
    let registry = Registry::start().await;
    let receiver = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_string("posted to #releases"))
        .mount(&receiver)
        .await;
    let ana = founded(&registry).await;
    let url = format!("{}/hook", receiver.uri());
    let add = [
        "webhook",
        "add",
        &url,
        "--on",
        "release.made",
        "--in",
        "production",
    ];
    let made = done(&ana, &add);
    let secret = made
        .split_whitespace()
        .find(|word| word.starts_with("whsec_"))
        .expect("it is written once")
        .to_owned();
    let listed = done(&ana, &["webhook"]);
    assert!(
        listed.contains(&url) && listed.contains("nothing was sent yet"),
        "{listed}"
    );
    let tried = done(&ana, &["webhook", "test", &url]);
    assert!(
        tried.contains("200") && tried.contains("posted to #releases"),
        "{tried}"
    );

    writes(&ana, "new", "Be kind.");
    done(&ana, &["save", "support/triage", "-m", "first"]);
    for place in ["development", "production"] {
        let release = [
            "release",
            "support/triage",
            "v1",
            "--to",
            place,
            "-m",
            "ready",
        ];
        done(&ana, &release);
    }
    crate::support::wait::until("the release to be told", async || {
        match arrived(&receiver, "release.made").await.len() {
            1 => Ok(()),
            other => Err(format!("{other} arrived")),
        }
    })
    .await;
    let told = arrived(&receiver, "release.made").await.remove(0);
    let body: serde_json::Value = told.body_json().expect("JSON");
    assert_eq!(body["data"]["by"]["name"], "Ana Ferreira");
    assert_eq!(
        body["data"]["changes"][0]["environment"]["name"],
        "production"
    );

    let log = done(&ana, &["webhook", "log", &url, "--json"]);
    let log: serde_json::Value = serde_json::from_str(&log).expect("JSON");
    assert_eq!(log[0]["kind"], "release.made");
    let delivery = log[0]["id"].as_str().expect("an id");
    done(&ana, &["webhook", "replay", &url, &delivery[..8]]);
    let twice = arrived(&receiver, "release.made").await;
    assert_eq!(twice.len(), 2);
    assert_eq!(
        twice[0].headers["webhook-id"],
        twice[1].headers["webhook-id"]
    );

    // The secret is nowhere again, and somebody who is no admin is told whom to ask.
    for shown in [
        &["webhook", "--json"][..],
        &["webhook", "log", &url, "--json"],
    ] {
        assert!(!done(&ana, shown).contains(&secret["whsec_".len()..]));
    }
    let ben = joined(&registry, &ana, "Ben", "author").await;
    assert!(refused(&ben, &["webhook"]).contains("Admins"));
    let off = done(&ana, &["webhook", "off", &url]);
    assert!(off.contains("switched off"), "{off}");
    refused(&ana, &["webhook", "test", &url]);
    refused(&ana, &["webhook", "remove", &url]);
    let none = done(&ana, &["webhook", "remove", &url, "--yes"]);
    assert!(none.contains("No webhooks yet"), "{none}");
    assert!(refused(&ana, &["webhook", "add", "ftp://example.com"]).contains("https://"));
    let (code, _) = galley(&ana, &["webhook", "add", &url, "--on", "release"], "", None);
    assert_eq!(code, Some(1));
}
