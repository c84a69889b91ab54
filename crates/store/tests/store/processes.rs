//! Two processes at once, and processes that are killed.

use crate::child::{self, DRAFT, PROJECT};
use std::io::{BufRead as _, BufReader};
use std::process::Child;
use store::{Area, Changed};

const KILLS: u32 = 60;

#[test]
fn killed_at_any_moment_it_keeps_what_it_promised() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = child::open(&folder);
    child::prepare(&store);
    let path = store.path().to_owned();
    let program = child::this_program();
    let (mut mid_write, mut saved, mut queued) = (0, 0, 0);
    let mut chance = 12345_u32;
    let factor: Option<u32> = std::env::var("GALLEY_SOAK")
        .ok()
        .and_then(|factor| factor.parse().ok());
    let kills = KILLS * factor.unwrap_or(1);
    for _ in 0..kills {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let lines = 2 + chance.to_be_bytes()[0] as usize % 14;
        let mut process = child::command(&program, "work", &path)
            .spawn()
            .expect("starts");
        let heard = kill_after(&mut process, lines);
        let last = heard.last().expect("it said something").clone();
        // Silence after `saving` or `saved` means that a save or a queuing was under way.
        mid_write += u32::from(last.starts_with("sav"));
        for line in &heard {
            if let Some(n) = line.strip_prefix("saved ") {
                saved = n.parse().expect("a number");
            }
            if let Some(n) = line.strip_prefix("queued ") {
                queued = n.parse().expect("a number");
            }
        }
        let found = child::number_in(&store);
        assert!(
            found == saved || found == saved + 1,
            "promised {saved}, found {found}"
        );
        // Whatever was on disk when the process died is where the next one goes on.
        saved = found;
        let outbox = store.outbox(PROJECT).expect("reads");
        let ids: Vec<_> = outbox.iter().map(|q| q.command.id).collect();
        let place = ids.iter().position(|id| *id == child::id(queued));
        assert!(queued == 0 || place.is_some(), "queued {queued} is lost");
        let mut once = ids.clone();
        once.dedup();
        assert_eq!(once, ids, "a command is there twice");
        assert!(ids.is_sorted(), "the order is lost");
    }
    store.check().expect("the file is whole");
    let history = store.draft_history(DRAFT).expect("reads");
    assert_eq!(
        history[0].content,
        store.draft(DRAFT).expect("reads").content
    );
    assert!(
        mid_write * 2 >= kills,
        "only {mid_write} of {kills} kills hit a write"
    );
}

// Reads until so many promises were made, kills, and gives everything that was said.
fn kill_after(process: &mut Child, lines: usize) -> Vec<String> {
    let mut out = BufReader::new(process.stdout.take().expect("piped"));
    let mut heard = Vec::new();
    let mut line = String::new();
    let mut killed = false;
    while out.read_line(&mut line).expect("reads") > 0 {
        if let Some(words) = line.trim_end().strip_prefix('@') {
            heard.push(words.to_owned());
        }
        line.clear();
        if !killed && heard.len() >= lines {
            process.kill().expect("kills");
            killed = true;
        }
    }
    process.wait().expect("ends");
    assert!(killed, "it ended by itself: {heard:?}");
    heard
}

#[test]
fn two_processes_lose_no_save_and_no_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = child::open(&folder);
    child::prepare(&store);
    let program = child::this_program();
    let start = |task: &str| {
        child::command(&program, task, store.path())
            .spawn()
            .expect("starts")
    };
    let all = [
        start("count"),
        start("count"),
        start("queue 1"),
        start("queue 1001"),
    ];
    for process in all {
        let output = process.wait_with_output().expect("ends");
        assert_eq!(
            child::said(&output.stdout).last().map(String::as_str),
            Some("end"),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert_eq!(child::number_in(&store), 60);
    assert_eq!(store.outbox(PROJECT).expect("reads").len(), 60);
}

#[test]
fn what_the_other_process_wrote_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = child::open(&folder);
    let token = store.token().expect("reads");
    assert_eq!(store.changed_since(token).expect("reads"), (token, vec![]));
    let program = child::this_program();
    let output = child::command(&program, "setting", store.path())
        .output()
        .expect("runs");
    assert!(output.status.success());
    let (next, changed) = store.changed_since(token).expect("reads");
    let expected = Changed {
        project: None,
        area: Area::Settings,
    };
    assert_eq!(changed, [expected]);
    assert_eq!(
        store.setting::<String>("from").expect("reads").as_deref(),
        Some("the child")
    );
    assert_eq!(store.changed_since(next).expect("reads"), (next, vec![]));
}

#[test]
fn several_processes_may_make_the_file_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("galley.db");
    let program = child::this_program();
    let all: Vec<_> = (0..4)
        .map(|_| {
            child::command(&program, "open", &path)
                .spawn()
                .expect("starts")
        })
        .collect();
    for process in all {
        let output = process.wait_with_output().expect("ends");
        assert_eq!(child::said(&output.stdout), ["open", "end"]);
    }
}
