//! Webhooks. A secret made here goes to the clipboard; none comes back.

use super::passed_on;
use crate::clipboard::Clipboard;
use crate::desk::Desk;
use crate::error::IpcError;
use domain::ProjectId;
use tauri::State;
use workbench::NewWebhook;
use workbench::views::{
    DeliveryLog, DeliveryRow, WebhookDraft, WebhookMade, WebhookRow, WebhooksView,
};

passed_on! {
    /// The webhooks of a project.
    webhooks(project: ProjectId) -> WebhooksView;
    /// Changes where a webhook leads, and what is sent.
    change_webhook(project: ProjectId, webhook: String, draft: WebhookDraft) -> WebhookRow;
    /// Switches a webhook on or off.
    switch_webhook(project: ProjectId, webhook: String, on: bool) -> WebhookRow;
    /// Forgets a webhook and its log.
    remove_webhook(project: ProjectId, webhook: String) -> ();
    /// Sends a webhook something to try it.
    test_webhook(project: ProjectId, webhook: String) -> DeliveryRow;
    /// What was sent to a webhook, the newest first.
    webhook_log(project: ProjectId, webhook: String, before: Option<String>) -> DeliveryLog;
    /// Sends something once more.
    replay_webhook(project: ProjectId, webhook: String, delivery: String) -> DeliveryRow;
}

/// Makes a webhook and copies its secret.
///
/// # Errors
/// What the workbench refuses or fails at; or the clipboard can't be used: the webhook is there
/// then, and can be given another secret.
#[tauri::command]
#[specta::specta]
pub async fn make_webhook(
    desk: State<'_, Desk>,
    clipboard: State<'_, Clipboard>,
    project: ProjectId,
    draft: WebhookDraft,
) -> Result<WebhookMade, IpcError> {
    let made = desk.workbench()?.make_webhook(project, draft).await?;
    copied(&clipboard, made)
}

/// Draws another secret for a webhook and copies it.
///
/// # Errors
/// As for [`make_webhook`].
#[tauri::command]
#[specta::specta]
pub async fn rotate_webhook(
    desk: State<'_, Desk>,
    clipboard: State<'_, Clipboard>,
    project: ProjectId,
    webhook: String,
) -> Result<WebhookMade, IpcError> {
    let made = desk.workbench()?.rotate_webhook(project, webhook).await?;
    copied(&clipboard, made)
}

fn copied(clipboard: &Clipboard, made: NewWebhook) -> Result<WebhookMade, IpcError> {
    clipboard.copy(&made.secret)?;
    Ok(WebhookMade {
        id: made.row.id,
        words: "Its secret is on the clipboard. It is shown nowhere else: give it to the program that receives, which checks signatures with it.".to_owned(),
    })
}
