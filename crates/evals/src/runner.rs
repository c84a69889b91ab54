//! Versions × cases: finds what the cache has, asks for the rest, judges all.
//!
//! [`Run::prepare`] does what can be wrong before anything is asked: templates, graders,
//! providers. [`Run::start`] asks. A question that occurs twice is asked once.

use crate::path::Path;
use crate::{AnswerCache, Cell, Failure, Listener, Patience, Prices, Provider, Sum};
use domain::dataset::{Dataset, DatasetError};
use domain::graders::{Grader, GraderError, Panel};
use domain::template::{Includes, Problem};
use domain::{CanonicalError, Digest, PromptId, VersionContent};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// How a run goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Calls at once.
    pub concurrency: usize,
    /// How often each case is asked. Each repeat has an answer of its own in the cache.
    pub repeats: u32,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often, and after what pauses, it asks again.
    pub patience: Patience,
    /// Spreads the pauses; the same seed gives the same ones.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            concurrency: 8,
            repeats: 1,
            timeout: Duration::from_secs(120),
            patience: Patience::default(),
            seed: 0,
        }
    }
}

/// One version of a run.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name in the report.
    pub label: String,
    /// What is run. To run it with another model, put that in first.
    pub content: VersionContent,
    /// The prompts whose output its inputs are, and those before them. They are asked first, for
    /// cases that don't hold such an input themselves.
    pub before: BTreeMap<PromptId, Before>,
}

/// A prompt that comes before another.
#[derive(Clone, Debug)]
pub struct Before {
    /// Its name and version, for what goes wrong with it.
    pub label: String,
    /// What is asked.
    pub content: VersionContent,
}

/// Why a run can't begin.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A version's template can't be used.
    #[error("{label}: {}", .problems.first().map_or("its template can't be used", |p| p.message.as_str()))]
    Template {
        /// Which version.
        label: String,
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
    /// A version names no model.
    #[error("{label} names no model: choose one first")]
    NoModel {
        /// Which version.
        label: String,
    },
    /// A version names a provider that this machine doesn't know.
    #[error(
        "{label} asks “{provider}”, which is not set up on this computer: add it in the settings"
    )]
    NoProvider {
        /// Which version.
        label: String,
        /// The provider's name.
        provider: String,
    },
    /// Prompts that need each other's output.
    #[error("{label} needs its own output, by way of others: nothing could be asked first")]
    Circle {
        /// Which of them.
        label: String,
    },
    /// A grader that can't be used.
    #[error(transparent)]
    Grader(#[from] GraderError),
    /// A dataset that can't be used.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Content that JSON can't hold.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// A run that is ready to begin.
#[derive(Debug)]
pub struct Run {
    pub(crate) columns: Vec<Ready>,
    pub(crate) graders: Vec<Grader>,
    pub(crate) panel: Panel,
    pub(crate) dataset: Arc<Dataset>,
    pub(crate) dataset_digest: Digest,
    pub(crate) cells: Vec<Slot>,
    pub(crate) prices: Prices,
    pub(crate) listener: Option<Listener>,
    pub(crate) filled: HashMap<Place, Filled>,
    pub(crate) already: Vec<(usize, Cell)>,
}

/// A cell's column, case and repeat.
pub(crate) type Place = (usize, u32, u32);

/// What is known of a cell that an earlier beginning of a run has filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    case: u32,
    repeat: u32,
    pub(crate) attempts: u32,
    pub(crate) from_cache: bool,
    pub(crate) failed: bool,
}

