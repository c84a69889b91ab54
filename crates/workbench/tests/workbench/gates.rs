//! A gate that rests on announced runs: from the suite to the release, over a registry.

use crate::support::{Laptop, Team, environment};
use domain::content::{Input, InputKind, Message, ModelSettings, Role};
use domain::dataset::Case;
use domain::graders::Grader;
use domain::ledger::VerdictKind;
use domain::policy::{RunsBy, SuiteGate, WithoutSuite};
use domain::statistics::verdict::GateOutcome;
use domain::suite::Measure;
use domain::{ProjectId, PromptId, VersionId};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use workbench::Workbench;
use workbench::views::{
    Asking, BundleChange, BundleSide, PersonRole, ProviderKind, ProviderSettings, Ref,
    RequestState, RunState, RunView, SuiteDraft,
};

const CASES: usize = 40;

/// A provider that counts. The system message "wrong below N" makes it answer "no" to every
/// question below N, and "yes" to all others.
pub struct Fake {
    pub address: String,
    calls: Arc<AtomicUsize>,
}

impl Fake {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/v1", listener.local_addr().unwrap());
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || answer(stream, &counted));
            }
        });
        Self { address, calls }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn answer(mut stream: std::net::TcpStream, calls: &AtomicUsize) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim().to_ascii_lowercase();
        if let Some(told) = line.strip_prefix("content-length:") {
            length = told.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let asked: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let said = |place: &str| asked.pointer(place).unwrap().as_str().unwrap().to_owned();
    calls.fetch_add(1, Ordering::SeqCst);
    let word = match said("/messages/0/content").strip_prefix("wrong below ") {
        Some(below) => {
            let below: usize = below.parse().unwrap();
            let question: usize = said("/messages/1/content").parse().unwrap();
            if question < below { "no" } else { "yes" }.to_owned()
        }
        None => judges(&said("/messages/1/content")),
    };
    let json = serde_json::json!({
        "model": "fake-1", "choices": [{"message": {"content": word}, "finish_reason": "stop"}],
    });
    let json = json.to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{json}",
        json.len()
    );
}

