//! Galley's window: turns a click into a call on the workbench, and a change into a redraw.
//!
//! * [`commands`]: what the web view may ask. Each is one call on `workbench::Workbench` of the
//!   same name, with `error` turning a failure into `{ code, message, details }`.
//! * `events`: what the workbench says without being asked, passed on to the web view.
//! * [`bindings`]: all of that as one list, and its TypeScript.
//!
//! It decides nothing and stores nothing. The web view gets no secret, no file and no network: it
//! may call the commands and hear the events, and leaves the app's own pages for nowhere.

pub mod bindings;
mod clipboard;
pub mod commands;
mod desk;
mod error;
mod events;
mod window;

use clipboard::Clipboard;
use desk::Desk;
use std::process::ExitCode;
use workbench::Options;

/// Opens the window and stays until it is closed.
#[must_use]
pub fn run() -> ExitCode {
    let options = Options::usual();
    let home = options.as_ref().ok().map(|options| options.home.clone());
    let commands = bindings::commands();
    let built = tauri::Builder::default()
        // First of all: a second start on the same data must not open the file a second time.
        .plugin(window::only_one(home.as_deref()))
        // Used from Rust alone: the web view gets no right to it.
        .plugin(tauri_plugin_notification::init())
        .invoke_handler(commands.invoke_handler())
        .setup(move |app| {
            use tauri::Manager;
            let desk = Desk::open(options);
            if let Ok(workbench) = desk.workbench() {
                events::forward(app.handle().clone(), workbench.clone());
            }
            app.manage(desk);
            app.manage(Clipboard::default());
            window::open(app.handle(), home.as_deref())?;
            Ok(())
        })
        .build(tauri::generate_context!());
    match built {
        Ok(app) => {
            app.run(|_, _| {});
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// The window could not be opened, so the terminal is the only place left to say why.
fn complain(error: &tauri::Error) {
    use std::io::Write;
    let mut terminal = std::io::stderr().lock();
    // Without a terminal there is nobody to tell.
    let _ = writeln!(terminal, "Galley could not open its window: {error}");
}
