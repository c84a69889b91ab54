//! A journey told step by step, with a picture of each.

use super::Window;
use std::io::Write;
use std::path::Path;

/// The telling of a journey.
pub struct Steps {
    folder: &'static str,
    taken: u32,
}

impl Steps {
    /// A journey whose pictures go to this folder under `target/`.
    pub fn new(folder: &'static str) -> Self {
        // Pictures of an earlier telling would stand among these under other numbers.
        let pictures = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("target")
            .join(folder);
        let _ = std::fs::remove_dir_all(pictures);
        Self { folder, taken: 0 }
    }

    /// Tells what was just done and keeps a picture of it.
    pub async fn did(&mut self, window: &Window, what: &str) {
        self.taken += 1;
        let name: String = what
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let name = name
            .split('-')
            .filter(|part| !part.is_empty())
            .take(7)
            .collect::<Vec<_>>()
            .join("-");
        let name = format!("{:02}-{name}", self.taken);
        let picture = window.screenshot(self.folder, &name).await;
        let shown = picture
            .strip_prefix(env!("CARGO_MANIFEST_DIR"))
            .unwrap_or(&picture);
        let mut out = std::io::stdout().lock();
        // A test's output may be captured or gone; the journey goes on.
        let _ = writeln!(out, "{:>3}. {what}\n     {}", self.taken, shown.display());
    }
}
