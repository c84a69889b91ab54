//! Reads `tests/data/diff/*.txt`: edits with the marks that a person would give (see the README there).

use domain::content::{Message, Role, VersionContent};
use serde_json::{Value, json};
use std::path::Path;

/// One edit and what is expected of its comparison.
#[derive(Debug, Default)]
pub struct Case {
    pub name: String,
    pub kind: String,
    pub old_fields: Value,
    pub new_fields: Value,
    pub summary: String,
    pub rows: Vec<String>,
    pub detail: String,
    pub messages: Vec<MessageCase>,
}

/// One message of a case. A side's text is nothing where the message does not stand.
#[derive(Debug, Default)]
pub struct MessageCase {
    pub old_role: Option<String>,
    pub new_role: Option<String>,
    /// `1` for `[~1` and `{~1`.
    pub moved: Option<String>,
    pub pieces: Vec<Piece>,
}

/// A piece of marked text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub mark: String,
    pub pair: Option<String>,
}

/// All cases of a folder of tables.
pub fn cases(folder: &str) -> Vec<Case> {
    blocks(folder)
        .into_iter()
        .map(|(name, lines)| case(name, &lines))
        .collect()
}

/// The blocks between `####` lines of every table in a folder, by file name.
pub fn blocks(folder: &str) -> Vec<(String, Vec<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(folder);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of tables is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "txt"))
        .collect();
    files.sort();
    let mut blocks: Vec<(String, Vec<String>)> = Vec::new();
    for file in files {
        let stem = file
            .file_stem()
            .expect("it has a name")
            .to_string_lossy()
            .into_owned();
        for line in std::fs::read_to_string(&file)
            .expect("a table is text")
            .lines()
        {
            if let Some(name) = line.strip_prefix("#### ") {
                blocks.push((format!("{stem}: {name}"), Vec::new()));
            } else {
                blocks
                    .last_mut()
                    .expect("a case starts with ####")
                    .1
                    .push(line.to_owned());
            }
        }
    }
    blocks
}

/// `⏎`, `␍` and `⇥` as the characters that they stand for.
pub fn visible(text: &str) -> String {
    text.replace('⏎', "\n")
        .replace('␍', "\r")
        .replace('⇥', "\t")
}

fn case(name: String, lines: &[String]) -> Case {
    let empty = || json!({});
    let mut case = Case {
        name,
        kind: "chat".to_owned(),
        old_fields: empty(),
        new_fields: empty(),
        detail: "words".to_owned(),
        ..Case::default()
    };
    let mut texts: Vec<(String, Vec<&str>)> = Vec::new();
    for line in lines {
        if let Some(head) = line.strip_prefix("=== ") {
            texts.push((head.to_owned(), Vec::new()));
        } else if let Some((_, text)) = texts.last_mut() {
            text.push(line);
        } else if let Some((key, value)) = line.split_once(": ") {
            let read = |value: &str| serde_json::from_str(value).expect("fields are JSON");
            match key {
                "kind" => value.clone_into(&mut case.kind),
                "old" => case.old_fields = read(value),
                "new" => case.new_fields = read(value),
                "summary" => value.clone_into(&mut case.summary),
                "row" => case.rows.push(value.to_owned()),
                "detail" => value.clone_into(&mut case.detail),
                other => panic!("{}: no such header: {other}", case.name),
            }
        } else {
            assert!(
                line.trim().is_empty(),
                "{}: not a header: {line}",
                case.name
            );
        }
    }
    for (head, lines) in texts {
        let text = lines.join("\n");
        let text = visible(text.trim_end_matches('\n'));
        let mut message = MessageCase::default();
        let mut head = head.as_str();
        let (mut old, mut new) = (true, true);
        if let Some(rest) = head.strip_prefix("[~").or_else(|| head.strip_prefix("{~")) {
            (old, new) = (head.starts_with('['), head.starts_with('{'));
            let (number, rest) = rest.split_once(' ').expect("a moved message has a number");
            message.moved = Some(number.to_owned());
            head = rest;
        } else if let Some(rest) = head.strip_prefix('+') {
            (old, head) = (false, rest);
        } else if let Some(rest) = head.strip_prefix('-') {
            (new, head) = (false, rest);
        }
        let (before, after) = match head.split_once(" > ") {
            Some((before, after)) if before.starts_with("placeholder ") => {
                (before.to_owned(), format!("placeholder {after}"))
            }
            Some((before, after)) => (before.to_owned(), after.to_owned()),
            None => (head.to_owned(), head.to_owned()),
        };
        message.old_role = old.then_some(before);
        message.new_role = new.then_some(after);
        message.pieces = pieces(&text, old, new);
        case.messages.push(message);
    }
    case
}

