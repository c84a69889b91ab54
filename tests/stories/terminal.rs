//! The command line when things go otherwise: killed, asked twice, met by others, shut out.

use super::command_line::{done, galley};
use crate::support::program::built;
use crate::support::{Desk, Line, Registry};
use std::process::Stdio;

pub(super) fn refused(desk: &Desk, arguments: &[&str]) -> String {
    let (code, said) = galley(desk, arguments, "", None);
    assert_eq!(code, Some(1), "galley {}: {said}", arguments.join(" "));
    said
}

fn founding<'a>(address: &'a str, name: &'a str) -> [&'a str; 7] {
    [
        "login",
        "team",
        address,
        "--as",
        "Ana Ferreira",
        "--project-name",
        name,
    ]
}

pub(super) async fn founded(registry: &Registry) -> Desk {
    let desk = Desk::new().await;
    let address = registry.address();
    let login = founding(&address, "Support desk");
    let (code, said) = galley(&desk, &login, "", Some(registry.invitation()));
    assert_eq!(code, Some(0), "{said}");
    desk
}

/// A colleague's desk, in the project of the first.
pub(super) async fn joined(registry: &Registry, first: &Desk, name: &str) -> Desk {
    let desk = Desk::new().await;
    joins(registry, first, &desk, name);
    desk
}

fn joins(registry: &Registry, first: &Desk, desk: &Desk, name: &str) {
    let made = done(first, &["people", "invite", name]);
    let invitation = made
        .split_whitespace()
        .find(|word| word.starts_with("gal_inv_"))
        .unwrap_or_else(|| panic!("it is written once: {made}"));
    let address = registry.address();
    let login = ["login", "team", &address, "--as", name];
    let (code, said) = galley(desk, &login, "", Some(invitation));
    assert_eq!(code, Some(0), "{said}");
}

