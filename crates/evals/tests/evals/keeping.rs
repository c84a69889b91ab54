//! What was answered is kept before anything else is asked, and what is there already is left alone.

use crate::support::{completion, openai, options, providers, values, version};
use domain::Digest;
use domain::dataset::{Case, Dataset};
use evals::{Answer, AnswerCache, Cell, Column, MemoryCache, NotKept, Options, Run};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_util::sync::CancellationToken;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// Keeps answers, and has room for so many.
struct Narrow {
    answers: MemoryCache,
    kept: Arc<AtomicUsize>,
    room: usize,
}

impl AnswerCache for Narrow {
    fn get(&self, question: &Digest) -> Option<Answer> {
        self.answers.get(question)
    }

    fn put(&self, question: &Digest, answer: &Answer) {
        self.answers.put(question, answer);
    }

    fn keep_given(
        &self,
        answers: &[(Digest, &Answer)],
        cells: &[(usize, Cell)],
    ) -> Result<(), NotKept> {
        if self.answers.len() + answers.len() > self.room {
            return Err(NotKept("the disk is full".to_owned()));
        }
        assert_eq!(cells.len(), answers.len());
        self.put_many(answers);
        self.kept.store(self.answers.len(), Ordering::SeqCst);
        Ok(())
    }
}

/// Answers, and looks each time how many answers it gave are not kept.
struct Watching {
    asked: AtomicUsize,
    kept: Arc<AtomicUsize>,
    most: Arc<Mutex<usize>>,
}

impl Respond for Watching {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let open = asked.saturating_sub(self.kept.load(Ordering::SeqCst));
        let mut most = self.most.lock();
        *most = (*most).max(open);
        ResponseTemplate::new(200).set_body_json(completion("yes"))
    }
}

async fn watched(kept: &Arc<AtomicUsize>) -> (MockServer, Arc<Mutex<usize>>) {
    let server = MockServer::builder().start().await;
    let most = Arc::new(Mutex::new(0));
    let watching = Watching {
        asked: AtomicUsize::new(0),
        kept: Arc::clone(kept),
        most: Arc::clone(&most),
    };
    Mock::given(method("POST"))
        .respond_with(watching)
        .mount(&server)
        .await;
    (server, most)
}

fn run(server: &MockServer, cases: usize) -> Run {
    let cases = (0..cases).map(|n| Case {
        id: n.to_string(),
        inputs: values(&n.to_string()),
        ..Case::default()
    });
    let data = Dataset {
        cases: cases.collect(),
        ..Dataset::default()
    };
    let column = Column {
        label: "v1".to_owned(),
        content: version(),
        before: BTreeMap::new(),
    };
    let providers = providers(openai(&server.uri()));
    Run::prepare(vec![column], Arc::new(data), &[], &providers, &|_| None, 1).unwrap()
}

fn at_once(concurrency: usize) -> Options {
    Options {
        concurrency,
        ..options()
    }
}

#[tokio::test]
async fn no_more_is_unkept_than_is_under_way() {
    for concurrency in [1, 4] {
        let kept = Arc::new(AtomicUsize::new(0));
        let (server, most) = watched(&kept).await;
        let cache = Narrow {
            answers: MemoryCache::default(),
            kept,
            room: usize::MAX,
        };
        let report = run(&server, 60)
            .start(
                &cache,
                &at_once(concurrency),
                &|_, _, _| {},
                &CancellationToken::new(),
            )
            .await;
        assert_eq!(report.progress.calls, 60);
        assert!(
            *most.lock() <= concurrency,
            "{} of {concurrency}",
            most.lock()
        );
    }
}

#[tokio::test]
async fn where_nothing_can_be_kept_nothing_more_is_asked() {
    let kept = Arc::new(AtomicUsize::new(0));
    let (server, _) = watched(&kept).await;
    let cache = Narrow {
        answers: MemoryCache::default(),
        kept,
        room: 5,
    };
    let report = run(&server, 60)
        .start(
            &cache,
            &at_once(2),
            &|_, _, _| {},
            &CancellationToken::new(),
        )
        .await;
    assert!(report.cancelled);
    assert_eq!(
        report.progress.done,
        u32::try_from(cache.answers.len()).unwrap()
    );
    let asked = server.received_requests().await.unwrap().len();
    assert!(asked <= 7, "{asked}");
}

#[tokio::test]
async fn what_was_there_is_neither_asked_nor_changed() {
    let kept = Arc::new(AtomicUsize::new(0));
    let (server, _) = watched(&kept).await;
    let none = MemoryCache::default();
    let first = run(&server, 6)
        .start(&none, &options(), &|_, _, _| {}, &CancellationToken::new())
        .await;
    let mut already: Vec<(usize, Cell)> = Vec::new();
    for cell in first.columns[0].cells.iter().take(4) {
        let mut cell = cell.clone();
        cell.answer.as_mut().unwrap().text = "as it came".to_owned();
        already.push((0, cell));
    }
    let told = Mutex::new(0);
    // Nothing is in this cache: only the cells say that they are there.
    let again = run(&server, 6)
        .with_already(already)
        .start(
            &MemoryCache::default(),
            &options(),
            &|_, _, _| *told.lock() += 1,
            &CancellationToken::new(),
        )
        .await;
    assert_eq!(server.received_requests().await.unwrap().len(), 8);
    assert_eq!(*told.lock(), 2, "only what is new is told");
    assert_eq!(
        (
            again.progress.done,
            again.progress.total,
            again.progress.calls
        ),
        (6, 6, 6)
    );
    let texts: Vec<_> = again.columns[0]
        .cells
        .iter()
        .map(|cell| cell.answer.as_ref().unwrap().text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "as it came",
            "as it came",
            "as it came",
            "as it came",
            "yes",
            "yes"
        ]
    );
}
