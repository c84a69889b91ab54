//! A local HTTP server that answers as a registry does, and fails on demand.

use galley_sdk::{Galley, Options, Timing};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const ID: &str = "0192f0aa-0000-7000-8000-00000000000a";
const RELEASE: &str = "3f2b6c1e-9a4d-4c55-8f0e-5b1d2a7c9e10";
pub const KEY: &str = "gal_env_a-key-that-no-log-may-show";

/// As patient as the defaults are, in a fraction of the time.
pub fn quick() -> Timing {
    let ms = Duration::from_millis;
    Timing {
        wait: ms(2_000),
        timeout: ms(1_000),
        poll: ms(200),
        poll_behind: ms(5_000),
        silence: ms(1_000),
        pause: (ms(50), ms(200)),
        refused: ms(300),
    }
}

/// An environment that serves version `number` of one prompt.
pub fn environment(number: u32) -> Value {
    let text = format!("This is {number}.");
    let content =
        json!({"kind": "text", "messages": [{"type": "message", "role": "user", "text": text}]});
    let version = json!({"id": ID, "number": number, "digest": "d", "content": content});
    let prompt = json!({"name": "a", "prompt": ID, "salt": RELEASE, "release": RELEASE, "since": 0,
        "sides": [{"weight": 10_000, "version": version}], "slots": [{"from": 0, "to": 10_000, "version": ID}]});
    json!({"environment": "production", "prompts": [prompt]})
}

/// Waits for a condition.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..4_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("waited in vain for {what}");
}

/// How the server answers.
#[derive(Clone)]
pub enum Answer {
    /// As a registry does.
    Good,
    /// Never.
    Hold,
    /// These bytes, and the end.
    Bytes(Vec<u8>),
    /// These bytes, and never an end.
    BytesAndHold(Vec<u8>),
    /// These bytes, then a space again and again.
    Trickle(Vec<u8>),
    /// As a registry does, once the gate is open.
    Gated(watch::Receiver<bool>),
}

impl Answer {
    /// A refusal with this status and these headers.
    pub fn status(status: &str, headers: &str) -> Self {
        Self::Bytes(
            format!("HTTP/1.1 {status}\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n")
                .into_bytes(),
        )
    }

    /// A whole answer.
    pub fn body(body: &str) -> Self {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        Self::Bytes(format!("{head}{body}").into_bytes())
    }
}

/// The head of a stream of events.
pub const STREAM: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

pub fn event(seq: u32) -> String {
    format!("event: change\nid: {seq}\ndata: {{\"seq\": {seq}, \"prompts\": []}}\n\n")
}

struct Shared {
    number: watch::Sender<u32>,
    read: Mutex<Answer>,
    /// The last one stays; those before it are used once.
    streams: Mutex<Vec<Answer>>,
    asked: Mutex<Vec<(String, String)>>,
}

/// What it serves is a number; how it answers is what the tests put in its place.
pub struct Faulty {
    shared: Arc<Shared>,
    pub url: String,
    accepting: tokio::task::JoinHandle<()>,
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Faulty {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            number: watch::Sender::new(1),
            read: Mutex::new(Answer::Good),
            streams: Mutex::new(vec![Answer::Good]),
            asked: Mutex::default(),
        });
        let inner = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            let mut serving = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                serving.spawn(serve(client, Arc::clone(&inner)));
            }
        });
        Self {
            shared,
            url,
            accepting,
        }
    }

    pub fn open(&self, options: Options) -> Galley {
        Galley::start(&self.url, KEY, options.timing(quick())).unwrap()
    }

    pub fn release(&self, number: u32) {
        self.shared.number.send_replace(number);
    }

    pub fn reads(&self, answer: Answer) {
        *self.shared.read.lock() = answer;
    }

    /// How the next streams are answered; the last for all that follow.
    pub fn streams(&self, answers: &[Answer]) {
        *self.shared.streams.lock() = answers.to_vec();
    }

    /// The heads of the requests for a path so far.
    pub fn asked(&self, path: &str) -> Vec<String> {
        let asked = self.shared.asked.lock();
        let found = asked.iter().filter(|(found, _)| found == path);
        found.map(|(_, head)| head.clone()).collect()
    }

    pub fn count(&self) -> usize {
        self.asked("/v1/environment").len()
    }
}

async fn serve(client: TcpStream, shared: Arc<Shared>) {
    let mut client = BufReader::new(client);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        match client.read_line(&mut head).await {
            Ok(length) if length > 0 => {}
            _ => return,
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    shared
        .asked
        .lock()
        .push((path.clone(), head.to_lowercase()));
    let is_stream = path.ends_with("/changes");
    let answer = if is_stream {
        let mut streams = shared.streams.lock();
        if streams.len() > 1 {
            streams.remove(0)
        } else {
            streams[0].clone()
        }
    } else {
        shared.read.lock().clone()
    };
    // Clients that hang up are what these tests are about.
    let _ = give(client, answer, &head, is_stream, &shared).await;
}

async fn give(
    mut client: BufReader<TcpStream>,
    answer: Answer,
    head: &str,
    is_stream: bool,
    shared: &Shared,
) -> std::io::Result<()> {
    match answer {
        Answer::Good if is_stream => return good_stream(client, shared).await,
        Answer::Good => client.write_all(&good_read(head, shared)).await?,
        Answer::Gated(mut gate) => {
            let _ = gate.wait_for(|open| *open).await;
            client.write_all(&good_read(head, shared)).await?;
        }
        Answer::Hold => std::future::pending().await,
        Answer::Bytes(bytes) => client.write_all(&bytes).await?,
        Answer::BytesAndHold(bytes) => {
            client.write_all(&bytes).await?;
            std::future::pending::<()>().await;
        }
        Answer::Trickle(bytes) => {
            client.write_all(&bytes).await?;
            loop {
                tokio::time::sleep(Duration::from_millis(50)).await;
                client.write_all(b" ").await?;
            }
        }
    }
    client.shutdown().await
}

fn good_read(head: &str, shared: &Shared) -> Vec<u8> {
    let number = *shared.number.borrow();
    let tag = format!("etag: \"{number}\"\r\nconnection: close\r\n");
    if head
        .to_lowercase()
        .contains(&format!("if-none-match: \"{number}\""))
    {
        return format!("HTTP/1.1 304 Not Modified\r\n{tag}\r\n").into_bytes();
    }
    let body = environment(number).to_string();
    format!(
        "HTTP/1.1 200 OK\r\n{tag}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn good_stream(mut client: BufReader<TcpStream>, shared: &Shared) -> std::io::Result<()> {
    client.write_all(STREAM.as_bytes()).await?;
    let mut number = shared.number.subscribe();
    number.mark_changed();
    loop {
        let text = match tokio::time::timeout(Duration::from_millis(200), number.changed()).await {
            Ok(_) => event(*number.borrow_and_update()),
            Err(_) => ":\n\n".to_owned(),
        };
        client.write_all(text.as_bytes()).await?;
    }
}
