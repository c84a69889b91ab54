//! A gate that rests on a suite, as a pipeline meets it: run so that it counts, pass, fail, and
//! too few cases to tell.

use super::pipeline::Pipeline;
use crate::support::{Person, Registry};
use domain::content::{Input, InputKind, Message, ModelSettings, Role};
use domain::dataset::Case;
use domain::permissions::Rights;
use domain::policy::{RunsBy, SuiteGate, WithoutSuite};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use workbench::views::{PersonRole, VersionRow};

/// A model that answers "no" to questions below the number in its system message, else "yes".
pub(super) fn counting_model() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    format!("http://{address}/v1")
}

fn answer(mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().expect("a connection"));
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap_or(0) > 2 {
        let told = line.to_ascii_lowercase();
        if let Some(told) = told.strip_prefix("content-length:") {
            length = told.trim().parse().expect("a length");
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a question");
    let asked: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    let number = |place: &str| -> usize {
        let said = asked.pointer(place).and_then(|text| text.as_str());
        let said = said.expect("a message").trim_start_matches("wrong below ");
        said.parse().expect("a number")
    };
    let wrong = number("/messages/1/content") < number("/messages/0/content");
    let text = if wrong { "no" } else { "yes" };
    let json = serde_json::json!({"model": "fake-1", "choices": [{"message": {"content": text}}]});
    let json = json.to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{json}",
        json.len()
    );
}

async fn version(person: &Person, below: usize) -> VersionRow {
    let (bench, project) = (&person.bench, person.project);
    let prompt = person.prompt_id("support/triage").await;
    let draft = bench.open_draft(project, prompt, None).await;
    let draft = draft.expect("a draft");
    let mut content = draft.content;
    let says = |role, text: String| Message::Message {
        role,
        text,
        other: Default::default(),
    };
    content.messages = vec![
        says(Role::System, format!("wrong below {below}")),
        says(Role::User, "{{ n }}".to_owned()),
    ];
    content.inputs = vec![Input {
        name: "n".to_owned(),
        kind: InputKind::Text,
        required: true,
        default: None,
        description: String::new(),
        from: None,
        other: Default::default(),
    }];
    content.model = Some(ModelSettings {
        provider: "fake".to_owned(),
        model: "fake-1".to_owned(),
        parameters: Default::default(),
        other: Default::default(),
    });
    bench
        .save_draft(project, draft.id.clone(), content, None, None)
        .await
        .expect("the draft is kept");
    let saved = bench.save_version(project, draft.id, format!("Below {below}"));
    saved.await.expect("a version")
}

async fn cases(person: &Person, name: &str, count: usize) {
    let cases = (0..count).map(|n| Case {
        id: n.to_string(),
        inputs: [("n".to_owned(), n.to_string().into())]
            .into_iter()
            .collect(),
        expected: Some("yes".into()),
        ..Case::default()
    });
    let saved = person
        .bench
        .save_dataset(person.project, None, name.to_owned(), cases.collect())
        .await;
    saved.expect("a dataset");
}

