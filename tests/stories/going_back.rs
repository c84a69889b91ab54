//! Going back from the terminal: what was served, two releases compared, and one undone as a whole.

use super::command_line::{done, galley};
use super::terminal::refused;
use crate::support::Desk;

fn writes(desk: &Desk, command: &str, prompt: &str, text: &str) {
    let content = format!(
        r#"{{"kind":"chat","messages":[{{"type":"message","role":"system","text":"{text}"}}]}}"#
    );
    let (code, said) = galley(desk, &[command, prompt, "--from", "-"], &content, None);
    assert_eq!(code, Some(0), "{said}");
    done(desk, &["save", prompt, "-m", text]);
}

/// The id of the release that somebody gave this reason.
fn id_of(desk: &Desk, reason: &str) -> String {
    let listed = done(desk, &["releases", "--in", "production"]);
    let line = listed.lines().find(|line| line.contains(reason));
    let line = line.unwrap_or_else(|| panic!("{reason} is listed: {listed}"));
    line.split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_looked_up_compared_and_undone() {
    let desk = Desk::new().await;
    let begin = ["login", "own", "Support desk", "--as", "Ana"];
    done(&desk, &begin);
    assert_eq!(
        done(&desk, &["releases", "--in", "production"]).trim(),
        "nothing has been released there yet"
    );
    let release = |prompt: &str, version: &str, why: &str| {
        let arguments = ["release", prompt, version, "--to", "production", "-m", why];
        done(&desk, &arguments);
    };
    writes(&desk, "new", "triage", "Sort the mail.");
    release("triage", "v1", "To begin with");
    writes(&desk, "edit", "triage", "Sort the letters.");
    release("triage", "v2", "Letters, too");
    writes(&desk, "edit", "triage", "Sort the parcels.");
    release("triage", "v3", "Parcels, too");

    let (first, second) = (id_of(&desk, "To begin with"), id_of(&desk, "Letters, too"));
    let compared = [
        "releases",
        "--in",
        "production",
        "--compare",
        &first,
        &second,
    ];
    let told = done(&desk, &compared);
    assert!(told.contains("One prompt differs"), "{told}");
    assert!(told.contains("triage: v1 → v2"), "{told}");
    let told = done(&desk, &["releases", "--compare", "staging", "production"]);
    assert!(
        told.contains("One prompt is served by the second only"),
        "{told}"
    );
    let json = [
        "releases",
        "--compare",
        &second,
        "now",
        "--in",
        "production",
        "--json",
    ];
    let json: serde_json::Value = serde_json::from_str(&done(&desk, &json)).expect("JSON");
    assert_eq!(json["changes"][0]["after"], "v3");

    let unknown = ["releases", "--compare", "ffffffff", "now"];
    assert!(refused(&desk, &unknown).contains("`galley releases` shows the ids"));
    let keep = [
        "revert",
        "--release",
        &second,
        "--keep",
        "triage",
        "-m",
        "no",
        "--in",
        "production",
    ];
    assert!(refused(&desk, &keep).contains("every prompt of it is kept"));
    let (code, said) = galley(
        &desk,
        &["revert", "-m", "why", "--in", "production"],
        "",
        None,
    );
    assert_eq!(code, Some(2), "{said}");

    // The second release is undone: the third, made since, goes with it and is named.
    let undo = [
        "revert",
        "--release",
        &second,
        "-m",
        "Letters got lost",
        "--in",
        "production",
    ];
    let said = done(&desk, &undo);
    assert!(said.contains("triage v3 → v1"), "{said}");
    assert!(said.contains("undoes v3 by Ana: Parcels, too"), "{said}");
    let shown = done(&desk, &["show", "triage", "production"]);
    assert!(shown.contains("Sort the mail."), "{shown}");
    let listed = done(&desk, &["releases", "--in", "production"]);
    assert!(listed.contains("(was reverted)"), "{listed}");
    let again = [
        "revert",
        "--release",
        &second,
        "-m",
        "again",
        "--in",
        "production",
    ];
    assert!(refused(&desk, &again).contains("already what it served before"));
}
