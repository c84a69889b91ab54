//! A run as a matrix: what it says, its rows by pages, one case opened; and what a person does with
//! the cases that they see there.

use crate::gates::{Fake, ended, writes};
use crate::main_job::first_version;
use crate::support::Laptop;
use domain::dataset::Case;
use domain::diff::Mark;
use domain::graders::Grader;
use domain::{DatasetId, ProjectId, VersionId};
use serde_json::json;
use workbench::Workbench;
use workbench::views::{
    Difference, MatrixFilter, MatrixQuery, MatrixSort, ProviderKind, ProviderSettings, Purpose,
    Ref, RunPlan, RunView, TextFile, Told,
};

const CASES: u32 = 40;

fn case(number: u32) -> Case {
    Case {
        id: format!("q{number}"),
        inputs: [("n".to_owned(), json!(number.to_string()))]
            .into_iter()
            .collect(),
        expected: Some(json!("yes")),
        tags: vec![if number < 10 { "low" } else { "high" }.to_owned()],
        ..Case::default()
    }
}

struct Desk {
    laptop: Laptop,
    project: ProjectId,
    dataset: DatasetId,
    versions: [VersionId; 2],
    _fake: Fake,
}

impl Desk {
    // The first version is wrong on 2 cases, the second on 12: it loses 10 and gains none.
    async fn new() -> Self {
        let fake = Fake::start();
        let laptop = Laptop::new();
        let bench = &laptop.bench;
        let card = bench
            .create_project("Desk".to_owned(), "Ana".to_owned())
            .await
            .unwrap();
        let provider = ProviderSettings {
            name: "fake".to_owned(),
            kind: ProviderKind::Openai,
            address: fake.address.clone(),
            model: "fake-1".to_owned(),
            purpose: Purpose::Trying,
            limits: Default::default(),
        };
        bench.save_provider(provider).await.unwrap();
        let prompt = first_version(bench, card.id, "triage", "Answer.").await;
        let dataset = bench
            .save_dataset(
                card.id,
                None,
                "Questions".to_owned(),
                (0..CASES).map(case).collect(),
            )
            .await
            .unwrap();
        let versions = [
            writes(bench, card.id, prompt, 2).await,
            writes(bench, card.id, prompt, 12).await,
        ];
        Self {
            project: card.id,
            dataset: dataset.id,
            versions,
            laptop,
            _fake: fake,
        }
    }

    fn bench(&self) -> &Workbench {
        &self.laptop.bench
    }

