//! A disk that is really full, and a folder that is really closed: a named error, nothing
//! overwritten, and with room again it goes on.
//!
//! Each test has a small disk of its own, mounted where no other process sees it. What happens
//! there is told by children that a first child starts on that disk.

use crate::child::{Child, Here, Order, number_in, open, say, text, this_program};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use workbench::views::{BundleChange, BundleSide};
use workbench::{Error, ErrorCode, Options, Secrets, Workbench};

const PAGE: usize = 4096;

#[test]
fn a_full_disk_is_named_and_costs_nothing() {
    on_a_small_disk("full");
}

#[test]
fn a_closed_folder_is_named_and_left_alone() {
    on_a_small_disk("closed");
}

/// Runs a task of this file in a process that sees a disk of 8 MiB at a folder.
fn on_a_small_disk(task: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = may_mount();
    command
        .args(["sh", "-c"])
        .arg(r#"mount -t tmpfs -o size=8m,mode=700 galley "$1" && shift && exec "$@""#)
        .arg("sh")
        .arg(folder.path())
        .arg(this_program());
    let order = Order::Disk {
        folder: folder.path().to_owned(),
        task: task.to_owned(),
        here: None,
    };
    let said = Child::start_as(&mut command, &order).ends();
    assert_eq!(said.last().map(String::as_str), Some("done"), "{said:#?}");
    println!("{}", said.join("\n"));
}

/// A way to start a program that may mount: for root, for a user with namespaces, or by sudo.
fn may_mount() -> Command {
    let ways: [&[&str]; 3] = [
        &["unshare", "--mount"],
        &["unshare", "--user", "--map-root-user", "--mount"],
        &[
            "sudo",
            "--non-interactive",
            "--preserve-env=GALLEY_WORKBENCH_CHILD",
            "unshare",
            "--mount",
        ],
    ];
    let works = |way: &&&[&str]| {
        let mut command = Command::new(way[0]);
        command.args(&way[1..]).arg("sh").arg("-c");
        command.arg("mount -t tmpfs galley /mnt");
        let status = command.stderr(Stdio::null()).stdout(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    let way = ways.iter().find(works).expect(
        "a small disk can't be mounted here: run the tests as root, where users may have \
         namespaces of their own, or where sudo asks for no password",
    );
    let mut command = Command::new(way[0]);
    command.args(&way[1..]);
    command
}

/// What a child on the small disk does.
pub async fn child(folder: &Path, task: &str, here: Option<Here>) {
    match (task, here) {
        ("full", _) => full(folder),
        ("closed", _) => closed(folder),
        ("fill", Some(here)) => fill(folder, &here).await,
        ("look", Some(here)) => look(&here).await,
        ("begin", _) => begin(folder).await,
        (task, _) => panic!("no task {task}"),
    }
    say("done");
}

fn ask(folder: &Path, task: &str, here: Option<&Here>) -> Vec<String> {
    Child::start(&Order::Disk {
        folder: folder.to_owned(),
        task: task.to_owned(),
        here: here.cloned(),
    })
    .ends()
}

fn found(folder: &Path) -> Here {
    let home = folder.join("home");
    let said = Child::start(&Order::Found { home, team: None }).ends();
    let founded = said.iter().find_map(|line| line.strip_prefix("founded "));
    serde_json::from_str(founded.unwrap()).unwrap()
}

fn settled(here: &Here) -> Vec<String> {
    let here = here.clone();
    Child::start(&Order::Settle { here }).ends()
}

/// The numbers behind these words in what was said.
fn numbers(said: &[String], words: &str) -> BTreeSet<u64> {
    let behind = said.iter().filter_map(|line| line.strip_prefix(words));
    let numbers = behind.flat_map(|list| list.split_whitespace());
    numbers
        .map(|number| number.split('@').next().unwrap().parse().unwrap())
        .collect()
}

// ---- full ----

fn full(folder: &Path) {
    let here = found(folder);
    let told = ask(folder, "fill", Some(&here));
    let count = |kind: &str| told.iter().filter(|line| line.starts_with(kind)).count();
    say(&format!(
        "{} accepted, {} of them wait, {} refused",
        count("accepted"),
        count("waiting"),
        count("refused")
    ));
    assert!(count("accepted") > 0 && count("refused") > 0, "{told:#?}");

    // Started again while the disk is full: it opens and shows everything, or names what is wrong.
    let looked = ask(folder, "look", Some(&here));
    let kept = numbers(&told, "accepted draft ").into_iter().next_back();
    match looked[0].strip_prefix("draft ") {
        Some(draft) => assert_eq!(draft.parse().ok(), kept),
        None => assert!(looked[0].starts_with("DiskFull: "), "{looked:?}"),
    }
    say(&format!("opened again: {}", looked.join(", ")));
    // A first start on a full disk says so, too, and is in nobody's way later.
    let begun = ask(folder, "begin", None);
    assert!(begun[0].starts_with("DiskFull: "), "{begun:?}");
    say(&format!("begun: {}", begun[0]));

    std::fs::remove_file(folder.join("ballast")).unwrap();
    assert_eq!(ask(folder, "begin", None)[0], "begun");
    let said = settled(&here);
    let mut versions = numbers(&told, "accepted version ");
    versions.insert(0);
    assert_eq!(numbers(&said, "versions of prompt 0: "), versions);
    assert_eq!(
        numbers(&said, "releases: "),
        numbers(&told, "accepted release ")
    );
    let draft = numbers(&said, "draft of prompt 0: ");
    assert_eq!(draft.into_iter().next(), kept);
    // And it goes on.
    let again = ask(folder, "look", Some(&here));
    assert!(again.iter().any(|line| line == "saved"), "{again:?}");
}

/// A file that leaves as much room on the disk as it is told to.
struct Ballast(File);

impl Ballast {
    fn leave(&mut self, room: u64) {
        for block in [&[1; 64 * PAGE][..], &[1; PAGE]] {
            while self.0.write_all(block).is_ok() {}
        }
        let pages = self.0.metadata().unwrap().len() / PAGE as u64;
        self.0.set_len((pages - room) * PAGE as u64).unwrap();
    }
}

/// Works with ever more room, each time until nothing is left of it.
async fn fill(folder: &Path, here: &Here) {
    let bench = open(here);
    let project = here.project;
    let library = bench.open_project(project).await.unwrap();
    let prompt = library.prompts.iter().find(|row| row.name == "prompt 0");
    let prompt = prompt.unwrap().id;
    let development = library.environments[0].id;
    let draft = bench.open_draft(project, prompt, None).await.unwrap();
    let file = File::options()
        .create(true)
        .append(true)
        .open(folder.join("ballast"));
    let mut ballast = Ballast(file.unwrap());
    let (mut number, mut kept) = (0, number_in(&draft.content));
    for room in (0..24).chain([32, 48, 64, 96, 128]) {
        ballast.leave(room);
        for _ in 0..3 {
            number += 1;
            let saved = bench.save_draft(project, draft.id.clone(), text(number), None, None);
            if tell("draft", number, &saved.await) {
                kept = number;
            }
            // Whatever was refused, what was kept before can be read.
            let there = bench.draft(project, draft.id.clone()).await.unwrap();
            assert_eq!(number_in(&there.content), kept);
            let saved = bench.save_version(project, draft.id.clone(), number.to_string());
            let saved = saved.await;
            tell("version", number, &saved);
            let Ok(saved) = saved else {
                continue;
            };
            if saved.number.is_none() {
                say(&format!("waiting {number}"));
            }
            let change = BundleChange {
                environment: development,
                prompt,
                sides: vec![BundleSide {
                    version: saved.id,
                    weight: 100,
                }],
            };
            let plan = bench.plan_release(project, vec![change]).await.unwrap();
            let done = bench.carry_out(project, plan.id, number.to_string());
            tell("release", number, &done.await);
        }
    }
    ballast.leave(0);
}

/// Says what became of a wish; anything but a full disk is no reason to refuse it.
fn tell<T>(kind: &str, number: u64, outcome: &Result<T, Error>) -> bool {
    match outcome {
        Ok(_) => say(&format!("accepted {kind} {number}")),
        Err(error) => {
            assert_eq!(
                error.code(),
                ErrorCode::DiskFull,
                "{kind}: {}",
                named(error)
            );
            assert!(error.to_string().contains("full"), "{}", named(error));
            say(&format!("refused {kind} {number}"));
        }
    }
    outcome.is_ok()
}

/// What an error says, as a person reads it, after its code.
fn named(error: &Error) -> String {
    format!("{:?}: {error}", error.code())
}

/// Opens what is there, and saves a draft as it is.
async fn look(here: &Here) {
    let outcome = async {
        let options = Options {
            home: here.home.clone(),
            secrets: Secrets::in_memory(),
        };
        let bench = Workbench::open(options)?;
        let library = bench.library(here.project).await?;
        let prompt = library.prompts.iter().find(|row| row.name == "prompt 0");
        let prompt = bench.prompt(here.project, prompt.unwrap().id).await?;
        let draft = prompt.draft.unwrap();
        say(&format!("draft {}", number_in(&draft.content)));
        let content = draft.content;
        bench
            .save_draft(here.project, draft.id, content, None, None)
            .await
    };
    match outcome.await {
        Ok(_) => say("saved"),
        Err(error) => say(&named(&error)),
    }
}

/// A first start in a folder of its own.
async fn begin(folder: &Path) {
    let options = Options {
        home: folder.join("another"),
        secrets: Secrets::in_memory(),
    };
    let outcome = async {
        let bench = Workbench::open(options)?;
        bench
            .create_project("Support desk".to_owned(), "Ana".to_owned())
            .await
    };
    match outcome.await {
        Ok(_) => say("begun"),
        Err(error) => say(&named(&error)),
    }
}

// ---- closed ----

fn closed(folder: &Path) {
    let here = found(folder);
    let before = bytes_in(&here.home);
    let home = here.home.display().to_string();
    mount(&["--bind", &home, &home]);
    mount(&["-o", "remount,bind,ro", &home]);
    let looked = ask(folder, "look", Some(&here));
    say(&looked[0]);
    assert!(looked[0].contains("can't be written"), "{looked:?}");
    assert!(looked[0].contains("galley.sqlite"), "{looked:?}");
    let begun = ask(&here.home, "begin", None);
    say(&begun[0]);
    assert!(begun[0].contains(&home), "{begun:?}");
    assert!(bytes_in(&here.home) == before, "something was changed");

    let status = Command::new("umount").arg(&here.home).status().unwrap();
    assert!(status.success());
    assert!(bytes_in(&here.home) == before, "something was changed");
    let said = settled(&here);
    assert_eq!(
        numbers(&said, "versions of prompt 0: "),
        BTreeSet::from([0])
    );
    let looked = ask(folder, "look", Some(&here));
    assert_eq!(looked, ["draft 0", "saved", "done"]);
}

fn mount(args: &[&str]) {
    let status = Command::new("mount").args(args).status().unwrap();
    assert!(status.success(), "mount {args:?}");
}

fn bytes_in(home: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(home)
        .unwrap()
        .map(|file| file.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}
