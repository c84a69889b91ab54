//! Is the new version better? The same question as in the window, asked in a terminal: real
//! messages, a real model, and a colleague who grades the author's answers again without a network.

use super::command_line::{done, galley};
use super::terminal::{founded, joined};
use crate::support::{Desk, Model, Registry};
use std::io::Write as _;

/// Real messages of a bank's customers, as the dataset's authors publish them.
const BANKING77: &str = include_str!("../data/banking77.csv");
/// A prompt that sorts them, with an example for each intent.
const TRIAGE: &str = include_str!("../../sample/prompts/support/triage/3.yaml");

fn fed(desk: &Desk, arguments: &[&str], input: &str) {
    let (code, said) = galley(desk, arguments, input, None);
    assert_eq!(code, Some(0), "galley {}: {said}", arguments.join(" "));
}

fn saves(desk: &Desk, content: &str, why: &str) {
    fed(desk, &["edit", "support/triage", "--from", "-"], content);
    done(desk, &["save", "support/triage", "-m", why]);
}

fn imports(desk: &Desk, name: &str, count: usize) {
    let lines: Vec<&str> = BANKING77.lines().take(count + 1).collect();
    let mut file = tempfile::Builder::new()
        .suffix(".csv")
        .tempfile()
        .expect("a file");
    file.write_all(lines.join("\n").as_bytes()).expect("room");
    let path = file.path().display().to_string();
    let said = done(desk, &["dataset", "import", &path, "--name", name]);
    assert!(said.contains(&format!("{count} cases")), "{said}");
}

/// Runs a version so that it counts for production; the exit code is the gate's.
fn judged(desk: &Desk, version: &str) -> (Option<i32>, String) {
    let run = ["run", "support/triage", "--version-of", version];
    galley(
        desk,
        &[&run[..], &["--for", "production"]].concat(),
        "",
        None,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn banking77_in_a_terminal() {
    let mut registry = Registry::start().await;
    let model = Model::start();
    let ana = founded(&registry).await;
    let rita = joined(&registry, &ana, "Rita Lindqvist", "reviewer").await;
    let provider = ["provider", "set", "llama.cpp", "--address", model.address()];
    let named = ["--model", "SmolLM2-135M-Instruct"];
    done(&ana, &[&provider[..], &named].concat());

    done(&ana, &["new", "support/triage"]);
    saves(&ana, TRIAGE, "An example for each intent");
    let live = ["release", "support/triage", "v1", "--to", "production"];
    done(&ana, &[&live[..], &["-m", "Goes live"]].concat());
    imports(&ana, "Banking77", 40);
    imports(&ana, "A few", 20);
    let suite = ["suite", "set", "support/triage", "--grader"];
    let grader = r#"{"type":"exact","field":"intent"}"#;
    let over = |dataset| [&suite[..], &[grader, "--dataset", dataset]].concat();
    done(&ana, &over("Banking77"));
    let policy = done(&ana, &["policy", "show", "production"]);
    let policy = policy.replace("suite_gates: []\n", "");
    fed(
        &ana,
        &["policy", "set", "production", "--from", "-"],
        &format!("{policy}suite_gates:\n- allowed_loss: 1000\n"),
    );

    // Equal by construction: what the model is asked is the same to the letter.
    saves(
        &ana,
        &TRIAGE.replace("as it came in", "untouched"),
        "Say more of the input",
    );
    // Worse by construction: the model never sees the message.
    saves(
        &ana,
        &TRIAGE.replace("{{ message }}", "hello"),
        "Forget the message",
    );
    let (code, said) = judged(&ana, "v3");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Fail. 40 cases show"), "{said}");
    let (code, said) = judged(&ana, "v2");
    assert_ne!(code, Some(1), "what is equal is not failed: {said}");
    assert!(!said.contains("Fail"), "{said}");

    // A colleague grades the very answers again, also when the registry is gone.
    done(&rita, &["sync"]);
    let replay = [
        "gate",
        "support/triage",
        "--version-of",
        "v2",
        "--for",
        "production",
        "--replay",
    ];
    let (_, said) = galley(&rita, &replay, "", None);
    assert!(said.contains("the same 80 marks"), "{said}");
    registry.vanish();
    let (_, said) = galley(&rita, &replay, "", None);
    assert!(said.contains("the same 80 marks"), "{said}");
    registry.come_back().await;

    // Another suite is asked for and approved; twenty cases can't tell, and say how many would do.
    let asked = done(&ana, &[&over("A few")[..], &["-m", "Quicker"]].concat());
    let open = done(&rita, &["--json", "review", "list"]);
    let open: serde_json::Value = serde_json::from_str(&open).expect("JSON");
    let request = open["waiting"][0]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{open}, {asked}"));
    done(&rita, &["review", "approve", request]);
    done(&ana, &["sync"]);
    let (code, said) = judged(&ana, "v2");
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("more would settle it"), "{said}");
}
