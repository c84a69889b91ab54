//! What the journeys have in common: founding and joining, writing and saving, as a person does.

use crate::support::{Registry, Window};
use fantoccini::key::Key;

/// The first person makes the registry's first project.
pub async fn found(window: &Window, registry: &Registry, person: &str) {
    window.click_id("join-team").await;
    window
        .fill_id("registry-address", &registry.address())
        .await;
    window.fill_id("invitation", registry.invitation()).await;
    window.fill_id("project-name", "Support desk").await;
    window.fill_id("person-name", person).await;
    window.click_id("join").await;
    window.sees_in("sync", "In step").await;
}

/// A further person joins with an invitation.
pub async fn join(window: &Window, registry: &Registry, invitation: &str, person: &str) {
    window.click_id("join-team").await;
    window
        .fill_id("registry-address", &registry.address())
        .await;
    window.fill_id("invitation", invitation).await;
    window.fill_id("person-name", person).await;
    window.click_id("join").await;
    window.sees_in("sync", "In step").await;
}

/// Opens the sample, and shares it with a team.
pub async fn share_sample(window: &Window, registry: &Registry) {
    window.click_id("open-sample").await;
    window.sees_in("prompt-name", "").await;
    window.click_id("go-settings").await;
    window.click_id("share-project").await;
    window.fill_id("share-address", &registry.address()).await;
    window
        .fill_id("share-invitation", registry.invitation())
        .await;
    window.click_id("share-do").await;
    window.gone("share-dialog").await;
    window.sees_in("sync", "In step").await;
}

/// Invites somebody in Settings, and takes the invitation from the clipboard.
pub async fn invite(window: &Window, role: &str, name: &str) -> String {
    window.click_id("go-settings").await;
    window
        .click_for(&format!("invite-{role}"), "question-text")
        .await;
    window.fill_id("question-text", name).await;
    window.click_id("question-do").await;
    window.sees("clipboard").await;
    window.clipboard().await
}

/// Begins a prompt with one message.
pub async fn begin_prompt(window: &Window, name: &str, text: &str) {
    window.click_id("new-prompt").await;
    window.fill_id("new-prompt-name", name).await;
    window.click_id("new-prompt-create").await;
    window
        .sees_in("prompt-name", name.rsplit('/').next().unwrap_or(name))
        .await;
    window.sees_in("messages", "").await;
    if !window.there("message-0").await {
        window.click_id("add-message").await;
    }
    rewrite(window, text).await;
}

/// Puts another text into the first message, and waits until it is kept.
pub async fn rewrite(window: &Window, text: &str) {
    window.write_message(0, text).await;
    window.sees_in("draft-state", "saved on this laptop").await;
}

/// Saves a version with a message.
pub async fn save(window: &Window, message: &str) {
    window.fill_id("version-message", message).await;
    window.chord(&[Key::Control], 's').await;
}
