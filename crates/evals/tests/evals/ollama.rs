//! Finding Ollama: its documented list, and whoever answers there with something else.

use evals::ollama::models_at;
use serde_json::json;
use std::time::Duration;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

async fn listening(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/api/tags"))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn its_models_are_told_in_its_order() {
    // The shape of its documentation, with a model that only compares texts.
    let list = json!({"models": [
        {"name": "deepseek-r1:latest", "model": "deepseek-r1:latest",
         "modified_at": "2025-05-10T08:06:48.639712648-07:00", "size": 4_683_075_271_u64, "digest": "0a8c26",
         "details": {"parent_model": "", "format": "gguf", "family": "qwen2", "families": ["qwen2"],
                     "parameter_size": "7.6B", "quantization_level": "Q4_K_M"}},
        {"name": "nomic-embed-text:latest", "size": 1, "details": {"family": "nomic-bert", "parameter_size": "137M"}},
        {"name": "mine", "size": 2},
        {"name": "with\nlines", "size": 2}
    ]});
    let server = listening(ResponseTemplate::new(200).set_body_json(list)).await;
    let found = models_at(&server.uri()).await.unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|model| (model.name.as_str(), model.size.as_str()))
        .collect();
    assert_eq!(told, [("deepseek-r1:latest", "7.6B"), ("mine", "")]);
    let empty = listening(ResponseTemplate::new(200).set_body_json(json!({"models": []}))).await;
    assert_eq!(models_at(&empty.uri()).await, Some(Vec::new()));
}

#[tokio::test]
async fn whoever_else_answers_is_nobody() {
    let elsewhere =
        listening(ResponseTemplate::new(200).set_body_json(json!({"models": []}))).await;
    let redirect = format!("{}/api/tags", elsewhere.uri());
    let mut huge = String::from("{\"models\":[");
    huge.push_str(&" ".repeat(2 << 20));
    huge.push_str("]}");
    let answers = [
        ResponseTemplate::new(200).set_body_string("<html>a router</html>"),
        ResponseTemplate::new(200).set_body_json(json!({"models": "many"})),
        ResponseTemplate::new(200).set_body_json(json!([1, 2])),
        ResponseTemplate::new(404),
        ResponseTemplate::new(500).set_body_json(json!({"models": []})),
        ResponseTemplate::new(302).insert_header("location", redirect.as_str()),
        ResponseTemplate::new(200).set_body_string(huge),
        // Longer than anybody waits for it.
        ResponseTemplate::new(200)
            .set_body_json(json!({"models": []}))
            .set_delay(Duration::from_secs(600)),
    ];
    for answer in answers {
        let server = listening(answer).await;
        assert_eq!(models_at(&server.uri()).await, None);
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
    assert_eq!(models_at("http://127.0.0.1:1").await, None, "nobody there");
}

#[tokio::test]
async fn it_is_looked_for_on_this_computer_alone() {
    for address in [
        "http://192.168.1.5:11434",
        "https://models.example.com",
        "http://127.0.0.1.example.com:11434",
        "nonsense",
    ] {
        assert_eq!(models_at(address).await, None, "{address}");
    }
}
