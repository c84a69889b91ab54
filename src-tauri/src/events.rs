//! What the workbench says without being asked, passed on to the web view under its own name.

use tauri::{AppHandle, Emitter, Manager};
use tauri_plugin_notification::NotificationExt;
use tokio::sync::broadcast::error::RecvError;
use workbench::views::{News, ProjectChanged};
use workbench::{Event, Workbench};

/// Passes on everything that the workbench says, for as long as the app runs.
pub fn forward(app: AppHandle, workbench: Workbench) {
    let mut said = workbench.events();
    tauri::async_runtime::spawn(async move {
        loop {
            match said.recv().await {
                Ok(event) => tell(&app, &event),
                // Too much at once: what was missed may have been about any project, so each is
                // looked at again.
                Err(RecvError::Lagged(_)) => {
                    for card in workbench.projects().unwrap_or_default() {
                        tell(
                            &app,
                            &Event::ProjectChanged(ProjectChanged { project: card.id }),
                        );
                    }
                }
                Err(RecvError::Closed) => return,
            }
        }
    });
}

fn tell(app: &AppHandle, event: &Event) {
    // It fails only when the window is going away, and then nobody is there to be told.
    let _ = match event {
        Event::ProjectChanged(payload) => app.emit("project_changed", payload),
        Event::SyncChanged(payload) => app.emit("sync_changed", payload),
        Event::RunProgress(payload) => app.emit("run_progress", payload),
        Event::AnswerChunk(payload) => app.emit("answer_chunk", payload),
        Event::AnswerDone(payload) => app.emit("answer_done", payload),
        Event::RunAnswers(payload) => app.emit("run_answers", payload),
        Event::Notice(payload) => app.emit("notice", payload),
        Event::News(payload) => {
            on_the_desktop(app, payload);
            app.emit("news", payload)
        }
    };
}

/// Tells it on the desktop, unless the person looks at the window: there it is told anyway.
fn on_the_desktop(app: &AppHandle, news: &News) {
    let looked_at = app
        .webview_windows()
        .values()
        .any(|window| window.is_focused().unwrap_or(false));
    if !looked_at {
        // A desktop without notifications is no reason to fail: the inbox has it.
        let _ = app
            .notification()
            .builder()
            .title("Galley")
            .body(&news.words)
            .show();
    }
}
