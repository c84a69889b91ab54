//! People mark the answers of a run: blind, once for the same answer, across runs and computers, and
//! held against a judge.

use crate::gates::{Fake, ended, writes};
use crate::main_job::first_version;
use crate::support::{Laptop, Team};
use domain::dataset::Case;
use domain::graders::{Grader, Scale};
use domain::suite::Measure;
use domain::{DatasetId, ProjectId, PromptId, VersionId};
use serde_json::json;
use std::collections::BTreeSet;
use workbench::Workbench;
use workbench::views::{
    MarkChoice, MarkGiven, MatrixFilter, MatrixQuery, PersonRole, ProviderKind, ProviderSettings,
    Purpose, Ref, RunPlan, RunView, SuiteDraft,
};

fn case(number: u32) -> Case {
    Case {
        id: format!("q{number}"),
        inputs: [("n".to_owned(), json!(number.to_string()))]
            .into_iter()
            .collect(),
        ..Case::default()
    }
}

fn good(value: u8) -> MarkGiven {
    MarkGiven {
        value: Some(value),
        note: String::new(),
    }
}

fn people() -> Grader {
    Grader::Human {
        look_at: "Does it say yes?".to_owned(),
        scale: Scale::Thumb,
        least: None,
    }
}

fn judge() -> Grader {
    Grader::Judge {
        rubric: "It says yes.".to_owned(),
        provider: "fake".to_owned(),
        model: "fake-judge".to_owned(),
        parameters: Default::default(),
        least: None,
    }
}

struct Desk {
    project: ProjectId,
    prompt: PromptId,
    dataset: DatasetId,
    versions: [VersionId; 2],
    _fake: Fake,
}

// Ten questions; the first version answers "no" to 2 of them, the second to 4.
async fn desk(bench: &Workbench, project: ProjectId) -> Desk {
    let fake = Fake::start();
    let provider = ProviderSettings {
        name: "fake".to_owned(),
        kind: ProviderKind::Openai,
        address: fake.address.clone(),
        model: "fake-1".to_owned(),
        purpose: Purpose::Trying,
        limits: Default::default(),
    };
    bench.save_provider(provider).await.unwrap();
    let prompt = first_version(bench, project, "triage", "Answer.").await;
    let cases = (0..10).map(case).collect();
    let dataset = bench
        .save_dataset(project, None, "Questions".to_owned(), cases)
        .await
        .unwrap();
    let versions = [
        writes(bench, project, prompt, 2).await,
        writes(bench, project, prompt, 4).await,
    ];
    Desk {
        project,
        prompt,
        dataset: dataset.id,
        versions,
        _fake: fake,
    }
}

fn planned(desk: &Desk, graders: Vec<Grader>) -> RunPlan {
    let versions = desk.versions.iter();
    RunPlan {
        versions: versions
            .map(|version| Ref::Version { version: *version })
            .collect(),
        dataset: desk.dataset,
        graders,
        models: Vec::new(),
        repeats: 1,
        concurrency: 4,
        counts: None,
    }
}

async fn ran(bench: &Workbench, desk: &Desk, graders: Vec<Grader>) -> RunView {
    let plan = planned(desk, graders);
    let run = bench.start_run(desk.project, plan).await.unwrap();
    ended(bench, desk.project, &run).await
}

