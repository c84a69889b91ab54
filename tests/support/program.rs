//! Programs that tests start, and their end.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A program of this workspace, as cargo built it beside the desktop's binary.
///
/// # Panics
/// It was not built.
pub fn built(name: &str) -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_galley-desktop"))
        .parent()
        .expect("a binary lies in a folder");
    let path = beside.join(name);
    assert!(
        path.exists(),
        "{name} is not built: run `cargo build --workspace --bins` or all tests by `cargo test --workspace`"
    );
    path
}

/// A program on the system's path.
///
/// # Panics
/// It is not installed.
pub fn installed(name: &str) -> PathBuf {
    std::env::var_os("PATH")
        .and_then(|paths| {
            std::env::split_paths(&paths)
                .map(|folder| folder.join(name))
                .find(|file| file.is_file())
        })
        .unwrap_or_else(|| panic!("{name} is not installed: run `scripts/setup.sh test`"))
}

/// A child process that does not outlive the test.
pub struct Running {
    child: Child,
    name: String,
}

impl Running {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{name} did not start: {error}"));
        Self { child, name }
    }

    /// Starts it and waits for the first line it prints that `read` makes something of. What it
    /// prints later is read and dropped, so that it never waits for us.
    pub fn start_and_hear<T: Send + 'static>(
        command: &mut Command,
        read: impl Fn(&str) -> Option<T> + Send + 'static,
    ) -> (Self, T) {
        let mut running = Self::start(command.stdout(Stdio::piped()));
        let out = running.child.stdout.take().expect("its output is a pipe");
        let (tell, heard) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Some(found) = read(&line) {
                    let _ = tell.send(found);
                }
            }
        });
        let found = heard
            .recv_timeout(super::wait::PATIENCE)
            .unwrap_or_else(|_| {
                panic!(
                    "{} did not say that it is ready ({:?})",
                    running.name,
                    running.child.try_wait()
                )
            });
        (running, found)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl From<Child> for Running {
    fn from(child: Child) -> Self {
        Self {
            name: format!("process {}", child.id()),
            child,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The processes that `parent` started and that still run.
pub fn children(parent: u32) -> Vec<u32> {
    std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|id| id.parse().ok())
        .collect()
}

/// Ends a process that is nobody's child here.
pub fn kill(id: u32) {
    // It may have ended meanwhile.
    let _ = Command::new("kill")
        .args(["-KILL", &id.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// A port of this computer that nobody uses now.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}
