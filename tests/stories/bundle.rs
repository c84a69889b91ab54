//! A team of three takes two prompts from draft to production, under a policy of two approvals, a
//! path, a gate and a freeze. Each rule is tried once by somebody who would rather not wait.

use crate::support::{Model, Person, Registry};
use domain::dataset::Case;
use domain::gate::Gate;
use domain::graders::Grader;
use domain::{DatasetId, RequestId};
use workbench::views::{
    Asking, BundleChange, BundleSide, FreezeDraft, PersonRole, ProviderKind, ProviderSettings, Ref,
    RunPlan, RunState, VersionRow,
};

struct Team {
    registry: Registry,
    ana: Person,
    ben: Person,
    rita: Person,
}

impl Team {
    async fn gather() -> Self {
        let registry = Registry::start().await;
        let ana = Person::founding("Ana", &registry).await;
        let ben = Person::invited_by(&ana, "Ben", &registry).await;
        let rita = Person::invited_as(PersonRole::Reviewer, &ana, "Rita", &registry).await;
        Self {
            registry,
            ana,
            ben,
            rita,
        }
    }

    async fn in_step(&self) {
        // Twice: what the last one sends, the first one has not seen yet.
        for person in [&self.ana, &self.ben, &self.rita].repeat(2) {
            person.syncs().await;
        }
    }

    /// What keeps Ben from releasing, in the registry's own words.
    async fn refused(&self, request: RequestId) -> String {
        let tried = self.ben.releases_request(request, "production").await;
        let refusal = tried.expect_err("it must not go yet");
        let missing = self.ben.looks_at(request).await.parts[0].missing.join(" ");
        format!("{refusal} {missing}")
    }
}

/// Ben runs a version over the dataset and shares what came out.
async fn runs(ben: &Person, version: &VersionRow, dataset: DatasetId, grader: Grader) {
    let plan = RunPlan {
        versions: vec![Ref::Version {
            version: version.id,
        }],
        dataset,
        graders: vec![grader],
        models: Vec::new(),
        repeats: 1,
        concurrency: 1,
        counts: None,
    };
    let started = ben.bench.start_run(ben.project, plan).await;
    let run = started.expect("the run starts").id;
    crate::support::wait::until("the run to be done", async || {
        let view = ben.bench.run(ben.project, run).await.expect("the run");
        match view.state {
            RunState::Done => Ok(()),
            state => Err(format!("{state:?}: {:?}", view.error)),
        }
    })
    .await;
    let shared = ben.bench.share_run(ben.project, run).await;
    shared.expect("it is shared");
}

fn freeze(name: &str, from: &str, until: &str) -> FreezeDraft {
    FreezeDraft {
        name: name.to_owned(),
        zone: "Europe/Lisbon".to_owned(),
        weekly: true,
        from: from.to_owned(),
        until: until.to_owned(),
    }
}

