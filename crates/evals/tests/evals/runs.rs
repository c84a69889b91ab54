//! Runs over whole datasets: what is asked, what is not, and what is kept.

use crate::support::{completion, openai, options, providers, version};
use domain::dataset::{Case, Dataset};
use domain::graders::Grader;
use evals::{AnswerCache, Cell, Column, MemoryCache, Options, Progress, Run, RunError, RunReport};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// Answers with what it was asked, in capitals, and counts how many it holds at once.
struct Echo;

impl Respond for Echo {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = request.body_json().unwrap();
        let asked = body["messages"][1]["content"].as_str().unwrap_or_default();
        ResponseTemplate::new(200).set_body_json(completion(&asked.to_uppercase()))
    }
}

async fn echo() -> MockServer {
    // A server of its own: it is gone when it is dropped.
    let server = MockServer::builder().start().await;
    Mock::given(method("POST"))
        .respond_with(Echo)
        .mount(&server)
        .await;
    server
}

fn dataset(questions: &[&str]) -> Arc<Dataset> {
    let cases = questions.iter().enumerate().map(|(index, q)| Case {
        id: format!("c{index}"),
        inputs: crate::support::values(q),
        expected: Some(json!(q.to_uppercase())),
        ..Case::default()
    });
    Arc::new(Dataset {
        cases: cases.collect(),
        ..Dataset::default()
    })
}

fn exact() -> Vec<Grader> {
    vec![serde_json::from_value(json!({"type": "exact"})).unwrap()]
}

fn column(label: &str, system: &str) -> Column {
    let mut content = version();
    let domain::content::Message::Message { text, .. } = &mut content.messages[0] else {
        panic!()
    };
    *text = system.to_owned();
    Column {
        label: label.to_owned(),
        content,
        before: std::collections::BTreeMap::new(),
    }
}

async fn run(
    address: &str,
    columns: Vec<Column>,
    data: &Arc<Dataset>,
    cache: &dyn AnswerCache,
    options: &Options,
) -> RunReport {
    let run = Run::prepare(
        columns,
        data.clone(),
        &exact(),
        &providers(openai(address)),
        &|_| None,
        options.repeats,
    )
    .unwrap();
    run.start(cache, options, &|_, _, _| {}, &CancellationToken::new())
        .await
}

#[tokio::test]
async fn every_case_is_asked_once_for_each_version_and_judged() {
    let server = echo().await;
    let cache = MemoryCache::default();
    let mut data = Arc::unwrap_or_clone(dataset(&["a", "b", "c"]));
    data.cases[2].expected = Some(json!("something else"));
    let seen = Mutex::new(Vec::new());
    let on_cell = |progress: &Progress, column: usize, cell: &Cell| {
        seen.lock()
            .push((progress.done, column, cell.case_id.clone()));
    };
    let columns = vec![column("v1", "one"), column("v2", "two")];
    let providers = providers(openai(&server.uri()));
    let run = Run::prepare(columns, Arc::new(data), &exact(), &providers, &|_| None, 1).unwrap();
    assert_eq!(run.estimate(&cache).calls, 6);
    let report = run
        .start(&cache, &options(), &on_cell, &CancellationToken::new())
        .await;
    assert_eq!(
        report.progress,
        Progress {
            done: 6,
            total: 6,
            from_cache: 0,
            calls: 6,
            failed: 0
        }
    );
    assert!(!report.cancelled);
    for column in &report.columns {
        assert_eq!((column.passed, column.judged, column.failed), (2, 3, 0));
        assert_eq!((column.tokens_in, column.tokens_out), (33, 9));
        let ids: Vec<_> = column
            .cells
            .iter()
            .map(|cell| cell.case_id.as_str())
            .collect();
        assert_eq!(ids, ["c0", "c1", "c2"]);
        assert_eq!(
            column.cells[2].scores[0].reason,
            "expected “something else”, but the answer is “C”"
        );
    }
    let seen = seen.into_inner();
    assert_eq!(
        seen.iter().map(|(done, _, _)| *done).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6]
    );
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<RunReport>(&json).unwrap(), report);
}

