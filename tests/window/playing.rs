//! Trying while one writes, with a real model: a handful of real messages side by side, then a conversation
//! that is there again after the power was cut.

use super::team::{begin_prompt, found, rewrite, save};
use super::trying::{add_provider, choose_model, import_messages};
use crate::support::{Desk, Model, Registry, Steps, Window};

#[tokio::test(flavor = "multi_thread")]
async fn a_handful_and_a_conversation() {
    let mut steps = Steps::new("window/playing");
    let registry = Registry::start().await;
    let model = Model::start();
    let desk = Desk::new().await;
    let window = Window::open(&desk).await;
    found(&window, &registry, "Ana Ferreira").await;
    add_provider(&window, &model).await;
    import_messages(&window, "intents", 8).await;
    begin_prompt(
        &window,
        "support/triage",
        "Name the intent of the message in one word.",
    )
    .await;
    window.write_message(1, "{{ message }}").await;
    window.click_id("declare-message").await;
    choose_model(&window).await;
    window.sees_in("draft-state", "saved on this laptop").await;
    save(&window, "The first version").await;
    window.sees("Saved as v1").await;
    rewrite(&window, "Name the intent of the message in five words.").await;

    window.choose_id("try-dataset", "intents").await;
    window.click_id("try-several").await;
    window.click_id("pick-first").await;
    window.sees_in("try-it", "Try 5 cases").await;
    window.click_id("try-it").await;
    window.sees_in("answers-4", "SmolLM2-135M").await;
    window.sees_in("try-words", "v1 and draft").await;
    steps
        .did(
            &window,
            "Five real messages: the version and the draft answer side by side",
        )
        .await;
    window.click_id("sent").await;
    window.sees_in("sent-body", "chat/completions").await;
    window.sees_in("sent-body", "SmolLM2-135M-Instruct").await;
    steps
        .did(&window, "What was sent for an answer, and what came back")
        .await;

    window.click_id("try-conversation").await;
    window.click_id("side-wide").await;
    window.click_id("play-say").await;
    window.sees_in("turn-0", "SmolLM2-135M").await;
    window.fill_id("play-field", "Why that one?").await;
    window.click_id("play-say").await;
    window.sees_in("turn-2", "SmolLM2-135M").await;
    let said = window.text_of("turn-2").await;
    window.fill_id("play-field", "And if it is late?").await;
    steps
        .did(&window, "A conversation that goes on from the draft")
        .await;
    // What stands in the field is kept at the next pause in typing; leaving the tab is one.
    window.click_id("go-activity").await;
    window.sees("The first version").await;
    window.kill().await;

    let window = Window::open(&desk).await;
    window.click_id("prompt-support/triage").await;
    window.sees_in("turn-1", "Why that one?").await;
    assert_eq!(window.text_of("turn-2").await, said, "the answer is there");
    let typed = window
        .run(
            "return document.querySelector('[data-testid=\"play-field\"]').value",
            Vec::new(),
        )
        .await;
    assert_eq!(typed, "And if it is late?");
    steps
        .did(&window, "After a power cut: everything said is there")
        .await;
    assert_eq!(window.axe().await, Vec::<String>::new());
    window.close().await;
}
