//! What of a run is kept in memory while it is looked at: for each answer some numbers, never its
//! text. The texts of the rows in sight are read when they come into sight.

use super::agreeing::Agreed;
use crate::carrying::EACH_REPEAT;
use crate::same_model::{Answered, note};
use crate::views::{Difference, Latency, MatrixQuery, Ref};
use crate::{Error, locked};
use domain::dataset::Dataset;
use domain::evidence::worth;
use domain::graders::Grader;
use domain::statistics::compare::{self, Change};
use domain::statistics::pairs::CaseAnswers;
use domain::suite::Measure;
use domain::{DatasetId, RunId, duplicates, limits};
use evals::Cell;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock};

/// Cases among which near-duplicates are looked for.
const GROUPED: usize = 20_000;

/// One answer, or why there is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// Whether every grader passed it; none without an answer or without graders.
    pub pass: Option<bool>,
    /// What it is worth in hundredths of a percent.
    pub mark: Option<u32>,
    /// Equal for equal answers; none without one.
    pub answer: Option<u64>,
    pub latency_ms: u32,
    /// It waits for a person's mark.
    pub waits: bool,
    /// People and a judge disagree on it.
    pub apart: bool,
}

/// What is added up of a column.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    pub cells: u32,
    pub cached: u32,
    pub tokens: u64,
    pub time_ms: u64,
    /// Those of them that have an answer.
    pub found: u32,
    pub failed: u32,
    pub attempts: u32,
    /// The models as the provider named them.
    pub answered: Answered,
    /// What was paid for them.
    pub paid: evals::Sum,
    /// When the newest answer was given.
    pub newest: Option<domain::Millis>,
}

/// Where the texts are.
pub(super) enum Source {
    /// In the laptop's file.
    Local(store::Store, RunId),
    /// In what was fetched: by case and column.
    Shared(BTreeMap<u32, Vec<(usize, Cell)>>),
}

/// What a run is about.
pub(super) struct Sheet {
    pub title: String,
    pub labels: Vec<String>,
    pub references: Vec<Option<Ref>>,
    pub dataset_id: Option<DatasetId>,
    pub dataset: Arc<Dataset>,
    /// The graders of the run; the dataset's and the case's follow them in a cell's scores.
    pub graders: Vec<Grader>,
    pub measure: Measure,
    /// A repeat could only copy the first answer.
    pub copies: bool,
}

/// A run as numbers.
pub(super) struct Table {
    pub sheet: Sheet,
    pub sums: Vec<Sums>,
    source: Source,
    /// For each asking: by case, then by column.
    rounds: Vec<Vec<Option<Spot>>>,
    cases: u32,
    /// People against each judge.
    pub(super) agreed: BTreeMap<String, Agreed>,
    groups: OnceLock<Vec<Option<String>>>,
    /// The last question about rows with its answer, since pages of it are asked for one by one.
    pub(super) asked: Mutex<Option<(MatrixQuery, Arc<Vec<u32>>)>>,
}

impl Table {
    /// Reads a run once through.
    pub fn read(sheet: Sheet, source: Source) -> Result<Self, Error> {
        let mut table = Self {
            sums: vec![Sums::default(); sheet.labels.len()],
            cases: u32::try_from(sheet.dataset.cases.len()).unwrap_or(u32::MAX),
            rounds: Vec::new(),
            agreed: BTreeMap::new(),
            groups: OnceLock::new(),
            asked: Mutex::default(),
            source: Source::Shared(BTreeMap::new()),
            sheet,
        };
        match &source {
            Source::Local(store, run) => store.each_result(*run, |side, cell: Cell| {
                table.take(usize::try_from(side).unwrap_or(usize::MAX), &cell);
            })?,
            Source::Shared(cells) => {
                for (side, cell) in cells.values().flatten() {
                    table.take(*side, cell);
                }
            }
        }
        table.source = source;
        Ok(table)
    }

