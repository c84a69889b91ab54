//! Is the new version better, and what does it break? Asked of a real model about real messages, in the
//! window: cases are imported, versions run, and the gate of production says what they show.

use super::team::{invite, join, save, share_sample};
use crate::support::{Desk, Model, Registry, Steps, Window};

/// Real messages of a bank's customers, as the dataset's authors publish them.
const BANKING77: &str = include_str!("../data/banking77.csv");

async fn imports(window: &Window, name: &str, count: usize) {
    let lines: Vec<&str> = BANKING77.lines().take(count + 1).collect();
    window.click_id("go-evals").await;
    window.click_id("import-dataset").await;
    window.fill_id("import-name", name).await;
    window.paste_id("import-text", &lines.join("\n")).await;
    // The column “text” goes into the input “message” by itself; what is expected is in “category”.
    window.sees(&format!("Import {count} cases")).await;
    window.click_id("import-do").await;
    window.sees(&format!("{name}: {count} cases")).await;
}

async fn judged_by(window: &Window, dataset: &str) {
    window.click_id("prompt-support/triage").await;
    window.click_id("tab-suite").await;
    window.click_for("set-suite", "suite-dialog").await;
    window.choose_id("suite-dataset", dataset).await;
    window
        .fill("Only this field of a JSON answer", "intent")
        .await;
    window.click_id("suite-save").await;
    window.gone("suite-dialog").await;
    window.sees_in("suite-words", dataset).await;
}

/// Has production ask the suite, from the screen of the settings.
async fn asks_the_suite(window: &Window) {
    window.click_id("edit-policy-production").await;
    window.click_id("policy-add-suite-gate").await;
    window.fill_id("suite-gate-loss", "10").await;
    window.click_id("policy-save").await;
    window
        .sees_in("policy-production", "show a loss below 10 points")
        .await;
}

/// Runs the version in sight so that it counts, and waits until it is recorded.
async fn runs_it_for_production(window: &Window, version: &str) {
    window.click_id("prompt-support/triage").await;
    window.click_id("tab-suite").await;
    window.choose_id("gate-version", version).await;
    window
        .sees_in("gate-production", &format!("support/triage {version}"))
        .await;
    window.click_id("run-for-production").await;
    window.sees("by turns").await;
    window.click_id("question-do").await;
    window.sees_in("run-summary", "").await;
    window.gone("run-progress").await;
}

async fn the_gate_says(window: &Window, version: &str, words: &str) {
    window.click_id("prompt-support/triage").await;
    window.click_id("tab-suite").await;
    window.choose_id("gate-version", version).await;
    window.sees_in("gate-production", words).await;
}

