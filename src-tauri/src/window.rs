//! The one window: its size, what it may show, and what happens when the app is started again.

use domain::Digest;
use std::path::Path;
use tauri::plugin::TauriPlugin;
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager, Url, WebviewUrl, WebviewWindowBuilder, Wry};

/// The window's name; the capability file knows it by this name.
const MAIN: &str = "main";

/// A second start of the app on the same data brings the first window to the front and ends.
/// `home` sets apart the Galleys of one person that keep different data folders: they are
/// different desktops.
pub fn only_one(home: Option<&Path>) -> TauriPlugin<Wry> {
    let folder = home.unwrap_or(Path::new("")).as_os_str().as_encoded_bytes();
    tauri_plugin_single_instance::Builder::new()
        .dbus_id(format!(
            "dev.galley.desktop.h{}",
            Digest::of(folder).short()
        ))
        .callback(|app, _, _| {
            if let Some(window) = app.get_webview_window(MAIN) {
                // Each may be refused by a window manager; the others still help.
                let _ = window.unminimize();
                let _ = window.show();
                let _ = window.set_focus();
            }
        })
        .build()
}

/// Opens the window. What the web view itself keeps (the chosen theme, folded panels) goes beside
/// Galley's own files.
pub fn open(app: &AppHandle, home: Option<&Path>) -> tauri::Result<()> {
    let mut builder = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::default());
    if let Some(home) = home {
        builder = builder.data_directory(home.join("webview"));
    }
    builder
        .title("Galley")
        .inner_size(1360.0, 860.0)
        .min_inner_size(900.0, 600.0)
        .center()
        .devtools(cfg!(debug_assertions))
        .on_navigation(is_our_own)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    Ok(())
}

/// Whether an address is one of the app's own pages. Everything else is refused: what people and
/// models wrote may hold links, and the page of a link must never stand where Galley stood.
fn is_our_own(url: &Url) -> bool {
    let ours = url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost");
    // `tauri dev` loads the page from Vite.
    ours || (cfg!(dev) && url.host_str() == Some("localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_shown() {
        let shown = |address: &str| is_our_own(&Url::parse(address).unwrap());
        assert!(shown("tauri://localhost/index.html"));
        assert!(shown("http://tauri.localhost/"));
        for outside in [
            "https://example.com/",
            "http://127.0.0.1:8080/",
            "http://tauri.localhost.example.com/",
            "file:///etc/passwd",
            "data:text/html,hello",
            "javascript:alert(1)",
            "about:blank",
        ] {
            assert!(!shown(outside), "{outside}");
        }
    }
}
