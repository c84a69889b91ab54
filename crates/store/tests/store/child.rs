//! The other process: this test binary again, told by its environment what to do.
//!
//! It says what it is about to do and what is done, a line each, so that whoever kills it knows
//! what it had been promised.

use crate::maker::{self, NOON};
use domain::ledger::{Body, Command as Wish, DeviceKey, Seen, SignedCommand};
use domain::{CommandId, Millis, ProjectId, VersionContent};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use store::{
    DraftId, DraftSave, KnownProject, NewCommand, NewDraft, Options, Place, QueueRequest, Store,
    StoreError,
};
use uuid::Uuid;

pub const PROJECT: ProjectId = ProjectId(Uuid::from_u128(77));
pub const DRAFT: DraftId = DraftId(Uuid::from_u128(78));

/// A child process that will do `task` on the store at `path`.
pub fn command(program: &Path, task: &str, path: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["child::entry", "--exact", "--nocapture", "--test-threads=1"])
        .env("GALLEY_STORE_CHILD", task)
        .env("GALLEY_STORE_PATH", path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub fn this_program() -> std::path::PathBuf {
    std::env::current_exe().expect("this program")
}

/// A project with one draft whose text is the number 0.
pub fn prepare(store: &Store) {
    store
        .add_project(&KnownProject::new(PROJECT, "Bank", Place::ThisComputer))
        .expect("adds");
    let new = NewDraft {
        id: DRAFT,
        prompt: None,
        name: "numbers".to_owned(),
        base: None,
        content: number(0),
    };
    store
        .open_draft(PROJECT, new, Millis(NOON))
        .expect("opens a draft");
}

pub fn number(n: u64) -> VersionContent {
    VersionContent::text(format!("{n} {}", "and many words besides, ".repeat(200)))
}

pub fn number_in(store: &Store) -> u64 {
    let content = store.draft(DRAFT).expect("the draft is there").content;
    let (_, text) = content.templates().next().expect("has a text");
    let digits = text.split(' ').next().expect("begins with a number");
    digits.parse().expect("a number")
}

pub fn id(n: u64) -> CommandId {
    CommandId(Uuid::from_u128((1 << 80) + u128::from(n)))
}

pub fn wish(n: u64) -> NewCommand {
    let key = DeviceKey::from_seed(&[1; 32]);
    let command = Wish {
        id: id(n),
        project: PROJECT,
        device: key.public(),
        seen: Seen::default(),
        at: Millis(NOON),
        body: Body::CreatePrompt {
            name: format!("prompt {n}"),
        },
    };
    NewCommand::Signed(SignedCommand::sign(command, &key).expect("signs"))
}

fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n@{words}").expect("says it");
    out.flush().expect("says it");
}

/// Does nothing unless a parent test started this process for it.
#[test]
fn entry() {
    let Ok(task) = std::env::var("GALLEY_STORE_CHILD") else {
        return;
    };
    let path = std::env::var("GALLEY_STORE_PATH").expect("a path");
    let store = match Store::open(&path, &Options::default()) {
        Ok(store) => store,
        Err(error) => return say(&format!("error {}", error.code())),
    };
    say("open");
    let (task, from) = task.split_once(' ').unwrap_or((&task, "0"));
    let from: u64 = from.parse().expect("a number");
    match task {
        "open" => {}
        "work" => work(&store),
        "count" => count(&store, 30),
        "queue" => queue(&store, from, 30),
        "setting" => store.set_setting("from", &"the child").expect("sets"),
        other => panic!("no task {other}"),
    }
    say("end");
}

/// Saves and queues until it is killed.
fn work(store: &Store) {
    let mut n = number_in(store);
    loop {
        n += 1;
        say(&format!("saving {n}"));
        let content = number(n);
        let save = DraftSave {
            revision: None,
            content: &content,
            name: None,
            message: None,
        };
        store.save_draft(DRAFT, &save, Millis(NOON)).expect("saves");
        say(&format!("saved {n}"));
        let request = QueueRequest {
            commands: vec![wish(n)],
            ..QueueRequest::default()
        };
        store
            .queue(PROJECT, &request, Millis(NOON))
            .expect("queues");
        say(&format!("queued {n}"));
    }
}

/// Adds one to the draft's number, `times` times, whoever else does so too.
fn count(store: &Store, times: u64) {
    let mut done = 0;
    while done < times {
        let draft = store.draft(DRAFT).expect("the draft");
        let (_, text) = draft.content.templates().next().expect("a text");
        let n: u64 = text
            .split(' ')
            .next()
            .expect("words")
            .parse()
            .expect("a number");
        let content = number(n + 1);
        let save = DraftSave {
            revision: Some(draft.revision),
            content: &content,
            name: None,
            message: None,
        };
        match store.save_draft(DRAFT, &save, Millis(NOON)) {
            Ok(_) => done += 1,
            Err(StoreError::DraftMoved { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Queues commands, each decided on what was read just before.
fn queue(store: &Store, from: u64, times: u64) {
    for n in from..from + times {
        loop {
            let request = QueueRequest {
                on: Some(store.mark(PROJECT).expect("reads")),
                commands: vec![wish(n)],
                ..QueueRequest::default()
            };
            match store.queue(PROJECT, &request, Millis(NOON)) {
                Ok(_) => break,
                Err(StoreError::Moved { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// What a finished child said.
pub fn said(output: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(output)
        .lines()
        .filter_map(|line| line.strip_prefix('@').map(str::to_owned))
        .collect()
}

/// Only so that the module is used as the others are.
pub fn open(folder: &tempfile::TempDir) -> Store {
    maker::open(folder)
}
