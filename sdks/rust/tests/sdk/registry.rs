//! Against the real registry, in the house that all SDKs share (`sdks/testing/house.py`).

use crate::faulty::{quick, until};
use galley_sdk::{Galley, Options, Source};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

struct House {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    url: String,
}

/// Where the programs are: where somebody says, or beside this test.
fn built() -> PathBuf {
    let folder = match std::env::var_os("GALLEY_BIN") {
        Some(folder) => PathBuf::from(folder),
        None => {
            let test = std::env::current_exe().unwrap();
            test.ancestors().nth(2).unwrap().to_owned()
        }
    };
    let built = folder.join("galley-registry").exists() && folder.join("galley").exists();
    assert!(
        built,
        "galley and galley-registry are not built: run `cargo build --workspace --bins`"
    );
    folder
}

impl House {
    fn open() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testing/house.py");
        let mut child = Command::new("python3")
            .arg(program)
            .env("GALLEY_BIN", built())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut house = Self {
            orders: child.stdin.take(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
            url: String::new(),
        };
        let first = house.hear();
        house.url = first["url"].as_str().unwrap().to_owned();
        house
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line)
            .expect("the house answers: is a keychain there, and are the programs built?");
        assert!(answer["error"].is_null(), "{answer}");
        answer
    }

    fn does(&mut self, order: &Value) -> Value {
        writeln!(self.orders.as_ref().unwrap(), "{order}").unwrap();
        self.hear()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // It closes when nobody can order anything any more.
        self.orders = None;
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn released_split_killed_restarted_and_revoked() {
    let mut house = House::open();
    let key = house.does(&json!({"do": "make_key"}));
    let (id, key) = (key["id"].clone(), key["key"].as_str().unwrap().to_owned());
    let folder = tempfile::TempDir::new().unwrap();
    let options = Options::default().disk(folder.path().join("prompts.json"));
    let galley = Galley::start(&house.url, &key, options.clone()).unwrap();
    galley.ready().await;
    let name = "support/triage";
    let version = || galley.get(name).unwrap().version;
    let first = galley.get(name).unwrap();
    let values = json!({"message": "Where is my card?"});
    let content = first.text(&values).unwrap();
    assert!(content.contains("Where is my card?"));
    let body = json!({"model": "smol", "temperature": 0, "messages": [{"role": "user", "content": content}]});
    assert_eq!(first.openai(&values).unwrap(), body);
    until("the stream", || galley.status().live).await;

    let two =
        house.does(&json!({"do": "release", "text": "Two: {{ message }}"}))["version"].clone();
    until("the release", || json!(version()) == two).await;

    // A split: each unit keeps its side, and the side is the one the registry gives.
    house.does(&json!({"do": "release", "text": "Three: {{ message }}", "share": 10}));
    let of = |unit: &str| galley.get_for(name, unit).unwrap().version;
    let units: Vec<String> = (0..200).map(|unit| unit.to_string()).collect();
    until("the split", || {
        units
            .iter()
            .map(|unit| of(unit))
            .collect::<BTreeSet<_>>()
            .len()
            == 2
    })
    .await;
    let http = reqwest::Client::new();
    for unit in units.iter().take(40) {
        let url = format!("{}/v1/prompts/support%2Ftriage?unit={unit}", house.url);
        let answer = http.get(url).bearer_auth(&key).send().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(json!(of(unit)), answer["version"]["number"], "{unit}");
    }

    // Killed: it goes on, and says so. Back: it catches up.
    house.does(&json!({"do": "kill"}));
    let problem = || galley.status().problem.unwrap_or_default();
    until("the words", || {
        galley.is_stale() && problem().contains("can't be reached")
    })
    .await;
    assert_eq!(json!(version()), two);
    let restarted = Galley::start(&house.url, &key, options.timing(quick())).unwrap();
    restarted.ready().await;
    assert_eq!(restarted.get(name).unwrap().source, Source::Kept);
    drop(restarted);
    house.does(&json!({"do": "start"}));
    let four =
        house.does(&json!({"do": "release", "text": "Four: {{ message }}"}))["version"].clone();
    until("the release", || json!(version()) == four).await;
    until("the stream", || galley.status().live && !galley.is_stale()).await;

    // Revoked: the stream ends, what is known stays.
    house.does(&json!({"do": "revoke", "id": id}));
    until("the refusal", || {
        galley.is_stale() && problem().contains("refuses the key")
    })
    .await;
    assert_eq!(json!(version()), four);
}
