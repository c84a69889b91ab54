//! The other process: this test binary again, told on its input what to be.
//!
//! It says what it is about to ask for and what was accepted, a line each, so that whoever kills it
//! knows what it had been promised. It ends with whoever started it.

use domain::content::Kind;
use domain::{ProjectId, PromptId, VersionContent};
use registry::{Listening, Registry};
use serde::{Deserialize, Serialize};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use workbench::views::{BundleChange, BundleSide, Draft, SyncKind};
use workbench::{Options, Secret, Secrets, Workbench};

/// Prompts that versions are saved in, in turn.
pub const PROMPTS: u64 = 3;
/// The prompt in which somebody types while versions are saved.
pub const TYPED: &str = "typed";

/// What a child is to be.
#[derive(Serialize, Deserialize)]
pub enum Order {
    /// Makes the project, says its keys, and ends.
    Found {
        home: PathBuf,
        team: Option<(String, String)>,
    },
    /// Says what is there, then works from this number on until it is killed.
    Work { here: Here, from: u64, all: bool },
    /// Sends what waits, says what is there, verifies, and ends.
    Settle { here: Here },
    /// A team's registry.
    Registry { file: PathBuf, at: SocketAddr },
    /// Carries a run until it ends or is killed.
    Run(Box<crate::resuming::Task>),
    /// Whatever `disks` wants to know of a disk that is full or closed.
    #[cfg(target_os = "linux")]
    Disk {
        folder: PathBuf,
        task: String,
        here: Option<Here>,
    },
}

/// Somebody at their workbench. Their keychain is memory, which a kill would empty: it is handed over.
#[derive(Clone, Serialize, Deserialize)]
pub struct Here {
    pub home: PathBuf,
    pub project: ProjectId,
    pub keys: Vec<(String, String)>,
}

/// A child that runs.
pub struct Child {
    process: std::process::Child,
    out: BufReader<ChildStdout>,
    // It ends when this closes.
    _leash: ChildStdin,
}

impl Child {
    pub fn start(order: &Order) -> Self {
        Self::start_as(&mut Command::new(this_program()), order)
    }

