//! Two desktops, two keychains, one registry: both change one prompt from the same version.

use super::team::{begin_prompt, found, invite, join, rewrite, save};
use crate::support::{Desk, Registry, Steps, Window};

#[tokio::test(flavor = "multi_thread")]
async fn two_desktops_meet_a_conflict_and_bring_it_together() {
    let mut steps = Steps::new("window/conflict");
    let mut registry = Registry::start().await;
    let (ana_desk, ben_desk) = (Desk::new().await, Desk::new().await);

    let ana = Window::open(&ana_desk).await;
    found(&ana, &registry, "Ana Ferreira").await;
    begin_prompt(&ana, "support/tone", "Answer in a warm voice.").await;
    save(&ana, "The first version").await;
    ana.sees("Saved as v1").await;
    let invitation = invite(&ana, "author", "Ben Okafor").await;

    let ben = Window::open(&ben_desk).await;
    join(&ben, &registry, &invitation, "Ben Okafor").await;
    ben.click_id("prompt-support/tone").await;

    registry.vanish();
    ana.click_id("prompt-support/tone").await;
    rewrite(&ana, "Answer in a warm and brief voice.").await;
    save(&ana, "Brief").await;
    ana.sees("in the outbox").await;
    rewrite(&ben, "Answer in a warm and formal voice.").await;
    save(&ben, "Formal").await;
    ben.sees("in the outbox").await;
    registry.come_back().await;
    ana.click_id("sync-now").await;
    ana.sees_in("sync", "In step").await;
    ben.click_id("sync-now").await;
    ben.sees_in("sync", "In step").await;

    ben.sees("Two versions were saved from the same one").await;
    steps
        .did(
            &ben,
            "Both texts are kept, and the prompt says that it has two heads",
        )
        .await;
    ben.click_id("merge").await;
    ben.sees("changed by both").await;
    ben.click_id("pick-text-0").await;
    ben.fill(
        "Your own wording",
        "Answer in a warm, brief and formal voice.",
    )
    .await;
    steps
        .did(&ben, "What both changed is asked, place by place")
        .await;
    ben.click_id("merge-finish").await;
    ben.sees("Both are in v4").await;
    ben.sees_in("message-0", "warm, brief and formal").await;
    steps.did(&ben, "Brought together: one head again").await;

    ana.click_id("sync-now").await;
    ana.sees_in("message-0", "warm, brief and formal").await;
    ana.no_longer_sees("Two versions were saved from the same one")
        .await;
    ana.close().await;
    ben.close().await;
}
