//! Trying while one writes: a handful of cases, conversations with a draft, what was sent, and answers of
//! a run while they are written.

use crate::support::Laptop;
use domain::content::{Input, InputKind, Message, ModelSettings, Role};
use domain::dataset::Case;
use domain::graders::Grader;
use domain::{ProjectId, VersionContent};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use workbench::views::{
    ModelChoice, Playground, ProviderKind, ProviderSettings, Ref, RunPlan, Speaker, TryContent,
    TryPlan,
};
use workbench::{Event, Workbench};

/// A model that says what it was told last, in two pieces. Told to `wait` it writes one piece, and the
/// other when it is let.
struct Talker {
    address: String,
    asked: Arc<Mutex<Vec<serde_json::Value>>>,
    go_on: Sender<()>,
}

impl Talker {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/v1", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<serde_json::Value>>> = Arc::default();
        let (go_on, let_go) = channel();
        let (kept, let_go) = (Arc::clone(&asked), Arc::new(Mutex::new(let_go)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, let_go) = (Arc::clone(&kept), Arc::clone(&let_go));
                std::thread::spawn(move || talk(&stream, &kept, &let_go));
            }
        });
        Self {
            address,
            asked,
            go_on,
        }
    }

    fn asked(&self) -> Vec<serde_json::Value> {
        self.asked.lock().unwrap().clone()
    }
}