/// A reviewer opens the request on another computer; then the registry is gone, and the very answers
/// that the author got are graded again there.
async fn reviewed_offline(window: &Window, registry: &mut Registry, steps: &mut Steps) {
    let invitation = invite(window, "reviewer", "Rita Lindqvist").await;
    let other = Desk::new().await;
    let rita = Window::open(&other).await;
    join(&rita, registry, &invitation, "Rita Lindqvist").await;

    window.click_id("prompt-support/triage").await;
    window.click_id("tab-history").await;
    window.click("What can be done with v7").await;
    window.click("Release it…").await;
    window.choose_id("bundle-environment", "production").await;
    window.click_id("bundle-next").await;
    window.sees_in("plan-gates", "support/triage v7").await;
    window.click_for("ask-first", "ask-reason").await;
    window
        .fill_id("ask-reason", "It says more of the input")
        .await;
    window.click_id("ask-review").await;
    window.sees_in("request-panel", "triage").await;

    rita.click_id("go-review").await;
    rita.click_for("request-0", "request-panel").await;
    rita.sees_in("part-gates", "Banking77").await;
    rita.click_id("grade-again").await;
    rita.sees_in("graded-again", "the same 80 marks").await;
    // What it rests on is here now; without the registry it comes to the same.
    registry.vanish();
    rita.click_id("sync-now").await;
    rita.sees_in("sync", "Offline").await;
    rita.click_id("go-settings").await;
    rita.click_id("go-review").await;
    rita.click_for("request-0", "request-panel").await;
    rita.click_id("grade-again").await;
    rita.sees_in("graded-again", "the same 80 marks").await;
    steps
        .did(
            &rita,
            "On another computer, offline: the author's answers, graded again",
        )
        .await;
    rita.close().await;
    registry.come_back().await;
    window.click_id("sync-now").await;
    window.sees_in("sync", "In step").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worse_version_is_caught_an_equal_one_is_not_and_few_cases_cannot_tell() {
    let mut steps = Steps::new("window/evals");
    let mut registry = Registry::start().await;
    let model = Model::start();
    let desk = Desk::new().await;
    let window = Window::open(&desk).await;

    share_sample(&window, &registry).await;
    window.click_id("go-settings").await;
    window.click_id("add-provider").await;
    window.click("llama.cpp").await;
    window.fill_id("provider-name", "llama.cpp").await;
    window.fill_id("provider-address", model.address()).await;
    window.click_id("provider-save").await;
    window.gone("provider-save").await;
    window.sees_in("settings-providers", model.address()).await;
    window.click("Test llama.cpp").await;
    window.sees("answered in").await;
    imports(&window, "Banking77", 40).await;
    imports(&window, "A few", 20).await;
    judged_by(&window, "Banking77").await;
    window.click_id("go-settings").await;
    asks_the_suite(&window).await;
    steps
        .did(
            &window,
            "Production asks for a suite: a loss below 10 points",
        )
        .await;
    window.click_id("prompt-support/triage").await;
    window.click_id("tab-suite").await;
    steps
        .did(
            &window,
            "By what the prompt is judged, and that nothing ran yet",
        )
        .await;

    // Equal by construction: what the model is asked is the same to the letter.
    window.click_id("tab-history").await;
    window.click("What can be done with v3").await;
    window.click("Start a draft from it").await;
    window.sees_in("draft-state", "v3").await;
    window.click_id("tab-inputs").await;
    window.click_id("open-input-message").await;
    window
        .fill("Description", "What the customer wrote, untouched.")
        .await;
    save(&window, "Say more of the input").await;
    window.sees("Saved as v7").await;
    steps.did(&window, "Equal by construction").await;
    // What is said in passing lies over the message for a moment.
    window.no_longer_sees("Saved as v7").await;
    // Worse by construction: the model never sees the message.
    window.write_message(1, "Message: hello Intent:").await;
    save(&window, "Forget the message").await;
    window.sees("Saved as v8").await;

    runs_it_for_production(&window, "v8").await;
    steps
        .did(&window, "Both versions asked by turns, case by case")
        .await;
    the_gate_says(&window, "v8", "Fail").await;
    steps
        .did(&window, "The worse version is caught, with its interval")
        .await;
    runs_it_for_production(&window, "v7").await;
    window.click_id("prompt-support/triage").await;
    window.click_id("tab-suite").await;
    window.choose_id("gate-version", "v7").await;
    window.sees_in("gate-production", "Banking77").await;
    let told = window.text_of("gate-production").await;
    assert!(
        !told.contains("Fail"),
        "an equal version is not failed: {told}"
    );
    steps.did(&window, "What is equal is not failed").await;

    // The same two side by side, without counting: nothing is asked twice, and every answer is there.
    window.click_id("try-suite").await;
    window
        .sees_in("estimate", "Every answer is in the cache")
        .await;
    window.click_id("start-run").await;
    window.gone("run-progress").await;
    window.sees_in("run-summary", "cases").await;
    window.sees_in("matrix", "Where can I view my PIN?").await;
    steps.did(&window, "The matrix of both versions").await;
    window.click_id("show-charts").await;
    steps.did(&window, "Its charts").await;

    reviewed_offline(&window, &mut registry, &mut steps).await;

    // Whoever is alone can't approve another suite: the gate is taken off, and comes back.
    window.click_id("go-settings").await;
    window.click_id("edit-policy-production").await;
    window.click("Take this gate out").await;
    window.click_id("policy-save").await;
    window.gone("policy-save").await;
    judged_by(&window, "A few").await;
    window.click_id("go-settings").await;
    asks_the_suite(&window).await;
    runs_it_for_production(&window, "v7").await;
    the_gate_says(&window, "v7", "Can't tell").await;
    the_gate_says(&window, "v7", "more would settle it").await;
    steps
        .did(&window, "Twenty cases can't tell, and how many would do")
        .await;
    let wrong = window.axe().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    window.close().await;
}