    fn take(&mut self, side: usize, cell: &Cell) {
        let columns = self.sums.len();
        let (Ok(case), Ok(round)) = (usize::try_from(cell.case), usize::try_from(cell.repeat))
        else {
            return;
        };
        let Some(sums) = self.sums.get_mut(side).filter(|_| case < limits::CASES) else {
            return;
        };
        sums.cells += 1;
        sums.cached += u32::from(cell.from_cache);
        sums.found += u32::from(cell.from_cache && cell.failure.is_none());
        sums.failed += u32::from(cell.failure.is_some());
        sums.attempts += cell.attempts;
        if let Some(paid) = &cell.paid {
            sums.paid.add(paid);
        }
        if let Some(answer) = &cell.answer {
            let tokens = [answer.tokens_in, answer.tokens_out];
            sums.tokens += tokens.iter().flatten().copied().map(u64::from).sum::<u64>();
            sums.time_ms += u64::from(answer.latency_ms);
            sums.newest = sums.newest.max(Some(answer.at));
            note(&mut sums.answered, answer);
        }
        let apart = self.hold_against(cell);
        let pass = cell.pass();
        let spot = Spot {
            pass,
            mark: pass.map(|_| worth(&cell.scores, self.sheet.measure)),
            answer: cell.answer.as_ref().map(|answer| {
                let mut hasher = DefaultHasher::new();
                answer.graded_text().trim().hash(&mut hasher);
                hasher.finish()
            }),
            latency_ms: cell.answer.as_ref().map_or(0, |answer| answer.latency_ms),
            waits: cell.waits(),
            apart,
        };
        while self.rounds.len() <= round {
            self.rounds.push(Vec::new());
        }
        self.cases = self.cases.max(cell.case + 1);
        if let Some(spots) = self.rounds.get_mut(round) {
            let at = case * columns + side;
            if spots.len() <= at {
                spots.resize(at + 1, None);
            }
            if let Some(slot) = spots.get_mut(at) {
                *slot = Some(spot);
            }
        }
    }

    pub fn cases(&self) -> u32 {
        self.cases
    }

    pub fn columns(&self) -> usize {
        self.sums.len()
    }

    /// How often a case was asked, at most.
    pub fn repeats(&self) -> u32 {
        u32::try_from(self.rounds.len()).unwrap_or(u32::MAX).max(1)
    }

    pub fn case(&self, place: u32) -> Option<&domain::dataset::Case> {
        let place = usize::try_from(place).ok()?;
        self.sheet.dataset.cases.get(place)
    }

    /// All answers of one column to one case, in the order of the askings.
    pub fn spots(&self, case: u32, side: usize) -> impl Iterator<Item = &Spot> {
        let at = usize::try_from(case).map_or(usize::MAX, |case| case * self.columns() + side);
        self.rounds
            .iter()
            .filter_map(move |round| round.get(at)?.as_ref())
    }

    /// The answers of two columns as statistics take them.
    pub fn answers(&self, case: u32, base: usize, side: usize) -> CaseAnswers {
        let marks = |side| {
            self.spots(case, side)
                .filter_map(|spot| spot.mark)
                .collect()
        };
        CaseAnswers {
            case: self
                .case(case)
                .map_or_else(|| case.to_string(), |one| one.id.clone()),
            group: None,
            live: marks(base),
            proposed: marks(side),
        }
    }

    /// Whether near-duplicates are looked for: among very many a person would wait too long.
    pub fn looks_for_likes(&self) -> bool {
        self.sheet.dataset.cases.len() <= GROUPED
    }

    /// The same of every case, near-duplicates with their group.
    pub fn all_answers(&self, base: usize, side: usize) -> Vec<CaseAnswers> {
        let groups = self.groups.get_or_init(|| match self.looks_for_likes() {
            true => duplicates::groups(&self.sheet.dataset),
            false => Vec::new(),
        });
        (0..self.cases)
            .map(|case| CaseAnswers {
                group: usize::try_from(case)
                    .ok()
                    .and_then(|place| groups.get(place)?.clone()),
                ..self.answers(case, base, side)
            })
            .collect()
    }

    /// What became of a case from one column to another.
    pub fn difference(&self, case: u32, base: usize, side: usize) -> Option<Difference> {
        let first = |side| self.spots(case, side).next();
        let (before, after) = (first(base)?.answer?, first(side)?.answer?);
        let change = compare::change(&self.answers(case, base, side), self.sheet.copies);
        Some(match change {
            Some(Change::Better) => Difference::Better,
            Some(Change::Worse) => Difference::Worse,
            _ if before != after => Difference::Changed,
            _ => Difference::Same,
        })
    }

