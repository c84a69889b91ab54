//! Runs through several prompts: an input that is another prompt's output is asked for first.

use crate::support::{completion, openai, options, providers, version};
use domain::content::{Input, InputKind, Message};
use domain::dataset::{Case, Dataset};
use domain::graders::Grader;
use domain::{PromptId, VersionContent};
use evals::{Before, Column, Estimate, MemoryCache, Price, Prices, Run, RunReport};
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

const FIRST: PromptId = PromptId(uuid::Uuid::from_u128(1));

/// Answers with what it was told, in brackets, and remembers it; the word "broken" is refused.
#[derive(Clone, Default)]
struct Brackets(Arc<Mutex<Vec<String>>>);

impl Respond for Brackets {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = request.body_json().unwrap();
        let messages = body["messages"].as_array().unwrap();
        let said: Vec<_> = messages
            .iter()
            .map(|message| message["content"].as_str().unwrap_or_default())
            .collect();
        self.0.lock().push(said.join(" "));
        if said.last() == Some(&"broken") {
            return ResponseTemplate::new(400);
        }
        let answer = format!("[{}]", said.join(" "));
        ResponseTemplate::new(200).set_body_json(completion(&answer))
    }
}

async fn brackets() -> (MockServer, Brackets) {
    let server = MockServer::builder().start().await;
    let told = Brackets::default();
    Mock::given(method("POST"))
        .respond_with(told.clone())
        .mount(&server)
        .await;
    (server, told)
}

fn says(system: &str) -> VersionContent {
    let mut content = version();
    let Message::Message { text, .. } = &mut content.messages[0] else {
        panic!()
    };
    *text = system.to_owned();
    content
}

/// A version that answers what the first prompt made of `q`.
fn second(system: &str, kind: InputKind) -> Column {
    let mut content = says(system);
    let Message::Message { text, .. } = &mut content.messages[1] else {
        panic!()
    };
    *text = if kind == InputKind::List {
        "{% for one in made %}{{ one }}{% endfor %}".to_owned()
    } else {
        "{{ made }}".to_owned()
    };
    content.inputs = vec![Input {
        name: "made".to_owned(),
        kind,
        required: true,
        default: None,
        description: String::new(),
        from: Some(FIRST),
        other: Default::default(),
    }];
    Column {
        label: system.to_owned(),
        content,
        before: BTreeMap::from([(
            FIRST,
            Before {
                label: "first v1".to_owned(),
                content: says("one"),
            },
        )]),
    }
}

fn cases(inputs: &[&[(&str, &str)]]) -> Arc<Dataset> {
    let cases = inputs.iter().enumerate().map(|(index, inputs)| Case {
        id: format!("c{index}"),
        inputs: Map::from_iter(
            inputs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Value::from(*value))),
        ),
        ..Case::default()
    });
    Arc::new(Dataset {
        cases: cases.collect(),
        ..Dataset::default()
    })
}

fn prepared(server: &MockServer, columns: Vec<Column>, data: &Arc<Dataset>, dear: f64) -> Run {
    // Each answer has 11 tokens sent and 3 answered.
    let price = Price {
        provider: "local".to_owned(),
        model: "*".to_owned(),
        input: 1e6,
        output: 1e6,
        currency: "EUR".to_owned(),
    };
    let cost: Grader = serde_json::from_value(json!({"type": "cost", "most": dear})).unwrap();
    Run::prepare(
        columns,
        data.clone(),
        &[cost],
        &providers(openai(&server.uri())),
        &|_| None,
        1,
    )
    .unwrap()
    .at_prices(Prices::new(vec![price]))
}

async fn start(run: Run, cache: &MemoryCache) -> RunReport {
    run.start(cache, &options(), &|_, _, _| {}, &CancellationToken::new())
        .await
}

fn texts(report: &RunReport, column: usize) -> Vec<String> {
    let cells = &report.columns[column].cells;
    let text = |cell: &evals::Cell| match (&cell.answer, &cell.failure) {
        (Some(answer), _) => answer.text.clone(),
        (None, failure) => failure.as_ref().unwrap().message.clone(),
    };
    cells.iter().map(text).collect()
}