#[tokio::test]
async fn the_second_run_costs_nothing_and_needs_no_network() {
    let server = echo().await;
    let cache = MemoryCache::default();
    let data = dataset(&["a", "b", "c"]);
    let first = run(
        &server.uri(),
        vec![column("v1", "one")],
        &data,
        &cache,
        &options(),
    )
    .await;
    let address = server.uri();
    // Nothing listens any more: one call would fail the run.
    drop(server);
    let again = run(
        &address,
        vec![column("v1", "one")],
        &data,
        &cache,
        &options(),
    )
    .await;
    assert_eq!(
        again.progress,
        Progress {
            done: 3,
            total: 3,
            from_cache: 3,
            calls: 0,
            failed: 0
        }
    );
    for (cached, asked) in again.columns[0].cells.iter().zip(&first.columns[0].cells) {
        assert!(cached.from_cache && !asked.from_cache);
        assert_eq!(
            (&cached.answer, &cached.scores),
            (&asked.answer, &asked.scores)
        );
    }
    // A change that sends the same is answered from the cache; another word is not.
    let mut renamed = column("v2", "one");
    renamed.content.inputs[0].description = "The question".to_owned();
    let same = run(&address, vec![renamed], &data, &cache, &options()).await;
    assert_eq!(same.progress.calls, 0);
    let mut impatient = options();
    impatient.patience.retries = 0;
    let other = run(
        &address,
        vec![column("v3", "other")],
        &data,
        &cache,
        &impatient,
    )
    .await;
    assert_eq!((other.progress.calls, other.progress.failed), (3, 3));
    let failure = other.columns[0].cells[0].failure.as_ref().unwrap();
    assert_eq!(failure.code, "unreachable");
}

#[tokio::test]
async fn the_same_question_is_asked_once_unless_it_is_repeated() {
    let server = echo().await;
    let data = dataset(&["a", "b", "a", "a"]);
    let cache = MemoryCache::default();
    let report = run(
        &server.uri(),
        vec![column("v1", "x"), column("v2", "x")],
        &data,
        &cache,
        &options(),
    )
    .await;
    assert_eq!(
        report.progress,
        Progress {
            done: 8,
            total: 8,
            from_cache: 6,
            calls: 2,
            failed: 0
        }
    );

    let repeated = Options {
        repeats: 3,
        ..options()
    };
    let report = run(
        &server.uri(),
        vec![column("v1", "x")],
        &data,
        &cache,
        &repeated,
    )
    .await;
    // Two questions, three askings of each, one of which is there.
    assert_eq!(
        report.progress,
        Progress {
            done: 12,
            total: 12,
            from_cache: 8,
            calls: 4,
            failed: 0
        }
    );
    let first: Vec<_> = report.columns[0]
        .cells
        .iter()
        .take(4)
        .map(|cell| (cell.case, cell.repeat))
        .collect();
    assert_eq!(first, [(0, 0), (0, 1), (0, 2), (1, 0)]);
}

#[tokio::test]
async fn what_a_case_lacks_fails_that_case_alone() {
    let server = echo().await;
    let mut data = Arc::unwrap_or_clone(dataset(&["a", "b"]));
    data.cases[0].inputs.clear();
    let cache = MemoryCache::default();
    let report = run(
        &server.uri(),
        vec![column("v1", "x")],
        &Arc::new(data),
        &cache,
        &options(),
    )
    .await;
    assert_eq!(
        report.progress,
        Progress {
            done: 2,
            total: 2,
            from_cache: 0,
            calls: 1,
            failed: 1
        }
    );
    let failure = report.columns[0].cells[0].failure.as_ref().unwrap();
    assert_eq!(failure.message, "the input q is required and was not given");
    assert_eq!(report.columns[0].cells[0].pass(), None);
}

/// Fails every third call, whichever it is.
struct Shaky(AtomicUsize);

impl Respond for Shaky {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        match self.0.fetch_add(1, Ordering::SeqCst) % 3 {
            0 => ResponseTemplate::new(429).insert_header("retry-after", "0"),
            1 => ResponseTemplate::new(500),
            _ => Echo.respond(request),
        }
    }
}

