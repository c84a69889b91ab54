//! Tells Tauri where the sources of the window live: the package's manifest is the workspace's own,
//! one folder up, so that `tests/` are the tests of the product and get the very binary cargo built.

use std::path::Path;

fn main() {
    // `generate_context!` wants the folder that holds the built UI. A fresh clone has none yet, and
    // `cargo check` must work there.
    let built = Path::new("ui/dist");
    if !built.exists() {
        std::fs::create_dir_all(built).expect("ui/dist can be made beside Cargo.toml");
    }
    println!("cargo::rerun-if-changed=src-tauri/capabilities");
    println!("cargo::rerun-if-changed=tauri.conf.json");
    println!("cargo::rerun-if-changed=ui/dist");
    tauri_build::try_build(
        tauri_build::Attributes::new()
            .capabilities_path_pattern("src-tauri/capabilities/**/*.json"),
    )
    .expect("tauri.conf.json and the capabilities are in order");
}
