//! The registry is gone: work goes on, a killed window loses nothing, and everything arrives later.

use super::team::{begin_prompt, found, rewrite, save};
use crate::support::{Desk, Registry, Steps, Window};

#[tokio::test(flavor = "multi_thread")]
async fn work_without_the_registry_arrives_when_it_is_back() {
    let mut steps = Steps::new("window/offline");
    let mut registry = Registry::start().await;
    let desk = Desk::new().await;
    let window = Window::open(&desk).await;
    found(&window, &registry, "Ana Ferreira").await;
    begin_prompt(&window, "support/tone", "Answer in a warm voice.").await;
    save(&window, "The first version").await;
    window.sees("Saved as v1").await;

    registry.vanish();
    rewrite(&window, "Answer in a warm and brief voice.").await;
    save(&window, "Brief").await;
    window.sees("in the outbox").await;
    window.click_id("open-outbox").await;
    window.sees("Waits to be sent").await;
    steps
        .did(&window, "Offline, the outbox says what waits")
        .await;
    window.click("Close").await;
    rewrite(&window, "Answer in a warm and brief voice. Never guess.").await;

    // The power goes, too.
    window.kill().await;
    let window = Window::open(&desk).await;
    window.click_id("prompt-support/tone").await;
    window.sees_in("message-0", "Never guess.").await;
    window.sees("in the outbox").await;
    steps
        .did(
            &window,
            "After the power cut, the draft and the outbox are as they were",
        )
        .await;

    registry.come_back().await;
    window.click_id("sync-now").await;
    window.sees_in("sync", "In step").await;
    window.no_longer_sees("in the outbox").await;
    save(&window, "Never guess").await;
    window.sees("Saved as v3").await;
    steps
        .did(&window, "The registry is back and has everything")
        .await;
    window.close().await;
    registry.vanish();
    let (good, report) = registry.verify();
    assert!(good, "{report}");
}
