//! Answers that wait for a person's mark, and a person who marks them in a terminal.

use super::command_line::{done, galley};
use super::gate::counting_model;
use super::terminal::founded;
use crate::support::Registry;

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_marked_in_a_terminal() {
    let registry = Registry::start().await;
    let desk = founded(&registry).await;
    let address = counting_model();
    let provider = ["provider", "set", "fake", "--address", &address];
    done(&desk, &[&provider[..], &["--model", "fake-1"]].concat());
    let content = serde_json::json!({
        "kind": "chat",
        "messages": [
            {"type": "message", "role": "system", "text": "wrong below 2"},
            {"type": "message", "role": "user", "text": "{{ n }}"},
        ],
        "inputs": [{"name": "n", "type": "text", "required": true}],
        "model": {"provider": "fake", "model": "fake-1"},
    });
    let new = ["new", "triage", "--from", "-"];
    let (code, said) = galley(&desk, &new, &content.to_string(), None);
    assert_eq!(code, Some(0), "{said}");
    done(&desk, &["save", "triage", "-m", "First"]);
    let cases = desk.home().join("questions.csv");
    std::fs::write(&cases, "n\n0\n1\n2\n").expect("a file");
    let cases = cases.display().to_string();
    done(&desk, &["dataset", "import", &cases, "--name", "Questions"]);

    let junit = desk.home().join("run.xml").display().to_string();
    let people = r#"{"type":"human","look_at":"Is it yes?"}"#;
    let run = [
        "run",
        "triage",
        "--dataset",
        "Questions",
        "--grader",
        people,
    ];
    let run = [&run[..], &["--junit", &junit]].concat();
    let (code, said) = galley(&desk, &run, "", None);
    assert_eq!(code, Some(3), "neither passed nor failed: {said}");
    assert!(said.contains("3 answers wait for marks"), "{said}");
    let xml = std::fs::read_to_string(&junit).expect("a report");
    assert!(
        xml.contains(r#"tests="3" failures="0" errors="3""#),
        "{xml}"
    );

    // One is skipped, one marked and taken back; what is no mark is asked again.
    let (code, said) = galley(&desk, &["mark"], "\ny\nu\nperhaps\nq\n", None);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Is it yes? (y or n"), "{said}");
    assert!(
        said.contains("perhaps is no mark here: type y or n"),
        "{said}"
    );
    assert!(
        said.contains("0 of 3 answers are marked, 0 by you."),
        "{said}"
    );
    assert!(!said.contains("v1"), "nobody is told who answered: {said}");
    // All of them, with a note; the input ends by itself.
    let (code, said) = galley(&desk, &["mark"], "y well said\ny\nn not at all\n", None);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("3 of 3 answers are marked, 3 by you."),
        "{said}"
    );
    let said = done(&desk, &["mark"]);
    assert!(said.contains("Nothing is left to mark."), "{said}");

    // The same answers again: nobody has to be asked.
    let (code, said) = galley(&desk, &run, "", None);
    assert_eq!(code, Some(1), "one was marked as not good: {said}");
    assert!(said.contains("passed 2 of 3"), "{said}");
    assert!(
        said.contains("Ana Ferreira says not good: not at all") || said.contains("✗"),
        "{said}"
    );
}
