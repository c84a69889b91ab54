//! Holds a version's texts to its declared inputs, and follows its includes.
//!
//! What the declarations tell is checked here (a text that is looped over, a list that is
//! printed); what only the values tell (a field of an object) is left to rendering.

use super::declare::{self, kind_named};
use super::place::Locator;
use super::tree::{Base, Condition, Filter, FilterKind, Node, Operand, Path, Span};
use super::{Code, Fault, Includes, Part, Problem, Snippet, Template, parse};
use super::{index, snippet_text, too_many_messages};
use crate::content::{Input, InputKind, Message, VersionContent};
use crate::{Digest, limits};
use std::collections::BTreeMap;

/// Loops inside loops.
const LOOPS: usize = 2;
/// What a loop knows of itself.
pub(super) const LOOP_FIELDS: &[&str] = &["index", "first", "last"];

pub(super) fn content(
    content: &VersionContent,
    includes: Includes<'_>,
) -> (Template, Vec<Problem>) {
    let mut problems: Vec<Problem> = too_many_messages(content).into_iter().collect();
    declare::check(content, &mut problems);
    if content.kind == crate::content::Kind::Text && snippet_text(content).is_none() {
        problems.push(Problem::new(
            Code::Declaration,
            "a text has exactly one message",
        ));
    }
    if content.includes.len() > limits::INCLUDES {
        problems.push(Problem::new(
            Code::TooLarge,
            format!("at most {} snippets can be included", limits::INCLUDES),
        ));
    }
    let mut library = Library {
        includes,
        snippets: BTreeMap::new(),
        known: BTreeMap::new(),
    };
    let mut parts = Vec::new();
    for (number, message) in content.messages.iter().take(limits::MESSAGES).enumerate() {
        match message {
            Message::Placeholder { name } => parts.push(Part::Placeholder { name: name.clone() }),
            Message::Message { role, text, .. } => {
                let parsed = parse::text(text);
                let mut faults = parsed.faults;
                let scope = Scope {
                    inputs: &content.inputs,
                    includes: &content.includes,
                };
                Walk::new(scope, &mut library, &mut faults, 0).nodes(&parsed.tree);
                faults.sort_by_key(|fault| fault.span.start);
                let mut locator = Locator::new(text);
                problems.extend(
                    faults
                        .into_iter()
                        .map(|fault| fault.located(&mut locator, index(number))),
                );
                parts.push(Part::Text {
                    role: *role,
                    source: text.clone(),
                    tree: parsed.tree,
                });
            }
        }
    }
    let template = Template {
        parts,
        inputs: content.inputs.clone(),
        includes: content.includes.clone(),
        snippets: library.snippets,
    };
    (template, problems)
}

/// The snippets met so far, each read once.
struct Library<'a> {
    includes: Includes<'a>,
    snippets: BTreeMap<Digest, Snippet>,
    known: BTreeMap<Digest, Summary>,
}

/// What an include of a snippet adds to wherever it stands.
struct Summary {
    /// How many includes deep it goes on.
    reach: usize,
    /// How many loops deep.
    loops: usize,
    /// Why it can't be included at all.
    fault: Option<(Code, String)>,
}

/// What names mean in one text.
#[derive(Clone, Copy)]
struct Scope<'a> {
    inputs: &'a [Input],
    includes: &'a BTreeMap<String, Digest>,
}

struct Walk<'w, 'a> {
    scope: Scope<'w>,
    library: &'w mut Library<'a>,
    faults: &'w mut Vec<Fault>,
    /// The variables of the loops around this place, the innermost last.
    loops: Vec<&'w str>,
    /// How many includes led here.
    depth: usize,
    /// How many includes deep this text goes on.
    reach: usize,
    /// How many loops deep this text goes.
    deepest: usize,
}

/// What is known of a value before there is one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Kind(InputKind),
    Unknown,
}

impl<'w, 'a> Walk<'w, 'a> {
    fn new(
        scope: Scope<'w>,
        library: &'w mut Library<'a>,
        faults: &'w mut Vec<Fault>,
        depth: usize,
    ) -> Self {
        Self {
            scope,
            library,
            faults,
            loops: Vec::new(),
            depth,
            reach: 0,
            deepest: 0,
        }
    }

    fn blame(&mut self, code: Code, message: impl Into<String>, span: &Span) {
        self.faults.push(Fault::new(code, message, span.clone()));
    }

    fn nodes(&mut self, nodes: &'w [Node]) {
        for node in nodes {
            match node {
                Node::Text(_) => {}
                Node::Print(operand) => self.print(operand),
                Node::If {
                    branches,
                    otherwise,
                } => {
                    for (condition, body) in branches {
                        self.condition(condition);
                        self.nodes(body);
                    }
                    self.nodes(otherwise);
                }
                Node::For {
                    variable,
                    list,
                    body,
                    otherwise,
                    span,
                } => {
                    self.for_loop(variable, list, span);
                    self.loops.push(variable);
                    self.nodes(body);
                    self.loops.pop();
                    self.nodes(otherwise);
                }
                Node::Include { name, span } => self.include(name, span),
            }
        }
    }