/// As a judge it is content with "yes", and talks nonsense about question 7.
fn judges(asked: &str) -> String {
    let asked: serde_json::Value = serde_json::from_str(asked).unwrap();
    let good = asked["answer"] == "yes";
    match asked["inputs"]["n"].as_str() {
        Some("7") => "Sure! It is good.".to_owned(),
        _ => format!(r#"{{"score": {}, "reason": "As asked."}}"#, u8::from(good)),
    }
}

pub async fn writes(
    bench: &Workbench,
    project: ProjectId,
    prompt: PromptId,
    below: usize,
) -> VersionId {
    let draft = bench.open_draft(project, prompt, None).await.unwrap();
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
        .unwrap();
    let saved = bench.save_version(project, draft.id, format!("Below {below}"));
    saved.await.unwrap().id
}

async fn released(
    bench: &Workbench,
    project: ProjectId,
    prompt: PromptId,
    version: VersionId,
    place: &str,
) {
    let change = BundleChange {
        environment: environment(bench, project, place).await,
        prompt,
        sides: vec![BundleSide {
            version,
            weight: 100,
        }],
    };
    let plan = bench.plan_release(project, vec![change]).await.unwrap();
    bench
        .carry_out(project, plan.id, "for the test".to_owned())
        .await
        .unwrap();
}

pub async fn ended(bench: &Workbench, project: ProjectId, run: &RunView) -> RunView {
    let mut events = bench.events();
    loop {
        let view = bench.run(project, run.id).await.unwrap();
        if view.state != RunState::Running {
            return view;
        }
        let _ = events.recv().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_counts_is_announced_asked_anew_and_decides() {
    let fake = Fake::start();
    let mut team = Team::start().await;
    let ana = Laptop::new();
    let card = ana
        .bench
        .join_team(
            team.url(),
            team.founding(),
            "Ana".to_owned(),
            Some("Support desk".to_owned()),
        )
        .await
        .unwrap();
    let project = card.id;
    let rita = Laptop::new();
    let invited = ana
        .bench
        .invite(project, PersonRole::Reviewer, "Rita".to_owned())
        .await
        .unwrap();
    rita.bench
        .join_team(team.url(), invited.secret, "Rita".to_owned(), None)
        .await
        .unwrap();
    let bench = &ana.bench;
    bench
        .save_provider(ProviderSettings {
            name: "fake".to_owned(),
            kind: ProviderKind::Openai,
            address: fake.address.clone(),
            model: "fake-1".to_owned(),
            purpose: Default::default(),
            limits: Default::default(),
        })
        .await
        .unwrap();
    let prompt = crate::main_job::first_version(bench, project, "support/triage", "Answer.").await;
    let live = writes(bench, project, prompt, 2).await;
    released(bench, project, prompt, live, "production").await;
    let production = environment(bench, project, "production").await;
    let case = |n: usize| Case {
        id: n.to_string(),
        inputs: [("n".to_owned(), n.to_string().into())]
            .into_iter()
            .collect(),
        expected: Some("yes".into()),
        ..Case::default()
    };
    let cases = (0..CASES).map(case);
    let dataset = bench
        .save_dataset(project, None, "Messages".to_owned(), cases.collect())
        .await
        .unwrap()
        .id;
    let draft = SuiteDraft {
        dataset,
        graders: vec![Grader::Exact {
            expected: None,
            field: None,
            trim: true,
            ignore_case: false,
        }],
        measure: Measure::Pass,
        groups: Some(Vec::new()),
    };
    let suite = bench.set_suite(project, prompt, draft, None).await.unwrap();
    assert_eq!(suite.cases, 40);
    assert!(
        suite.words.contains("40 cases of Messages"),
        "{}",
        suite.words
    );
    let policies = bench.policies(project).await.unwrap();
    let policy = policies
        .iter()
        .find(|p| p.environment == production)
        .unwrap();
    let mut demands = policy.draft.clone();
    demands.suite_gates = vec![SuiteGate {
        prompts: Vec::new(),
        allowed_loss: 1_000,
        least_rate: 0,
        alpha: 500,
        repeats: 1,
        runs_by: RunsBy::Anyone,
        oldest_days: 7,
        without_suite: WithoutSuite::Nothing,
        dependents: domain::policy::OfDependents::Pass,
    }];
    let policy = bench
        .set_policy(project, production, demands, policy.digest)
        .await
        .unwrap();
    assert!(
        policy.words.join(" ").contains("a loss below 10 points"),
        "{policy:?}"
    );

    let version = |version| Ref::Version { version };
    let good = writes(bench, project, prompt, 2).await;
    let again = writes(bench, project, prompt, 1).await;
    let worse = writes(bench, project, prompt, 20).await;
    // Equal content is served already; nothing is asked of it.
    let view = bench
        .gate(project, production, version(good))
        .await
        .unwrap();
    assert_eq!(view.outcome, GateOutcome::Pass);
    assert!(
        view.words.contains("serves exactly this already"),
        "{}",
        view.words
    );
    let view = bench
        .gate(project, production, version(again))
        .await
        .unwrap();
    assert_eq!(view.outcome, GateOutcome::CantTell, "{}", view.words);

    // What was answered before, for nothing, is not taken for an answer.
    let run = bench
        .start_counted_run(project, version(again), production, Vec::new(), 1, 8)
        .await
        .unwrap();
    let view = ended(bench, project, &run).await;
    assert_eq!((view.state, view.error.as_deref()), (RunState::Done, None));
    assert_eq!(fake.calls(), 80, "both sides");
    assert_eq!(view.columns.len(), 2);
    assert_eq!((view.columns[0].passed, view.columns[1].passed), (38, 39));
    assert!(view.shared.is_some(), "recorded by itself");
    let judged = bench
        .gate(project, production, version(again))
        .await
        .unwrap();
    assert_eq!(judged.outcome, GateOutcome::Pass, "{}", judged.words);
    assert_eq!(judged.gates[0].verdict.unwrap().look, 1);
    assert_eq!(judged.gates[0].evidence.len(), 1);
    let run = bench
        .start_counted_run(project, version(again), production, Vec::new(), 1, 8)
        .await
        .unwrap();
    ended(bench, project, &run).await;
    assert_eq!(fake.calls(), 160, "nothing came from the cache");
    let judged = bench
        .gate(project, production, version(again))
        .await
        .unwrap();
    assert_eq!(judged.gates[0].verdict.unwrap().look, 2);
    assert!(judged.words.contains("This is look 2"), "{}", judged.words);

    let run = bench
        .start_counted_run(project, version(worse), production, Vec::new(), 1, 8)
        .await
        .unwrap();
    ended(bench, project, &run).await;
    let judged = bench
        .gate(project, production, version(worse))
        .await
        .unwrap();
    assert_eq!(judged.outcome, GateOutcome::Fail, "{}", judged.words);
    let change = BundleChange {
        environment: production,
        prompt,
        sides: vec![BundleSide {
            version: worse,
            weight: 100,
        }],
    };
    let plan = bench.plan_release(project, vec![change]).await.unwrap();
    let asked = bench
        .ask_for_release(
            project,
            plan.id,
            Asking {
                reason: "Please".to_owned(),
                ..Asking::default()
            },
        )
        .await
        .unwrap();

    // Whoever reviews has the same verdict from the ledger alone, and the answers when they look.
    rita.bench.sync_now(project).await.unwrap();
    let seen = rita.bench.gates_of(project, asked.request).await.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].outcome, &seen[0].words),
        (GateOutcome::Fail, &judged.words)
    );
    let request = rita.bench.request(project, asked.request).await.unwrap();
    let missing = request.parts[0].missing.join(" ");
    assert!(missing.contains("Fail. 40 cases show"), "{missing}");
    let evidence = request.parts[0].evidence[0].run;
    let shown = rita.bench.run(project, evidence).await.unwrap();
    assert_eq!(shown.columns.len(), 2);
    assert_eq!((shown.columns[0].passed, shown.columns[1].passed), (38, 20));

    // Away from the registry nothing is announced, so nothing is asked.
    let before = fake.calls();
    rita.bench
        .keep_evidence(project, asked.request)
        .await
        .unwrap();
    team.goes_away().await;
    // On the train, on a computer that knows no provider: the very answers, graded again.
    let again = rita
        .bench
        .replay_request(project, asked.request)
        .await
        .unwrap();
    assert_eq!(again.len(), 1);
    assert!(again[0].same && again[0].differing.is_empty());
    assert_eq!(
        again[0].words,
        "Graded again on this computer: the same 80 marks."
    );
    let shown = rita.bench.run(project, evidence).await.unwrap();
    assert_eq!((shown.columns[0].passed, shown.columns[1].passed), (38, 20));
    let refused = bench
        .start_counted_run(project, version(worse), production, Vec::new(), 1, 8)
        .await;
    let words = refused.unwrap_err().to_string();
    assert!(words.contains("Nothing was asked"), "{words}");
    assert_eq!(fake.calls(), before);
    assert!(bench.outbox(project).await.unwrap().is_empty());
    team.comes_back().await;
    bench.sync_now(project).await.unwrap();
    let judged = bench
        .gate(project, production, version(worse))
        .await
        .unwrap();
    assert_eq!(judged.gates[0].verdict.unwrap().look, 1, "it cost no look");

    // Just the runs that are missing, and no second look at what has been judged.
    let fresh = writes(bench, project, prompt, 0).await;
    let wanted = bench
        .gate(project, production, version(fresh))
        .await
        .unwrap();
    assert_eq!(wanted.runs.len(), 1, "{wanted:?}");
    assert!(wanted.runs[0].words.contains("40 cases"), "{wanted:?}");
    let made = bench
        .run_what_is_missing(project, production, wanted.runs, 8)
        .await
        .unwrap();
    assert_eq!(made.len(), 1);
    let judged = bench
        .gate(project, production, version(fresh))
        .await
        .unwrap();
    assert_eq!((judged.outcome, judged.runs.len()), (GateOutcome::Pass, 0));
    let none = bench
        .run_what_is_missing(project, production, judged.runs, 8)
        .await
        .unwrap();
    assert!(none.is_empty());

    // Another suite is asked for; whoever approves last sets it. Two cases were nearly the same.
    let mut changed: Vec<Case> = (1..CASES).map(case).collect();
    changed.push(Case {
        id: "twice".to_owned(),
        ..case(CASES - 1)
    });
    bench
        .save_dataset(project, Some(dataset), "Messages".to_owned(), changed)
        .await
        .unwrap();
    let next = |groups| SuiteDraft {
        dataset,
        graders: vec![Grader::Exact {
            expected: None,
            field: None,
            trim: true,
            ignore_case: true,
        }],
        measure: Measure::Pass,
        groups,
    };
    let seen = bench.suite(project, prompt).await.unwrap();
    let refused = bench
        .set_suite(project, prompt, next(None), seen.digest)
        .await;
    let words = refused.unwrap_err().to_string();
    assert!(words.contains("ask for a review"), "{words}");
    let reason = "Capitals are no mistake".to_owned();
    let asked = bench
        .ask_for_suite(project, prompt, next(None), seen.digest, reason, None)
        .await
        .unwrap();
    rita.bench.sync_now(project).await.unwrap();
    let inbox = rita.bench.review_inbox(project).await.unwrap();
    assert_eq!(inbox.waiting[0].title, "another suite for support/triage");
    let request = rita.bench.request(project, asked.request).await.unwrap();
    let suite = request.suite.clone().unwrap();
    let told = suite.changes.join("; ");
    assert!(
        told.contains("1 taken out and 1 new, of 40 cases"),
        "{told}"
    );
    assert!(
        told.contains("2 of 40 cases are near-duplicates; they count as 39 cases"),
        "{told}"
    );
    assert!(told.contains("No longer") && told.contains("New"), "{told}");
    assert_eq!(suite.missing, ["production needs 1 approval and has 0"]);
    let done = rita
        .bench
        .give_verdict(
            project,
            asked.request,
            request.digest,
            VerdictKind::Approve,
            String::new(),
        )
        .await
        .unwrap();
    assert!(done.words.contains("the suite is set"), "{}", done.words);
    bench.sync_now(project).await.unwrap();
    let suite = bench.suite(project, prompt).await.unwrap();
    assert_ne!(suite.digest, seen.digest);
    assert!(
        suite.words.contains("they count as 39 cases"),
        "{}",
        suite.words
    );
    let view = bench.request(project, asked.request).await.unwrap();
    assert_eq!(
        (view.row.state, view.row.words.as_str()),
        (RequestState::Released, "set")
    );

    // A model judges: what it said travels with the answers, and is read again by everybody.
    let seen = bench.suite(project, prompt).await.unwrap();
    let judging = SuiteDraft {
        graders: vec![Grader::Judge {
            rubric: "It says yes.".to_owned(),
            provider: "fake".to_owned(),
            model: "fake-judge".to_owned(),
            parameters: Default::default(),
            least: None,
        }],
        ..next(None)
    };
    let reason = "Words matter".to_owned();
    let asked = bench
        .ask_for_suite(project, prompt, judging, seen.digest, reason, None)
        .await
        .unwrap();
    rita.bench.sync_now(project).await.unwrap();
    let digest = rita
        .bench
        .request(project, asked.request)
        .await
        .unwrap()
        .digest;
    let good = (VerdictKind::Approve, String::new());
    rita.bench
        .give_verdict(project, asked.request, digest, good.0, good.1)
        .await
        .unwrap();
    bench.sync_now(project).await.unwrap();
    let run = bench
        .start_counted_run(project, version(fresh), production, Vec::new(), 1, 8)
        .await
        .unwrap();
    let view = ended(bench, project, &run).await;
    assert_eq!((view.state, view.error.as_deref()), (RunState::Done, None));
    // Question 1 is answered wrongly by what is live; of question 7 nobody knows.
    assert_eq!((view.columns[0].passed, view.columns[1].passed), (38, 39));
    assert!(view.shared.is_some(), "the registry read the same marks");
    rita.bench.sync_now(project).await.unwrap();
    let record = bench
        .gate(project, production, version(fresh))
        .await
        .unwrap();
    let record = record.gates[0].evidence[0].run;
    let again = rita.bench.grade_again(project, record).await.unwrap();
    assert_eq!(
        again.words,
        "Graded again on this computer: the same 80 marks."
    );
}
