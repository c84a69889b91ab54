//! What the journeys share about trying: a model on this computer, and real messages to try it on.

use crate::support::{Model, Window};
use serde_json::Value;

/// Real messages of a bank's customers, with their intents: the first of the sample project's.
const MESSAGES: &str = include_str!("../../sample/datasets/intents.jsonl");

/// Adds a provider in Settings: a model that answers on this computer and needs no key.
pub async fn add_provider(window: &Window, model: &Model) {
    window.click_id("go-settings").await;
    window.click_id("add-provider").await;
    window.click("llama.cpp").await;
    window.fill_id("provider-name", "local").await;
    window.fill_id("provider-address", model.address()).await;
    window
        .fill_id("provider-model", "SmolLM2-135M-Instruct")
        .await;
    window.click_id("provider-save").await;
    window.click("Test local").await;
    window.sees("answered in").await;
}

/// Imports real messages as a dataset, pasted as a spreadsheet gives them.
pub async fn import_messages(window: &Window, name: &str, count: usize) {
    window.click_id("go-evals").await;
    window.click_id("import-dataset").await;
    window.fill_id("import-name", name).await;
    window.paste_id("import-text", &spreadsheet(count)).await;
    window.sees(&format!("Import {count} cases")).await;
    window.click_id("import-do").await;
    window.sees(&format!("{name}: {count} cases")).await;
}

/// Chooses who answers the prompt in sight.
pub async fn choose_model(window: &Window) {
    window.click("Model").await;
    window.choose_id("provider", "local").await;
    window.fill_id("parameter-max_tokens", "12").await;
    window.click("Try").await;
}

fn spreadsheet(count: usize) -> String {
    let mut text = String::from("message,expected\n");
    for line in MESSAGES.lines().step_by(8).take(count) {
        let case: Value = serde_json::from_str(line).expect("a case");
        let cell = |value: &Value| {
            let text = value.as_str().expect("a text").replace('"', "\"\"");
            format!("\"{text}\"")
        };
        let row = [&case["inputs"]["message"], &case["expected"]].map(cell);
        text.push_str(&row.join(","));
        text.push('\n');
    }
    text
}
