//! `galley-registry` in a process of its own, on a free port.

use super::program::{Running, built, free_port};
use super::wait::until;
use reqwest::StatusCode;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A registry that a team shares. It keeps its port over its life, as a real one does.
pub struct Registry {
    running: Option<Running>,
    folder: TempDir,
    port: u16,
    invitation: String,
}

impl Registry {
    /// A new registry, running.
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("galley-registry-")
            .tempdir()
            .expect("a folder");
        let init = Command::new(built("galley-registry"))
            .args(["init", "--data"])
            .arg(folder.path().join("registry.sqlite"))
            .output()
            .expect("galley-registry runs");
        let said = String::from_utf8_lossy(&init.stdout).into_owned();
        assert!(
            init.status.success(),
            "galley-registry init: {said}{}",
            String::from_utf8_lossy(&init.stderr)
        );
        let invitation = said
            .split_whitespace()
            .find(|word| word.starts_with("gal_new_"))
            .unwrap_or_else(|| panic!("init prints an invitation; it printed {said}"))
            .to_owned();
        let mut registry = Self {
            running: None,
            folder,
            port: free_port(),
            invitation,
        };
        registry.come_back().await;
        registry
    }

    /// A second registry that begins with all that this one has: from then on each can show people
    /// something else.
    pub async fn twin(&self) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("galley-registry-")
            .tempdir()
            .expect("a folder");
        let copied = Command::new(built("galley-registry"))
            .arg("backup")
            .arg(folder.path().join("registry.sqlite"))
            .arg("--data")
            .arg(self.data())
            .output()
            .expect("galley-registry runs");
        assert!(
            copied.status.success(),
            "galley-registry backup: {}",
            String::from_utf8_lossy(&copied.stderr)
        );
        let mut twin = Self {
            running: None,
            folder,
            port: free_port(),
            invitation: self.invitation.clone(),
        };
        twin.come_back().await;
        twin
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("registry.sqlite")
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The one-time invitation for its first project.
    pub fn invitation(&self) -> &str {
        &self.invitation
    }

    /// Ends it at once: to everybody else it is gone.
    pub fn vanish(&mut self) {
        self.running = None;
    }

    /// Starts it again on the same data and the same port.
    pub async fn come_back(&mut self) {
        let mut command = Command::new(built("galley-registry"));
        command
            .args([
                "serve",
                "--listen",
                &format!("127.0.0.1:{}", self.port),
                "--data",
            ])
            .arg(self.data())
            // Receivers in the tests are on this machine.
            .env("GALLEY_REGISTRY_WEBHOOKS__ALLOW_PRIVATE", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.running = Some(Running::start(&mut command));
        let ready = format!("{}/readyz", self.address());
        until("the registry to be ready", async || {
            match client().get(&ready).send().await {
                Ok(answer) if answer.status() == StatusCode::OK => Ok(()),
                Ok(answer) => Err(answer.status().to_string()),
                Err(error) => Err(error.to_string()),
            }
        })
        .await;
    }

    /// What an application gets that reads a prompt with a key.
    pub async fn read(&self, prompt: &str, key: &str) -> (StatusCode, serde_json::Value) {
        let path = prompt.replace('/', "%2F");
        let answer = client()
            .get(format!("{}/v1/prompts/{path}", self.address()))
            .bearer_auth(key)
            .send()
            .await
            .expect("the registry answers");
        let status = answer.status();
        (status, answer.json().await.unwrap_or_default())
    }

    /// Checks everything that it holds, as its operator would.
    pub fn verify(&self) -> (bool, String) {
        let told = Command::new(built("galley-registry"))
            .args(["verify", "--data"])
            .arg(self.data())
            .output()
            .expect("galley-registry runs");
        (
            told.status.success(),
            String::from_utf8_lossy(&told.stdout).into_owned(),
        )
    }
}

/// A client as an application's would be. It speaks to loopback only, so it needs no certificates.
pub fn client() -> reqwest::Client {
    use std::sync::OnceLock;
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT
        .get_or_init(|| {
            // Another part of this process may have chosen the same already.
            let _ = rustls::crypto::ring::default_provider().install_default();
            reqwest::Client::new()
        })
        .clone()
}
