//! `kill -9` in the middle of a run: nothing is paid for twice but what was under way, nothing is lost,
//! and what was answered before stays as it came.

use crate::chance::Chance;
use crate::child::{Child, Here, Order, open};
use crate::support::environment;
use domain::content::{Input, InputKind, Kind, Message, ModelSettings, Role};
use domain::dataset::Case;
use domain::graders::Grader;
use domain::suite::Measure;
use domain::{EnvironmentId, ProjectId, PromptId, RunId, VersionId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use workbench::Workbench;
use workbench::views::{
    ProviderKind, ProviderSettings, Ref, RunPlan, RunState, RunView, SuiteDraft,
};

const AT_ONCE: u32 = 8;

/// What the child runs.
#[derive(Clone, Serialize, Deserialize)]
pub struct Task {
    pub here: Here,
    pub version: VersionId,
    pub dataset: domain::DatasetId,
    /// The environment for which it counts.
    pub counts: Option<EnvironmentId>,
    /// The run that was broken off.
    pub resume: Option<RunId>,
}

/// The child: begins or resumes the run, says its id, and ends with it.
pub async fn child(task: Task) {
    let bench = open(&task.here);
    let project = task.here.project;
    let version = Ref::Version {
        version: task.version,
    };
    let view = match (task.resume, task.counts) {
        (Some(run), _) => bench.resume_run(project, run).await,
        (None, Some(place)) => {
            bench
                .start_counted_run(project, version, place, Vec::new(), 1, AT_ONCE)
                .await
        }
        (None, None) => {
            let plan = RunPlan {
                versions: vec![version],
                dataset: task.dataset,
                graders: Vec::new(),
                models: Vec::new(),
                repeats: 1,
                concurrency: AT_ONCE,
                counts: None,
            };
            bench.start_run(project, plan).await
        }
    };
    let run = view.unwrap().id;
    crate::child::say(&format!("run {}", run.0));
    let view = bench.run_to_its_end(project, run).await.unwrap();
    crate::child::say(&format!("ended {:?} {:?}", view.state, view.error));
}

/// A provider that counts, and gives no answer twice.
#[derive(Default)]
struct Book {
    model: String,
    calls: usize,
    of: HashMap<String, u32>,
}

pub struct Fake {
    pub address: String,
    book: Arc<(Mutex<Book>, Condvar)>,
}

impl Fake {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/v1", listener.local_addr().unwrap());
        let book = Book {
            model: "fake-1".to_owned(),
            ..Book::default()
        };
        let book = Arc::new((Mutex::new(book), Condvar::new()));
        let kept = Arc::clone(&book);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let book = Arc::clone(&kept);
                std::thread::spawn(move || answer(&stream, &book));
            }
        });
        Self { address, book }
    }

    pub fn calls(&self) -> usize {
        self.book.0.lock().unwrap().calls
    }

    /// Answers as another model.
    pub fn is_from_now_on(&self, model: &str) {
        model.clone_into(&mut self.book.0.lock().unwrap().model);
    }

    /// Waits until it was called so often.
    fn called(&self, times: usize) {
        let book = self.book.0.lock().unwrap();
        drop(
            self.book
                .1
                .wait_while(book, |book| book.calls < times)
                .unwrap(),
        );
    }
}

// Whoever is killed leaves in the middle of a sentence: that is no failure of ours.
fn answer(stream: &TcpStream, book: &(Mutex<Book>, Condvar)) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
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
        reader.read_exact(&mut body).ok()?;
        let asked: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let question = asked["messages"][0]["content"].as_str().unwrap().to_owned();
        let (number, model) = {
            let mut kept = book.0.lock().unwrap();
            kept.calls += 1;
            *kept.of.entry(question).or_default() += 1;
            book.1.notify_all();
            (kept.calls, kept.model.clone())
        };
        let json = serde_json::json!({
            "model": model,
            "usage": {"prompt_tokens": 10, "completion_tokens": 2},
            "choices": [{"message": {"content": format!("yes {number}")}, "finish_reason": "stop"}],
        });
        let json = json.to_string();
        let mut out = stream;
        write!(
            out,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{json}",
            json.len()
        )
        .ok()?;
    }
}

struct Set {
    task: Task,
    prompt: PromptId,
}

