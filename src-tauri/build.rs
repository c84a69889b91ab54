//! Build.
fn main() { tauri_build::build() }