impl Filled {
    /// What of a cell has to be known.
    #[must_use]
    pub fn of(cell: &Cell) -> Self {
        Self {
            case: cell.case,
            repeat: cell.repeat,
            attempts: cell.attempts,
            from_cache: cell.from_cache,
            failed: cell.failure.is_some(),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Ready {
    pub label: String,
    pub digest: Digest,
    pub path: Path,
    /// Whether another asking could only give a copy.
    pub copies: bool,
}

/// One cell before it has an answer. A run has up to hundreds of thousands of them, so that none
/// holds its question: that is put together once more when it is asked.
#[derive(Debug)]
pub(crate) struct Slot {
    pub column: usize,
    pub case: usize,
    pub repeat: u32,
    pub question: Put,
}

/// What is asked for a cell.
#[derive(Debug)]
pub(crate) enum Put {
    /// One question: its digest, and the tokens that will be sent, guessed.
    Question(Digest, u32),
    /// Several, of which the first is known by now.
    Path,
    /// Nothing: it can't be put.
    Nothing(Box<Failure>),
}

/// What a run would cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Cells that would be filled.
    pub cells: usize,
    /// Questions that would be asked; of a path that has not begun, one for each step.
    pub calls: usize,
    /// Cells whose question can't even be put.
    pub failed: usize,
}

/// What a run would cost in money, as far as prices are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Foreseen {
    /// The same in calls.
    pub estimate: Estimate,
    /// The money, where a price is known.
    pub cost: Sum,
    /// Models without a price that would be asked elsewhere than on this computer, as provider/model.
    pub unpriced: BTreeSet<String>,
    /// Answers that are there, by whose mean length the others' is guessed; none: a stated guess.
    pub from_answers: usize,
    /// Tokens that an answer is taken to have, on average over what would be asked.
    pub answered_each: u64,
}

impl Run {
    /// Fills every version in for every case.
    ///
    /// A case that lacks an input is a failed cell; a template, grader or provider that can't be used at
    /// all is an error.
    ///
    /// # Errors
    /// What has to be changed before anything can be asked.
    pub fn prepare(
        columns: Vec<Column>,
        dataset: Arc<Dataset>,
        graders: &[Grader],
        providers: &BTreeMap<String, Arc<Provider>>,
        includes: Includes<'_>,
        repeats: u32,
    ) -> Result<Self, RunError> {
        let panel = Panel::prepare(graders, &dataset)?;
        let dataset_digest = dataset.encode()?.1;
        let mut ready = Vec::with_capacity(columns.len());
        let mut cells = Vec::with_capacity(columns.len() * dataset.cases.len());
        for (number, column) in columns.into_iter().enumerate() {
            let Column {
                label,
                content,
                before,
            } = column;
            let digest = content.encode()?.1;
            let path = Path::prepare(&label, content, &before, providers, includes)?;
            for (index, case) in dataset.cases.iter().enumerate() {
                for repeat in 0..repeats.max(1) {
                    let walk = path.walk(&case.inputs, repeat);
                    let question = match walk.next() {
                        Err(failure) => Put::Nothing(Box::new(failure)),
                        Ok(_) if !walk.is_last() => Put::Path,
                        Ok(next) => {
                            let sent = next.question.tokens_sent_guessed();
                            Put::Question(next.digest, u32::try_from(sent).unwrap_or(u32::MAX))
                        }
                    };
                    cells.push(Slot {
                        column: number,
                        case: index,
                        repeat,
                        question,
                    });
                }
            }
            ready.push(Ready {
                label,
                digest,
                copies: path.copies(),
                path,
            });
        }
        // By turns, case by case: what changes at the provider meanwhile meets all versions alike,
        // and a run that is broken off has asked them alike.
        cells.sort_by_key(|slot| (slot.repeat, slot.case, slot.column));
        Ok(Self {
            columns: ready,
            graders: graders.to_vec(),
            panel,
            dataset,
            dataset_digest,
            cells,
            prices: Prices::default(),
            listener: None,
            filled: HashMap::new(),
            already: Vec::new(),
        })
    }

    /// The same with each case asked once where another asking could only give a copy.
    #[must_use]
    pub fn without_copies(mut self) -> Self {
        let columns = &self.columns;
        self.cells.retain(|slot| {
            let copies = columns.get(slot.column).is_some_and(|one| one.copies);
            slot.repeat == 0 || !copies
        });
        self
    }

    /// The same with these prices: what answers cost is counted, and graders are told.
    #[must_use]
    pub fn at_prices(mut self, prices: Prices) -> Self {
        self.prices = prices;
        self
    }

    /// Lets somebody read the answers while they are written: they are asked for as streams then.
    #[must_use]
    pub fn heard_by(mut self, listener: Listener) -> Self {
        self.listener = Some(listener);
        self
    }

    /// The same with cells that an earlier beginning of this run has filled, each with its column:
    /// they stay as they are, and stand in the report.
    #[must_use]
    pub fn with_already(self, cells: Vec<(usize, Cell)>) -> Self {
        let filled = cells.iter();
        let filled: Vec<_> = filled
            .map(|(column, cell)| (*column, Filled::of(cell)))
            .collect();
        Self {
            already: cells,
            ..self.without(filled)
        }
    }

    /// The same without cells that an earlier beginning of this run has filled, each with its
    /// column: they count as done, and whoever has them keeps them.
    #[must_use]
    pub fn without(mut self, filled: impl IntoIterator<Item = (usize, Filled)>) -> Self {
        let filled = filled.into_iter();
        self.filled
            .extend(filled.map(|(column, one)| ((column, one.case, one.repeat), one)));
        self
    }

    /// The cases that it asks.
    #[must_use]
    pub fn dataset(&self) -> Arc<Dataset> {
        Arc::clone(&self.dataset)
    }

    /// How many cells it fills.
    #[must_use]
    pub fn total(&self) -> usize {
        self.cells.len()
    }

    /// The columns to which repeats add nothing, by name.
    pub fn asked_once(&self) -> impl Iterator<Item = &str> {
        let once = self.columns.iter().filter(|column| column.copies);
        once.map(|column| column.label.as_str())
    }

    /// Why the first of the questions that can't be put can't be.
    #[must_use]
    pub fn first_failure(&self) -> Option<&str> {
        self.cells.iter().find_map(|slot| match &slot.question {
            Put::Nothing(failure) => Some(failure.message.as_str()),
            Put::Question(..) | Put::Path => None,
        })
    }

    /// What it would cost now, in calls.
    #[must_use]
    pub fn estimate(&self, cache: &dyn AnswerCache) -> Estimate {
        self.foresee(cache).estimate
    }
}
