//! The program `galley-desktop`: opens the window.

// A console window beside the app would be noise on Windows; in a debug build it shows what went wrong.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    desktop::run()
}