#[tokio::test]
async fn the_whole_path_is_asked_each_step_once_and_counted() {
    let (server, told) = brackets().await;
    let cache = MemoryCache::default();
    let data = cases(&[&[("q", "a")], &[("q", "b")]]);
    let columns = || {
        vec![
            second("two", InputKind::Text),
            second("three", InputKind::Text),
        ]
    };
    let run = prepared(&server, columns(), &data, 30.0);
    let foreseen = run.foresee(&cache);
    // Both columns share the first steps; the last ones are each column's own.
    let wanted = Estimate {
        cells: 4,
        calls: 6,
        failed: 0,
    };
    assert_eq!(foreseen.estimate, wanted);
    assert!(!foreseen.cost.is_empty() && foreseen.unpriced.is_empty());
    let report = start(run, &cache).await;
    assert_eq!(texts(&report, 0), ["[two [one a]]", "[two [one b]]"]);
    assert_eq!(texts(&report, 1), ["[three [one a]]", "[three [one b]]"]);
    assert_eq!(report.progress.calls, 6);
    assert_eq!(told.0.lock().len(), 6);
    // Two answers of 14 tokens each at one a token: 28, which is within 30. Paid were six.
    let cells = || report.columns.iter().flat_map(|column| &column.cells);
    assert!(cells().all(|cell| cell.cost.as_ref().unwrap().amount == 28.0));
    assert!(cells().all(|cell| cell.pass() == Some(true)));
    let paid: f64 = cells().map(|cell| cell.paid.as_ref().unwrap().amount).sum();
    assert_eq!(paid, 84.0);

    let run = prepared(&server, columns(), &data, 27.0);
    assert_eq!(run.estimate(&cache).calls, 0);
    let again = start(run, &cache).await;
    assert_eq!(told.0.lock().len(), 6, "everything was there");
    assert_eq!((again.progress.from_cache, again.progress.calls), (4, 0));
    let cells = || again.columns.iter().flat_map(|column| &column.cells);
    assert!(cells().all(|cell| cell.paid.is_none() && cell.pass() == Some(false)));

    // Another last step asks nothing before it again.
    let other = vec![second("four", InputKind::Text)];
    let run = prepared(&server, other, &data, 30.0);
    assert_eq!(run.estimate(&cache).calls, 2);
    assert_eq!(start(run, &cache).await.progress.calls, 2);
}

#[tokio::test]
async fn what_a_case_holds_itself_is_not_asked_for() {
    let (server, told) = brackets().await;
    let data = cases(&[&[("made", "mine")], &[("q", "a"), ("made", "mine too")]]);
    let run = prepared(&server, vec![second("two", InputKind::Text)], &data, 30.0);
    let report = start(run, &MemoryCache::default()).await;
    assert_eq!(texts(&report, 0), ["[two mine]", "[two mine too]"]);
    assert_eq!(told.0.lock().len(), 2);
}

#[tokio::test]
async fn a_step_that_fails_is_named() {
    let (server, _) = brackets().await;
    let data = cases(&[&[("q", "broken")], &[], &[("q", "fine")]]);
    let run = prepared(&server, vec![second("two", InputKind::Text)], &data, 30.0);
    let report = start(run, &MemoryCache::default()).await;
    let said = texts(&report, 0);
    assert!(
        said[0].starts_with("first v1, which comes before it: "),
        "{said:?}"
    );
    assert!(
        said[1].contains("first v1, which comes before it: the input q is required"),
        "{said:?}"
    );
    assert_eq!(said[2], "[two [one fine]]");
    assert_eq!(report.progress.failed, 2);
}

#[tokio::test]
async fn an_input_of_another_kind_is_read_from_the_answer() {
    let (server, _) = brackets().await;
    // "[one "a"]" is no JSON; what the case holds itself is a list already.
    let mut data = Arc::unwrap_or_clone(cases(&[&[("q", "a")], &[]]));
    data.cases[1]
        .inputs
        .insert("made".to_owned(), json!(["x", "y"]));
    let run = prepared(
        &server,
        vec![second("two", InputKind::List)],
        &Arc::new(data),
        30.0,
    );
    let report = start(run, &MemoryCache::default()).await;
    let said = texts(&report, 0);
    assert_eq!(
        said[0],
        "the input made wants a list from first v1, whose answer is no JSON"
    );
    assert_eq!(said[1], "[two xy]");
}

#[test]
fn prompts_that_need_each_other_are_refused() {
    let mut column = second("two", InputKind::Text);
    column.before.get_mut(&FIRST).unwrap().content = column.content.clone();
    let provider = openai("http://127.0.0.1:9");
    let data = cases(&[&[("q", "a")]]);
    let refused = Run::prepare(vec![column], data, &[], &providers(provider), &|_| None, 1);
    let words = refused.unwrap_err().to_string();
    assert!(words.contains("first v1 needs its own output"), "{words}");
}
