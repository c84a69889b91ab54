//! How long the program takes from its start to its first answer, and what memory it takes.

use crate::desk::Desk;
use crate::row::{Budget, median, row};
use domain::ledger::Body;
use domain::ledger::{ReleaseChange, Side};
use domain::split::SLOTS;
use domain::{PromptId, ReleaseId, VersionContent, VersionId};
use protocol::token::{Kind, Token};
use registry::{Options, Registry};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

const RUNS: usize = 7;
const PROMPTS: usize = 1_000;

/// The program, which lies beside the folder of this one.
pub fn program() -> std::path::PathBuf {
    let here = std::env::current_exe().unwrap();
    let program = here.parent().unwrap().parent().unwrap();
    let program = program.join("galley-registry");
    assert!(
        program.exists(),
        "build it first: cargo build --release -p registry --bins"
    );
    program
}

/// Starts the program on an empty file, and on a large ledger with and without a snapshot.
pub fn measure() {
    let program = program();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("empty.sqlite");
    drop(Registry::open(&file, Options::create()).unwrap());
    let started = again(&program, &file, None, RUNS);
    row(
        "start_empty",
        "registry start, empty",
        &started.times,
        "ms",
        Budget::AtMost(100.0),
        "from starting the program to its first answer",
    );
    row(
        "memory_empty",
        "registry memory, empty (RSS)",
        &started.memory,
        "MB",
        Budget::AtMost(50.0),
        "",
    );
    let entries = std::env::var("GALLEY_BENCH_ENTRIES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(100_000);
    large(&program, &home.path().join("large.sqlite"), entries);
}

/// A tenth are versions, a tenth releases, the rest labels that come and go.
fn large(program: &Path, file: &Path, entries: usize) {
    let (mut desk, production) = Desk::new();
    let ada = desk.token(Kind::Personal, production);
    let mut prompts = Vec::new();
    for n in 0..PROMPTS.min(entries / 20) {
        let name = format!("folder {}/prompt {n}", n % 20);
        let id = PromptId::from(desk.does(Body::CreatePrompt { name }));
        prompts.push((id, None::<VersionId>, None::<ReleaseId>, None::<VersionId>));
    }
    let mut n = 0;
    while desk.entries.len() < entries {
        let place = n / 10 % prompts.len();
        let (prompt, latest, release, labelled) = prompts[place];
        match (n % 10, latest) {
            (0, _) | (_, None) => {
                let text = format!("Answer in {n} words. {}", "Be kind and exact. ".repeat(30));
                let (bytes, content) = VersionContent::text(text).encode().unwrap();
                desk.keep(bytes);
                let message = desk.writes();
                let body = Body::SaveVersion {
                    prompt,
                    parents: latest.into_iter().collect(),
                    content,
                    includes: Vec::new(),
                    reads: Vec::new(),
                    message,
                };
                prompts[place].1 = Some(desk.does(body).into());
            }
            (1, Some(version)) => {
                let reason = desk.writes();
                let side = Side {
                    version,
                    weight: SLOTS,
                };
                let change = ReleaseChange {
                    environment: production,
                    prompt,
                    sides: vec![side],
                    replaces: release,
                };
                let body = Body::Release {
                    changes: vec![change],
                    reason,
                    promoted_from: None,
                    request: None,
                    step: None,
                    override_reason: None,
                };
                prompts[place].2 = Some(desk.does(body).into());
            }
            (_, Some(version)) => {
                let label = "candidate".to_owned();
                let body = match labelled {
                    Some(replaces) => Body::RemoveLabel {
                        prompt,
                        label,
                        replaces,
                    },
                    None => Body::SetLabel {
                        prompt,
                        label,
                        version,
                        replaces: None,
                    },
                };
                desk.does(body);
                prompts[place].3 = labelled.is_none().then_some(version);
            }
        }
        n += 1;
    }
    desk.into_file(file);
    let size = std::fs::metadata(file).unwrap().len() >> 20;
    // The first start finds no snapshot; its end writes one.
    let folds = again(program, file, Some(&ada), 1);
    let started = again(program, file, Some(&ada), RUNS);
    let (id, budget) = match entries {
        1_000_000.. => ("start_large", Budget::AtMost(3_000.0)),
        _ => ("start_middle", Budget::None),
    };
    row(
        id,
        &format!("registry start with {entries} entries"),
        &started.times,
        "ms",
        budget,
        &format!(
            "to the first answer from that project, {size} MB; memory {:.0} MB; without a snapshot {:.0} ms, {:.0} MB",
            median(&started.memory),
            folds.times[0],
            folds.memory[0],
        ),
    );
}

/// What several starts took.
struct Started {
    times: Vec<f64>,
    memory: Vec<f64>,
}

fn again(program: &Path, file: &Path, who: Option<&Token>, runs: usize) -> Started {
    let (mut times, mut sizes) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let (millis, _, mut child) = start(program, file, who);
        times.push(millis);
        sizes.push(memory(&child.id().to_string()));
        end(&mut child);
    }
    Started {
        times,
        memory: sizes,
    }
}

fn start(
    program: &Path,
    file: &Path,
    who: Option<&Token>,
) -> (f64, SocketAddr, std::process::Child) {
    use std::io::{Read as _, Write as _};
    let started = Instant::now();
    let (address, child) = listening(program, file, &[]);
    let bearer = who.map(|token| format!("authorization: Bearer {}\r\n", token.reveal()));
    let path = if who.is_some() { "/v1/me" } else { "/healthz" };
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let bearer = bearer.unwrap_or_default();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\n{bearer}connection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    (started.elapsed().as_secs_f64() * 1_000.0, address, child)
}

/// The program, listening, with further settings from the environment.
pub fn listening(
    program: &Path,
    file: &Path,
    settings: &[(&str, &str)],
) -> (SocketAddr, std::process::Child) {
    use std::io::BufRead as _;
    let mut child = std::process::Command::new(program)
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--log",
            "error",
            "--data",
        ])
        .arg(file)
        .envs(settings.iter().copied())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().rsplit('/').next().unwrap().parse().unwrap();
    (address, child)
}

/// What a process takes, in megabytes.
pub fn memory(pid: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1_024.0
}

/// Stops it in order: that is when a snapshot is written.
pub fn end(child: &mut std::process::Child) {
    let _ = std::process::Command::new("kill")
        .arg(child.id().to_string())
        .status();
    let _ = child.wait();
}