pub(super) fn writes(desk: &Desk, command: &str, text: &str) {
    let content = format!(
        r#"{{"kind":"chat","messages":[{{"type":"message","role":"system","text":"{text}"}}]}}"#
    );
    let arguments = [command, "support/triage", "--from", "-"];
    let (code, said) = galley(desk, &arguments, &content, None);
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_was_killed_is_finished_by_the_same_command() {
    let registry = Registry::start().await;
    let line = Line::before(&registry).await;
    let desk = Desk::new().await;
    let address = line.address();
    let login = founding(&address, "Support desk");
    line.holds_the_next_answer();
    let mut killed = desk
        .command(built("galley"))
        .args(login)
        .env("GALLEY_SECRET", registry.invitation())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("galley runs");
    line.is_holding().await;
    killed.kill().expect("it is killed");
    killed.wait().expect("it ends");

    let (code, said) = galley(&desk, &login, "", Some(registry.invitation()));
    assert_eq!(code, Some(0), "{said}");
    done(&desk, &["list"]);
    let projects = done(&desk, &["project", "list"]);
    assert_eq!(projects.matches("Support desk").count(), 1, "{projects}");
    assert!(!projects.contains("being set up"), "{projects}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_goes_from_this_computer_only_when_what_is_lost_was_said() {
    let registry = Registry::start().await;
    let desk = founded(&registry).await;
    done(&desk, &["new", "support/triage"]);

    // A second one of the same name, that never arrived, hides nothing.
    let strangers = Registry::start().await;
    let other = Line::before(&strangers).await;
    other.loses_the_next_request();
    let address = other.address();
    let login = founding(&address, "Support desk");
    let (code, _) = galley(&desk, &login, "", Some(strangers.invitation()));
    assert_eq!(code, Some(1));
    done(&desk, &["--project", "Support desk", "list"]);
    let told = done(&desk, &["status"]);
    assert!(told.contains("being set up"), "{told}");
    let told: serde_json::Value =
        serde_json::from_str(&done(&desk, &["--json", "status"])).expect("JSON");
    let begun = told["projects"]
        .as_array()
        .and_then(|all| all.iter().find(|card| !card["setting_up"].is_null()))
        .and_then(|card| card["id"].as_str())
        .unwrap_or_else(|| panic!("projects have ids: {told}"))
        .to_owned();
    let said = refused(&desk, &["project", "remove", &begun]);
    assert!(said.contains("not known"), "{said}");
    done(&desk, &["project", "remove", &begun, "--anyway"]);

    let said = refused(&desk, &["project", "remove", "Support desk"]);
    assert!(
        said.contains("the draft of support/triage") && said.contains("new invitation"),
        "{said}"
    );
    assert!(done(&desk, &["list"]).contains("support/triage"));
    done(&desk, &["project", "remove", "Support desk", "--anyway"]);
    refused(&desk, &["list"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_has_one_draft_and_it_can_be_put_away_and_brought_back() {
    let desk = Desk::new().await;
    done(&desk, &["login", "own", "Mine", "--as", "Ana"]);
    done(&desk, &["new", "support/triage"]);
    let said = refused(&desk, &["new", "Support/Triage"]);
    assert!(
        said.contains("draft named support/triage already"),
        "{said}"
    );
    let list = done(&desk, &["list"]);
    assert!(
        list.contains("support/triage") && list.contains("not saved yet"),
        "{list}"
    );
    let said = refused(&desk, &["save", "support/triage", "-m", "Nothing"]);
    assert!(said.contains("is empty"), "{said}");

    done(&desk, &["discard", "support/triage"]);
    let list = done(&desk, &["list"]);
    assert!(list.contains("There is no prompt yet"), "{list}");
    done(&desk, &["discard", "support/triage", "--undo"]);
    writes(&desk, "edit", "Name the intent.");
    done(
        &desk,
        &["save", "support/triage", "-m", "The first version"],
    );
    let list = done(&desk, &["list"]);
    assert!(!list.contains("not saved yet"), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_who_begin_one_prompt_at_once_leave_one_prompt_and_no_draft() {
    let desk = Desk::new().await;
    done(&desk, &["login", "own", "Mine", "--as", "Ana"]);
    let begun: Vec<_> = (0..10)
        .map(|_| {
            desk.command(built("galley"))
                .args(["new", "support/triage"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("galley runs")
        })
        .collect();
    let codes = begun
        .into_iter()
        .map(|mut child| child.wait().expect("it ends").success());
    assert_eq!(
        codes.filter(|done| *done).count(),
        1,
        "one of them begins it"
    );
    writes(&desk, "edit", "Name the intent.");
    done(
        &desk,
        &["save", "support/triage", "-m", "The first version"],
    );
    let list = done(&desk, &["list"]);
    assert_eq!(list.matches("support/triage").count(), 1, "{list}");
    assert!(!list.contains("draft"), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_newest_versions_are_told_and_brought_together() {
    let mut registry = Registry::start().await;
    let ana = founded(&registry).await;
    writes(&ana, "new", "Name the intent. Be kind.");
    done(&ana, &["save", "support/triage", "-m", "First"]);
    let ben = joined(&registry, &ana, "Ben").await;
    registry.vanish();
    for (desk, text) in [
        (&ana, "Name one intent. Be kind."),
        (&ben, "Name two intents. Be kind."),
    ] {
        writes(desk, "edit", text);
        done(desk, &["save", "support/triage", "-m", text]);
    }
    registry.come_back().await;
    done(&ana, &["sync"]);
    done(&ben, &["sync"]);

    let words = "support/triage has two newest versions: v2 by Ana Ferreira and v3 by Ben";
    for command in [
        &["list"][..],
        &["status"],
        &["log", "support/triage"],
        &["sync"],
    ] {
        let said = done(&ben, command);
        assert!(said.contains(words), "galley {}: {said}", command.join(" "));
        assert!(said.contains("galley merge support/triage"), "{said}");
    }
    let said = refused(&ben, &["merge", "support/triage"]);
    assert!(
        said.contains("Name one intent.") && said.contains("Name two intents."),
        "both are shown: {said}"
    );
    assert!(said.contains("--take 1=mine|theirs"), "{said}");
    refused(&ben, &["merge", "support/triage", "--take", "9=mine"]);
    done(&ben, &["merge", "support/triage", "--take", "1=theirs"]);
    let shown = done(&ben, &["show", "support/triage"]);
    assert!(shown.contains("Name one intent. Be kind."), "{shown}");
    assert!(!done(&ben, &["list"]).contains("newest versions"));
    let said = refused(&ben, &["merge", "support/triage"]);
    assert!(said.contains("has not diverged"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_is_told_so_and_keeps_their_work() {
    let mut registry = Registry::start().await;
    let ana = founded(&registry).await;
    writes(&ana, "new", "Name the intent.");
    done(&ana, &["save", "support/triage", "-m", "First"]);
    let ben = joined(&registry, &ana, "Ben").await;
    done(&ana, &["people", "remove", "Ben"]);

    writes(&ben, "edit", "Name the intent in one word.");
    let said = done(&ben, &["save", "support/triage", "-m", "Be brief"]);
    assert!(said.contains("ask Ana Ferreira"), "{said}");
    assert!(!said.contains("can't be reached"), "{said}");
    let said = refused(&ben, &["sync"]);
    assert_eq!(said.matches("ask Ana Ferreira").count(), 1, "once: {said}");
    assert!(done(&ben, &["outbox"]).contains("support/triage"));
    assert!(done(&ben, &["show", "support/triage"]).contains("in one word"));

    // Let in again, he goes on with what he has.
    joins(&registry, &ana, &ben, "Ben");
    let waits = done(&ben, &["--json", "outbox"]);
    let waits: serde_json::Value = serde_json::from_str(&waits).expect("JSON");
    let command = waits[0]["command"].as_str().expect("it waits").to_owned();
    done(&ben, &["outbox", "--settle", &command, "--how", "again"]);
    assert!(done(&ana, &["log", "support/triage"]).contains("Be brief"));

    registry.vanish();
    let said = done(&ana, &["key", "new", "Backend", "--env", "production"]);
    assert!(said.contains("It opens nothing yet"), "{said}");
    let said = done(&ana, &["people", "invite", "Cleo", "--role", "reviewer"]);
    assert!(said.contains("It opens nothing yet"), "{said}");
    assert!(said.contains("a reviewer"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_merged_can_be_changed_in_the_editor() {
    let mut registry = Registry::start().await;
    let ana = founded(&registry).await;
    writes(&ana, "new", "Name the intent.");
    done(&ana, &["save", "support/triage", "-m", "First"]);
    let ben = joined(&registry, &ana, "Ben").await;
    registry.vanish();
    for (desk, text) in [(&ana, "Name one intent."), (&ben, "Name two intents.")] {
        writes(desk, "edit", text);
        done(desk, &["save", "support/triage", "-m", text]);
    }
    registry.come_back().await;
    done(&ana, &["sync"]);
    let merged = ben
        .command(built("galley"))
        .args(["merge", "support/triage", "--edit", "-m", "By hand"])
        .env_remove("VISUAL")
        .env("EDITOR", "sed -i s/two/three/")
        .output()
        .expect("galley runs");
    assert!(merged.status.success(), "{merged:?}");
    let shown = done(&ben, &["show", "support/triage"]);
    assert!(shown.contains("Name three intents."), "{shown}");
    assert!(!done(&ben, &["list"]).contains("newest versions"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_said_in_plain_words() {
    let desk = Desk::new().await;
    done(&desk, &["login", "own", "Mine", "--as", "Ana Ferreira"]);
    let status = done(&desk, &["status"]);
    assert!(status.contains("You are Ana Ferreira (admin)."), "{status}");

    let said = refused(&desk, &["import", "no-such-file.csv"]);
    assert!(
        said.contains("no-such-file.csv: there is no such file"),
        "{said}"
    );
    refused(&desk, &["key", "new", "Old", "--expires", "2020-01-01"]);
    refused(&desk, &["key", "new", "Old", "--expires", "soon"]);
    done(&desk, &["key", "new", "Backend", "--expires", "30"]);

    writes(&desk, "new", "Name the intent.");
    let long = "x".repeat(70_000);
    let said = refused(&desk, &["save", "support/triage", "-m", &long]);
    assert!(
        said.contains("the message that says what changed has 69 KiB"),
        "{said}"
    );
    done(&desk, &["save", "support/triage", "-m", "First"]);
    let place = ["--to", "staging", "-m", "To try it"];
    done(
        &desk,
        &[&["release", "support/triage", "v1"][..], &place].concat(),
    );
    done(
        &desk,
        &[&["release", "support/triage"][..], &place].concat(),
    );
    let said = done(
        &desk,
        &[
            "revert",
            "support/triage",
            "--in",
            "staging",
            "-m",
            "It was fine",
        ],
    );
    assert!(
        said.contains("served here again after it was stopped"),
        "{said}"
    );
    let there = ["--from", "staging", "--to", "staging"];
    let said = refused(
        &desk,
        &[&["promote", "support/triage"][..], &there].concat(),
    );
    assert!(said.contains("can't be promoted to itself"), "{said}");

    // More than a version holds is said when it is written, not only when it is saved.
    let content = format!(
        r#"{{"kind":"chat","messages":[{{"type":"message","role":"system","text":"{}"}}]}}"#,
        "word ".repeat(1 << 20)
    );
    let edit = ["edit", "support/triage", "--from", "-"];
    let (_, said) = galley(&desk, &edit, &content, None);
    assert!(said.contains("a version holds at most 4.0 MiB"), "{said}");
}
