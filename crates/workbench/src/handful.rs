//! A handful of cases tried at once: the draft beside a version, on one model or several. The answers
//! are told as they come, and judged as a run would judge them.

use crate::reading::Reading;
use crate::trying::{StoredAnswers, view};
use crate::views::{
    AnswerChunk, AnswerDone, GraderSaid, ModelChoice, Ref, Tried, TriedCell, TriedTogether,
    TryContent, TryPlan,
};
use crate::{Error, Event, Workbench, locked, words};
use domain::content::ModelSettings;
use domain::dataset::Dataset;
use domain::diff::{Limits, compare_texts};
use domain::graders::{Grader, Panel};
use domain::{ProjectId, VersionContent};
use evals::{Answer, Provider, Question};
use futures_util::StreamExt as _;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Cases that are tried at once, at most: more are a run, which keeps what it is answered.
pub const TRIED_CASES: usize = 10;
/// Columns that are tried at once, at most: contents times models.
pub const TRIED_COLUMNS: usize = 6;
/// Calls at once.
const AT_ONCE: usize = 4;
/// How often an answer under way is told of.
const TELL: Duration = Duration::from_millis(60);
/// What of a long answer is told while it is under way: its end.
const TOLD_BYTES: usize = 4_000;

/// What is tried now, by the name that whoever tries gave it.
#[derive(Default)]
pub(crate) struct Tries(Mutex<HashMap<String, CancellationToken>>);

impl Tries {
    /// Begins one; an earlier one of the same name is stopped.
    pub fn begin(&self, id: &str) -> CancellationToken {
        let cancel = CancellationToken::new();
        let before = locked(&self.0).insert(id.to_owned(), cancel.clone());
        if let Some(before) = before {
            before.cancel();
        }
        cancel
    }

    /// Ends one, unless another of its name has begun.
    pub fn end(&self, id: &str, cancel: &CancellationToken) {
        // Whoever is stopped was replaced or has no need of its place any more.
        if !cancel.is_cancelled() {
            locked(&self.0).remove(id);
        }
    }

    fn stop(&self, id: &str) {
        if let Some(cancel) = locked(&self.0).remove(id) {
            cancel.cancel();
        }
    }
}

/// An answer under way, told of now and then.
pub(crate) struct Live {
    bench: Workbench,
    id: String,
    case: u32,
    column: u32,
    text: String,
    told: Option<Instant>,
}

impl Live {
    pub fn new(bench: &Workbench, id: &str, case: u32, column: u32) -> Self {
        Self {
            bench: bench.clone(),
            id: id.to_owned(),
            case,
            column,
            text: String::new(),
            told: None,
        }
    }

    pub fn hear(&mut self, piece: &str) {
        self.text.push_str(piece);
        if self.told.is_some_and(|at| at.elapsed() < TELL) {
            return;
        }
        self.told = Some(Instant::now());
        self.bench.say(Event::AnswerChunk(AnswerChunk {
            id: self.id.clone(),
            case: self.case,
            column: self.column,
            text: end_of(&self.text, TOLD_BYTES),
        }));
    }
}

/// The end of a text, at most so many bytes of it.
pub(crate) fn end_of(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let from = text.ceil_char_boundary(text.len() - most);
    format!("…{}", text.get(from..).unwrap_or_default())
}

/// One column, ready to be asked.
struct Column {
    label: String,
    /// Why nobody can be asked, in words.
    ready: Result<(VersionContent, Arc<Provider>), String>,
}

