//! Runs over several models, through several prompts, with prices: what is asked, and what is said of it.

use crate::resuming::Fake;
use crate::support::Laptop;
use domain::content::{Input, InputKind, Kind, Message, ModelSettings, Role};
use domain::dataset::Case;
use domain::{ProjectId, PromptId, VersionId};
use workbench::Workbench;
use workbench::views::{
    ModelChoice, Price, ProviderKind, ProviderSettings, Ref, RunPlan, RunState, RunView,
};

async fn provider(bench: &Workbench, name: &str, fake: &Fake) {
    let settings = ProviderSettings {
        name: name.to_owned(),
        kind: ProviderKind::Openai,
        address: fake.address.clone(),
        model: "fake-1".to_owned(),
        purpose: Default::default(),
        limits: Default::default(),
    };
    bench.save_provider(settings).await.unwrap();
}

async fn prompt(
    bench: &Workbench,
    project: ProjectId,
    name: &str,
    input: &str,
    from: Option<PromptId>,
) -> (PromptId, VersionId) {
    let draft = bench.new_draft(project, name.to_owned(), Kind::Chat).await;
    let draft = draft.unwrap();
    let mut content = draft.content;
    content.messages = vec![Message::Message {
        role: Role::User,
        text: format!("{name} {{{{ {input} }}}}"),
        other: Default::default(),
    }];
    content.inputs = vec![Input {
        name: input.to_owned(),
        kind: InputKind::Text,
        required: true,
        default: None,
        description: String::new(),
        from,
        other: Default::default(),
    }];
    content.model = Some(ModelSettings {
        provider: "fake".to_owned(),
        model: "fake-1".to_owned(),
        parameters: [("temperature".to_owned(), 1.into())].into(),
        other: Default::default(),
    });
    let id = draft.id.clone();
    bench
        .save_draft(project, id, content, None, None)
        .await
        .unwrap();
    let saved = bench.save_version(project, draft.id, "First".to_owned());
    let saved = saved.await.unwrap();
    (saved.prompt, saved.id)
}

async fn ran(bench: &Workbench, project: ProjectId, plan: RunPlan) -> RunView {
    let run = bench.start_run(project, plan).await.unwrap();
    let view = bench.run_to_its_end(project, run.id).await.unwrap();
    assert_eq!((view.state, view.error.as_deref()), (RunState::Done, None));
    view
}