fn contains(pattern: &str) -> Grader {
    Grader::Regex {
        pattern: pattern.to_owned(),
        ignore_case: false,
        absent: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_goes_from_draft_to_production_and_back_and_an_export_proves_it() {
    let model = Model::start();
    let team = Team::gather().await;
    let (ana, ben, rita) = (&team.ana, &team.ben, &team.rita);
    let settings = ProviderSettings {
        name: "local".to_owned(),
        kind: ProviderKind::Openai,
        address: model.address().to_owned(),
        model: "SmolLM2-135M-Instruct".to_owned(),
        purpose: Default::default(),
        limits: Default::default(),
    };
    ben.bench.save_provider(settings).await.unwrap();

    let triage = ben
        .writes_for_a_model("support/triage", "Name the intent.")
        .await;
    let tone = ben
        .writes_for_a_model("support/tone", "Answer warmly.")
        .await;
    let cases = ["one", "two"].map(|id| Case {
        graders: Vec::new(),
        id: id.to_owned(),
        inputs: Default::default(),
        expected: Some("card_arrival".into()),
        tags: Vec::new(),
        note: String::new(),
        other: Default::default(),
    });
    let dataset = ben
        .bench
        .save_dataset(ben.project, None, "Messages".to_owned(), cases.to_vec())
        .await
        .unwrap()
        .id;
    team.in_step().await;

    // The policy of production: nothing of it is met yet, and it is quiet time all week.
    let staging = ana.environment("staging").await;
    let about = ana.prompt_id("support/triage").await;
    ana.demands("production", |policy| {
        policy.approvals = 2;
        policy.independent = true;
        policy.path = vec![staging];
        policy.gates = vec![Gate {
            dataset,
            prompts: vec![about],
            least_passed: 10_000,
            largest_loss: None,
        }];
        policy.freezes = vec![
            freeze("Year end", "Monday 00:00", "Sunday 12:00"),
            freeze("Year end Sunday", "Sunday 00:00", "Monday 12:00"),
        ];
    })
    .await;
    team.in_step().await;

    let production = ben.environment("production").await;
    let mut changes = Vec::new();
    for (name, version) in [("support/triage", &triage), ("support/tone", &tone)] {
        changes.push(BundleChange {
            environment: production,
            prompt: ben.prompt_id(name).await,
            sides: vec![BundleSide {
                version: version.id,
                weight: 100,
            }],
        });
    }
    let plan = ben.bench.plan_release(ben.project, changes).await.unwrap();
    assert!(plan.needs_request, "{:?}", plan.policy);
    // Past the policy nothing goes, for anybody.
    let straight = ben
        .bench
        .carry_out(ben.project, plan.id.clone(), "Now".to_owned())
        .await;
    assert!(straight.is_err());
    let asking = Asking {
        reason: "Triage and tone belong together".to_owned(),
        ..Asking::default()
    };
    let request = ben
        .bench
        .ask_for_release(ben.project, plan.id, asking)
        .await
        .unwrap()
        .request;
    team.in_step().await;

    // Nobody has approved, staging has not served it, no run is there, and it is quiet time.
    let why = team.refused(request).await;
    for word in ["2 approvals", "staging", "Messages", "Year end"] {
        assert!(why.contains(word), "{word} in: {why}");
    }
    assert!(ben.approves(request).await.is_err(), "an author can't");
    rita.approves(request).await.unwrap();
    team.in_step().await;
    assert!(team.refused(request).await.contains("1"));
    ana.approves(request).await.unwrap();
    team.in_step().await;
    let why = team.refused(request).await;
    assert!(!why.contains("approvals"), "two are enough: {why}");

    ben.releases("support/triage", &triage, "staging").await;
    ben.releases("support/tone", &tone, "staging").await;
    let why = team.refused(request).await;
    assert!(!why.contains("staging"), "it was served there: {why}");

    // A run in which nothing passes does not open the gate.
    runs(ben, &triage, dataset, contains("no such words at all")).await;
    let why = team.refused(request).await;
    assert!(why.contains("Messages"), "{why}");
    runs(ben, &triage, dataset, contains("(?s).*")).await;
    let why = team.refused(request).await;
    assert!(!why.contains("Messages"), "every case passed: {why}");

    // Rita reads what it answered, from the newest run; nothing was served before to lay beside it.
    team.in_step().await;
    let answers = rita
        .bench
        .request_answers(rita.project, request, production, about);
    let answers = answers.await.unwrap();
    assert_eq!(answers.len(), 1, "one dataset");
    assert_eq!(answers[0].dataset, "Messages");
    assert!(
        answers[0].words.starts_with("2 of 2 passed."),
        "{}",
        answers[0].words
    );
    assert!(answers[0].before.is_none());
    let rows = &answers[0].rows;
    assert!(
        rows.iter()
            .all(|row| row.left.is_none() && row.right_pass == Some(true))
    );
    assert_eq!(rows[0].expected.as_deref(), Some("card_arrival"));

    // What is left is quiet time; only an admin changes the policy, and everybody sees it.
    let quiet = ben.bench.policies(ben.project).await.unwrap();
    let mine = quiet
        .iter()
        .find(|one| one.environment == production)
        .unwrap();
    let mut open = mine.draft.clone();
    open.freezes.clear();
    let refused = ben
        .bench
        .set_policy(ben.project, production, open, mine.digest)
        .await;
    assert!(refused.is_err(), "an author sets no policies");
    team.in_step().await;
    ana.demands("production", |policy| policy.freezes.clear())
        .await;
    team.in_step().await;
    ben.releases_request(request, "production").await.unwrap();
    let key = ana.makes_a_key("production").await;
    for (name, text) in [
        ("support/triage", "Name the intent."),
        ("support/tone", "Answer warmly."),
    ] {
        let (_, served) = team.registry.read(name, key.reveal()).await;
        assert!(served.to_string().contains(text), "{served}");
    }

    // A second version, by the same way; then back, which needs a reason and nothing else.
    team.in_step().await;
    let second = ben
        .rewrites("support/tone", "Answer warmly and briefly.", "Be brief")
        .await;
    ben.syncs().await;
    ben.releases("support/tone", &second, "staging").await;
    let request = ben.asks_for("support/tone", &second, "production").await;
    // Both were run over the same cases: what got worse stands first.
    runs(ben, &tone, dataset, contains("(?s).*")).await;
    runs(ben, &second, dataset, contains("no such words at all")).await;
    team.in_step().await;
    let tone_id = rita.prompt_id("support/tone").await;
    let answers = rita
        .bench
        .request_answers(rita.project, request, production, tone_id);
    let answers = answers.await.unwrap();
    assert_eq!(
        answers[0].words.split(", ").next(),
        Some("2 of 2 passed before")
    );
    assert!(
        answers[0]
            .words
            .contains("0 of 2 now: 2 cases got worse, 0 got better")
    );
    assert!(
        answers[0]
            .before
            .as_deref()
            .is_some_and(|words| words.contains("support/tone v1"))
    );
    assert_eq!(
        (answers[0].rows[0].left_pass, answers[0].rows[0].right_pass),
        (Some(true), Some(false))
    );
    rita.approves(request).await.unwrap();
    ana.approves(request).await.unwrap();
    team.in_step().await;
    ben.releases_request(request, "production").await.unwrap();
    ana.demands("production", |policy| {
        policy.freezes = vec![freeze("Always", "Monday 00:00", "Sunday 23:59")];
    })
    .await;
    team.in_step().await;
    ben.reverts("support/tone", "production").await.unwrap();
    let (_, served) = team.registry.read("support/tone", key.reveal()).await;
    assert!(!served.to_string().contains("briefly"), "{served}");

    // And all of it can be proven by whoever has an export, and nothing else.
    team.in_step().await;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("proof");
    rita.bench
        .export_project(rita.project, folder.clone())
        .await
        .unwrap();
    let found = workbench::verify_folder(&folder).unwrap();
    assert!(found.good, "{}", found.words);
    let (holds, said) = team.registry.verify();
    assert!(holds, "{said}");
}
