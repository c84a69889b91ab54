//! `galley-registry` as a program: the way an operator meets it.

use crate::team::{Member, Team, client};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_galley-registry"));
    command
        .current_dir(home)
        .env_clear()
        .env("GALLEY_REGISTRY_DATA", home.join("data.sqlite"));
    command
}

pub fn run(home: &Path, args: &[&str]) -> Output {
    program(home).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// A registry in a process of its own.
pub struct Process {
    child: Child,
    pub url: String,
}

impl Process {
    pub fn start(home: &Path, args: &[&str]) -> Self {
        let mut child = program(home)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("GALLEY_REGISTRY_LOG", "debug")
            .args(args)
            .stdout(Stdio::piped())
            .stderr(
                std::fs::File::options()
                    .create(true)
                    .append(true)
                    .open(home.join("log"))
                    .unwrap(),
            )
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .expect("it says where")
            .to_owned();
        Self { child, url }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// `kill`, and waits for the end.
    pub fn stop(&mut self) -> std::process::ExitStatus {
        self.told_to_stop();
        self.ends()
    }

    /// `kill`.
    pub fn told_to_stop(&self) {
        let killed = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(killed.success());
    }

    /// Waits for the end.
    pub fn ends(&mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn init(home: &Path) -> String {
    let output = run(home, &["init"]);
    assert!(output.status.success(), "{output:?}");
    let invitation = text(&output.stdout);
    assert!(invitation.starts_with("gal_new_"), "{invitation}");
    invitation
}

#[tokio::test(flavor = "multi_thread")]
async fn from_init_to_backup() {
    let home = TempDir::new().unwrap();
    let invitation = init(home.path());
    // Nothing is overwritten.
    let again = run(home.path(), &["init"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("exists already"), "{again:?}");

    let mut process = Process::start(home.path(), &[]);
    let team = Team::found(&process.url, &invitation).await;
    team.ada.creates_prompt("triage").await;
    let secret_unit = "customer-4711-secret";
    let (app, _) = team.ada.issues_key(team.production).await;
    app.gets(&format!("/v1/prompts/none?unit={secret_unit}"))
        .await;
    // While it runs: another invitation, a check, a copy.
    let second = text(&run(home.path(), &["invite"]).stdout);
    Team::found(&process.url, &second).await;
    let copy = home.path().join("copy.sqlite");
    let output = run(home.path(), &["backup", copy.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        run(home.path(), &["backup", copy.to_str().unwrap()])
            .status
            .code(),
        Some(1)
    );
    assert!(process.stop().success(), "it ends in order");
    let verified = run(home.path(), &["verify"]);
    assert!(verified.status.success(), "{verified:?}");
    assert!(
        text(&verified.stdout).contains("4 entries and 0 contents hold"),
        "{verified:?}"
    );

    // A stopped registry is one file, and its log holds no secret and no unit.
    assert!(!home.path().join("data.sqlite-wal").exists());
    let log = std::fs::read_to_string(home.path().join("log")).unwrap();
    assert!(
        log.lines().count() > 5 && log.lines().all(|line| line.starts_with('{')),
        "{log}"
    );
    for secret in [
        &invitation,
        &second,
        &app.bearer,
        &team.ada.bearer,
        &secret_unit.to_owned(),
    ] {
        assert!(!log.contains(secret.as_str()), "{secret} is in the log");
    }
    // The copy is a registry of its own, and a damaged one is told with exit code 1.
    let file = rusqlite::Connection::open(&copy).unwrap();
    file.execute(
        "UPDATE entries SET line = replace(line, 'triage', 'tirage')",
        [],
    )
    .unwrap();
    drop(file);
    let broken = run(home.path(), &["verify", "--data", copy.to_str().unwrap()]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(
        text(&broken.stdout).contains("BROKEN at entry 3"),
        "{broken:?}"
    );
}

#[test]
fn one_file_is_served_by_one_process() {
    let home = TempDir::new().unwrap();
    init(home.path());
    let mut first = Process::start(home.path(), &[]);
    let second = run(home.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1), "{second:?}");
    assert!(text(&second.stderr).contains("already"), "{second:?}");
    // Looking at it and copying it goes on; and whoever is gone holds nothing.
    assert!(run(home.path(), &["verify"]).status.success());
    first.kill();
    assert!(Process::start(home.path(), &[]).stop().success());
}

#[test]
fn wrong_use_is_told_with_its_source() {
    let home = TempDir::new().unwrap();
    init(home.path());
    let refused = |args: &[&str], code: i32, words: &str| {
        let output = run(home.path(), args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
        assert!(text(&output.stderr).contains(words), "{args:?}: {output:?}");
    };
    // Anywhere but loopback, keys would cross the network in the clear.
    refused(&["serve", "--listen", "0.0.0.0:0"], 1, "without TLS");
    refused(&["serve", "--listen", "[::]:0"], 1, "without TLS");
    refused(
        &["serve", "--listen", "0.0.0.0:0", "--behind-proxy"],
        2,
        "loopback",
    );
    refused(&["serve", "--tls-cert", "only.pem"], 2, "tls_key");
    refused(
        &["serve", "--tls-cert", "no.pem", "--tls-key", "no.pem"],
        1,
        "no.pem",
    );
    refused(&["serve", "--config", "none.toml"], 2, "none.toml");
    refused(&["serve", "--log", "=x=y="], 2, "log");
    refused(&["frobnicate"], 2, "frobnicate");
    refused(&["verify", "--data", "nowhere.sqlite"], 1, "nowhere.sqlite");
    std::fs::write(home.path().join("c.toml"), "listenn = \"x\"").unwrap();
    refused(&["serve", "--config", "c.toml"], 2, "c.toml");
    let output = program(home.path())
        .env("GALLEY_REGISTRY_LISTEN", "nowhere")
        .arg("serve")
        .output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("GALLEY_REGISTRY"),
        "{output:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_certificate_it_speaks_tls_by_the_names_it_was_given() {
    let home = TempDir::new().unwrap();
    let invitation = init(home.path());
    let made = rcgen::generate_simple_self_signed(vec!["registry.example".to_owned()]).unwrap();
    std::fs::write(home.path().join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(
        home.path().join("key.pem"),
        made.signing_key.serialize_pem(),
    )
    .unwrap();
    let process = Process::start(
        home.path(),
        &[
            "--tls-cert",
            "cert.pem",
            "--tls-key",
            "key.pem",
            "--host",
            "registry.example",
        ],
    );
    let port: u16 = process.url.rsplit(':').next().unwrap().parse().unwrap();
    let _ = client();
    let certificate = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let http = reqwest::Client::builder()
        .tls_certs_only([certificate])
        .resolve("registry.example", ([127, 0, 0, 1], port).into())
        .build()
        .unwrap();
    let url = format!("https://registry.example:{port}");
    let key = domain::ledger::DeviceKey::from_seed(&[3; 32]);
    let project = domain::ProjectId(crate::team::id());
    let founder = Member {
        http,
        ..Member::new(&url, project, key, invitation)
    };
    let (body, _) = crate::team::founding();
    let create = founder.signed(
        domain::CommandId(project.0),
        domain::ledger::Seen::default(),
        body,
    );
    let response = founder.try_send(&[create]).await;
    assert_eq!(response.version(), reqwest::Version::HTTP_2);
    assert_eq!(response.status(), 200);
    // In the clear, the same port says nothing.
    let clear = client()
        .get(format!("http://127.0.0.1:{port}/healthz"))
        .send()
        .await;
    assert!(clear.is_err());
    let mut rest = String::new();
    std::fs::File::open(home.path().join("log"))
        .unwrap()
        .read_to_string(&mut rest)
        .unwrap();
    assert!(!rest.contains("BEGIN"), "no key is in the log");
}
