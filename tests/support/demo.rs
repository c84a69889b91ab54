//! The demonstration applications of `sdks/demo`, each in a process of its own, asked line by line.

use super::program::Running;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::Receiver;

/// An application that answers.
pub struct Demo {
    _running: Running,
    asks: ChildStdin,
    answers: Receiver<String>,
    name: &'static str,
}

impl Demo {
    /// Starts one of them with what it finds in its environment; sets up first what it needs.
    ///
    /// # Panics
    /// It could not be set up or started.
    pub fn start(name: &'static str, environment: &[(&str, &str)]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let setup = Command::new(root.join("sdks/demo/setup.sh")).status();
        let setup = setup.expect("the script that sets the applications up runs");
        assert!(
            setup.success(),
            "the applications could not be set up: see above"
        );
        let mut child = Command::new(root.join("target/demo-venv/bin/python"))
            .arg(root.join("sdks/demo").join(name))
            .env("PYTHONPATH", root.join("sdks/python/src"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python runs");
        let asks = child.stdin.take().expect("its input is a pipe");
        let out = child.stdout.take().expect("its output is a pipe");
        let (tell, answers) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        Self {
            _running: child.into(),
            asks,
            answers,
            name,
        }
    }

    /// Asks it, and gives its answer.
    ///
    /// # Panics
    /// It ended, or does not answer.
    pub fn asked(&mut self, question: &Value) -> Value {
        writeln!(self.asks, "{question}").unwrap_or_else(|e| panic!("{} ended: {e}", self.name));
        let line = self
            .answers
            .recv_timeout(super::wait::PATIENCE)
            .unwrap_or_else(|_| panic!("{} does not answer {question}", self.name));
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{} said {line}", self.name))
    }

    /// The version that it would use for a unit; for everybody, where none is given.
    pub fn version(&mut self, unit: Option<&str>) -> u64 {
        let question = unit.map_or_else(
            || serde_json::json!({}),
            |unit| serde_json::json!({ "unit": unit }),
        );
        self.asked(&question)["version"]
            .as_u64()
            .expect("a version is a number")
    }
}