fn model(provider: &str, model: &str) -> ModelChoice {
    ModelChoice {
        provider: provider.to_owned(),
        model: model.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn models_repeats_steps_and_prices() {
    let fake = Fake::start();
    let ana = Laptop::new();
    let bench = &ana.bench;
    let card = bench.create_project("Desk".to_owned(), "Ana".to_owned());
    let project = card.await.unwrap().id;
    provider(bench, "fake", &fake).await;
    provider(bench, "other", &fake).await;
    let (first, first_version) = prompt(bench, project, "first", "n", None).await;
    let (_, second) = prompt(bench, project, "second", "made", Some(first)).await;
    let cases = ["a", "b"].map(|n| Case {
        id: n.to_owned(),
        inputs: [("n".to_owned(), n.into())].into_iter().collect(),
        ..Case::default()
    });
    let dataset = bench
        .save_dataset(project, None, "Messages".to_owned(), cases.into())
        .await
        .unwrap()
        .id;
    let plan = |version: VersionId, models: Vec<ModelChoice>, repeats: u32| RunPlan {
        versions: vec![Ref::Version { version }],
        dataset,
        graders: Vec::new(),
        models,
        repeats,
        concurrency: 2,
        counts: None,
    };

    // A column for each model, named by the provider too where two have one of this name.
    let models = vec![
        model("fake", "big"),
        model("fake", "small"),
        model("other", "big"),
    ];
    let wide = plan(first_version, models, 2);
    let told = bench.estimate_run(project, wide.clone()).await.unwrap();
    assert_eq!((told.calls, told.cached), (12, 0), "{}", told.note);
    assert_eq!(told.cost_note, "", "on this computer, and no price");
    let view = ran(bench, project, wide.clone()).await;
    assert_eq!(fake.calls(), 12);
    let labels: Vec<_> = view
        .columns
        .iter()
        .map(|column| column.label.as_str())
        .collect();
    assert_eq!(labels, ["v1 · fake/big", "v1 · small", "v1 · other/big"]);
    let asked: Vec<_> = view
        .columns
        .iter()
        .map(|column| column.model.as_str())
        .collect();
    assert_eq!(asked, ["fake/big", "fake/small", "other/big"]);
    ran(bench, project, wide).await;
    assert_eq!(fake.calls(), 12, "all of it was there");

    // The second prompt asks the first: one step of each is new, and the price is foreseen and paid.
    let price = Price {
        provider: "fake".to_owned(),
        model: "*".to_owned(),
        input: 1e6,
        output: 1e6,
        currency: "eur".to_owned(),
    };
    bench.set_price(price).await.unwrap();
    let through = plan(second, Vec::new(), 1);
    let told = bench.estimate_run(project, through.clone()).await.unwrap();
    assert_eq!(told.calls, 4, "{}", told.note);
    assert!(
        told.cost_note.starts_with("About ") && told.cost_note.contains(" EUR: a guess"),
        "{}",
        told.cost_note
    );
    let view = ran(bench, project, through.clone()).await;
    assert_eq!(fake.calls(), 16);
    assert_eq!(view.progress.calls, 4);
    // Ten tokens there and two back, four times.
    assert_eq!(view.progress.cost_note, "48.00 EUR so far");
    assert!(
        view.columns[0].cost_note.contains("cost 48.00 EUR"),
        "{}",
        view.columns[0].cost_note
    );
    for row in &view.rows {
        let answer = &row.cells[0].as_ref().unwrap().answer;
        assert!(answer.starts_with("yes "), "{answer}");
    }
    let view = ran(bench, project, through).await;
    assert_eq!((fake.calls(), view.progress.from_cache), (16, 2));
    assert_eq!(view.progress.cost_note, "", "nothing was paid");

    // What can't be run is said before anything is asked.
    let table = [
        (plan(second, Vec::new(), 11), "once to 10 times"),
        (
            plan(second, vec![model("fake", "x"), model("fake", "x")], 1),
            "chosen twice",
        ),
        (
            plan(second, vec![model("nobody", "x")], 1),
            "nobody is asked for and not set up",
        ),
    ];
    for (plan, words) in table {
        let told = bench.estimate_run(project, plan).await.unwrap();
        assert!(
            !told.can_start && told.note.contains(words),
            "{}",
            told.note
        );
    }
    assert_eq!(fake.calls(), 16);

    // Limits of nothing are refused; clearing sends away what nothing rests on.
    let kept = bench.cache().await.unwrap();
    assert_eq!((kept.answers, kept.held), (16, 0), "{}", kept.words);
    assert!(bench.limit_cache(Some(0), None).await.is_err());
    assert_eq!(bench.clear_cache().await.unwrap().answers, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_behind_the_same_name_is_told() {
    let fake = Fake::start();
    let ana = Laptop::new();
    let bench = &ana.bench;
    let card = bench.create_project("Desk".to_owned(), "Ana".to_owned());
    let project = card.await.unwrap().id;
    provider(bench, "fake", &fake).await;
    let (_, version) = prompt(bench, project, "first", "n", None).await;
    let save = async |word: &str| {
        let case = Case {
            id: word.to_owned(),
            inputs: [("n".to_owned(), word.into())].into_iter().collect(),
            ..Case::default()
        };
        let saved = bench.save_dataset(project, None, word.to_owned(), vec![case]);
        saved.await.unwrap().id
    };
    let mut notes = Vec::new();
    for word in ["one", "two", "three"] {
        if word == "three" {
            fake.is_from_now_on("fake-2");
        }
        let plan = RunPlan {
            versions: vec![Ref::Version { version }],
            dataset: save(word).await,
            graders: Vec::new(),
            models: Vec::new(),
            repeats: 1,
            concurrency: 1,
            counts: None,
        };
        notes.push(
            ran(bench, project, plan).await.columns[0]
                .model_note
                .clone(),
        );
    }
    assert_eq!(notes[..2], ["", ""]);
    assert!(notes[2].contains("fake-1 then, fake-2 now"), "{}", notes[2]);
}