impl Workbench {
    /// Tries a handful of cases. What goes wrong with one answer stands in its place.
    ///
    /// # Errors
    /// More than a handful, or a grader can't be used.
    pub async fn try_some(
        &self,
        project: ProjectId,
        plan: TryPlan,
    ) -> Result<TriedTogether, Error> {
        let reading = self.reading(project)?;
        let columns = self.columns_to_try(&reading, &plan)?;
        if plan.cases.len() > TRIED_CASES {
            return Err(Error::invalid(format!(
                "{} cases are more than a handful; at most {TRIED_CASES} are tried at once. Run them under Evals",
                plan.cases.len()
            )));
        }
        let dataset = Dataset {
            name: None,
            cases: plan.cases,
            graders: plan.graders,
            other: Default::default(),
        };
        let panel = Panel::prepare(&[], &dataset).map_err(|e| Error::invalid(e.to_string()))?;
        let cancel = self.inner.trying.begin(&plan.id);
        let places = (0..dataset.cases.len())
            .flat_map(|case| (0..columns.len()).map(move |column| (case, column)));
        let (reading, columns, dataset, panel) = (&reading, &columns, &dataset, &panel);
        let (id, cancelled) = (&plan.id, &cancel);
        let asking = places.filter_map(|(place, at)| {
            let (column, case) = (columns.get(at)?, dataset.cases.get(place)?);
            Some(async move {
                let mut cell = blank(place, at);
                let mut live = Live::new(self, id, cell.case, cell.column);
                let asked = Asked {
                    column,
                    values: &case.inputs,
                    refresh: plan.refresh,
                };
                match self.ask_one(reading, &asked, &mut live, cancelled).await {
                    Ok((tried, answer)) => {
                        let judged = Judged {
                            panel,
                            dataset,
                            place,
                        };
                        cell.graders = self.said_of(&judged, &answer, cancelled).await;
                        cell.pass = (!cell.graders.is_empty())
                            .then(|| cell.graders.iter().all(|one| one.pass));
                        cell.tried = Some(tried);
                    }
                    Err(Error::Cancelled) => cell.stopped = true,
                    Err(error) => cell.error = Some(error.to_string()),
                }
                self.say(Event::AnswerDone(AnswerDone {
                    id: id.clone(),
                    cell: cell.clone(),
                }));
                cell
            })
        });
        let mut cells: Vec<TriedCell> = futures_util::stream::iter(asking)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        self.inner.trying.end(&plan.id, &cancel);
        cells.sort_by_key(|cell| (cell.case, cell.column));
        mark_differences(&mut cells);
        Ok(TriedTogether {
            words: said_in_all(&cells, columns),
            columns: columns.iter().map(|one| one.label.clone()).collect(),
            cells,
        })
    }

    /// A content with what it is called, to be tried.
    ///
    /// # Errors
    /// It is not on this computer.
    pub async fn content_of(
        &self,
        project: ProjectId,
        reference: Ref,
    ) -> Result<TryContent, Error> {
        let found = self.reading(project)?.resolve(&reference)?;
        Ok(TryContent {
            label: found.label,
            content: found.content,
        })
    }

    /// Stops what is tried under this name; what it was answered so far stays.
    ///
    /// # Errors
    /// None: what is over stays over.
    pub async fn cancel_try(&self, id: String) -> Result<(), Error> {
        self.inner.trying.stop(&id);
        Ok(())
    }

    fn columns_to_try(&self, reading: &Reading, plan: &TryPlan) -> Result<Vec<Column>, Error> {
        let mut columns = Vec::new();
        for one in &plan.contents {
            if plan.models.is_empty() {
                columns.push(Column {
                    label: one.label.clone(),
                    ready: self.ready_to_ask(reading, &one.content),
                });
            }
            for model in &plan.models {
                let content = asked_of(one.content.clone(), model);
                let label = match plan.models.len() {
                    1 => one.label.clone(),
                    _ => {
                        let model = crate::preparing::model_words(model, &plan.models);
                        format!("{} · {model}", one.label)
                    }
                };
                columns.push(Column {
                    label,
                    ready: self.ready_to_ask(reading, &content),
                });
            }
        }
        if columns.len() > TRIED_COLUMNS {
            return Err(Error::invalid(format!(
                "{} columns are more than fit beside the text; at most {TRIED_COLUMNS} are tried at once",
                columns.len()
            )));
        }
        Ok(columns)
    }

