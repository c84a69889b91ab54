//! One person's computer: a data folder, a session bus of its own and a real, unlocked keychain.

use super::program::{Running, installed};
use super::wait::until;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// One person's computer. Two desks share nothing: what one keeps in its keychain, the other never sees.
pub struct Desk {
    // Fields are dropped in this order: the keychain before its bus, both before their folders.
    _keychain: Option<Running>,
    _bus: Option<Running>,
    rooms: TempDir,
    bus_address: Option<String>,
}

impl Desk {
    /// A computer with a keychain that is open, as after logging in.
    pub async fn new() -> Self {
        let rooms = Self::rooms();
        let (bus, address) = Running::start_and_hear(
            Command::new(installed("dbus-daemon"))
                .args(["--session", "--nofork", "--nopidfile", "--print-address"])
                .envs(folders(rooms.path()))
                .stderr(Stdio::null()),
            |line| line.starts_with("unix:").then(|| line.to_owned()),
        );
        let mut desk = Self {
            _keychain: None,
            _bus: Some(bus),
            rooms,
            bus_address: Some(address),
        };
        desk._keychain = Some(desk.unlock().await);
        desk
    }

    /// A computer that has no keychain at all.
    pub fn without_keychain() -> Self {
        Self {
            _keychain: None,
            _bus: None,
            rooms: Self::rooms(),
            bus_address: None,
        }
    }

    fn rooms() -> TempDir {
        let rooms = tempfile::Builder::new()
            .prefix("galley-desk-")
            .tempdir()
            .expect("a folder");
        for folder in ["run", "data/keyrings", "cache", "config", "galley"] {
            std::fs::create_dir_all(rooms.path().join(folder)).expect("a folder");
        }
        rooms
    }

    async fn unlock(&self) -> Running {
        let mut command = self.command(installed("gnome-keyring-daemon"));
        command.args(["--foreground", "--unlock", "--components=secrets"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon starts");
        child
            .stdin
            .take()
            .expect("its input is a pipe")
            .write_all(b"a password for tests")
            .expect("it reads");
        let running = Running::from(child);
        until("the keychain to own its name on the bus", async || {
            let asked = self
                .command(installed("dbus-send"))
                .args([
                    "--session",
                    "--print-reply",
                    "--dest=org.freedesktop.DBus",
                    "/",
                ])
                .args([
                    "org.freedesktop.DBus.GetNameOwner",
                    "string:org.freedesktop.secrets",
                ])
                .output()
                .expect("dbus-send runs");
            if asked.status.success() {
                Ok(())
            } else {
                Err(String::from_utf8_lossy(&asked.stderr).into_owned())
            }
        })
        .await;
        running
    }

    /// The folder of Galley's files on this computer.
    pub fn home(&self) -> PathBuf {
        self.rooms.path().join("galley")
    }

    /// A program as this computer's person would start it.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .envs(folders(self.rooms.path()))
            .env("GALLEY_HOME", self.home())
            .env("DISPLAY", super::display::name())
            .env_remove("WAYLAND_DISPLAY")
            // No screen reader listens here, and looking for one takes seconds on a bare machine.
            .env("NO_AT_BRIDGE", "1")
            .env("GTK_A11Y", "none")
            // Whatever Ollama runs on this machine is no matter of a journey.
            .env("OLLAMA_HOST", "127.0.0.1:1")
            .env("LANG", "C.UTF-8");
        match &self.bus_address {
            Some(address) => command.env("DBUS_SESSION_BUS_ADDRESS", address),
            None => command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"),
        };
        command
    }
}

fn folders(rooms: &Path) -> [(&'static str, PathBuf); 5] {
    [
        ("XDG_RUNTIME_DIR", rooms.join("run")),
        ("XDG_DATA_HOME", rooms.join("data")),
        ("XDG_CACHE_HOME", rooms.join("cache")),
        ("XDG_CONFIG_HOME", rooms.join("config")),
        ("HOME", rooms.to_owned()),
    ]
}
