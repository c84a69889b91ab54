//! A real registry in this process, on threads of its own, that can be killed and started again.

use protocol::token::Token;
use registry::{Listening, Options, Registry, Running};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A registry with its data file.
pub struct Server {
    dir: TempDir,
    file: PathBuf,
    up: Option<(Runtime, Registry, Option<Running>)>,
}

impl Server {
    pub fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("registry.db");
        let mut server = Self {
            dir,
            file,
            up: None,
        };
        server.open();
        server
    }

    /// Starts it on its data file, on another port.
    pub fn open(&mut self) {
        assert!(self.up.is_none(), "it is running");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let registry = Registry::open(&self.file, Options::create()).unwrap();
        let running = {
            let registry = registry.clone();
            let (send, receive) = std::sync::mpsc::channel();
            runtime.spawn(async move {
                let running = registry.serve(&Listening::loopback()).await.unwrap();
                let _ = send.send(running);
            });
            receive.recv().unwrap()
        };
        self.up = Some((runtime, registry, Some(running)));
    }

    pub fn address(&self) -> SocketAddr {
        let (_, _, running) = self.up.as_ref().expect("it is running");
        running.as_ref().expect("it is running").address()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    pub fn registry(&self) -> &Registry {
        &self.up.as_ref().expect("it is running").1
    }

    pub fn founding_token(&self) -> Token {
        self.registry().founding_token().unwrap()
    }

    /// Ends it where it stands: no answer is finished, nothing is settled.
    pub fn kill(&mut self) {
        let (runtime, _, _) = self.up.take().expect("it is running");
        runtime.shutdown_background();
    }

    /// A copy of the data file as it is now.
    pub fn backup(&self, name: &str) -> PathBuf {
        let copy = self.dir.path().join(name);
        let report = self.registry().backup(&copy).unwrap();
        assert!(report.holds(), "{report:?}");
        copy
    }

    /// Kills it and starts it on another data file.
    pub fn restore(&mut self, from: &Path) {
        self.kill();
        self.file = from.to_owned();
        self.open();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.up.is_some() {
            self.kill();
        }
    }
}