    // What is asked, and who answers; or why nobody can be asked.
    fn ready_to_ask(
        &self,
        reading: &Reading,
        content: &VersionContent,
    ) -> Result<(VersionContent, Arc<Provider>), String> {
        let (content, problems) = reading.pinned(content);
        if let Some(problem) = problems.first() {
            return Err(problem.message.clone());
        }
        let settings = content.model.as_ref();
        let settings = settings.ok_or_else(|| "choose a model first: under Model".to_owned())?;
        let provider = self.provider_for(settings);
        let provider = provider.map_err(|error| error.to_string())?;
        Ok((content, provider))
    }

    async fn ask_one(
        &self,
        reading: &Reading,
        asked: &Asked<'_>,
        live: &mut Live,
        cancel: &CancellationToken,
    ) -> Result<(Tried, Answer), Error> {
        let ready = asked.column.ready.as_ref();
        let (content, provider) = ready.map_err(|words| Error::invalid(words.clone()))?;
        let question = Question::new(
            content,
            asked.values,
            &|digest| reading.content(digest),
            provider.kind(),
        );
        let question = question.map_err(|error| Error::invalid(error.to_string()))?;
        let cache = StoredAnswers {
            store: self.store().clone(),
            // Redacting a version takes with it what it was answered while it was tried.
            sources: content
                .encode()
                .map(|(_, digest)| digest)
                .into_iter()
                .collect(),
            refresh: asked.refresh,
        };
        self.ask_for(&question, provider, &cache, live, cancel)
            .await
    }

    /// Asks one question, and tells of its answer as it comes.
    pub(crate) async fn ask_for(
        &self,
        question: &Question,
        provider: &Provider,
        cache: &StoredAnswers,
        live: &mut Live,
        cancel: &CancellationToken,
    ) -> Result<(Tried, Answer), Error> {
        let mut tell = |piece: &str| live.hear(piece);
        let options = evals::Options::default();
        let tried = evals::try_one(question, provider, cache, &options, Some(&mut tell), cancel);
        match tried.await {
            Ok(tried) => {
                let answer = tried.answer.clone();
                Ok((view(tried, question, self.now()), answer))
            }
            Err(evals::TryError::Ask(evals::AskError::Cancelled)) => Err(Error::Cancelled),
            Err(error) => Err(Error::Evals(error.to_string())),
        }
    }

    // What the graders say of an answer; judges are asked, and what they said is in the cache.
    async fn said_of(
        &self,
        judged: &Judged<'_>,
        answer: &Answer,
        cancel: &CancellationToken,
    ) -> Vec<GraderSaid> {
        let text = answer.graded_text();
        let mut said = BTreeMap::new();
        for asked in judged.panel.questions(&text, judged.dataset, judged.place) {
            let settings = ModelSettings {
                provider: asked.provider.clone(),
                model: asked.model.clone(),
                parameters: BTreeMap::new(),
                other: Default::default(),
            };
            let (Some(digest), Ok(provider)) = (asked.digest(), self.provider_for(&settings))
            else {
                continue;
            };
            let question = Question::of_judge(asked, &provider);
            let (cache, options) = (self.answers(&[]), evals::Options::default());
            let heard = evals::try_one(&question, &provider, &cache, &options, None, cancel).await;
            if let Ok(heard) = heard {
                said.insert(digest, heard.answer.text);
            }
        }
        let mut answered = answer.answered(&text, None);
        answered.judged = Some(&said);
        let own = judged.dataset.cases.get(judged.place);
        let graders = judged.dataset.graders.iter();
        let graders: Vec<&Grader> = graders
            .chain(own.iter().flat_map(|case| &case.graders))
            .collect();
        let scores = judged.panel.judge(&answered, judged.dataset, judged.place);
        scores
            .into_iter()
            .enumerate()
            .map(|(place, score)| GraderSaid {
                name: graders
                    .get(place)
                    .map(|one| one.title())
                    .unwrap_or_default(),
                pass: score.pass,
                value: score.value,
                reason: score.reason,
                waiting: score.waiting,
            })
            .collect()
    }
}