    fn for_loop(&mut self, variable: &str, list: &Path, span: &Span) {
        self.deepest = self.deepest.max(self.loops.len() + 1);
        if self.loops.len() >= LOOPS {
            self.blame(Code::TooDeep, "loops can be two deep, not deeper", span);
        }
        if self.scope.inputs.iter().any(|input| input.name == variable) {
            let message =
                format!("{variable} is an input already: give the loop's variable another name");
            self.blame(Code::NotAllowed, message, span);
        } else if self.loops.contains(&variable) && !variable.is_empty() {
            let message =
                format!("{variable} is the variable of the loop around this one: choose another");
            self.blame(Code::NotAllowed, message, span);
        }
        match self.path(list) {
            Known::Kind(InputKind::List) | Known::Unknown => {}
            Known::Kind(kind) => {
                let message = format!(
                    "{} is {}: a loop runs over a list",
                    list.written(),
                    kind_named(kind)
                );
                self.blame(Code::WrongKind, message, &list.span);
            }
        }
    }

    /// Looks a path up in the declarations.
    fn path(&mut self, path: &Path) -> Known {
        let root = path.root.as_str();
        // An empty name stands where the parser has already said what is wrong.
        if root.is_empty() || self.loops.iter().rev().any(|variable| *variable == root) {
            return Known::Unknown;
        }
        if root == "loop" {
            return self.loop_field(path);
        }
        let Some(input) = self.scope.inputs.iter().find(|input| input.name == root) else {
            let message = match self.nearest(root) {
                Some(near) => format!("there is no input “{root}”; did you mean “{near}”?"),
                None => format!("there is no input “{root}”: declare it, or correct the name"),
            };
            self.blame(Code::UnknownName, message, &path.span);
            return Known::Unknown;
        };
        if path.fields.is_empty() {
            return Known::Kind(input.kind);
        }
        if input.kind != InputKind::Object {
            let message = format!(
                "{root} is {}: only an object has fields behind a dot",
                kind_named(input.kind)
            );
            self.blame(Code::WrongKind, message, &path.span);
        }
        Known::Unknown
    }

    fn loop_field(&mut self, path: &Path) -> Known {
        if self.loops.is_empty() {
            self.blame(
                Code::UnknownName,
                "loop has a meaning only inside a {% for %}",
                &path.span,
            );
            return Known::Unknown;
        }
        match path.fields.as_slice() {
            [field] if field == "index" => Known::Kind(InputKind::Number),
            [field] if LOOP_FIELDS.contains(&field.as_str()) => Known::Kind(InputKind::Boolean),
            _ => {
                let message = "of a loop there are loop.index, loop.first and loop.last";
                self.blame(Code::NotAllowed, message, &path.span);
                Known::Unknown
            }
        }
    }