fn passed(view: &RunView) -> Vec<(u32, u32)> {
    let columns = view.columns.iter();
    columns.map(|one| (one.passed, one.total)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_wait_for_marks_and_the_same_answer_is_marked_once() {
    let laptop = Laptop::new();
    let bench = &laptop.bench;
    let card = bench
        .create_project("Desk".to_owned(), "Ana".to_owned())
        .await
        .unwrap();
    let desk = desk(bench, card.id).await;
    let project = desk.project;
    let run = ran(bench, &desk, vec![people()]).await;
    assert_eq!(passed(&run), [(0, 0), (0, 0)], "neither passed nor failed");
    assert!(
        run.summary
            .contains("20 answers wait for marks and count as neither passed nor failed."),
        "{}",
        run.summary
    );
    let overview = bench.run_overview(project, run.id, 0).await.unwrap();
    assert_eq!((overview.counts.waiting, overview.counts.failed), (10, 0));

    // Both versions answer 8 of 10 alike: 12 different answers. The order tells nothing of the case.
    let queue = bench
        .mark_queue(project, run.id, MarkChoice::Unmarked)
        .await
        .unwrap();
    assert_eq!((queue.questions.len(), queue.progress.total), (12, 12));
    let mut shared = None;
    for question in &queue.questions {
        let item = bench.mark_item(project, run.id, *question).await.unwrap();
        assert_eq!(item.asked.look_at, "Does it say yes?");
        if item.columns.len() == 2 && item.answer == "yes" {
            shared = Some((*question, item));
        }
    }
    let (question, item) = shared.unwrap();
    let noted = MarkGiven {
        value: Some(1),
        note: " short and right ".to_owned(),
    };
    let done = bench
        .mark_answer(project, run.id, question, noted)
        .await
        .unwrap();
    assert_eq!(done.before, MarkGiven::default());
    assert_eq!((done.progress.marked, done.progress.mine), (1, 1));
    let view = bench.run(project, run.id).await.unwrap();
    assert_eq!(passed(&view), [(1, 1), (1, 1)], "one mark, both columns");
    let opened = bench.run_case(project, run.id, item.case, 0).await.unwrap();
    for column in &opened.columns {
        assert_eq!(column.askings[0].pass, Some(true));
        assert_eq!(
            column.askings[0].graders[0].reason,
            "Ana says good: short and right"
        );
        assert_eq!(column.askings[0].marks[0].mine, Some(1));
    }
    // Changed, and undone by giving what was there.
    let done = bench
        .mark_answer(project, run.id, question, good(0))
        .await
        .unwrap();
    assert_eq!(done.before.note, "short and right");
    let view = bench.run(project, run.id).await.unwrap();
    assert_eq!(passed(&view), [(0, 1), (0, 1)]);
    let done = bench
        .mark_answer(project, run.id, question, done.before)
        .await
        .unwrap();
    assert_eq!(done.before.value, Some(0));
    let done = bench
        .mark_answer(project, run.id, question, MarkGiven::default())
        .await
        .unwrap();
    assert_eq!(done.progress.marked, 0, "taken back");
    let refused = bench.mark_answer(project, run.id, question, good(4)).await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("good or not good")
    );

    // All of them: what says "yes" is good.
    for question in &queue.questions {
        let item = bench.mark_item(project, run.id, *question).await.unwrap();
        let mark = good(u8::from(item.answer == "yes"));
        bench
            .mark_answer(project, run.id, *question, mark)
            .await
            .unwrap();
    }
    let view = bench.run(project, run.id).await.unwrap();
    assert_eq!(passed(&view), [(8, 10), (6, 10)]);
    assert!(!view.summary.contains("wait"), "{}", view.summary);
    // A new run with the same answers is judged without anybody's work.
    let again = ran(bench, &desk, vec![people()]).await;
    assert_eq!(passed(&again), [(8, 10), (6, 10)]);
    // Changed there, it holds here.
    let done = bench
        .mark_queue(project, again.id, MarkChoice::All)
        .await
        .unwrap();
    assert_eq!(done.progress.mine, 12);
    bench
        .mark_answer(project, again.id, question, good(0))
        .await
        .unwrap();
    let here = bench.run_overview(project, run.id, 0).await.unwrap();
    let numbers: Vec<u32> = here.columns.iter().map(|one| one.passed).collect();
    assert_eq!(numbers, [7, 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_is_measured_against_people() {
    let laptop = Laptop::new();
    let bench = &laptop.bench;
    let card = bench
        .create_project("Desk".to_owned(), "Ana".to_owned())
        .await
        .unwrap();
    let desk = desk(bench, card.id).await;
    let project = desk.project;
    // The judge is content with "yes" and can't be read on question 7; nobody asked for marks.
    let foreseen = bench
        .estimate_run(project, planned(&desk, vec![judge()]))
        .await
        .unwrap();
    assert_eq!((foreseen.calls, foreseen.cached), (40, 0));
    assert_eq!(
        foreseen.note,
        "20 calls to the model. Then 20 calls to judge the answers."
    );
    let run = ran(bench, &desk, vec![judge()]).await;
    // The same answer to the same case is judged once: 12 of 20.
    assert_eq!(run.progress.calls, 32);
    assert_eq!((run.progress.judged, run.progress.to_judge), (12, 12));
    let foreseen = bench
        .estimate_run(project, planned(&desk, vec![judge()]))
        .await
        .unwrap();
    assert_eq!((foreseen.calls, foreseen.cached), (0, 20));
    assert!(
        foreseen.note.ends_with("12 judgements are there already."),
        "{}",
        foreseen.note
    );
    let Grader::Judge {
        rubric,
        model,
        parameters,
        ..
    } = judge()
    else {
        panic!("a judge");
    };
    let nobody = Grader::Judge {
        rubric,
        model,
        parameters,
        provider: "nobody".to_owned(),
        least: None,
    };
    let foreseen = bench
        .estimate_run(project, planned(&desk, vec![nobody]))
        .await
        .unwrap();
    assert!(!foreseen.can_start && foreseen.note.contains("a judge of this run can't be asked"));
    assert_eq!(passed(&run), [(7, 10), (5, 10)]);
    let queue = bench
        .mark_queue(project, run.id, MarkChoice::Unmarked)
        .await
        .unwrap();
    assert!(queue.judged && queue.apart == 0);
    let mut thought_otherwise = BTreeSet::new();
    for question in &queue.questions {
        let item = bench.mark_item(project, run.id, *question).await.unwrap();
        assert_eq!(item.asked.look_at, "");
        // On the answers to question 5 people think otherwise.
        let other = item.case == 5;
        if other {
            thought_otherwise.insert(*question);
        }
        let mark = good(u8::from((item.answer == "yes") != other));
        bench
            .mark_answer(project, run.id, *question, mark)
            .await
            .unwrap();
    }
    // Marks without a grader that wants them change no score.
    let view = bench.run(project, run.id).await.unwrap();
    assert_eq!(passed(&view), [(7, 10), (5, 10)]);
    // 12 different answers, one of them to question 7, which the judge has no verdict on; question 5
    // has one, on which they are apart. Of the 11, people find 6 good and the judge 7: chance agrees
    // on (6·7 + 5·4) / 121 = 0.512, so that kappa is (0.909 − 0.512) / 0.488 = 0.814.
    assert!(
        view.summary.contains(
            "The judge fake-judge agrees with people on 10 of 11 answers (91 %); beyond chance: kappa 0.81, "
        ),
        "{}",
        view.summary
    );
    assert!(view.summary.contains("mark 19 more"), "{}", view.summary);
    let overview = bench.run_overview(project, run.id, 0).await.unwrap();
    assert_eq!(overview.counts.apart, 1);
    let query = MatrixQuery {
        filter: MatrixFilter::Apart,
        ..MatrixQuery::default()
    };
    let rows = bench.run_rows(project, run.id, query, 0, 10).await.unwrap();
    assert_eq!((rows.total, rows.rows[0].case), (1, 5));
    let queue = bench
        .mark_queue(project, run.id, MarkChoice::Apart)
        .await
        .unwrap();
    let found: BTreeSet<_> = queue.questions.into_iter().collect();
    assert_eq!(found, thought_otherwise);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_is_drawn_by_its_seed_and_a_suite_takes_no_marks() {
    let laptop = Laptop::new();
    let bench = &laptop.bench;
    let card = bench
        .create_project("Desk".to_owned(), "Ana".to_owned())
        .await
        .unwrap();
    let desk = desk(bench, card.id).await;
    let run = ran(bench, &desk, vec![people()]).await;
    let draw = async |seed| {
        let choice = MarkChoice::Sample { many: 4, seed };
        let queue = bench
            .mark_queue(desk.project, run.id, choice)
            .await
            .unwrap();
        assert_eq!(queue.chosen, 4);
        queue.questions
    };
    let first = draw(1).await;
    assert_eq!(first, draw(1).await);
    let mut others = Vec::new();
    for seed in 2..8 {
        others.push(draw(seed).await);
    }
    assert!(others.iter().any(|other| *other != first));

    let draft = |dataset, grader: Grader| SuiteDraft {
        dataset,
        graders: vec![grader],
        measure: Measure::Pass,
        groups: None,
    };
    let of_people = bench
        .set_suite(
            desk.project,
            desk.prompt,
            draft(desk.dataset, people()),
            None,
        )
        .await;
    // Nor by the dataset's cases.
    let marked = Case {
        graders: vec![people()],
        ..case(1)
    };
    let other = bench
        .save_dataset(desk.project, None, "Marked".to_owned(), vec![marked])
        .await
        .unwrap();
    let refusal = Grader::Refusal { absent: true };
    let of_cases = bench
        .set_suite(desk.project, desk.prompt, draft(other.id, refusal), None)
        .await;
    for refused in [of_people, of_cases] {
        let words = refused.unwrap_err().to_string();
        assert!(words.contains("recorded when it ends"), "{words}");
    }
}

/// Ana with her desk, and Ben, who writes there too.
async fn two_people() -> (Team, Laptop, Laptop, Desk) {
    let team = Team::start().await;
    let (ana, ben) = (Laptop::new(), Laptop::new());
    let card = ana
        .bench
        .join_team(
            team.url(),
            team.founding(),
            "Ana".to_owned(),
            Some("Desk".to_owned()),
        )
        .await
        .unwrap();
    let desk = desk(&ana.bench, card.id).await;
    let project = desk.project;
    let invited = ana
        .bench
        .invite(project, PersonRole::Author, "Ben".to_owned())
        .await
        .unwrap();
    ben.bench
        .join_team(team.url(), invited.secret, "Ben".to_owned(), None)
        .await
        .unwrap();
    (team, ana, ben, desk)
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_travel_with_a_run_and_come_back() {
    let (_team, ana, ben, desk) = two_people().await;
    let project = desk.project;
    let run = ran(&ana.bench, &desk, vec![people()]).await;
    let queue = ana
        .bench
        .mark_queue(project, run.id, MarkChoice::Unmarked)
        .await
        .unwrap();
    for question in &queue.questions {
        ana.bench
            .mark_answer(project, run.id, *question, good(1))
            .await
            .unwrap();
    }
    ana.bench.share_run(project, run.id).await.unwrap();
    ben.bench.sync_now(project).await.unwrap();
    let rows = ben.bench.runs(project).await.unwrap();
    assert_eq!(rows.len(), 2, "one for each version");
    for row in &rows {
        let view = ben.bench.run(project, row.id).await.unwrap();
        assert_eq!(passed(&view), [(10, 10)], "what Ana marked");
    }
    // Ben finds one bad that Ana finds good: as many against as for, so that it does not pass.
    let question = queue.questions[0];
    let mut told = None;
    for row in &rows {
        let queue = ben
            .bench
            .mark_queue(project, row.id, MarkChoice::NotByMe)
            .await
            .unwrap();
        assert_eq!((queue.progress.marked, queue.progress.mine), (10, 0));
        if queue.questions.contains(&question) {
            ben.bench
                .mark_answer(project, row.id, question, good(0))
                .await
                .unwrap();
            let view = ben.bench.run(project, row.id).await.unwrap();
            assert_eq!(passed(&view), [(9, 10)]);
            let reasons = view.rows.iter().flat_map(|row| row.cells.iter().flatten());
            let apart: Vec<_> = reasons.filter(|cell| cell.pass == Some(false)).collect();
            assert_eq!(
                apart[0].reason,
                "people disagree: Ana says good; Ben says not good"
            );
            told = Some(row.id);
            break;
        }
    }
    ben.bench.share_run(project, told.unwrap()).await.unwrap();
    ana.bench.sync_now(project).await.unwrap();
    // Ana opens what Ben shared; from then on her own run knows it too.
    let from_ben = ana.bench.runs(project).await.unwrap();
    let from_ben = from_ben.iter().find(|row| row.by == "Ben").unwrap();
    let view = ana.bench.run(project, from_ben.id).await.unwrap();
    assert_eq!(passed(&view), [(9, 10)]);
    let own = ana.bench.run(project, run.id).await.unwrap();
    let all: u32 = own.columns.iter().map(|one| one.passed).sum();
    assert!(all < 20, "{:?}", passed(&own));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_says_what_a_person_marked() {
    let (_team, ana, ben, desk) = two_people().await;
    let project = desk.project;
    let run = ran(&ana.bench, &desk, vec![people()]).await;
    let queue = ana
        .bench
        .mark_queue(project, run.id, MarkChoice::Unmarked)
        .await
        .unwrap();
    for question in &queue.questions {
        ana.bench
            .mark_answer(project, run.id, *question, good(0))
            .await
            .unwrap();
    }
    ana.bench.share_run(project, run.id).await.unwrap();
    ben.bench.sync_now(project).await.unwrap();
    let rows = ben.bench.runs(project).await.unwrap();
    let before = ben.bench.run(project, rows[0].id).await.unwrap();
    assert_eq!(passed(&before)[0].0, 0, "Ana finds nothing good");
    // Ben's program says otherwise of Ana, and later.
    let file = ben.home().join("galley.sqlite");
    let store = store::Store::open(&file, &store::Options::default()).unwrap();
    for (question, marks) in store.marks(project).unwrap() {
        for mut mark in marks {
            mark.value = Some(1);
            mark.note = "forged".to_owned();
            mark.at = mark.at.plus(1);
            let source = domain::Digest::of(b"forged");
            let given = store::GivenMark {
                question,
                mark,
                source,
            };
            let now = domain::Millis(i64::MAX / 2);
            store.keep_marks(project, &[given], now).unwrap();
        }
    }
    ben.bench.share_run(project, rows[0].id).await.unwrap();
    ana.bench.sync_now(project).await.unwrap();
    let rows = ana.bench.runs(project).await.unwrap();
    let from_ben = rows.iter().find(|row| row.by == "Ben").unwrap();
    let view = ana.bench.run(project, from_ben.id).await.unwrap();
    let reasons = view.rows.iter().flat_map(|row| row.cells.iter().flatten());
    assert!(
        reasons.clone().all(|cell| !cell.reason.contains("forged")),
        "{:?}",
        reasons.map(|cell| cell.reason.clone()).collect::<Vec<_>>()
    );
    assert_eq!(passed(&view)[0].0, 0, "what Ana marked stands");
}