    /// The mean of what one column scored on one case, in hundredths of a percent.
    pub fn mean(&self, case: u32, side: usize) -> Option<i64> {
        let marks: Vec<u32> = self
            .spots(case, side)
            .filter_map(|spot| spot.mark)
            .collect();
        let count = i64::try_from(marks.len()).ok().filter(|count| *count > 0)?;
        Some(marks.iter().map(|mark| i64::from(*mark)).sum::<i64>() / count)
    }

    /// Whether a column scored this case differently when it was asked again.
    pub fn wavers(&self, case: u32, side: usize) -> bool {
        let mut marks = self.spots(case, side).filter_map(|spot| spot.mark);
        let first = marks.next();
        marks.any(|mark| Some(mark) != first)
    }

    /// How long the answers of a column took.
    pub fn latency(&self, side: usize) -> Option<Latency> {
        let mut times: Vec<u32> = (0..self.cases)
            .flat_map(|case| self.spots(case, side))
            .filter(|spot| spot.answer.is_some())
            .map(|spot| spot.latency_ms)
            .collect();
        times.sort_unstable();
        let rank = |hundredths: usize| {
            let place = (times.len() * hundredths).div_ceil(100).max(1) - 1;
            times.get(place).copied()
        };
        Some(Latency {
            least: rank(0)?,
            quarter: rank(25)?,
            median: rank(50)?,
            three_quarters: rank(75)?,
            nine_tenths: rank(90)?,
            most: rank(100)?,
        })
    }

    /// The whole answers to some cases, with their columns.
    pub fn cells(&self, cases: &[u32]) -> Result<Vec<(usize, Cell)>, Error> {
        match &self.source {
            Source::Local(store, run) => {
                let places: Vec<u32> = (0..self.repeats())
                    .flat_map(|round| {
                        cases
                            .iter()
                            .map(move |case| case.saturating_add(round.saturating_mul(EACH_REPEAT)))
                    })
                    .collect();
                let found = store.results_at(*run, &places)?;
                Ok(found
                    .into_iter()
                    .map(|(side, cell)| (usize::try_from(side).unwrap_or(usize::MAX), cell))
                    .collect())
            }
            Source::Shared(cells) => Ok(cases
                .iter()
                .filter_map(|case| cells.get(case))
                .flatten()
                .cloned()
                .collect()),
        }
    }

    /// Hands over every cell with its column.
    pub fn each(&self, take: &mut dyn FnMut(usize, &Cell)) -> Result<(), Error> {
        match &self.source {
            Source::Local(store, run) => store.each_result(*run, |side, cell: Cell| {
                take(usize::try_from(side).unwrap_or(usize::MAX), &cell);
            })?,
            Source::Shared(cells) => {
                let all = cells.values().flatten();
                all.for_each(|(side, cell)| take(*side, cell));
            }
        }
        Ok(())
    }

    /// The cases of which an answer holds this, in small letters.
    pub fn answering(&self, wanted: &str) -> Result<BTreeSet<u32>, Error> {
        let mut found = BTreeSet::new();
        let mut look = |cell: &Cell| {
            let holds = cell
                .answer
                .as_ref()
                .is_some_and(|answer| answer.graded_text().to_lowercase().contains(wanted));
            if holds {
                found.insert(cell.case);
            }
        };
        match &self.source {
            Source::Local(store, run) => {
                store.each_result(*run, |_, cell: Cell| look(&cell))?;
            }
            Source::Shared(cells) => cells.values().flatten().for_each(|(_, cell)| look(cell)),
        }
        Ok(found)
    }

    /// The rows of the last question, if it was this one.
    pub fn remembered(&self, query: &MatrixQuery) -> Option<Arc<Vec<u32>>> {
        let asked = locked(&self.asked);
        asked
            .as_ref()
            .filter(|(last, _)| last == query)
            .map(|(_, rows)| Arc::clone(rows))
    }
}
