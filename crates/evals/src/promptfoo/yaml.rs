//! YAML (and JSON, which is YAML) with the line of everything.
//!
//! Read without recursion and with limits: neither a file that nests for ever nor one whose aliases
//! multiply brings it down. Plain words become numbers and the like as YAML 1.2's core schema has it.

use serde_json::{Map, Number, Value};
use std::collections::HashMap;
use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::TScalarStyle;

/// Values in one file, those that aliases repeat counted each time.
const NODES: usize = 2_000_000;
/// How deep values nest.
const DEPTH: usize = 60;

/// A value where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The line, from 1.
    pub line: u32,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Fields(Vec<(String, Node)>),
}

/// Why a file is no YAML, with the line.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub line: u32,
    pub reason: String,
}

impl Node {
    pub fn of(value: &Value, line: u32) -> Self {
        let kind = match value {
            Value::Null => Kind::Null,
            Value::Bool(value) => Kind::Bool(*value),
            Value::Number(number) => Kind::Number(number.clone()),
            Value::String(text) => Kind::Text(text.clone()),
            Value::Array(list) => Kind::List(list.iter().map(|one| Self::of(one, line)).collect()),
            Value::Object(fields) => Kind::Fields(
                fields
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::of(value, line)))
                    .collect(),
            ),
        };
        Self { line, kind }
    }

    pub fn get(&self, name: &str) -> Option<&Node> {
        let found = self.fields().iter().find(|(field, _)| field == name);
        found
            .map(|(_, value)| value)
            .filter(|value| !matches!(value.kind, Kind::Null))
    }

    pub fn fields(&self) -> &[(String, Node)] {
        match &self.kind {
            Kind::Fields(fields) => fields,
            _ => &[],
        }
    }

    /// The parts of a list; anything else is a list of itself.
    pub fn each(&self) -> &[Node] {
        match &self.kind {
            Kind::List(list) => list,
            Kind::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<f64> {
        match &self.kind {
            Kind::Number(number) => number.as_f64(),
            // Columns of a spreadsheet are texts.
            Kind::Text(text) => text
                .trim()
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    pub fn value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            // JSON as we keep it holds whole numbers up to 2^53 exactly: a longer one is a text.
            Kind::Number(number) => match number.as_i64() {
                Some(whole) if whole.unsigned_abs() >= 1 << 53 => Value::String(number.to_string()),
                None if number.is_u64() => Value::String(number.to_string()),
                _ => Value::Number(number.clone()),
            },
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(list) => list.iter().map(Node::value).collect(),
            Kind::Fields(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, node)| (name.clone(), node.value()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }
}

/// What is being read: a list, or fields with the name that waits for its value.
struct Open {
    line: u32,
    anchor: usize,
    list: Option<Vec<Node>>,
    fields: Vec<(String, Node)>,
    name: Option<(String, u32)>,
}

/// The first document of a text.
pub(super) fn read(text: &str) -> Result<Node, Unreadable> {
    let mut parser = Parser::new_from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: HashMap<usize, (Node, usize)> = HashMap::new();
    let mut nodes = 0_usize;
    loop {
        let (event, mark) = parser.next_token().map_err(|error| Unreadable {
            line: narrow(error.marker().line()),
            reason: "this line is not YAML; look at the indentation, quotes and colons".to_owned(),
        })?;
        let line = narrow(mark.line());
        let fault = |reason: &str| Unreadable {
            line,
            reason: reason.to_owned(),
        };
        let (done, anchor) = match event {
            Event::StreamEnd | Event::DocumentEnd => {
                return Ok(Node {
                    line,
                    kind: Kind::Null,
                });
            }
            Event::Nothing | Event::StreamStart | Event::DocumentStart => continue,
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _)
                if open.len() >= DEPTH =>
            {
                let _ = anchor;
                return Err(fault("the values nest deeper than 60"));
            }
            Event::SequenceStart(anchor, _) => {
                open.push(Open::new(line, anchor, Some(Vec::new())));
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push(Open::new(line, anchor, None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(closed) => {
                    let anchor = closed.anchor;
                    (closed.node(), anchor)
                }
                None => continue,
            },
            Event::Scalar(text, style, anchor, _) => (
                Node {
                    line,
                    kind: scalar(text, style),
                },
                anchor,
            ),
            Event::Alias(anchor) => {
                let (node, size) = anchors
                    .get(&anchor)
                    .cloned()
                    .ok_or_else(|| fault("an alias (*) names something that is not there"))?;
                nodes += size;
                (node, 0)
            }
        };
        nodes += 1;
        if nodes > NODES {
            return Err(fault("there are more values than anybody can look at"));
        }
        if anchor > 0 {
            let size = size(&done);
            anchors.insert(anchor, (done.clone(), size));
        }
        match open.last_mut() {
            None => return Ok(done),
            Some(holder) => holder.take(done),
        }
    }
}

impl Open {
    fn new(line: u32, anchor: usize, list: Option<Vec<Node>>) -> Self {
        Self {
            line,
            anchor,
            list,
            fields: Vec::new(),
            name: None,
        }
    }

    fn take(&mut self, node: Node) {
        if let Some(list) = &mut self.list {
            list.push(node);
            return;
        }
        match self.name.take() {
            None => {
                let name = match node.value() {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                self.name = Some((name, node.line));
            }
            // Fields taken over from elsewhere; what stands here itself goes before.
            Some((name, _)) if name == "<<" => {
                for from in node.each() {
                    for (name, value) in from.fields() {
                        if !self.fields.iter().any(|(field, _)| field == name) {
                            self.fields.push((name.clone(), value.clone()));
                        }
                    }
                }
            }
            // A value is looked for where its name stands.
            Some((name, line)) => {
                self.fields.retain(|(field, _)| *field != name);
                self.fields.push((name, Node { line, ..node }));
            }
        }
    }

    fn node(self) -> Node {
        // A block begins where its first part does; the parser gives the place after it.
        let first = match &self.list {
            Some(list) => list.first().map(|node| node.line),
            None => self.fields.first().map(|(_, node)| node.line),
        };
        Node {
            line: first.map_or(self.line, |first| first.min(self.line)),
            kind: match self.list {
                Some(list) => Kind::List(list),
                None => Kind::Fields(self.fields),
            },
        }
    }
}

/// How many values there are in one. Nesting is limited where it is read.
fn size(node: &Node) -> usize {
    match &node.kind {
        Kind::List(list) => 1 + list.iter().map(size).sum::<usize>(),
        Kind::Fields(fields) => 1 + fields.iter().map(|(_, node)| size(node)).sum::<usize>(),
        _ => 1,
    }
}

fn scalar(text: String, style: TScalarStyle) -> Kind {
    if style != TScalarStyle::Plain {
        return Kind::Text(text);
    }
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" => return Kind::Bool(true),
        "false" | "False" | "FALSE" => return Kind::Bool(false),
        _ => {}
    }
    let starts = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    let number = || {
        let bare = text.strip_prefix('+').unwrap_or(&text);
        if let Ok(whole) = bare.parse::<i64>() {
            return Some(Number::from(whole));
        }
        // Words that Rust takes for numbers (nan, inf) begin otherwise.
        bare.parse::<f64>().ok().and_then(Number::from_f64)
    };
    match starts.then(number).flatten() {
        Some(number) => Kind::Number(number),
        None => Kind::Text(text),
    }
}

fn narrow(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}
