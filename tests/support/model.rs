//! A small language model that really answers, on this computer, without a key.

use super::program::Running;
use std::path::Path;
use std::process::{Command, Stdio};

/// The model, answering in the form of OpenAI's chat completions.
pub struct Model {
    _running: Running,
    /// Its address, for a provider.
    pub address: String,
}

impl Model {
    /// Starts it and waits until it answers.
    ///
    /// # Panics
    /// It was not set up.
    pub fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/model-venv/bin/python");
        assert!(python.exists(), "the model is not set up: run `make model`");
        let (running, address) = Running::start_and_hear(
            Command::new(python)
                .arg(root.join("tests/model/serve.py"))
                // It serves until its input is closed.
                .stdin(Stdio::piped())
                .stderr(Stdio::null()),
            |line| line.starts_with("http://").then(|| line.to_owned()),
        );
        Self {
            _running: running,
            address,
        }
    }
}