async fn set_up(folder: &std::path::Path, fake: &Fake, cases: usize) -> Set {
    let home = folder.join("home");
    let said = Child::start(&Order::Found { home, team: None }).ends();
    let founded = said.iter().find_map(|line| line.strip_prefix("founded "));
    let here: Here = serde_json::from_str(founded.unwrap()).unwrap();
    let (bench, project) = (open(&here), here.project);
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
    let version = writes(&bench, project).await;
    let cases = (0..cases).map(|n| Case {
        id: n.to_string(),
        inputs: [("n".to_owned(), n.to_string().into())]
            .into_iter()
            .collect(),
        ..Case::default()
    });
    let dataset = bench
        .save_dataset(project, None, "Messages".to_owned(), cases.collect())
        .await
        .unwrap()
        .id;
    let library = bench.library(project).await.unwrap();
    let prompt = library
        .prompts
        .iter()
        .find(|row| row.name == "asks")
        .unwrap();
    Set {
        prompt: prompt.id,
        task: Task {
            here,
            version,
            dataset,
            counts: None,
            resume: None,
        },
    }
}

async fn writes(bench: &Workbench, project: ProjectId) -> VersionId {
    let draft = bench
        .new_draft(project, "asks".to_owned(), Kind::Chat)
        .await
        .unwrap();
    let mut content = draft.content;
    content.messages = vec![Message::Message {
        role: Role::User,
        text: "{{ n }}".to_owned(),
        other: Default::default(),
    }];
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
    let saved = bench.save_version(project, draft.id, "First".to_owned());
    saved.await.unwrap().id
}

/// By case.
fn answers(view: &RunView) -> BTreeMap<u32, String> {
    let rows = view.rows.iter();
    rows.filter_map(|row| Some((row.case, row.cells.first()?.as_ref()?.answer.clone())))
        .collect()
}

/// Kills it again and again until it comes to its end; gives the run and how often it was killed.
async fn through(mut task: Task, fake: &Fake, cases: usize, chance: &mut Chance) -> (RunId, usize) {
    let mut kills = 0;
    let mut before = BTreeMap::new();
    loop {
        let mut child = Child::start(&Order::Run(Box::new(task.clone())));
        if let Some(words) = child.hears() {
            let id = words.strip_prefix("run ").expect("it begins");
            task.resume = Some(RunId(id.parse().unwrap()));
        }
        let run = task.resume.expect("its id");
        let left = cases.saturating_sub(fake.calls());
        let more = 1 + usize::try_from(chance.below(u64::try_from(cases / 4).unwrap())).unwrap();
        if more < left {
            fake.called(fake.calls() + more);
            child.kill();
            kills += 1;
        } else {
            let said = child.ends();
            assert_eq!(said, ["ended Done None"]);
        }
        // What was there is there as it was.
        let bench = open(&task.here);
        let view = bench.run(task.here.project, run).await.unwrap();
        let now = answers(&view);
        for (case, old) in &before {
            assert_eq!(now.get(case), Some(old), "case {case}");
        }
        before = now;
        if view.state == RunState::Done {
            return (run, kills);
        }
        assert_eq!(view.state, RunState::BrokenOff);
    }
}

async fn killed_and_resumed(cases: usize, counts: bool) {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start();
    let Set { mut task, prompt } = set_up(folder.path(), &fake, cases).await;
    let project = task.here.project;
    if counts {
        let bench = open(&task.here);
        let draft = SuiteDraft {
            dataset: task.dataset,
            graders: vec![Grader::Contains {
                all: vec!["yes".to_owned()],
                any: Vec::new(),
                none: Vec::new(),
                ignore_case: false,
            }],
            measure: Measure::Pass,
            groups: Some(Vec::new()),
        };
        bench.set_suite(project, prompt, draft, None).await.unwrap();
        task.counts = Some(environment(&bench, project, "development").await);
    }
    let mut chance = Chance::new();
    let (run, kills) = through(task.clone(), &fake, cases, &mut chance).await;
    println!("{kills} kills, {} calls for {cases} cases", fake.calls());
    assert!(kills >= 3, "only {kills}");

    let asked = fake.book.0.lock().unwrap().of.len();
    assert_eq!(asked, cases, "every case was asked");
    let under_way = kills * usize::try_from(AT_ONCE).unwrap();
    assert!(
        fake.calls() <= cases + under_way,
        "{} calls: more than what was under way was paid for again",
        fake.calls()
    );
    let bench = open(&task.here);
    let view = bench.run(project, run).await.unwrap();
    assert_eq!(view.error, None);
    assert_eq!(answers(&view).len(), cases);
    assert_eq!(view.shared.is_some(), counts, "what counts is recorded");
    let refused = bench
        .resume_run(project, run)
        .await
        .unwrap_err()
        .to_string();
    let wanted = if counts {
        "was recorded"
    } else {
        "came to its end"
    };
    assert!(refused.contains(wanted), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_goes_on_where_it_was() {
    killed_and_resumed(1_000, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_counts_does_too() {
    killed_and_resumed(400, true).await;
}
