//! A real language model on this computer: SmolLM2-135M in llama.cpp's own server.

use super::program::Running;
use std::path::Path;
use std::process::{Command, Stdio};

/// A model that answers as long as this lives.
pub struct Model {
    address: String,
    // Its standard input closes with it, and that ends the server.
    _running: Running,
}

impl Model {
    /// Starts it; sets it up first where that was not done.
    ///
    /// # Panics
    /// It could not be set up, or does not become ready.
    pub fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let setup = Command::new(root.join("tests/model/setup.sh"))
            .status()
            .expect("the script that sets the model up runs");
        assert!(setup.success(), "the model could not be set up: see above");
        let (running, address) = Running::start_and_hear(
            Command::new(root.join("target/model-venv/bin/python"))
                .arg(root.join("tests/model/serve.py"))
                .stdin(Stdio::piped())
                .stderr(Stdio::null()),
            |line| line.starts_with("http://").then(|| line.trim().to_owned()),
        );
        Self {
            address,
            _running: running,
        }
    }

    /// Where it answers, as OpenAI's chat completions.
    pub fn address(&self) -> &str {
        &self.address
    }
}
