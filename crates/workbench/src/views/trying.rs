//! Trying while one writes: a handful of cases at once, conversations with a draft, what was sent.

use super::{Case, Grader, GraderSaid, ModelChoice};
use domain::diff::Segment;
use domain::{Digest, Millis, VersionContent};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A handful of cases to try.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct TryPlan {
    /// What whoever tries calls this: what is said of it names it, and it is stopped by it.
    pub id: String,
    /// The contents, side by side; the others are compared with the first.
    pub contents: Vec<TryContent>,
    /// The models to ask, each for every content; none: each content asks the one that it names.
    #[serde(default)]
    pub models: Vec<ModelChoice>,
    /// The cases.
    pub cases: Vec<Case>,
    /// Who judges every case, beside its own graders.
    #[serde(default)]
    pub graders: Vec<Grader>,
    /// Ask again where an answer is kept.
    #[serde(default)]
    pub refresh: bool,
}

/// One content to try.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct TryContent {
    /// What it is called: "draft", "v7".
    pub label: String,
    /// What is asked.
    pub content: VersionContent,
}

/// What a handful came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct TriedTogether {
    /// The columns by name.
    pub columns: Vec<String>,
    /// The answers, case by case and in each by column.
    pub cells: Vec<TriedCell>,
    /// What it says in a sentence; empty where there is nothing to say.
    pub words: String,
}

/// What one content answered to one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct TriedCell {
    /// The case's place in the plan.
    pub case: u32,
    /// The column.
    pub column: u32,
    /// The answer.
    pub tried: Option<Tried>,
    /// Why there is none.
    pub error: Option<String>,
    /// It was stopped before there was one.
    pub stopped: bool,
    /// Whether it passed; none without a grader.
    pub pass: Option<bool>,
    /// What each grader said.
    pub graders: Vec<GraderSaid>,
    /// The answer against the first column's, where both are there and differ. Only in what all of it
    /// came to.
    pub diff: Option<Vec<Segment>>,
}

/// One answer of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Tried {
    /// What it answered.
    pub answer: String,
    /// Whether it came from the cache.
    pub from_cache: bool,
    /// Where it came from, in words ("SmolLM2-135M, from the cache, 12 Nov").
    pub source: String,
    /// How long the model took; from the cache, how long it took then.
    pub latency_ms: u32,
    /// Tokens sent, as the provider counted them.
    pub tokens_in: Option<u32>,
    /// Tokens answered.
    pub tokens_out: Option<u32>,
    /// Which model.
    pub model: String,
    /// The digest of the question: by it what was sent and received is found.
    #[serde(default)]
    pub question: Option<Digest>,
    /// It was cut off at the most tokens that the version allows.
    #[serde(default)]
    pub cut_off: bool,
}

/// What was sent for an answer, and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct SentAndReceived {
    /// Where it was sent.
    pub address: String,
    /// The body of the request, set out to be read.
    pub sent: String,
    /// The body of the answer; of a stream, all its pieces as they came.
    pub received: String,
    /// What is missing, in words; empty where nothing is.
    pub note: String,
}

/// A conversation with a draft in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct PlaygroundRow {
    /// The conversation.
    pub id: String,
    /// How it begins.
    pub title: String,
    /// When it was last changed.
    pub at: Millis,
    /// How many messages it has.
    pub turns: u32,
}

/// A conversation with a draft. It is kept on this computer and goes nowhere else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Playground {
    /// The conversation.
    pub id: String,
    /// The prompt's id, or its draft's while it has no version.
    pub prompt: String,
    /// Grows when what was said changes.
    #[specta(type = u32)]
    pub revision: u64,
    /// What was said, after the prompt's own messages.
    pub turns: Vec<PlayTurn>,
    /// What stands in the field and is not said yet.
    pub typed: String,
    /// The values of the prompt's inputs.
    pub values: Map<String, Value>,
    /// Who is asked; none: whom the prompt names.
    pub model: Option<ModelChoice>,
}

/// Who said something in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The person.
    Person,
    /// The model.
    Model,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct PlayTurn {
    /// Who said it.
    pub by: Speaker,
    /// What.
    pub text: String,
    /// Where the model's answer came from, in words; empty where it is none, or was changed by hand.
    #[serde(default)]
    pub source: String,
    /// The digest of its question.
    #[serde(default)]
    pub question: Option<Digest>,
}

/// A model that runs on this computer without having been set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct FoundModel {
    /// As it is asked for.
    pub name: String,
    /// Its size, as whoever runs it says ("3.2B"); empty where it does not.
    pub size: String,
}

/// Ollama, running on this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct OllamaFound {
    /// Where it listens.
    pub address: String,
    /// Its models.
    pub models: Vec<FoundModel>,
    /// The provider that stands for it already.
    pub provider: Option<String>,
    /// The same in words.
    pub words: String,
}

/// An answer of a run while it is being written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct AnswerUnderWay {
    /// The case's place in its dataset, from 0.
    pub case: u32,
    /// The column.
    pub column: u32,
    /// The end of what is written so far.
    pub text: String,
}
