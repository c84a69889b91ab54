//! What reads bytes from outside, and what must hold whatever the bytes are.

use crate::seeds;
use domain::canonical::from_canonical;
use domain::content::{Input, VersionContent};
use domain::dataset::Dataset;
use domain::ledger::{Entry, PublicKey, Signature, SignedCommand};
use domain::project::Replay;
use domain::{Digest, Project, SaltedText, limits, names, template, to_canonical};
use evals::import::{self, Format};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One reader of bytes.
pub struct Target {
    /// How it is called.
    pub name: &'static str,
    /// Reads, and panics where something does not hold.
    pub run: fn(&[u8]),
    /// Valid inputs.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub static ALL: &[Target] = &[
    Target {
        name: "entry",
        run: entry,
        seeds: seeds::lines,
    },
    Target {
        name: "command",
        run: command,
        seeds: seeds::commands,
    },
    Target {
        name: "content",
        run: content,
        seeds: seeds::contents,
    },
    Target {
        name: "template",
        run: render,
        seeds: seeds::templates,
    },
    Target {
        name: "dataset",
        run: dataset,
        seeds: seeds::datasets,
    },
    Target {
        name: "import",
        run: import,
        seeds: seeds::files,
    },
    Target {
        name: "text",
        run: text,
        seeds: seeds::texts,
    },
];

fn entry(bytes: &[u8]) {
    let Ok(line) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(entry) = Entry::read(line) else { return };
    assert_eq!(entry.line(), line, "what is read is what is kept");
    assert_eq!(entry.digest(), Digest::of(bytes));
    assert!(!line.contains('\n'), "an entry is one line");
    let _ = Replay::check_signature(&entry);
    let _ = Replay::new().push(&entry, &BTreeMap::new());
    let _ = Project::new().apply(&entry);
    // On a state where something is there already.
    let mut replay = Replay::new();
    for line in seeds_read() {
        if replay.push(line, &BTreeMap::new()).is_err() {
            break;
        }
        let _ = replay.clone().push(&entry, &BTreeMap::new());
        let _ = replay.project().clone().apply(&entry);
    }
}

fn seeds_read() -> &'static [Entry] {
    static READ: std::sync::OnceLock<Vec<Entry>> = std::sync::OnceLock::new();
    READ.get_or_init(|| {
        let lines = seeds::lines();
        let text = |line: &Vec<u8>| String::from_utf8(line.clone()).expect("a line is text");
        lines
            .iter()
            .map(|line| Entry::read(&text(line)).expect("a seed is valid"))
            .collect()
    })
}

fn command(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(read) = SignedCommand::read(text, Signature([7; 64])) else {
        return;
    };
    assert_eq!(read.bytes(), text);
    let own = to_canonical(read.command()).expect("it was read from JSON");
    assert_eq!(own, bytes, "what is decided is what was signed");
    let _ = read.verify();
    let _ = (read.command().body.needs(), read.command().body.contents());
}

fn content(bytes: &[u8]) {
    if let Ok(value) = from_canonical(bytes) {
        assert_eq!(to_canonical(&value).expect("it was canonical"), bytes);
    }
    let Ok(content) = VersionContent::decode(bytes) else {
        return;
    };
    let _ = domain::rules::content_problems(&content, &|_| None);
    let Ok((own, digest)) = content.encode() else {
        return;
    };
    let again = VersionContent::decode(&own).expect("our own bytes");
    assert_eq!(
        again.encode().expect("our own content").1,
        digest,
        "equal content has one name"
    );
}

fn render(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let tone = VersionContent::text("Be kind to {{ name }}.");
    let tone = VersionContent {
        inputs: inputs(&["name"]),
        ..tone
    };
    let (_, digest) = tone.encode().expect("a content");
    let mut content = VersionContent::text(text);
    content.inputs = inputs(&["a", "name", "items", "user"]);
    content.includes.insert("tone".to_owned(), digest);
    let library = |wanted: &Digest| (*wanted == digest).then(|| tone.clone());
    let problems = template::check(&content, &library);
    let values: Map<String, Value> = [
        ("a".to_owned(), json!("yes")),
        ("name".to_owned(), json!("Ada {{ a }}")),
        ("items".to_owned(), json!([["one", "two"], ["three"], "é"])),
        (
            "user".to_owned(),
            json!({"name": {"first": "Ada"}, "age": 36}),
        ),
    ]
    .into_iter()
    .collect();
    match template::render(&content, &values, &library) {
        Ok(rendered) => {
            assert!(problems.is_empty(), "what is wrong is not rendered");
            assert!(
                rendered.text().len() <= limits::RENDERED_BYTES,
                "output is capped"
            );
        }
        Err(error) => assert!(!error.message.is_empty(), "an error says something"),
    }
    let _ = template::uses(text);
}

fn inputs(names: &[&str]) -> Vec<Input> {
    let kind = |name: &str| match name {
        "items" => "list",
        "user" => "object",
        _ => "text",
    };
    let one = |name: &&str| {
        serde_json::from_value(json!({"name": name, "type": kind(name)})).expect("an input")
    };
    names.iter().map(one).collect()
}

fn dataset(bytes: &[u8]) {
    let Ok(dataset) = Dataset::decode(bytes) else {
        return;
    };
    let _ = dataset.input_names();
    let Ok((own, digest)) = dataset.encode() else {
        return;
    };
    let again = Dataset::decode(&own).expect("our own bytes");
    assert_eq!(again.encode().expect("our own dataset").1, digest);
}

fn import(bytes: &[u8]) {
    for format in [None, Some(Format::Csv), Some(Format::Jsonl)] {
        let table = match import::read(bytes, format) {
            Ok(table) => table,
            Err(problem) => {
                assert!(problem.line >= 1 && !problem.message.is_empty());
                continue;
            }
        };
        assert!(
            table.problems.len() <= import::PROBLEMS,
            "problems are capped"
        );
        let inputs = inputs(&["name", "items", "user"]);
        let mapping = import::suggest(&table, &inputs);
        match import::dataset(&table, &mapping, &inputs) {
            Ok(dataset) => assert_eq!(
                dataset.cases.len(),
                table.rows.len(),
                "no row is lost in silence"
            ),
            Err(problems) => assert!(
                !problems.is_empty() && problems.iter().all(|p| p.line >= 1),
                "a refusal says where"
            ),
        }
    }
}

fn text(bytes: &[u8]) {
    if let Some(text) = SaltedText::decode(bytes) {
        assert_eq!(
            text.encode().expect("a text").0,
            bytes,
            "a text has one spelling"
        );
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let tidy = names::tidy(text);
    let _ = (names::check(text), names::check_flat(&tidy));
    assert_eq!(
        names::folded(&names::folded(text)),
        names::folded(text),
        "folding is stable"
    );
    let _ = (
        text.parse::<Digest>(),
        text.parse::<Signature>(),
        text.parse::<PublicKey>(),
    );
    let _ = text.parse::<domain::PromptId>();
}
