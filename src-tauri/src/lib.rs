//! Galley's window: turns a click into a call on the workbench, and a change into a redraw.
//!
//! * [`commands`]: what the web view may ask. Each is one call on `workbench::Workbench` of the
//!   same name, with [`error`] turning a failure into `{ code, message, details }`.
//! * [`events`]: what the workbench says without being asked, passed on to the web view.
//! * [`bindings`]: the TypeScript of all that.
//!
//! It decides nothing and stores nothing. The web view gets no secret, no file and no network: it
//! may call the commands and hear the events, and leave the app's own pages for nowhere.

mod window;

use std::process::ExitCode;

/// Opens the window and stays until it is closed.
#[must_use]
pub fn run() -> ExitCode {
    let built = tauri::Builder::default()
        .plugin(window::only_one("home"))
        .setup(|app| {
            window::open(app.handle())?;
            Ok(())
        })
        .build(tauri::generate_context!());
    match built {
        Ok(app) => {
            app.run(|_, _| {});
            ExitCode::SUCCESS
        }
        Err(_) => ExitCode::FAILURE,
    }
}