#[tokio::test]
async fn a_shaky_provider_is_borne_with() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(Shaky(AtomicUsize::new(0)))
        .mount(&server)
        .await;
    let cases: Vec<String> = (0..20).map(|n| format!("question {n}")).collect();
    let data = dataset(&cases.iter().map(String::as_str).collect::<Vec<_>>());
    let mut patient = options();
    patient.patience.retries = 60;
    patient.patience.longest = Duration::from_millis(20);
    let report = run(
        &server.uri(),
        vec![column("v1", "x")],
        &data,
        &MemoryCache::default(),
        &patient,
    )
    .await;
    assert_eq!((report.progress.failed, report.columns[0].passed), (0, 20));
    // Two of three calls fail, so each answer took three on the whole.
    assert_eq!(report.progress.calls, 60);
}

#[tokio::test]
async fn what_there_is_when_it_is_stopped_is_kept() {
    let server = echo().await;
    let cases: Vec<String> = (0..100).map(|n| format!("question {n}")).collect();
    let data = dataset(&cases.iter().map(String::as_str).collect::<Vec<_>>());
    let cache = MemoryCache::default();
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let on_cell = move |progress: &Progress, _: usize, _: &Cell| {
        if progress.done == 10 {
            stop.cancel();
        }
    };
    let run = Run::prepare(
        vec![column("v1", "x")],
        data.clone(),
        &exact(),
        &providers(openai(&server.uri())),
        &|_| None,
        1,
    )
    .unwrap();
    let report = run
        .start(
            &cache,
            &Options {
                concurrency: 4,
                ..options()
            },
            &on_cell,
            &cancel,
        )
        .await;
    assert!(report.cancelled);
    let kept = report.columns[0].cells.len();
    // The four that were under way may have come in with the tenth.
    assert!((10..=14).contains(&kept), "{kept}");
    assert_eq!(cache.len(), kept);
    assert!(
        report.columns[0]
            .cells
            .iter()
            .all(|cell| cell.answer.is_some())
    );
    // Going on asks only for the rest.
    let rest = crate::runs::run(
        &server.uri(),
        vec![column("v1", "x")],
        &data,
        &cache,
        &options(),
    )
    .await;
    assert_eq!(rest.progress.calls as usize, 100 - kept);
    assert_eq!(rest.columns[0].passed, 100);
}

#[tokio::test]
async fn no_more_are_asked_at_once_than_wanted() {
    /// Notes how many requests are open.
    struct Crowd(Arc<Mutex<(usize, usize)>>);
    impl Respond for Crowd {
        fn respond(&self, request: &Request) -> ResponseTemplate {
            // wiremock answers one request at a time: what counts is what lies before the delay.
            self.0.lock().0 += 1;
            Echo.respond(request).set_delay(Duration::from_millis(20))
        }
    }
    let server = MockServer::start().await;
    let crowd = Arc::new(Mutex::new((0, 0)));
    Mock::given(method("POST"))
        .respond_with(Crowd(crowd.clone()))
        .mount(&server)
        .await;
    let cases: Vec<String> = (0..30).map(|n| format!("question {n}")).collect();
    let data = dataset(&cases.iter().map(String::as_str).collect::<Vec<_>>());
    let on_cell = |progress: &Progress, _: usize, _: &Cell| {
        // Asked so far, less those that have come in before this one.
        let mut crowd = crowd.lock();
        let open = crowd.0 - (progress.done as usize - 1);
        crowd.1 = crowd.1.max(open);
    };
    let run = Run::prepare(
        vec![column("v1", "x")],
        data,
        &exact(),
        &providers(openai(&server.uri())),
        &|_| None,
        1,
    )
    .unwrap();
    let options = Options {
        concurrency: 5,
        ..options()
    };
    run.start(
        &MemoryCache::default(),
        &options,
        &on_cell,
        &CancellationToken::new(),
    )
    .await;
    let most = crowd.lock().1;
    assert!((1..=5).contains(&most), "{most} at once");
}