/// Reads the marks of a text.
fn pieces(text: &str, old: bool, new: bool) -> Vec<Piece> {
    if !(old && new) {
        let mark = if old == new {
            "same"
        } else if old {
            "cut"
        } else {
            "added"
        };
        return vec![Piece {
            text: text.to_owned(),
            mark: mark.to_owned(),
            pair: None,
        }];
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut moved: Option<(String, String)> = None;
    let mut rest = text;
    let mut open: Option<(&str, &str)> = None;
    let push = |pieces: &mut Vec<Piece>, text: &str, mark: &str, pair: Option<&str>| {
        if let Some(last) = pieces.last_mut()
            && last.mark == mark
            && last.pair.as_deref() == pair
        {
            last.text.push_str(text);
        } else {
            let pair = pair.map(str::to_owned);
            pieces.push(Piece {
                text: text.to_owned(),
                mark: mark.to_owned(),
                pair,
            });
        }
    };
    while let Some(first) = rest.chars().next() {
        let opening = [
            ("[-", "cut", "-]"),
            ("{+", "added", "+}"),
            ("[_", "old-space", "_]"),
            ("{_", "new-space", "_}"),
        ]
        .into_iter()
        .find(|(mark, ..)| rest.starts_with(mark) && open.is_none());
        if let Some((mark, name, close)) = opening {
            open = Some((name, close));
            rest = &rest[mark.len()..];
        } else if let Some((_, close)) = open
            && rest.starts_with(close)
        {
            rest = &rest[close.len()..];
            open = None;
        } else if open.is_none() && (rest.starts_with("[~") || rest.starts_with("{~")) {
            let old = rest.starts_with('[');
            let (number, after) = rest[2..].split_once(' ').expect("a move has a number");
            moved = Some((
                if old { "moved-from" } else { "moved-to" }.to_owned(),
                number.to_owned(),
            ));
            rest = after;
        } else if moved.is_some() && (rest.starts_with("~]") || rest.starts_with("~}")) {
            moved = None;
            rest = &rest[2..];
        } else {
            let text = &rest[..first.len_utf8()];
            let pair = moved.as_ref().map(|(_, number)| number.as_str());
            let mark = match (open, &moved) {
                (Some((name, _)), _) => name,
                (None, Some((direction, _))) => direction,
                (None, None) => "same",
            };
            push(&mut pieces, text, mark, pair);
            rest = &rest[first.len_utf8()..];
        }
    }
    assert!(
        open.is_none() && moved.is_none(),
        "a mark is never closed: {text}"
    );
    pieces
}

impl Piece {
    pub fn in_old(&self) -> bool {
        matches!(
            self.mark.as_str(),
            "same" | "cut" | "old-space" | "moved-from"
        )
    }
    pub fn in_new(&self) -> bool {
        matches!(
            self.mark.as_str(),
            "same" | "added" | "new-space" | "moved-to"
        )
    }
}

impl MessageCase {
    fn text(&self, side: fn(&Piece) -> bool) -> String {
        self.pieces
            .iter()
            .filter(|piece| side(piece))
            .map(|piece| piece.text.as_str())
            .collect()
    }
}

/// A message of a role (`system`) or a placeholder (`placeholder history`).
pub fn message(head: &str, text: String) -> Message {
    match head.strip_prefix("placeholder ") {
        Some(name) => Message::Placeholder {
            name: name.to_owned(),
        },
        None => Message::Message {
            role: role(head),
            text,
            other: Default::default(),
        },
    }
}

fn role(name: &str) -> Role {
    serde_json::from_value(json!(name)).expect("a role")
}

/// Content of some fields and messages.
pub fn content(kind: &str, fields: &Value, messages: &[Message]) -> VersionContent {
    let mut fields = fields.clone();
    fields["kind"] = json!(kind);
    fields["messages"] = json!(messages);
    serde_json::from_value(fields).expect("the fields of a version")
}

impl Case {
    /// Both versions.
    pub fn versions(&self) -> (VersionContent, VersionContent) {
        let messages =
            |head: fn(&MessageCase) -> Option<&String>, side: fn(&Piece) -> bool| -> Vec<Message> {
                self.messages
                    .iter()
                    .filter_map(|case| Some(message(head(case)?, case.text(side))))
                    .collect()
            };
        (
            content(
                &self.kind,
                &self.old_fields,
                &messages(|case| case.old_role.as_ref(), Piece::in_old),
            ),
            content(
                &self.kind,
                &self.new_fields,
                &messages(|case| case.new_role.as_ref(), Piece::in_new),
            ),
        )
    }
}
