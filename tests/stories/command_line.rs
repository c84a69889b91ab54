//! The command line alone, against a registry in another process, with a real keychain: the
//! README's five minutes.

use crate::support::program::built;
use crate::support::{Desk, Registry};
use reqwest::StatusCode;
use std::io::Write;
use std::process::Stdio;

/// Runs `galley` on a desk, and gives back its exit code and what it said.
pub(super) fn galley(
    desk: &Desk,
    arguments: &[&str],
    input: &str,
    secret: Option<&str>,
) -> (Option<i32>, String) {
    let mut command = desk.command(built("galley"));
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    match secret {
        Some(secret) => command.env("GALLEY_SECRET", secret),
        None => command.env_remove("GALLEY_SECRET"),
    };
    let mut child = command.spawn().expect("galley runs");
    child
        .stdin
        .take()
        .expect("its input is a pipe")
        .write_all(input.as_bytes())
        .expect("it reads");
    let output = child.wait_with_output().expect("galley ends");
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.code(), said.concat())
}

/// Runs it and expects it to be done.
pub(super) fn done(desk: &Desk, arguments: &[&str]) -> String {
    let (code, said) = galley(desk, arguments, "", None);
    assert_eq!(code, Some(0), "galley {}: {said}", arguments.join(" "));
    said
}

fn writes(desk: &Desk, text: &str) {
    let content = format!(
        r#"{{"kind":"chat","messages":[{{"type":"message","role":"system","text":"{text}"}}]}}"#
    );
    let (code, said) = galley(
        desk,
        &["edit", "support/triage", "--from", "-"],
        &content,
        None,
    );
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_five_minute_tour_of_the_readme() {
    let mut registry = Registry::start().await;
    let desk = Desk::new().await;
    let address = registry.address();
    let login = [
        "login",
        "team",
        &address,
        "--as",
        "Ana Ferreira",
        "--project-name",
        "Support desk",
    ];
    let (code, said) = galley(&desk, &login, "", Some(registry.invitation()));
    assert_eq!(code, Some(0), "{said}");

    done(&desk, &["new", "support/triage"]);
    writes(&desk, "Name the intent.");
    done(
        &desk,
        &["save", "support/triage", "-m", "The first version"],
    );
    done(
        &desk,
        &[
            "release",
            "support/triage",
            "v1",
            "--to",
            "staging",
            "-m",
            "To try it",
        ],
    );
    done(
        &desk,
        &[
            "promote",
            "support/triage",
            "--from",
            "staging",
            "--to",
            "production",
            "-m",
            "Goes live",
        ],
    );
    assert!(done(&desk, &["list"]).contains("support/triage"));

    let made = done(
        &desk,
        &["key", "new", "Support backend", "--env", "production"],
    );
    let key = made
        .split_whitespace()
        .find(|word| word.starts_with("gal_env_"))
        .expect("the key is written once");
    let (status, served) = registry.read("support/triage", key).await;
    assert_eq!(status, StatusCode::OK, "{served}");
    assert!(served.to_string().contains("Name the intent."), "{served}");

    registry.vanish();
    writes(&desk, "Name the intent in one word.");
    done(&desk, &["save", "support/triage", "-m", "Be brief"]);
    assert!(
        done(&desk, &["outbox"]).contains("support/triage"),
        "what was saved offline waits"
    );
    registry.come_back().await;
    done(&desk, &["sync"]);
    done(
        &desk,
        &[
            "release",
            "support/triage",
            "v2",
            "--to",
            "staging",
            "-m",
            "To try it",
        ],
    );
    done(
        &desk,
        &[
            "promote",
            "support/triage",
            "--from",
            "staging",
            "--to",
            "production",
            "-m",
            "Brief",
        ],
    );
    let (_, served) = registry.read("support/triage", key).await;
    assert!(served.to_string().contains("in one word"), "{served}");
    done(
        &desk,
        &[
            "revert",
            "support/triage",
            "--in",
            "production",
            "-m",
            "Too terse",
        ],
    );
    let (_, served) = registry.read("support/triage", key).await;
    assert!(served.to_string().contains("Name the intent."), "{served}");

    let log = done(&desk, &["log"]);
    assert!(
        log.contains("Be brief") && log.contains("Too terse"),
        "{log}"
    );
    done(&desk, &["verify"]);
    registry.vanish();
    let (good, report) = registry.verify();
    assert!(good, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_use_is_2_and_refused_is_1() {
    let desk = Desk::new().await;
    let (code, _) = galley(&desk, &["no-such-thing"], "", None);
    assert_eq!(code, Some(2));
    let (code, said) = galley(&desk, &["--json", "show", "nothing"], "", None);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("\"code\""),
        "with --json a failure is JSON: {said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_editor_leaves_behind_is_kept_for_its_writer_alone() {
    use std::os::unix::fs::PermissionsExt;
    let registry = Registry::start().await;
    let desk = Desk::new().await;
    let address = registry.address();
    let login = [
        "login",
        "team",
        &address,
        "--as",
        "Ana Ferreira",
        "--project-name",
        "Support desk",
    ];
    let (code, said) = galley(&desk, &login, "", Some(registry.invitation()));
    assert_eq!(code, Some(0), "{said}");
    done(&desk, &["new", "support/triage"]);

    let edit = |editor: &str| {
        let output = desk
            .command(built("galley"))
            .args(["edit", "support/triage"])
            .env_remove("VISUAL")
            .env("EDITOR", editor)
            .output()
            .expect("galley runs");
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = edit("/no/such/editor");
    assert!(said.contains("/no/such/editor did not start"), "{said}");
    let said = edit("false");
    let (_, path) = said
        .trim()
        .split_once("your text is in ")
        .unwrap_or_else(|| panic!("it says where the text is: {said}"));
    let kept = std::fs::metadata(path).expect("the text is kept");
    assert_eq!(
        kept.permissions().mode() & 0o777,
        0o600,
        "nobody else reads it"
    );
    std::fs::remove_file(path).expect("it is the person's own to remove");
}
