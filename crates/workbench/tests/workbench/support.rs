//! People with a laptop each, and a registry that they share.

use domain::ProjectId;
use registry::{Listening, Registry, Running};
use std::net::SocketAddr;
use workbench::{Options, Secret, Secrets, Workbench};

/// A person's laptop.
pub struct Laptop {
    pub bench: Workbench,
    home: tempfile::TempDir,
}

impl Laptop {
    /// Where its files are.
    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let options = Options {
            home: home.path().to_owned(),
            secrets: Secrets::in_memory(),
        };
        Self {
            bench: Workbench::open(options).unwrap(),
            home,
        }
    }
}

/// A team's registry, which can go away and come back at the same address.
pub struct Team {
    registry: Registry,
    running: Option<Running>,
    address: SocketAddr,
    _home: tempfile::TempDir,
}

impl Team {
    pub async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let registry = Registry::open(
            home.path().join("registry.sqlite"),
            registry::Options::create(),
        )
        .unwrap();
        let running = registry.serve(&Listening::loopback()).await.unwrap();
        let address = running.address();
        Self {
            registry,
            running: Some(running),
            address,
            _home: home,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn founding(&self) -> Secret {
        Secret::new(self.registry.founding_token().unwrap().reveal())
    }

    pub async fn goes_away(&mut self) {
        self.running.take().unwrap().stop().await;
    }

    pub async fn comes_back(&mut self) {
        let listening = Listening {
            address: self.address,
            ..Listening::loopback()
        };
        self.running = Some(self.registry.serve(&listening).await.unwrap());
    }
}

/// What an application reads with a key.
pub async fn read_prompt(url: &str, name: &str, key: &str) -> (u16, serde_json::Value) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let path = protocol::paths::prompt(name);
    let request = reqwest::Client::new()
        .get(format!("{url}{path}"))
        .bearer_auth(key);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// The environments of a project by name.
pub async fn environment(
    bench: &Workbench,
    project: ProjectId,
    name: &str,
) -> domain::EnvironmentId {
    let library = bench.library(project).await.unwrap();
    library
        .environments
        .iter()
        .find(|e| e.name == name)
        .unwrap()
        .id
}