#[test]
fn what_is_wrong_is_said_before_anything_is_asked() {
    let data = dataset(&["a"]);
    let known = providers(openai("http://127.0.0.1:1"));
    let prepare = |column: Column, graders: &[Grader]| {
        Run::prepare(vec![column], data.clone(), graders, &known, &|_| None, 1).unwrap_err()
    };

    let mut broken = column("v1", "x");
    broken.content.inputs.clear();
    let error = prepare(broken, &[]);
    assert_eq!(
        error.to_string(),
        "v1: there is no input “q”: declare it, or correct the name"
    );
    assert!(matches!(error, RunError::Template { problems, .. } if problems.len() == 1));

    let mut modelless = column("v1", "x");
    modelless.content.model = None;
    assert_eq!(
        prepare(modelless, &[]).to_string(),
        "v1 names no model: choose one first"
    );

    let mut stranger = column("v1", "x");
    stranger.content.model.as_mut().unwrap().provider = "openai".to_owned();
    let told = prepare(stranger, &[]).to_string();
    assert_eq!(
        told,
        "v1 asks “openai”, which is not set up on this computer: add it in the settings"
    );

    let bad: Grader = serde_json::from_value(json!({"type": "regex", "pattern": "("})).unwrap();
    assert!(matches!(
        prepare(column("v1", "x"), &[bad]),
        RunError::Grader(_)
    ));
}

/// A run moves between threads while it waits.
#[tokio::test]
async fn a_run_can_be_put_on_its_own_task() {
    let server = echo().await;
    let address = server.uri();
    let task = tokio::spawn(async move {
        let cache: Arc<dyn AnswerCache> = Arc::new(MemoryCache::default());
        run(
            &address,
            vec![column("v1", "x")],
            &dataset(&["a"]),
            cache.as_ref(),
            &options(),
        )
        .await
    });
    assert_eq!(task.await.unwrap().columns[0].passed, 1);
}

/// Refuses every question but those that hold a word.
struct Picky(&'static str, AtomicUsize);

impl Respond for Picky {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.1.fetch_add(1, Ordering::SeqCst);
        let asked = String::from_utf8_lossy(&request.body).into_owned();
        if asked.contains(self.0) {
            ResponseTemplate::new(200).set_body_json(completion("yes"))
        } else {
            let why = json!({"error": {"message": "no such model"}});
            ResponseTemplate::new(404).set_body_json(why)
        }
    }
}

#[tokio::test]
async fn a_provider_that_refuses_everything_is_soon_left_alone() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(Picky("good", AtomicUsize::new(0)))
        .mount(&server)
        .await;
    let questions: Vec<String> = (0..60).map(|n| format!("bad {n}")).collect();
    let questions: Vec<&str> = questions.iter().map(String::as_str).collect();
    let mut one_by_one = options();
    one_by_one.concurrency = 1;
    let report = run(
        &server.uri(),
        vec![column("v1", "be good"), column("v2", "be brief")],
        &dataset(&questions),
        &MemoryCache::default(),
        &one_by_one,
    )
    .await;
    let why = report.out_of_reach.expect("left alone");
    assert!(
        why.starts_with("v2: ") && why.contains("no such model"),
        "{why}"
    );
    assert!(!report.cancelled, "nobody stopped it");
    let asked = server.received_requests().await.unwrap().len();
    assert_eq!(asked, 10, "five of each, by turns");
    assert_eq!(report.progress.failed, 0, "what was not answered is open");
    assert_eq!(report.progress.done, 5, "what was answered is kept");

    // One that answers now and then is asked to the end.
    let questions: Vec<String> = (0..60)
        .map(|n| format!("{} {n}", if n % 4 == 3 { "good" } else { "bad" }))
        .collect();
    let questions: Vec<&str> = questions.iter().map(String::as_str).collect();
    let report = run(
        &server.uri(),
        vec![column("v2", "be brief")],
        &dataset(&questions),
        &MemoryCache::default(),
        &one_by_one,
    )
    .await;
    assert_eq!(report.out_of_reach, None);
    assert_eq!((report.progress.done, report.progress.failed), (60, 45));
}
