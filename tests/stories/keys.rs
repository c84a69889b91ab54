//! Keys for applications on the command line: made, replaced while both work, used, ended; and
//! traffic that is split between versions.

use super::command_line::{done, galley};
use super::terminal::{founded, refused, writes};
use crate::support::{Desk, Registry};
use serde_json::Value;

/// The key in what a command wrote.
fn key_in(said: &str) -> String {
    let found = said
        .split_whitespace()
        .find(|word| word.starts_with("gal_env_") && word.len() > 60);
    found
        .unwrap_or_else(|| panic!("it is written once: {said}"))
        .to_owned()
}

fn listed(desk: &Desk) -> Vec<Value> {
    let (code, said) = galley(desk, &["key", "list", "--json"], "", None);
    assert_eq!(code, Some(0), "{said}");
    // What is for people goes to standard error, after it.
    let mut values = serde_json::Deserializer::from_str(&said).into_iter();
    let first = values.next().expect("it answers");
    first.unwrap_or_else(|error| panic!("{error}: {said}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_replaced_and_its_use_is_seen() {
    let mut registry = Registry::start().await;
    let desk = founded(&registry).await;
    writes(&desk, "new", "Sort it.");
    done(&desk, &["save", "support/triage", "-m", "First"]);
    done(
        &desk,
        &[
            "release",
            "support/triage",
            "v1",
            "--in",
            "production",
            "-m",
            "To begin with",
        ],
    );
    let first = key_in(&done(
        &desk,
        &["key", "new", "desk app", "--in", "production"],
    ));
    let code = done(
        &desk,
        &[
            "use",
            "support/triage",
            "--in",
            "production",
            "--for",
            "python",
        ],
    );
    assert!(
        code.contains("desk app (gal_env_"),
        "which keys open it: {code}"
    );
    assert!(!code.contains(&first), "and never the key");

    assert_eq!(registry.read("support/triage", &first).await.0, 200);
    let strayed = registry.read("support/triage?label=staging", &first).await;
    assert_eq!(strayed.0, 403);
    let key = &listed(&desk)[0];
    assert!(key["last_used"].is_number(), "{key}");
    assert!(
        key["strayed"][0]
            .as_str()
            .is_some_and(|words| words.contains("staging once")),
        "{key}"
    );
    let begins = key["begins"].as_str().expect("how it begins").to_owned();
    assert!(first.starts_with(&begins));

    // Another in its place, by how the old one begins.
    let second = key_in(&done(&desk, &["key", "rotate", &begins, "--overlap", "3"]));
    for key in [&first, &second] {
        assert_eq!(registry.read("support/triage", key).await.0, 200);
    }
    let states: Vec<_> = listed(&desk)
        .iter()
        .map(|key| key["state"].clone())
        .collect();
    assert!(
        states.contains(&"replaced".into()) && states.contains(&"open".into()),
        "{states:?}"
    );
    let again = refused(&desk, &["key", "rotate", &begins]);
    assert!(again.contains("took its place already"), "{again}");

    // By its name the new one is meant; without an overlap it ends at once.
    let third = key_in(&done(
        &desk,
        &["key", "rotate", "desk app", "--overlap", "0"],
    ));
    assert_eq!(registry.read("support/triage", &second).await.0, 401);
    assert_eq!(registry.read("support/triage", &third).await.0, 200);
    let long = refused(&desk, &["key", "rotate", "desk app", "--overlap", "91"]);
    assert!(long.contains("0 to 90 days"), "{long}");

    // Two keys of one name work: which is meant has to be said.
    let which = refused(&desk, &["key", "revoke", "desk app"]);
    assert!(which.contains("how it begins"), "{which}");
    done(&desk, &["key", "revoke", &begins]);
    assert_eq!(registry.read("support/triage", &first).await.0, 401);
    let whole = refused(&desk, &["key", "revoke", &third]);
    assert!(
        whole.contains("history") && !whole.contains(&third),
        "{whole}"
    );
    assert_eq!(registry.read("support/triage", &third).await.0, 200);

    // Without the registry nothing is ended yet, and that is said.
    registry.vanish();
    let offline = done(&desk, &["key", "revoke", "desk app"]);
    assert!(offline.contains("Not revoked yet"), "{offline}");
    assert!(offline.contains("revoked, in the outbox"), "{offline}");
    registry.come_back().await;
    assert_eq!(registry.read("support/triage", &third).await.0, 200);
    done(&desk, &["sync"]);
    assert_eq!(registry.read("support/triage", &third).await.0, 401);
    let ended = listed(&desk);
    assert!(ended.iter().all(|key| key["waiting"] == false), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_would_move_is_said_when_traffic_is_shifted() {
    let registry = Registry::start().await;
    let desk = founded(&registry).await;
    writes(&desk, "new", "Sort it.");
    done(&desk, &["save", "support/triage", "-m", "First"]);
    writes(&desk, "edit", "Sort it well.");
    done(&desk, &["save", "support/triage", "-m", "Second"]);
    let release = |sides: &[&str]| {
        let mut arguments = vec!["release", "support/triage"];
        arguments.extend(sides);
        arguments.extend(["--in", "production", "-m", "Because"]);
        done(&desk, &arguments)
    };
    assert!(!release(&["v1"]).contains("moves"));
    let split = release(&["v1=90", "v2=10"]);
    assert!(
        split.contains(
            "10 % of the traffic moves from v1 to v2; everybody else stays where they are"
        ),
        "{split}"
    );
    let more = release(&["v1=75", "v2=25"]);
    assert!(
        more.contains("15 % of the traffic moves from v1 to v2"),
        "{more}"
    );
    assert!(
        more.contains("(only the shares change)") && !split.contains("only the shares"),
        "{more}"
    );
    let back = done(
        &desk,
        &[
            "revert",
            "support/triage",
            "--in",
            "production",
            "-m",
            "Too soon",
        ],
    );
    assert!(
        back.contains("15 % of the traffic moves from v2 to v1"),
        "{back}"
    );
}
