//! Every screen in both themes, judged by axe in the real web view; and the keyboard alone.

use crate::support::{Desk, Window};
use fantoccini::key::Key;

/// Each screen, and what is in sight when it is there.
const SCREENS: [(&str, &str); 5] = [
    ("go-review", "review-screen"),
    ("go-releases", "releases-screen"),
    ("go-evals", "main"),
    ("go-activity", "main"),
    ("go-settings", "main"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_screen_is_accessible_in_both_themes() {
    let desk = Desk::new().await;
    let window = Window::open(&desk).await;
    let mut wrong = Vec::new();
    let mut look = async |place: &str| {
        for theme in ["light", "dark"] {
            window
                .run(
                    "document.documentElement.dataset.theme = arguments[0]",
                    vec![theme.into()],
                )
                .await;
            window
                .screenshot("window/screens", &format!("{place}-{theme}"))
                .await;
            wrong.extend(
                window
                    .axe()
                    .await
                    .into_iter()
                    .map(|line| format!("{place}, {theme}: {line}")),
            );
        }
    };
    look("welcome").await;
    window.click_id("open-sample").await;
    window.sees("Prompts").await;
    window.sees_in("prompt-name", "triage").await;
    look("prompt").await;
    for (go, _) in SCREENS {
        window.click_id(go).await;
        look(go.trim_start_matches("go-")).await;
    }
    window.click_id("open-palette").await;
    look("palette").await;
    window.press(Key::Escape).await;
    window.click_id("new-prompt").await;
    look("new-prompt").await;
    window.press(Key::Escape).await;
    // The least size that the window takes.
    window.size(900, 600).await;
    look("narrow").await;
    window.close().await;
    assert!(
        wrong.is_empty(),
        "{} things are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_alone_founds_a_project_and_begins_a_prompt() {
    let desk = Desk::new().await;
    let window = Window::open(&desk).await;
    // The first way in has the focus; the second is one step on.
    window.press(Key::Tab).await;
    window.press(Key::Enter).await;
    window.sees("Name of the project").await;
    window.type_text("Support desk").await;
    window.press(Key::Tab).await;
    window.type_text("Ana Ferreira").await;
    window.press(Key::Enter).await;
    window.sees("Nothing here yet").await;
    window.chord(&[Key::Control], 'n').await;
    window.sees("Slashes make folders").await;
    window.type_text("support/tone").await;
    window.press(Key::Enter).await;
    window.sees_in("prompt-name", "tone").await;
    window.chord(&[Key::Control], 'k').await;
    window.sees("Keyboard shortcuts").await;
    window.press(Key::Escape).await;
    window.close().await;
}
