//! The main job in the real window: write a prompt, try it on real messages, compare it with what is
//! live, save a version while the registry is gone, sync, promote, read it with an application's
//! key, and revert.
//!
//! The same journey is the tour that `make run` plays where there is no display.

use super::team::{begin_prompt, found, rewrite, save};
use super::trying::{add_provider, choose_model, import_messages};
use crate::support::{Desk, Model, Registry, Steps, Window};
use fantoccini::key::Key;
use reqwest::StatusCode;

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_from_end_to_end() {
    play(&mut Steps::new("window/main-job")).await;
}

/// Plays it.
pub async fn play(steps: &mut Steps) {
    let mut registry = Registry::start().await;
    // The model answers on this computer, so that it does so without a network too.
    let model = Model::start();
    let desk = Desk::new().await;
    let window = Window::open(&desk).await;
    steps
        .did(&window, "Galley is opened for the first time")
        .await;

    found(&window, &registry, "Ana Ferreira").await;
    steps
        .did(
            &window,
            "The first person joins the team's registry with the operator's invitation",
        )
        .await;

    prepare_to_try(&window, &model, steps).await;
    write_the_first_version(&window, steps).await;
    release_it_everywhere(&window, steps).await;
    let key = make_a_key(&window, steps).await;
    let (status, served) = registry.read("support/triage", &key).await;
    assert_eq!(status, StatusCode::OK, "{served}");
    assert!(served.to_string().contains("one word"), "{served}");

    // The network goes. Nothing that follows asks for it.
    registry.vanish();
    window.click_id("prompt-support/triage").await;
    rewrite(
        &window,
        "Name the intent of the message in one word. If you are not sure, answer: unclear.",
    )
    .await;
    window.sees_in("changed-summary", "sentence").await;
    steps
        .did(
            &window,
            "Offline: the prompt is rewritten, and what changed is in sight",
        )
        .await;
    try_it(&window).await;
    steps
        .did(
            &window,
            "Offline: the draft and what it starts from answer the same real message",
        )
        .await;
    window.click_id("compare-live").await;
    window.sees("unclear").await;
    steps
        .did(&window, "Offline: the draft beside what production serves")
        .await;
    window.click_id("prompt-support/triage").await;
    save(&window, "Say when it is unclear").await;
    window.sees("in the outbox").await;
    steps
        .did(
            &window,
            "Offline: saved as a version, which waits in the outbox",
        )
        .await;

    registry.come_back().await;
    window.click_id("sync-now").await;
    window.sees_in("sync", "In step").await;
    window.no_longer_sees("in the outbox").await;
    steps
        .did(
            &window,
            "The registry is back: the version is in it and has its number",
        )
        .await;

    release_to_development(&window, "v2").await;
    promote(&window, "development", "v2").await;
    window.click_for("promote-staging", "plan-do").await;
    window.sees("Promote").await;
    steps
        .did(
            &window,
            "What promoting to production will change, with a reason ready to edit",
        )
        .await;
    carry_out(&window).await;
    window.sees_in("served-production", "v2").await;
    steps
        .did(&window, "Promoted: production serves the new version")
        .await;
    let (_, served) = registry.read("support/triage", &key).await;
    assert!(
        served.to_string().contains("unclear"),
        "an application reads the new text: {served}"
    );

    window.click_for("revert-production", "plan-do").await;
    window.sees("Revert").await;
    steps.did(&window, "What reverting will bring back").await;
    window.click_id("plan-reason").await;
    window.press(Key::Enter).await;
    window.sees_in("served-production", "v1").await;
    steps
        .did(&window, "Reverted: production serves what it served before")
        .await;
    let (_, served) = registry.read("support/triage", &key).await;
    assert!(
        !served.to_string().contains("unclear"),
        "an application reads the old text again: {served}"
    );

    window.click_id("go-activity").await;
    window.sees("Say when it is unclear").await;
    steps
        .did(
            &window,
            "Activity: everything that happened, in plain words",
        )
        .await;
    window.close().await;
    registry.vanish();
    let (good, report) = registry.verify();
    assert!(good, "{report}");
}

async fn prepare_to_try(window: &Window, model: &Model, steps: &mut Steps) {
    add_provider(window, model).await;
    steps
        .did(window, "A model that answers on this computer is added")
        .await;
    import_messages(window, "intents", 8).await;
    steps
        .did(window, "Real messages of customers become a dataset")
        .await;
}

/// Tries the prompt in sight on the case in sight. What a small model answers is its affair.
async fn try_it(window: &Window) {
    window.choose_id("try-dataset", "intents").await;
    window.sees_in("case-number", "of 8").await;
    window.click_id("try-it").await;
    window.sees_in("answer-source", "SmolLM2-135M").await;
}

async fn write_the_first_version(window: &Window, steps: &mut Steps) {
    begin_prompt(
        window,
        "support/triage",
        "Name the intent of the message in one word.",
    )
    .await;
    window.write_message(1, "{{ message }}").await;
    window.click_id("declare-message").await;
    choose_model(window).await;
    window.sees_in("draft-state", "saved on this laptop").await;
    steps
        .did(window, "A prompt is written; every pause in typing is kept")
        .await;
    try_it(window).await;
    steps
        .did(window, "Tried on a real message, and a model answered")
        .await;
    save(window, "The first version").await;
    window.sees("Saved as v1").await;
    steps
        .did(window, "Saved as version 1, accepted by the registry")
        .await;
}

async fn release_it_everywhere(window: &Window, steps: &mut Steps) {
    release_to_development(window, "v1").await;
    promote(window, "development", "v1").await;
    promote(window, "staging", "v1").await;
    steps
        .did(
            window,
            "Released to development, then promoted to staging and production",
        )
        .await;
}

/// Carries out the plan in sight, and waits until its dialog has closed.
async fn carry_out(window: &Window) {
    window.click_id("plan-do").await;
    window.gone("plan-do").await;
}

/// Releases the newest version of the prompt in sight to the first environment.
async fn release_to_development(window: &Window, version: &str) {
    window.click_for("release-development", "plan-do").await;
    carry_out(window).await;
    window.sees_in("served-development", version).await;
}

/// Promotes what a stage serves to the next one.
async fn promote(window: &Window, from: &str, version: &str) {
    let to = if from == "development" {
        "staging"
    } else {
        "production"
    };
    window.sees_in(&format!("served-{from}"), version).await;
    window
        .click_for(&format!("promote-{from}"), "plan-do")
        .await;
    carry_out(window).await;
    window.sees_in(&format!("served-{to}"), version).await;
}

/// Makes an application's key in Settings, and takes it from the clipboard as a person would.
async fn make_a_key(window: &Window, steps: &mut Steps) -> String {
    window.click_id("go-settings").await;
    window.click_id("new-key").await;
    window.choose_id("key-environment", "production").await;
    window.fill_id("key-name", "Support backend").await;
    window.click_id("key-create").await;
    window.sees("clipboard").await;
    steps
        .did(
            window,
            "A key for the application that reads production; its secret is on the clipboard only",
        )
        .await;
    // How a key begins is there, for people to tell it by; a whole one is 72 characters.
    let text = window.text().await;
    let longest = text
        .split_whitespace()
        .filter(|word| word.contains("gal_env_"))
        .map(str::len)
        .max();
    assert!(
        longest.is_some_and(|length| length < 40),
        "the web view never holds the secret"
    );
    window.clipboard().await
}