    /// A declared name that differs only in case or by one character: most mistakes are that.
    fn nearest(&self, name: &str) -> Option<&'w str> {
        let inputs: &'w [Input] = self.scope.inputs;
        inputs
            .iter()
            .map(|input| input.name.as_str())
            .find(|known| {
                known.eq_ignore_ascii_case(name) || differ_by_one(known.as_bytes(), name.as_bytes())
            })
    }

    fn base(&mut self, base: &Base) -> Known {
        match base {
            Base::Path(path) => self.path(path),
            Base::Literal(value) => literal_kind(value),
        }
    }

    fn operand(&mut self, operand: &Operand) -> Known {
        let mut known = self.base(&operand.base);
        for filter in &operand.filters {
            if let Some(argument) = &filter.argument {
                self.base(argument);
            }
            known = self.filter(known, filter);
        }
        known
    }

    fn filter(&mut self, known: Known, filter: &Filter) -> Known {
        use InputKind::{List, Number, Object, Text};
        let (takes, gives): (&[InputKind], Known) = match filter.kind {
            FilterKind::Default => {
                return if filter.argument.is_some() {
                    known
                } else {
                    Known::Unknown
                };
            }
            FilterKind::ToJson => return Known::Kind(Text),
            FilterKind::Lower | FilterKind::Upper | FilterKind::Trim => {
                (&[Text], Known::Kind(Text))
            }
            FilterKind::Join => (&[List], Known::Kind(Text)),
            FilterKind::Length => (&[Text, List, Object], Known::Kind(Number)),
        };
        if let Known::Kind(kind) = known
            && !takes.contains(&kind)
        {
            let message = format!("{} can't take {}", filter.kind.name(), kind_named(kind));
            self.blame(Code::WrongKind, message, &filter.span);
        }
        gives
    }

    fn print(&mut self, operand: &Operand) {
        let message = match self.operand(operand) {
            Known::Kind(InputKind::List) => {
                "a list can't be written as it is: use join(\", \"), {% for %} or tojson"
            }
            Known::Kind(InputKind::Object) => {
                "an object can't be written as it is: name a field, as in customer.name, or use tojson"
            }
            _ => return,
        };
        self.blame(Code::WrongKind, message, &operand.span);
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Holds(operand) => {
                self.operand(operand);
            }
            Condition::Defined(path) => {
                self.path(path);
            }
            Condition::Not(inner) => self.condition(inner),
            Condition::And(left, right) | Condition::Or(left, right) => {
                self.condition(left);
                self.condition(right);
            }
            Condition::Compare(left, _, right, _) => {
                self.operand(left);
                self.operand(right);
            }
        }
    }

    fn include(&mut self, name: &str, span: &Span) {
        let Some(digest) = self.scope.includes.get(name) else {
            let message = format!("there is no snippet “{name}” to include");
            return self.blame(Code::IncludeMissing, message, span);
        };
        if self.depth >= limits::INCLUDE_DEPTH {
            return self.includes_too_deep(span);
        }
        if !self.library.known.contains_key(digest) {
            match self.library.learn(digest, name, self.depth) {
                Ok(()) => {}
                Err(message) => return self.blame(Code::IncludeMissing, message, span),
            }
        }
        let Some((known, snippet)) = self
            .library
            .known
            .get(digest)
            .zip(self.library.snippets.get(digest))
        else {
            return;
        };
        let (reach, loops) = (known.reach, known.loops);
        let mut found: Vec<(Code, String)> = self.inputs_of(name, &snippet.inputs).collect();
        if let Some((code, message)) = &known.fault {
            found.push((
                *code,
                format!("the snippet “{name}” can't be used: {message}"),
            ));
        }
        if self.loops.len() + loops > LOOPS {
            let message = format!("loops can be two deep, counting those of the snippet “{name}”");
            found.push((Code::TooDeep, message));
        }
        for (code, message) in found {
            self.blame(code, message, span);
        }
        if self.depth + 1 + reach > limits::INCLUDE_DEPTH {
            self.includes_too_deep(span);
        }
        self.reach = self.reach.max(1 + reach);
        self.deepest = self.deepest.max(self.loops.len() + loops);
    }

    fn includes_too_deep(&mut self, span: &Span) {
        let message = format!(
            "snippets include one another more than {} deep",
            limits::INCLUDE_DEPTH
        );
        self.blame(Code::TooDeep, message, span);
    }

    /// A snippet takes the values of its inputs from the inputs of the same name around it.
    fn inputs_of<'i>(
        &self,
        name: &'i str,
        inputs: &'i [Input],
    ) -> impl Iterator<Item = (Code, String)> + use<'w, 'i> {
        let here: &'w [Input] = self.scope.inputs;
        inputs.iter().filter_map(move |wanted| {
            let given = here.iter().find(|input| input.name == wanted.name);
            let message = match given {
                Some(given) if given.kind == wanted.kind => return None,
                Some(given) => format!(
                    "the snippet “{name}” takes {} as {}; here it is {}",
                    wanted.name,
                    kind_named(wanted.kind),
                    kind_named(given.kind)
                ),
                None if wanted.required && wanted.default.is_none() => format!(
                    "the snippet “{name}” needs the input “{}”: declare it here too",
                    wanted.name
                ),
                None => return None,
            };
            Some((Code::IncludeInput, message))
        })
    }
}

impl Library<'_> {
    /// Reads a snippet, and through it those that it includes. Each is read once, however many
    /// include it: snippets that include each other many times over would never end otherwise.
    fn learn(&mut self, digest: &Digest, name: &str, depth: usize) -> Result<(), String> {
        let content = (self.includes)(digest)
            .ok_or_else(|| format!("there is no snippet “{name}” to include"))?;
        let text = snippet_text(&content)
            .ok_or_else(|| format!("“{name}” is a conversation: only a text can be included"))?;
        let source = text.to_owned();
        let parsed = parse::text(&source);
        let mut faults = parsed.faults;
        let scope = Scope {
            inputs: &content.inputs,
            includes: &content.includes,
        };
        let mut walk = Walk::new(scope, self, &mut faults, depth + 1);
        walk.nodes(&parsed.tree);
        let (reach, loops) = (walk.reach, walk.deepest);
        let fault = faults
            .into_iter()
            .next()
            .map(|fault| (fault.code, fault.message));
        self.known.insert(
            *digest,
            Summary {
                reach,
                loops,
                fault,
            },
        );
        let VersionContent {
            inputs, includes, ..
        } = content;
        self.snippets.insert(
            *digest,
            Snippet {
                source,
                tree: parsed.tree,
                inputs,
                includes,
            },
        );
        Ok(())
    }
}

fn literal_kind(value: &serde_json::Value) -> Known {
    use InputKind::{Boolean, Number, Text};
    [Text, Number, Boolean]
        .into_iter()
        .find(|kind| declare::fits(value, *kind))
        .map_or(Known::Unknown, Known::Kind)
}

fn differ_by_one(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() < 3 || long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let rest = if short.len() == long.len() {
        same + 1
    } else {
        same
    };
    short.get(rest..).unwrap_or_default() == long.get(same + 1..).unwrap_or_default()
}