    /// Starts it by way of another program, whose last arguments are the child's own.
    pub fn start_as(command: &mut Command, order: &Order) -> Self {
        let mut process = command
            .args(["child::entry", "--exact", "--nocapture", "--test-threads=1"])
            .env("GALLEY_WORKBENCH_CHILD", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut leash = process.stdin.take().unwrap();
        writeln!(leash, "{}", serde_json::to_string(order).unwrap()).unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        Self {
            process,
            out,
            _leash: leash,
        }
    }

    /// The next thing it says; none once it has ended.
    pub fn hears(&mut self) -> Option<String> {
        let mut line = String::new();
        loop {
            line.clear();
            // A line that is cut off by the end was never said.
            if self.out.read_line(&mut line).unwrap() == 0 || !line.ends_with('\n') {
                return None;
            }
            if let Some(words) = line.trim_end().strip_prefix('@') {
                return Some(words.to_owned());
            }
        }
    }

    /// `kill -9`, and what it had said before.
    pub fn kill(&mut self) -> Vec<String> {
        self.process.kill().unwrap();
        let said = std::iter::from_fn(|| self.hears()).collect();
        self.process.wait().unwrap();
        said
    }

    /// Hears it out to its end.
    pub fn ends(mut self) -> Vec<String> {
        let said: Vec<_> = std::iter::from_fn(|| self.hears()).collect();
        let status = self.process.wait().unwrap();
        assert!(status.success(), "{status}: {said:#?}");
        said
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn this_program() -> PathBuf {
    std::env::current_exe().unwrap()
}

pub fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    // The test harness may have begun a line.
    writeln!(out, "\n@{words}").unwrap();
    out.flush().unwrap();
}

/// A text that begins with a number, of a length that depends on it.
pub fn text(number: u64) -> VersionContent {
    let times = usize::try_from(number * 7919 % 97).unwrap();
    let words = "and many words besides, ".repeat(times);
    VersionContent::text(format!("{number} {words}"))
}

/// The number that a text begins with.
pub fn number_in(content: &VersionContent) -> u64 {
    let (_, text) = content.templates().next().unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Does nothing unless a parent test started this process for it.
#[test]
fn entry() {
    if std::env::var_os("GALLEY_WORKBENCH_CHILD").is_none() {
        return;
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).unwrap();
    let order = serde_json::from_str(&line).unwrap();
    std::thread::spawn(|| {
        let mut rest = Vec::new();
        let _ = std::io::stdin().lock().read_to_end(&mut rest);
        std::process::exit(3);
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        match order {
            Order::Found { home, team } => found(home, team).await,
            Order::Work { here, from, all } => {
                let bench = open(&here);
                bench.open_project(here.project).await.unwrap();
                report(&bench, here.project, all).await;
                say("ready");
                work(&bench, here.project, from).await;
            }
            Order::Settle { here } => settle(&here).await,
            Order::Registry { file, at } => serve(file, at).await,
            Order::Run(task) => crate::resuming::child(*task).await,
            #[cfg(target_os = "linux")]
            Order::Disk { folder, task, here } => {
                crate::disks::child(&folder, &task, here).await;
            }
        }
    });
}

pub fn open(here: &Here) -> Workbench {
    let secrets = Secrets::in_memory();
    for (name, secret) in &here.keys {
        secrets.keep(name, &Secret::new(secret.as_str())).unwrap();
    }
    Workbench::open(Options {
        home: here.home.clone(),
        secrets,
    })
    .unwrap()
}

async fn found(home: PathBuf, team: Option<(String, String)>) {
    let secrets = Secrets::in_memory();
    let options = Options {
        home: home.clone(),
        secrets: secrets.clone(),
    };
    let bench = Workbench::open(options).unwrap();
    let (name, person) = ("Support desk".to_owned(), "Ana".to_owned());
    let card = match team {
        None => bench.create_project(name, person).await,
        Some((url, invitation)) => {
            let invitation = Secret::new(invitation);
            bench.join_team(url, invitation, person, Some(name)).await
        }
    };
    let project = card.unwrap().id;
    for number in 0..PROMPTS {
        first_version(&bench, project, &format!("prompt {number}"), 0).await;
    }
    first_version(&bench, project, TYPED, 0).await;
    // Under the names that the workbench keeps them by.
    let names = ["device key for", "token for"].map(|what| format!("{what} {project}"));
    let keys = names.map(|name| {
        let secret = secrets.find(&name).unwrap().unwrap();
        (name, secret.reveal().to_owned())
    });
    let here = Here {
        home,
        project,
        keys: keys.into(),
    };
    say(&format!(
        "founded {}",
        serde_json::to_string(&here).unwrap()
    ));
}

async fn first_version(bench: &Workbench, project: ProjectId, name: &str, number: u64) {
    let draft = bench
        .new_draft(project, name.to_owned(), Kind::Text)
        .await
        .unwrap();
    keep(bench, project, &draft, number).await;
    let saved = bench.save_version(project, draft.id, number.to_string());
    saved.await.unwrap();
}

async fn keep(bench: &Workbench, project: ProjectId, draft: &Draft, number: u64) {
    let saved = bench.save_draft(project, draft.id.clone(), text(number), None, None);
    saved.await.unwrap();
}

async fn prompts(bench: &Workbench, project: ProjectId) -> Vec<(String, PromptId)> {
    let library = bench.library(project).await.unwrap();
    let rows = library.prompts.into_iter();
    rows.map(|row| (row.name, row.id)).collect()
}

/// Says everything that is there, as somebody who opens the window would see it.
async fn report(bench: &Workbench, project: ProjectId, all: bool) {
    for (name, id) in prompts(bench, project).await {
        let begun_here = name.starts_with("new ");
        if begun_here && !all {
            continue;
        }
        let view = bench.prompt(project, id).await.unwrap();
        assert!(!view.diverged, "{name} has two heads");
        let versions = view.versions.iter().map(|row| {
            let number = row.number.map_or("-".to_owned(), |n| n.to_string());
            format!("{}@{number}", row.message)
        });
        let versions = versions.collect::<Vec<_>>().join(" ");
        say(&format!("versions of {name}: {versions}"));
        if !begun_here {
            let draft = bench.open_draft(project, id, None).await.unwrap();
            say(&format!("draft of {name}: {}", number_in(&draft.content)));
        }
    }
    if all {
        let history = bench.releases(project).await.unwrap().history;
        let reasons = history.iter().map(|row| row.reason.as_str());
        let reasons = reasons.collect::<Vec<_>>().join(" ");
        say(&format!("releases: {reasons}"));
    }
}

/// Saves, releases and begins prompts without a pause, while somebody types in another prompt.
async fn work(bench: &Workbench, project: ProjectId, from: u64) {
    let there = prompts(bench, project).await;
    let id_of = |name: &str| {
        let found = there.iter().find(|(there, _)| there == name);
        found.unwrap_or_else(|| panic!("no {name}: {there:?}")).1
    };
    let mut drafts = Vec::new();
    for number in 0..PROMPTS {
        let id = id_of(&format!("prompt {number}"));
        drafts.push(bench.open_draft(project, id, None).await.unwrap());
    }
    let typed = bench.open_draft(project, id_of(TYPED), None).await;
    let typed = typed.unwrap();
    let library = bench.library(project).await.unwrap();
    let development = library.environments[0].id;
    for number in from.. {
        let typing = {
            let (bench, typed) = (bench.clone(), typed.clone());
            tokio::spawn(async move {
                say(&format!("asking typed {number}"));
                keep(&bench, project, &typed, number).await;
                say(&format!("accepted typed {number}"));
            })
        };
        if number % 8 == 7 {
            say(&format!("asking prompt {number}"));
            first_version(bench, project, &format!("new {number}"), number).await;
            say(&format!("accepted prompt {number}"));
        } else {
            let draft = &drafts[usize::try_from(number % PROMPTS).unwrap()];
            say(&format!("asking draft {number}"));
            keep(bench, project, draft, number).await;
            say(&format!("accepted draft {number}"));
            say(&format!("asking version {number}"));
            let saved = bench.save_version(project, draft.id.clone(), number.to_string());
            let saved = saved.await.unwrap();
            say(&format!("accepted version {number}"));
            if number % 3 == 0 {
                say(&format!("asking release {number}"));
                let change = BundleChange {
                    environment: development,
                    prompt: saved.prompt,
                    sides: vec![BundleSide {
                        version: saved.id,
                        weight: 100,
                    }],
                };
                let plan = bench.plan_release(project, vec![change]).await.unwrap();
                let done = bench.carry_out(project, plan.id, number.to_string());
                done.await.unwrap();
                say(&format!("accepted release {number}"));
            }
        }
        typing.await.unwrap();
    }
}

async fn settle(here: &Here) {
    let bench = open(here);
    let mut last = None;
    // Each round sends everything that waits: more than one is needed only after a lost answer.
    for _ in 0..5 {
        let state = bench.sync_now(here.project).await.unwrap();
        let done = state.kind == SyncKind::InStep && state.outbox == 0;
        last = Some(state);
        if done {
            break;
        }
    }
    let state = last.unwrap();
    assert!(state.outbox == 0 && state.refused == 0, "{state:?}");
    report(&bench, here.project, true).await;
    let checked = bench.verify(here.project).await.unwrap();
    assert!(checked.good, "{}", checked.words);
    assert_eq!(checked.checked, state.head);
    say(&format!("entries: {}", state.head));
}

async fn serve(file: PathBuf, at: SocketAddr) {
    let registry = Registry::open(file, registry::Options::create()).unwrap();
    let listening = Listening {
        address: at,
        ..Listening::loopback()
    };
    let running = registry.serve(&listening).await.unwrap();
    say(&format!(
        "invitation {}",
        registry.founding_token().unwrap().reveal()
    ));
    say(&format!("listening {}", running.address()));
    std::future::pending::<()>().await;
}