/// The same, asked of another model.
#[must_use]
pub fn asked_of(mut content: VersionContent, model: &ModelChoice) -> VersionContent {
    let settings = content.model.get_or_insert_with(|| ModelSettings {
        provider: String::new(),
        model: String::new(),
        parameters: BTreeMap::new(),
        other: Default::default(),
    });
    settings.provider.clone_from(&model.provider);
    settings.model.clone_from(&model.model);
    content
}

/// One thing to ask.
struct Asked<'a> {
    column: &'a Column,
    values: &'a Map<String, Value>,
    refresh: bool,
}

/// Who judges which case.
struct Judged<'a> {
    panel: &'a Panel,
    dataset: &'a Dataset,
    place: usize,
}

fn blank(case: usize, column: usize) -> TriedCell {
    TriedCell {
        case: u32::try_from(case).unwrap_or(u32::MAX),
        column: u32::try_from(column).unwrap_or(u32::MAX),
        tried: None,
        error: None,
        stopped: false,
        pass: None,
        graders: Vec::new(),
        diff: None,
    }
}

fn answer_of(cell: &TriedCell) -> Option<&str> {
    cell.tried.as_ref().map(|tried| tried.answer.as_str())
}

// Each answer against the first column's to the same case.
fn mark_differences(cells: &mut [TriedCell]) {
    let firsts: HashMap<u32, String> = cells
        .iter()
        .filter(|cell| cell.column == 0)
        .filter_map(|cell| Some((cell.case, answer_of(cell)?.to_owned())))
        .collect();
    for cell in cells.iter_mut().filter(|cell| cell.column > 0) {
        let (Some(first), Some(own)) = (firsts.get(&cell.case), answer_of(cell)) else {
            continue;
        };
        if first.trim() != own.trim() {
            cell.diff = Some(compare_texts(first, own, Limits::default()).inline);
        }
    }
}

// "draft: 4 of 5 passed; v7: 3 of 5. 2 of 5 answers differ."
fn said_in_all(cells: &[TriedCell], columns: &[Column]) -> String {
    let mut parts = Vec::new();
    for (place, column) in columns.iter().enumerate() {
        let own = || {
            cells
                .iter()
                .filter(move |cell| usize::try_from(cell.column) == Ok(place))
        };
        let judged = own().filter(|cell| cell.pass.is_some()).count();
        let passed = own().filter(|cell| cell.pass == Some(true)).count();
        if judged > 0 {
            parts.push(format!("{}: {passed} of {judged} passed", column.label));
        }
    }
    let mut said = parts.join("; ");
    let compared = |column: u32| {
        let own = cells.iter().filter(move |cell| cell.column == column);
        own.filter(|cell| {
            cells
                .iter()
                .any(|first| first.column == 0 && first.case == cell.case && first.tried.is_some())
                && cell.tried.is_some()
        })
    };
    if let [first, second] = columns {
        let both = compared(1).count();
        let differ = compared(1).filter(|cell| cell.diff.is_some()).count();
        if both > 1 || (both == 1 && differ == 0) {
            if !said.is_empty() {
                said.push_str(". ");
            }
            let names = format!("{} and {}", first.label, second.label);
            said.push_str(&match differ {
                0 if both == 1 => format!("{names} answer the same"),
                0 => format!("{names} answer the same to all {both}"),
                n => format!(
                    "{names} differ in {n} of {}",
                    words::count(both, "answer", "answers")
                ),
            });
        }
    }
    if !said.is_empty() {
        said.push('.');
    }
    said
}