// Whoever stops leaves in the middle: that is no failure of ours.
fn talk(
    stream: &TcpStream,
    asked: &Mutex<Vec<serde_json::Value>>,
    let_go: &Mutex<Receiver<()>>,
) -> Option<()> {
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
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let messages = body["messages"].as_array().unwrap();
        let said = messages.last().unwrap()["content"].as_str().unwrap();
        let (said, model) = (said.to_owned(), body["model"].as_str().unwrap().to_owned());
        let streaming = body["stream"] == true;
        asked.lock().unwrap().push(body);
        let mut out = stream;
        if !streaming {
            let json = serde_json::json!({"model": model, "choices": [
                {"message": {"content": format!("{model}: {said}")}, "finish_reason": "stop"}]});
            let json = json.to_string();
            write!(out, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{json}", json.len()).ok()?;
            continue;
        }
        write!(
            out,
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
        )
        .ok()?;
        let piece = |text: &str| {
            let json =
                serde_json::json!({"model": model, "choices": [{"delta": {"content": text}}]});
            format!("data: {json}\n\n")
        };
        out.write_all(piece(&format!("{model}: ")).as_bytes())
            .ok()?;
        out.flush().ok()?;
        if said.contains("wait") {
            let_go.lock().unwrap().recv().ok()?;
        }
        out.write_all(piece(&said).as_bytes()).ok()?;
        out.write_all(
            b"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        )
        .ok()?;
        return None;
    }
}

async fn desk(talker: &Talker) -> (Laptop, ProjectId) {
    let ana = Laptop::new();
    let card = ana
        .bench
        .create_project("Desk".to_owned(), "Ana".to_owned());
    let project = card.await.unwrap().id;
    let settings = ProviderSettings {
        name: "fake".to_owned(),
        kind: ProviderKind::Openai,
        address: talker.address.clone(),
        model: "m1".to_owned(),
        purpose: Default::default(),
        limits: Default::default(),
    };
    ana.bench.save_provider(settings).await.unwrap();
    (ana, project)
}

fn message(role: Role, text: &str) -> Message {
    Message::Message {
        role,
        text: text.to_owned(),
        other: Default::default(),
    }
}

fn content(user: &str) -> VersionContent {
    VersionContent {
        kind: domain::content::Kind::Chat,
        messages: vec![
            message(Role::System, "Be brief."),
            message(Role::User, user),
        ],
        inputs: vec![Input {
            name: "n".to_owned(),
            kind: InputKind::Text,
            required: true,
            default: None,
            description: String::new(),
            from: None,
            other: Default::default(),
        }],
        model: Some(ModelSettings {
            provider: "fake".to_owned(),
            model: "m1".to_owned(),
            parameters: [("temperature".to_owned(), 0.into())].into(),
            other: Default::default(),
        }),
        ..VersionContent::text("")
    }
}

fn case(id: &str, n: Option<&str>, expected: &str) -> Case {
    Case {
        id: id.to_owned(),
        inputs: n.map(|n| ("n".to_owned(), n.into())).into_iter().collect(),
        expected: Some(expected.into()),
        ..Case::default()
    }
}

fn plan(id: &str, texts: &[(&str, &str)], cases: Vec<Case>) -> TryPlan {
    let contents = texts.iter().map(|(label, text)| TryContent {
        label: (*label).to_owned(),
        content: content(text),
    });
    TryPlan {
        id: id.to_owned(),
        contents: contents.collect(),
        models: Vec::new(),
        cases,
        graders: vec![Grader::Exact {
            expected: None,
            trim: true,
            field: None,
            ignore_case: false,
        }],
        refresh: false,
    }
}

fn model(name: &str) -> ModelChoice {
    ModelChoice {
        provider: "fake".to_owned(),
        model: name.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handful_is_tried_side_by_side_and_judged() {
    let talker = Talker::start();
    let (ana, project) = desk(&talker).await;
    let mut events = ana.bench.events();
    let cases = vec![
        case("a", Some("same"), "m1: same"),
        case("b", None, "nothing"),
    ];
    let texts = [("v1", "{{ n }}"), ("draft", "{{ n | upper }}")];
    let tried = ana
        .bench
        .try_some(project, plan("t", &texts, cases.clone()));
    let tried = tried.await.unwrap();
    assert_eq!(tried.columns, ["v1", "draft"]);
    let at = |case: usize, column: usize| &tried.cells[case * 2 + column];
    let answer = |case, column| at(case, column).tried.as_ref().unwrap().answer.as_str();
    assert_eq!((answer(0, 0), answer(0, 1)), ("m1: same", "m1: SAME"));
    assert_eq!((at(0, 0).pass, at(0, 1).pass), (Some(true), Some(false)));
    assert!(at(0, 1).graders[0].reason.contains("m1: same"));
    assert!(at(0, 1).diff.is_some() && at(0, 0).diff.is_none());
    // What goes wrong with one case stands in its place, and the others are answered.
    let error = at(1, 0).error.as_ref().unwrap();
    assert!(error.contains('n') && at(1, 0).tried.is_none(), "{error}");
    assert_eq!(tried.words, "v1: 1 of 1 passed; draft: 0 of 1 passed.");
    // Each answer was told while it came and when it was there.
    let (mut done, mut told) = (0, String::new());
    while let Ok(event) = events.try_recv() {
        match event {
            Event::AnswerDone(it) if it.id == "t" => done += 1,
            Event::AnswerChunk(it) if (it.case, it.column) == (0, 0) => told = it.text,
            _ => {}
        }
    }
    assert_eq!(done, 4);
    assert!("m1: same".starts_with(&told) && !told.is_empty(), "{told}");

    // The same again costs nothing; asked again it is asked again.
    let calls = talker.asked().len();
    let again = plan("t", &texts, cases[..1].to_vec());
    ana.bench.try_some(project, again.clone()).await.unwrap();
    assert_eq!(talker.asked().len(), calls);
    let refreshed = TryPlan {
        refresh: true,
        ..again
    };
    ana.bench.try_some(project, refreshed).await.unwrap();
    assert_eq!(talker.asked().len(), calls + 2);

    // Several models are columns of each text.
    let wide = TryPlan {
        models: vec![model("m1"), model("m2")],
        ..plan("t", &texts, cases[..1].to_vec())
    };
    let tried = ana.bench.try_some(project, wide.clone()).await.unwrap();
    assert_eq!(
        tried.columns,
        ["v1 · m1", "v1 · m2", "draft · m1", "draft · m2"]
    );
    assert_eq!(tried.cells[3].tried.as_ref().unwrap().answer, "m2: SAME");
    // More than a handful is refused with the way on.
    let many = vec![case("a", Some("x"), "x"); 11];
    let refused = ana.bench.try_some(project, plan("t", &texts, many)).await;
    assert!(refused.unwrap_err().to_string().contains("under Evals"));
    let four = ["m1", "m2", "m3", "m4"].map(model).to_vec();
    let refused = ana.bench.try_some(
        project,
        TryPlan {
            models: four,
            ..wide
        },
    );
    assert!(refused.await.unwrap_err().to_string().contains("at most 6"));
}

/// Waits for what an event says.
async fn heard<T>(
    events: &mut tokio::sync::broadcast::Receiver<Event>,
    wanted: impl Fn(&Event) -> Option<T>,
) -> T {
    loop {
        if let Some(found) = wanted(&events.recv().await.unwrap()) {
            return found;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stopped_keeps_what_it_was_answered() {
    let talker = Talker::start();
    let (ana, project) = desk(&talker).await;
    let mut events = ana.bench.events();
    let cases = vec![
        case("a", Some("quick"), "m1: quick"),
        case("b", Some("wait"), "x"),
    ];
    let asked = plan("stop", &[("draft", "{{ n }}")], cases);
    let bench = ana.bench.clone();
    let going = tokio::spawn(async move { bench.try_some(project, asked).await });
    // The second has begun to answer, and the first is there.
    let (mut begun, mut there) = (false, false);
    while !(begun && there) {
        match events.recv().await.unwrap() {
            Event::AnswerChunk(it) if it.case == 1 => begun = it.text == "m1: ",
            Event::AnswerDone(it) if it.cell.case == 0 => there = true,
            _ => {}
        }
    }
    ana.bench.cancel_try("another".to_owned()).await.unwrap();
    ana.bench.cancel_try("stop".to_owned()).await.unwrap();
    let tried = going.await.unwrap().unwrap();
    assert_eq!(tried.cells[0].tried.as_ref().unwrap().answer, "m1: quick");
    assert!(tried.cells[1].stopped && tried.cells[1].tried.is_none());
    drop(talker.go_on);
}

fn blank(prompt: &str) -> Playground {
    Playground {
        id: String::new(),
        prompt: prompt.to_owned(),
        revision: 0,
        turns: Vec::new(),
        typed: String::new(),
        values: [("n".to_owned(), "hello".into())].into_iter().collect(),
        model: None,
    }
}

fn person(text: &str) -> workbench::views::PlayTurn {
    workbench::views::PlayTurn {
        by: Speaker::Person,
        text: text.to_owned(),
        source: String::new(),
        question: None,
    }
}

async fn kept(bench: &Workbench, project: ProjectId, it: Playground) -> Playground {
    bench.keep_playground(project, it).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_on_from_the_prompt_and_is_kept() {
    let talker = Talker::start();
    let (ana, project) = desk(&talker).await;
    let bench = &ana.bench;
    let asks = content("{{ n }}");
    // The prompt alone is a question.
    let mut it = kept(bench, project, blank("p")).await;
    let id = it.id.clone();
    it = bench
        .ask_playground(project, id.clone(), asks.clone(), false)
        .await
        .unwrap();
    assert_eq!(it.turns[0].text, "m1: hello");
    let refused = bench
        .ask_playground(project, id.clone(), asks.clone(), false)
        .await;
    assert!(refused.unwrap_err().to_string().contains("say something"));
    // Going on: what was said before is sent with it.
    it.turns.push(person("and then?"));
    kept(bench, project, it).await;
    it = bench
        .ask_playground(project, id.clone(), asks.clone(), false)
        .await
        .unwrap();
    let sent = talker.asked().pop().unwrap();
    assert_eq!(
        sent["messages"],
        serde_json::json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": "m1: hello"},
            {"role": "user", "content": "and then?"}])
    );
    assert_eq!(it.turns[2].text, "m1: and then?");
    // What is typed while the model answers is not lost to its answer, and neither is the answer.
    it.turns.push(person("wait"));
    it = kept(bench, project, it).await;
    let mut events = bench.events();
    let (other, asked, own) = (bench.clone(), asks.clone(), id.clone());
    let going = tokio::spawn(async move { other.ask_playground(project, own, asked, false).await });
    heard(&mut events, |event| match event {
        Event::AnswerChunk(it) if it.text == "m1: " => Some(()),
        _ => None,
    })
    .await;
    it.typed = "my next thought".to_owned();
    kept(bench, project, it).await;
    talker.go_on.send(()).unwrap();
    it = going.await.unwrap().unwrap();
    assert_eq!(
        (it.turns.len(), it.typed.as_str(), it.turns[4].text.as_str()),
        (5, "my next thought", "m1: wait")
    );
    // Who reads late writes over nothing.
    let late = Playground {
        revision: 1,
        turns: Vec::new(),
        typed: "late".to_owned(),
        ..it.clone()
    };
    let after = kept(bench, project, late).await;
    assert_eq!((after.turns.len(), after.typed.as_str()), (5, "late"));
    // Another model, another conversation; the list has the last touched first.
    let other = Playground {
        model: Some(model("m9")),
        turns: vec![person("  who\nare you? ")],
        ..blank("p")
    };
    let other = kept(bench, project, other).await;
    let said = bench
        .ask_playground(project, other.id.clone(), asks, false)
        .await
        .unwrap();
    assert!(said.turns[1].text.starts_with("m9: "));
    let rows = bench.playgrounds(project, "p".to_owned()).await.unwrap();
    assert_eq!((rows.len(), rows[0].title.as_str()), (2, "who are you?"));
    bench.remove_playground(project, id.clone()).await.unwrap();
    assert!(bench.playground(project, id).await.is_err());
    // Nothing of it is in the outbox, and nothing in the ledger but the project's beginning.
    assert!(bench.outbox(project).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_answer_is_not_kept_half_and_what_was_said_stays() {
    let talker = Talker::start();
    let (ana, project) = desk(&talker).await;
    let it = Playground {
        turns: vec![person("wait")],
        ..blank("p")
    };
    let it = kept(&ana.bench, project, it).await;
    let mut events = ana.bench.events();
    let (bench, id) = (ana.bench.clone(), it.id.clone());
    let going = tokio::spawn(async move {
        bench
            .ask_playground(project, id, content("{{ n }}"), false)
            .await
    });
    heard(&mut events, |event| {
        matches!(event, Event::AnswerChunk(_)).then_some(())
    })
    .await;
    ana.bench.cancel_try(it.id.clone()).await.unwrap();
    assert!(going.await.unwrap().is_err());
    let after = ana.bench.playground(project, it.id).await.unwrap();
    assert_eq!(after.turns, [person("wait")]);
    drop(talker.go_on);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_has_an_end() {
    let talker = Talker::start();
    let (ana, project) = desk(&talker).await;
    let long = Playground {
        turns: vec![person("x"); 201],
        ..blank("p")
    };
    let refused = ana.bench.keep_playground(project, long).await;
    assert!(refused.unwrap_err().to_string().contains("at most 200"));
    let large = Playground {
        turns: vec![person(&"x".repeat(1 << 20)), person("x")],
        ..blank("p")
    };
    let refused = ana.bench.keep_playground(project, large).await;
    assert!(refused.unwrap_err().to_string().contains("1 MiB"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_read_along_and_what_was_sent_is_there_after_it() {
    let talker = Talker::start();
    let (ana, project) = desk(&talker).await;
    let bench = &ana.bench;
    bench.watch_answers();
    let draft = bench.new_draft(project, "p".to_owned(), domain::content::Kind::Chat);
    let draft = draft.await.unwrap().id;
    bench
        .save_draft(project, draft.clone(), content("{{ n }}"), None, None)
        .await
        .unwrap();
    let cases = vec![case("a", Some("please wait"), "x")];
    let dataset = bench
        .save_dataset(project, None, "D".to_owned(), cases)
        .await
        .unwrap()
        .id;
    let mut events = bench.events();
    let plan = RunPlan {
        versions: vec![Ref::Draft { draft }],
        dataset,
        graders: Vec::new(),
        models: Vec::new(),
        repeats: 1,
        concurrency: 1,
        counts: None,
    };
    let run = bench.start_run(project, plan).await.unwrap().id;
    let seen = heard(&mut events, |event| match event {
        Event::RunAnswers(it) if it.run == run && !it.answers.is_empty() => {
            Some(it.answers[0].clone())
        }
        _ => None,
    })
    .await;
    assert_eq!((seen.case, seen.column, seen.text.as_str()), (0, 0, "m1: "));
    talker.go_on.send(()).unwrap();
    let over = heard(&mut events, |event| match event {
        Event::RunAnswers(it) if it.answers.is_empty() => Some(it.more),
        _ => None,
    });
    assert_eq!(over.await, 0, "none is left in sight");
    bench.run_to_its_end(project, run).await.unwrap();
    let opened = bench.run_case(project, run, 0, 0).await.unwrap();
    let question = opened.columns[0].askings[0].question.unwrap();
    let sent = bench.sent_and_received(question).await.unwrap().unwrap();
    assert!(sent.sent.contains("please wait") && sent.received.contains("[DONE]"));
    assert!(sent.address.ends_with("/v1/chat/completions"));
    let other = domain::Digest::of(b"never asked");
    assert_eq!(bench.sent_and_received(other).await.unwrap(), None);
}

/// A limit as the page writes it: `512 KiB`, `10`.
fn read(cell: &str) -> usize {
    let (number, unit) = cell.split_once(' ').unwrap_or((cell, ""));
    let number: usize = number.replace(',', "").parse().unwrap();
    match unit {
        "MiB" => number << 20,
        "KiB" => number << 10,
        _ => number,
    }
}

#[test]
fn the_page_of_limits_says_what_holds() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/limits.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut sections = page.split("\n## ");
    let table = sections
        .find(|section| section.starts_with("When trying"))
        .unwrap();
    let told: Vec<usize> = table
        .lines()
        .filter(|line| line.starts_with('|') && !line.contains("---"))
        .skip(1)
        .map(|line| read(line.split('|').nth(2).unwrap().trim()))
        .collect();
    assert_eq!(
        told,
        [
            workbench::TRIED_CASES,
            workbench::TRIED_COLUMNS,
            store::PLAYGROUNDS,
            workbench::PLAYGROUND_TURNS,
            workbench::PLAYGROUND_BYTES,
            store::EXCHANGE_BYTES,
        ]
    );
}
