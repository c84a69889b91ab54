//! Gates over a path of prompts, and a run that counts whose provider is out of reach.

use crate::gates::{CASES, Fake, ended, released, writes};
use crate::support::{Laptop, Team, environment};
use domain::content::{Input, InputKind, Message, Role};
use domain::dataset::Case;
use domain::graders::Grader;
use domain::policy::{OfDependents, RunsBy, SuiteGate, WithoutSuite};
use domain::statistics::verdict::{GateDoubt, GateOutcome};
use domain::suite::Measure;
use domain::{EnvironmentId, ProjectId, PromptId, VersionId};
use workbench::Workbench;
use workbench::views::{GateView, ProviderKind, ProviderSettings, Ref, RunState, SuiteDraft};

struct Desk {
    fake: Fake,
    _team: Team,
    ana: Laptop,
    project: ProjectId,
    production: EnvironmentId,
    triage: PromptId,
    reply: PromptId,
}

/// Production serves a triage and a reply, which says again what the triage said; a gate judges both.
async fn desk() -> Desk {
    let fake = Fake::start();
    let team = Team::start().await;
    let ana = Laptop::new();
    let desk = Some("Support desk".to_owned());
    let card = ana
        .bench
        .join_team(team.url(), team.founding(), "Ana".to_owned(), desk)
        .await
        .unwrap();
    let project = card.id;
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
    let triage = crate::main_job::first_version(bench, project, "support/triage", "Sort.").await;
    let reply = crate::main_job::first_version(bench, project, "support/reply", "Answer.").await;
    let sorted = writes(bench, project, triage, 2).await;
    let answered = echoes(bench, project, reply, triage).await;
    released(bench, project, triage, sorted, "production").await;
    released(bench, project, reply, answered, "production").await;
    let cases = (0..CASES).map(|n| Case {
        id: n.to_string(),
        inputs: [("n".to_owned(), n.to_string().into())]
            .into_iter()
            .collect(),
        expected: Some("yes".into()),
        ..Case::default()
    });
    let dataset = bench
        .save_dataset(project, None, "Messages".to_owned(), cases.collect())
        .await
        .unwrap()
        .id;
    for prompt in [triage, reply] {
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
        bench.set_suite(project, prompt, draft, None).await.unwrap();
    }
    let production = environment(bench, project, "production").await;
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
        dependents: OfDependents::Pass,
    }];
    bench
        .set_policy(project, production, demands, policy.digest)
        .await
        .unwrap();
    Desk {
        fake,
        _team: team,
        ana,
        project,
        production,
        triage,
        reply,
    }
}

async fn echoes(
    bench: &Workbench,
    project: ProjectId,
    prompt: PromptId,
    of: PromptId,
) -> VersionId {
    let draft = bench.open_draft(project, prompt, None).await.unwrap();
    let mut content = draft.content;
    let says = |role, text: &str| Message::Message {
        role,
        text: text.to_owned(),
        other: Default::default(),
    };
    content.messages = vec![says(Role::System, "echo"), says(Role::User, "{{ sorted }}")];
    content.inputs = vec![Input {
        name: "sorted".to_owned(),
        kind: InputKind::Text,
        required: true,
        default: None,
        description: String::new(),
        from: Some(of),
        other: Default::default(),
    }];
    content.model = Some(domain::content::ModelSettings {
        provider: "fake".to_owned(),
        model: "fake-1".to_owned(),
        parameters: Default::default(),
        other: Default::default(),
    });
    bench
        .save_draft(project, draft.id.clone(), content, None, None)
        .await
        .unwrap();
    let saved = bench.save_version(project, draft.id, "Says it again".to_owned());
    saved.await.unwrap().id
}