#[tokio::test(flavor = "multi_thread")]
async fn worse_is_caught_equal_is_not_failed_and_few_cases_cannot_tell() {
    let registry = Registry::start().await;
    let ana = Person::founding("Ana", &registry).await;
    let rita = Person::invited_as(PersonRole::Reviewer, &ana, "Rita", &registry).await;
    ana.writes("support/triage", "Answer.").await;
    let live = version(&ana, 2).await;
    ana.releases("support/triage", &live, "production").await;
    cases(&ana, "Messages", 60).await;
    cases(&ana, "A few", 20).await;
    ana.demands("production", |policy| {
        policy.suite_gates = vec![SuiteGate {
            prompts: Vec::new(),
            allowed_loss: 1_000,
            least_rate: 0,
            alpha: 500,
            repeats: 1,
            runs_by: RunsBy::Services,
            oldest_days: 7,
            without_suite: WithoutSuite::Nothing,
            dependents: domain::policy::OfDependents::Pass,
        }];
    })
    .await;
    let rights = Rights {
        run: true,
        save: true,
        ..Rights::default()
    };
    let made = ana
        .bench
        .create_service(ana.project, "nightly checks".to_owned(), None, rights);
    let pipeline = Pipeline {
        home: tempfile::tempdir().expect("a folder"),
        registry: registry.address(),
        secret: made.await.expect("a service account").secret,
        model: counting_model(),
    };
    let model = pipeline.model.clone();
    let (code, told) = pipeline.galley(&[
        "provider",
        "set",
        "fake",
        "--address",
        &model,
        "--model",
        "fake-1",
    ]);
    assert_eq!(code, Some(0), "{told}");

    // Nothing says yet by what it is judged; and a program does not say it where a gate rests on it.
    let gate = ["gate", "support/triage", "--for", "production"];
    version(&ana, 30).await;
    let (code, told) = pipeline.galley(&gate);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("support/triage has no suite"), "{told}");
    let suite = |dataset| {
        [
            "suite",
            "set",
            "support/triage",
            "--dataset",
            dataset,
            "--grader",
            r#"{"type":"exact"}"#,
        ]
    };
    let (code, told) = pipeline.galley(&suite("Messages"));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("asked for and approved"), "{told}");
    for (dataset, below, exit, words) in [
        (
            "Messages",
            30,
            1,
            "Fail. 60 cases show that the new version is worse",
        ),
        ("Messages", 1, 0, "Pass. 60 cases show"),
        ("A few", 1, 3, "more would settle it"),
    ] {
        ana.syncs().await;
        let prompt = ana.prompt_id("support/triage").await;
        let datasets = ana.bench.datasets(ana.project).await;
        let datasets = datasets.expect("datasets");
        let found = datasets.iter().find(|row| row.name == dataset);
        let before = ana.bench.suite(ana.project, prompt).await;
        let before = before.expect("it").digest;
        let draft = workbench::views::SuiteDraft {
            dataset: found.expect("the dataset").id,
            graders: vec![serde_json::from_str(r#"{"type":"exact"}"#).expect("a grader")],
            measure: Default::default(),
            groups: Some(Vec::new()),
        };
        let reason = "By this it is judged".to_owned();
        let asked = ana
            .bench
            .ask_for_suite(ana.project, prompt, draft, before, reason, None)
            .await;
        match (dataset, below) {
            ("Messages", 1) => drop(asked.expect_err("it is so already")),
            _ => {
                let request = asked.expect("asked").request;
                rita.syncs().await;
                let seen = rita.bench.request(rita.project, request).await;
                let digest = seen.expect("the request").digest;
                let approve = domain::ledger::VerdictKind::Approve;
                rita.bench
                    .give_verdict(rita.project, request, digest, approve, String::new())
                    .await
                    .expect("somebody else approves it");
                ana.syncs().await;
            }
        }
        if below == 1 && dataset == "Messages" {
            version(&ana, below).await;
        }
        let junit = pipeline.home.path().join("gate.xml");
        let markdown = pipeline.home.path().join("gate.md");
        let (code, told) = pipeline.galley(&[
            "run",
            "support/triage",
            "--for",
            "production",
            "--junit",
            &junit.display().to_string(),
            "--markdown",
            &markdown.display().to_string(),
        ]);
        assert_eq!(code, Some(exit), "{told}");
        assert!(told.contains(words), "{told}");
        let xml = std::fs::read_to_string(&junit).expect("a file");
        let wanted = match exit {
            0 => r#"<testsuite name="gate" tests="1" failures="0" errors="0">"#,
            1 => r#"<testsuite name="gate" tests="1" failures="1" errors="0">"#,
            _ => r#"<testsuite name="gate" tests="1" failures="0" errors="1">"#,
        };
        assert!(xml.contains(wanted), "{xml}");
        let text = std::fs::read_to_string(&markdown).expect("a file");
        assert!(text.contains(words), "{text}");
        let mut again = gate.to_vec();
        again.push("--json");
        let (code, told) = pipeline.galley(&again);
        assert_eq!(code, Some(exit), "{told}");
        let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(told[0]["gates"][0]["verdict"]["look"], 1);
        // Whoever doubts it grades the very answers again.
        let mut replay = gate.to_vec();
        replay.push("--replay");
        let (code, told) = pipeline.galley(&replay);
        let marks = if dataset == "Messages" { 120 } else { 40 };
        assert_eq!(code, Some(0), "{told}");
        assert!(told.contains(&format!("the same {marks} marks")), "{told}");
    }
}