    async fn ran(&self, versions: &[VersionId]) -> RunView {
        let plan = RunPlan {
            versions: versions
                .iter()
                .map(|version| Ref::Version { version: *version })
                .collect(),
            dataset: self.dataset,
            graders: vec![Grader::Exact {
                expected: None,
                field: None,
                trim: true,
                ignore_case: true,
            }],
            models: Vec::new(),
            repeats: 1,
            concurrency: 8,
            counts: None,
        };
        let run = self.bench().start_run(self.project, plan).await.unwrap();
        ended(self.bench(), self.project, &run).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_says_what_got_worse_and_where() {
    let desk = Desk::new().await;
    let run = desk.ran(&desk.versions).await;
    let told = desk
        .bench()
        .run_overview(desk.project, run.id, 0)
        .await
        .unwrap();
    assert_eq!(
        (told.cases, told.repeats, told.columns.len()),
        (CASES, 1, 2)
    );
    let [before, after] = &told.columns[..] else {
        panic!("two columns")
    };
    assert_eq!([before.passed, after.passed], [38, 28]);
    assert!(before.against.is_none());
    let against = after.against.as_ref().unwrap();
    let numbers = &against.comparison;
    assert_eq!(
        [numbers.better, numbers.worse, numbers.same, numbers.units],
        [0, 10, 30, CASES]
    );
    assert_eq!((numbers.difference, against.told), (-2_500, Told::Worse));
    // Of ten low cases eight are lost, of thirty high ones two: only the first can't be chance.
    let tags: Vec<_> = against
        .tags
        .iter()
        .map(|line| (line.tag.as_str(), line.units, line.difference, line.told))
        .collect();
    assert_eq!(
        tags,
        [
            ("low", 10, -8_000, Told::Worse),
            ("high", 30, -667, Told::Neither)
        ]
    );
    let counts = &told.counts;
    assert_eq!(
        [
            counts.all,
            counts.changed,
            counts.worse,
            counts.better,
            counts.failed,
            counts.errors
        ],
        [CASES, 10, 10, 0, 12, 0]
    );
    let words = told.sentences.join(" ");
    assert!(
        words.starts_with(&format!(
            "{} is worse than {}, by ",
            after.label, before.label
        )),
        "{words}"
    );
    assert!(
        words.contains("low is worse by 80 points (10 cases)"),
        "{words}"
    );
    assert!(
        words.contains("40 cases can't see a loss under "),
        "{words}"
    );
    // What the terminal prints is the same.
    assert_eq!(run.summary, words);
    // Against the other column it is the other way round.
    let turned = desk
        .bench()
        .run_overview(desk.project, run.id, 1)
        .await
        .unwrap();
    let against = turned.columns[0].against.as_ref().unwrap();
    assert_eq!(
        (against.comparison.better, against.told),
        (10, Told::Better)
    );
    assert_eq!(turned.counts.better, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_column_says_its_rate_and_what_so_many_cases_can_see() {
    let desk = Desk::new().await;
    let run = desk.ran(&desk.versions[..1]).await;
    let told = desk
        .bench()
        .run_overview(desk.project, run.id, 7)
        .await
        .unwrap();
    assert_eq!(told.base, 0);
    let rate = told.columns[0].rate.unwrap();
    // binom.test(38, 40) in R: 0.8308 to 0.9939.
    assert_eq!((rate.mean, rate.lower, rate.upper), (9_500, 8_308, 9_939));
    let words = told.sentences.join(" ");
    assert!(words.contains("passed 38 of 40: 95 %"), "{words}");
    assert!(
        words.contains("40 cases can't see a loss under "),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_come_by_pages_as_a_query_filters_and_sorts_them() {
    let desk = Desk::new().await;
    let run = desk.ran(&desk.versions).await;
    let page = |query: MatrixQuery, offset, limit| {
        let (bench, project) = (desk.bench().clone(), desk.project);
        async move {
            let page = bench
                .run_rows(project, run.id, query, offset, limit)
                .await
                .unwrap();
            let cases: Vec<u32> = page.rows.iter().map(|row| row.case).collect();
            (page, cases)
        }
    };
    let all = MatrixQuery::default();
    let (first, cases) = page(all.clone(), 0, 15).await;
    assert_eq!((first.total, cases), (CASES, (0..15).collect::<Vec<_>>()));
    let (last, cases) = page(all.clone(), 35, 15).await;
    assert_eq!((last.offset, cases), (35, (35..40).collect::<Vec<_>>()));

    let marks = |row: usize| {
        let cells = first.rows[row].cells.iter().flatten();
        cells
            .map(|cell| (cell.pass, cell.difference))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        marks(0),
        [(Some(false), None), (Some(false), Some(Difference::Same))]
    );
    assert_eq!(
        marks(2),
        [(Some(true), None), (Some(false), Some(Difference::Worse))]
    );

    let worst = MatrixQuery {
        sort: MatrixSort::Worst,
        ..all.clone()
    };
    let (_, cases) = page(worst, 0, 13).await;
    // What was lost, then what both fail, then the rest.
    assert_eq!(cases, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 12]);

    let table = [
        (MatrixFilter::Worse, None, "", 10),
        (MatrixFilter::Better, None, "", 0),
        (MatrixFilter::Failed, None, "", 12),
        (MatrixFilter::All, Some("low"), "", 10),
        (MatrixFilter::Worse, Some("high"), "", 2),
        // In an input, in an answer, in nothing.
        (MatrixFilter::All, None, "39", 1),
        (MatrixFilter::All, None, "NO", 12),
        (MatrixFilter::All, None, "nowhere", 0),
    ];
    for (filter, tag, text, wanted) in table {
        let query = MatrixQuery {
            filter,
            tag: tag.map(str::to_owned),
            text: text.to_owned(),
            ..all.clone()
        };
        let (found, _) = page(query.clone(), 0, 100).await;
        assert_eq!(found.total, wanted, "{query:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opened_case_shows_both_answers_and_every_reason() {
    let desk = Desk::new().await;
    let run = desk.ran(&desk.versions).await;
    let opened = desk
        .bench()
        .run_case(desk.project, run.id, 3, 0)
        .await
        .unwrap();
    assert_eq!(opened.id, "q3");
    assert_eq!(opened.inputs, [("n".to_owned(), "3".to_owned())]);
    let after = &opened.columns[1];
    assert_eq!(after.difference, Some(Difference::Worse));
    let marks: Vec<_> = after
        .diff
        .iter()
        .flatten()
        .map(|segment| (segment.text.trim(), segment.mark))
        .collect();
    assert_eq!(marks, [("yes", Mark::Cut), ("no", Mark::Added)]);
    let graders = &after.askings[0].graders;
    assert_eq!(graders.len(), 1);
    assert!(!graders[0].pass && !graders[0].reason.is_empty());
    assert!(!graders[0].name.is_empty());
    let none = desk.bench().run_case(desk.project, run.id, CASES, 0).await;
    assert!(none.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_added_under_an_id_of_its_own_and_nothing_else_changes() {
    let desk = Desk::new().await;
    let added = Case {
        id: "q0".to_owned(),
        note: "seen in a run".to_owned(),
        ..case(99)
    };
    let row = desk
        .bench()
        .add_case(desk.project, desk.dataset, added)
        .await
        .unwrap();
    assert_eq!(row.cases, CASES + 1);
    let view = desk
        .bench()
        .dataset(desk.project, desk.dataset)
        .await
        .unwrap();
    assert_eq!(view.cases[..40], (0..CASES).map(case).collect::<Vec<_>>());
    assert_eq!(
        (view.cases[40].id.as_str(), view.cases[40].note.as_str()),
        ("41", "seen in a run")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_personal_is_named_before_a_project_is_shared() {
    let desk = Desk::new().await;
    let (bench, project) = (desk.bench(), desk.project);
    assert_eq!(bench.check_before_sharing(project).await.unwrap(), []);
    let mut personal = case(1);
    personal
        .inputs
        .insert("n".to_owned(), json!("write to ana.lopez@nordbank.fi"));
    bench
        .add_case(project, desk.dataset, personal)
        .await
        .unwrap();
    let warned = bench.check_before_sharing(project).await.unwrap();
    assert_eq!(
        (warned.len(), warned[0].name.as_str(), warned[0].places),
        (1, "Questions", 1)
    );
    assert!(
        warned[0].words[0].contains("case 41, n"),
        "{:?}",
        warned[0].words
    );
    // Taking it out is a further saving: the earlier one would still go with the history.
    bench
        .save_dataset(
            project,
            Some(desk.dataset),
            "Questions".to_owned(),
            vec![case(1)],
        )
        .await
        .unwrap();
    assert_eq!(bench.check_before_sharing(project).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promptfoo_configuration_is_taken_over_from_texts() {
    let desk = Desk::new().await;
    let (bench, project) = (desk.bench(), desk.project);
    let file = |path: &str, text: &str| TextFile {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let config =
        "prompts:\n  - 'Sort: {{message}}'\nproviders:\n  - openai:gpt-4.1\ntests: cards.csv\n";
    let files = vec![
        file("promptfooconfig.yaml", config),
        file("cards.csv", "message,__expected\nwhere is it,arrival\n"),
    ];
    let take = |files: Vec<TextFile>, look| {
        let name = Some("cards".to_owned());
        bench.import_promptfoo_texts(
            project,
            "promptfooconfig.yaml".to_owned(),
            files,
            name,
            look,
        )
    };
    let looked = take(files.clone(), true).await.unwrap();
    assert_eq!((looked.cases, looked.prompts.len()), (1, 1));
    assert!(looked.dataset.is_none());
    assert_eq!(bench.datasets(project).await.unwrap().len(), 1);
    // A file that was not chosen is listed and not silently missing.
    let alone = take(files[..1].to_vec(), true).await.unwrap();
    assert!(
        alone
            .left_out
            .iter()
            .any(|left| left.why.contains("was not chosen")),
        "{:?}",
        alone.left_out
    );
    let made = take(files, false).await.unwrap();
    assert_eq!(made.dataset.unwrap().name, "cards");
}
