//! The template language: a stated subset of Jinja in which every text of a version is written.
//!
//! `{{ name }}` and dotted paths, `if`, `for` over a declared list (two deep), `include`, and the
//! filters `default join length lower tojson trim upper`. MiniJinja's tokenizer decides what is a
//! tag, a string and white space; the parser reads the subset from its tokens into a small tree of our own, so
//! whatever is not in the subset can't be represented, let alone run. `docs/templates.md` is the
//! reference for people, and the cases in `sdks/conformance/template` are the reference for every SDK.
//!
//! * [`check()`] lists what is wrong with a version's texts and inputs, each with its [`Place`].
//! * [`Template::prepare`] checks and keeps the result; [`Template::render`] fills it in.
//! * [`uses()`] tells an editor what to highlight.
//!
//! It refuses to render what it would not accept when checked, to write more than
//! [`crate::limits::RENDERED_BYTES`], and to work for more than
//! [`crate::limits::RENDER_STEPS`].

mod check;
mod declare;
mod flat;
mod output;
mod parse;
mod place;
mod render;
mod tokens;
mod tree;
mod uses;
mod values;

use crate::content::{Input, Message, Role, VersionContent};
use crate::{Digest, limits};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub use place::Place;
pub use uses::{Use, Uses, uses};

/// How a version's includes are found: the content that a digest names.
pub type Includes<'a> = &'a dyn Fn(&Digest) -> Option<VersionContent>;

/// What is wrong. Each code is one thing a reader can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The text can't be read: an unclosed tag, a stray word.
    Syntax,
    /// Jinja has it, our subset doesn't.
    NotAllowed,
    /// A name that is neither a declared input nor a loop's variable.
    UnknownName,
    /// Loops, blocks or includes nested too deeply.
    TooDeep,
    /// A value used as something that it isn't: a text looped over, a list printed.
    WrongKind,
    /// An included snippet that isn't there, or can't be included.
    IncludeMissing,
    /// An included snippet needs an input that this text can't give.
    IncludeInput,
    /// An input declared badly.
    Declaration,
    /// A required input was not given.
    InputMissing,
    /// An input was given a value of another kind.
    InputKind,
    /// A path leads nowhere in the values given.
    Undefined,
    /// The result would be larger than allowed.
    TooLarge,
    /// The template asks for more work than allowed.
    TooLong,
}

/// One thing that is wrong, in words for whoever wrote the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What kind of thing.
    pub code: Code,
    /// What is wrong and what to do, in plain words.
    pub message: String,
    /// Where in the texts, when it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Which input, when it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
}

/// Why a template was not rendered. The same shape as what [`check()`] finds.
pub type RenderError = Problem;

/// What is sent: the messages with every value filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Rendered {
    /// In order.
    pub messages: Vec<RenderedMessage>,
}

/// One rendered message, or what stands in a placeholder's place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RenderedMessage {
    /// A message of the version.
    Message {
        /// Who speaks.
        role: Role,
        /// The text.
        text: String,
    },
    /// A placeholder with the messages that were passed under its name, unchanged.
    Placeholder {
        /// The placeholder's name.
        name: String,
        /// What was passed: none when nothing was.
        messages: Vec<Value>,
    },
}

impl Rendered {
    /// All texts, one after the other: what a preview shows and a count counts.
    #[must_use]
    pub fn text(&self) -> String {
        let texts = self.messages.iter().filter_map(|message| match message {
            RenderedMessage::Message { text, .. } => Some(text.as_str()),
            RenderedMessage::Placeholder { .. } => None,
        });
        texts.collect::<Vec<_>>().join("\n\n")
    }
}

/// A checked version, ready to be filled in many times.
#[derive(Debug)]
pub struct Template {
    parts: Vec<Part>,
    inputs: Vec<Input>,
    includes: BTreeMap<String, Digest>,
    snippets: BTreeMap<Digest, Snippet>,
}

#[derive(Debug)]
enum Part {
    Text {
        role: Role,
        source: String,
        tree: Vec<tree::Node>,
    },
    Placeholder {
        name: String,
    },
}

/// An included text, parsed once however often it is included.
#[derive(Debug)]
struct Snippet {
    source: String,
    tree: Vec<tree::Node>,
    inputs: Vec<Input>,
    includes: BTreeMap<String, Digest>,
}

/// Everything that is wrong with the texts and inputs of `content`. Empty: it may be saved.
///
/// Includes are followed through `content.includes`; whoever checks a draft fills that in first.
#[must_use]
pub fn check(content: &VersionContent, includes: Includes<'_>) -> Vec<Problem> {
    check::content(content, includes).1
}

/// Checks and renders in one step. To render often, keep a [`Template`].
///
/// # Errors
/// The first thing that is wrong with the template or with the values.
pub fn render(
    content: &VersionContent,
    values: &Map<String, Value>,
    includes: Includes<'_>,
) -> Result<Rendered, RenderError> {
    let template = Template::prepare(content, includes).map_err(|problems| {
        problems
            .into_iter()
            .next()
            .unwrap_or_else(Problem::unexplained)
    })?;
    template.render(values)
}

impl Template {
    /// Checks `content` and keeps what is needed to render it.
    ///
    /// # Errors
    /// Everything that [`check()`] finds.
    pub fn prepare(content: &VersionContent, includes: Includes<'_>) -> Result<Self, Vec<Problem>> {
        let (template, problems) = check::content(content, includes);
        if problems.is_empty() {
            Ok(template)
        } else {
            Err(problems)
        }
    }

    /// Fills in `values`. Values for which there is no input are passed over: an application may
    /// send what an older version still needed.
    ///
    /// # Errors
    /// A value that is missing or of another kind, a path that leads nowhere, a result too large.
    pub fn render(&self, values: &Map<String, Value>) -> Result<Rendered, RenderError> {
        render::template(self, values)
    }

    /// The declared inputs.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }
}

impl Problem {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            place: None,
            input: None,
        }
    }

    fn about(input: &str, code: Code, message: impl Into<String>) -> Self {
        Self {
            input: Some(input.to_owned()),
            ..Self::new(code, message)
        }
    }

    fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// For a list of problems that turned out empty: nothing makes one, but no caller panics.
    fn unexplained() -> Self {
        Self::new(Code::Syntax, "this template can't be used")
    }
}

/// A problem in one text, before its bytes are turned into a [`Place`].
#[derive(Debug)]
struct Fault {
    code: Code,
    message: String,
    span: tree::Span,
}

impl Fault {
    fn new(code: Code, message: impl Into<String>, span: tree::Span) -> Self {
        Self {
            code,
            message: message.into(),
            span,
        }
    }

    fn located(self, locator: &mut place::Locator<'_>, message: u32) -> Problem {
        let place = locator.place(message, &self.span);
        Problem::new(self.code, self.message).at(place)
    }
}

/// The number of messages as places count them; limits keep it small.
fn index(message: usize) -> u32 {
    u32::try_from(message).unwrap_or(u32::MAX)
}

fn too_many_messages(content: &VersionContent) -> Option<Problem> {
    let count = content.messages.len();
    (count > limits::MESSAGES).then(|| {
        Problem::new(
            Code::TooLarge,
            format!(
                "there are {count} messages; at most {} fit",
                limits::MESSAGES
            ),
        )
    })
}

/// The one text of a snippet, if the content can be included at all.
fn snippet_text(content: &VersionContent) -> Option<&str> {
    match (content.kind, content.messages.as_slice()) {
        (crate::content::Kind::Text, [Message::Message { text, .. }]) => Some(text),
        _ => None,
    }
}