impl Desk {
    async fn gate(&self, version: VersionId) -> GateView {
        let bench = &self.ana.bench;
        let version = Ref::Version { version };
        bench
            .gate(self.project, self.production, version)
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_prompt_is_run_with_what_reads_its_output() {
    let desk = desk().await;
    let (bench, project) = (&desk.ana.bench, desk.project);
    let better = writes(bench, project, desk.triage, 1).await;
    let view = desk.gate(better).await;
    assert_eq!(view.outcome, GateOutcome::CantTell);
    assert!(
        view.words
            .contains("reads what comes out of support/triage"),
        "{}",
        view.words
    );
    let wanted: Vec<_> = view
        .runs
        .iter()
        .map(|run| (run.prompt, run.beside.len()))
        .collect();
    assert_eq!(
        wanted,
        [(desk.triage, 0), (desk.reply, 1)],
        "{:?}",
        view.runs
    );
    let made = bench
        .run_what_is_missing(project, desk.production, view.runs, 8)
        .await
        .unwrap();
    assert_eq!(made.len(), 2);
    let labels: Vec<&str> = made[1]
        .columns
        .iter()
        .map(|one| one.label.as_str())
        .collect();
    assert!(
        labels[1].contains("with support/triage") && !labels[0].contains("with"),
        "{labels:?}"
    );
    assert_eq!(
        (made[1].columns[0].passed, made[1].columns[1].passed),
        (38, 39)
    );
    // Both sides of the triage once; both of the reply with what comes before them.
    assert_eq!(desk.fake.calls(), 2 * CASES + 4 * CASES);
    let view = desk.gate(better).await;
    assert_eq!(
        (view.outcome, view.runs.len()),
        (GateOutcome::Pass, 0),
        "{}",
        view.words
    );
    // What is worse fails there, too.
    let worse = writes(bench, project, desk.triage, 25).await;
    let view = desk.gate(worse).await;
    bench
        .run_what_is_missing(project, desk.production, view.runs, 8)
        .await
        .unwrap();
    let view = desk.gate(worse).await;
    assert_eq!(view.outcome, GateOutcome::Fail);
    assert!(
        view.dependents
            .iter()
            .any(|one| one.prompt == desk.reply && one.waits && one.words.contains("Fail")),
        "{:?}",
        view.dependents
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_provider_refuses_stops_and_goes_on() {
    let desk = desk().await;
    let (bench, project) = (&desk.ana.bench, desk.project);
    let good = writes(bench, project, desk.triage, 1).await;
    let version = Ref::Version { version: good };
    desk.fake.refuses(true);
    let run = bench
        .start_counted_run(project, version.clone(), desk.production, Vec::new(), 1, 4)
        .await
        .unwrap();
    let view = ended(bench, project, &run).await;
    assert_eq!(view.state, RunState::Failed);
    let said = view.error.unwrap();
    assert!(
        said.contains("no such key") && said.contains("go on with the run"),
        "{said}"
    );
    assert!(desk.fake.calls() < CASES, "{}", desk.fake.calls());
    assert!(view.shared.is_none(), "nothing came of it yet");
    let gate = desk.gate(good).await;
    assert_eq!((gate.gates[0].unfinished, gate.gates[0].silent), (1, 0));
    let doubt = gate.gates[0].verdict.unwrap().doubt;
    assert_eq!(doubt, Some(GateDoubt::Unfinished));
    assert!(
        gate.runs.iter().all(|run| run.prompt != desk.triage),
        "{:?}",
        gate.runs
    );
    let second = bench
        .start_counted_run(project, version, desk.production, Vec::new(), 1, 4)
        .await
        .unwrap_err();
    assert!(second.to_string().contains("go on with it"), "{second}");
    // The reply with something else before it is another matter.
    let reply = bench.prompt(project, desk.reply).await.unwrap().versions[0].id;
    let (one, other) = (
        writes(bench, project, desk.triage, 3).await,
        writes(bench, project, desk.triage, 4).await,
    );
    for before in [one, other] {
        let version = Ref::Version { version: reply };
        let run = bench
            .start_counted_run(project, version, desk.production, vec![before], 1, 4)
            .await
            .unwrap();
        assert_eq!(ended(bench, project, &run).await.state, RunState::Failed);
    }
    // The key is mended: the same run, the same look.
    desk.fake.refuses(false);
    let run = bench.resume_run(project, run.id).await.unwrap();
    let view = ended(bench, project, &run).await;
    assert_eq!((view.state, view.error), (RunState::Done, None));
    let gate = desk.gate(good).await;
    let verdict = gate.gates[0].verdict.unwrap();
    assert_eq!((verdict.outcome, verdict.look), (GateOutcome::Pass, 1));
}
