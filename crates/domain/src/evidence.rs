//! What the answers of a run that counts came to, and holding a recorded run against its answers.
//!
//! The ledger carries one mark for each answer, so that a gate can be judged again by whoever
//! lacks the answers themselves. Before it takes the marks the registry grades the answers again:
//! nobody's laptop is believed.

use crate::dataset::Dataset;
use crate::graders::{Answered, Called, Grader, Panel};
use crate::statistics::pairs::CaseAnswers;
use crate::statistics::{WHOLE, hundredths};
use crate::suite::Measure;
use crate::{Digest, RunId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a run that was announced came to: one mark for each asking, in the order in which they
/// were asked (all cases in their order, then all again for each repeat), as far as the run got.
///
/// `1` is an answer worth all, `0` one worth nothing, `.` and four digits one in between, in
/// hundredths of a percent; `-` says that no answer came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// The announcement.
    pub announced: RunId,
    /// What the live version's answers are worth; empty where nothing was live.
    pub live: String,
    /// What the proposed version's are.
    pub proposed: String,
}

/// What one asking came to, in hundredths of a percent; none: no answer came.
pub type Mark = Option<u32>;

/// Marks as [`Counts`] writes them.
#[must_use]
pub fn write_marks(marks: &[Mark]) -> String {
    let mut text = String::with_capacity(marks.len());
    for mark in marks {
        match mark {
            None => text.push('-'),
            Some(0) => text.push('0'),
            Some(worth) if *worth >= WHOLE => text.push('1'),
            Some(worth) => text.push_str(&format!(".{worth:04}")),
        }
    }
    text
}

/// Reads what [`write_marks`] wrote; none if it is something else.
#[must_use]
pub fn read_marks(text: &str) -> Option<Vec<Mark>> {
    let mut marks = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        marks.push(match first {
            b'-' => None,
            b'0' => Some(0),
            b'1' => Some(WHOLE),
            b'.' => {
                let (digits, after) = rest.split_at_checked(4)?;
                rest = after;
                let mut worth = 0;
                for digit in digits {
                    let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
                    worth = worth * 10 + u32::from(digit);
                }
                // One way to write each.
                if worth == 0 {
                    return None;
                }
                Some(worth)
            }
            _ => return None,
        });
    }
    Some(marks)
}

/// The marks of one run as the statistics take them, case by case.
///
/// An answer that did not come counts against the proposed version, whichever side owes it:
/// otherwise whoever asks could leave out what displeases.
#[must_use]
pub fn answers(
    live: &[Mark],
    proposed: &[Mark],
    groups: &[Vec<u32>],
    cases: u32,
) -> Vec<CaseAnswers> {
    let mut group_of: BTreeMap<u32, usize> = BTreeMap::new();
    for (number, group) in groups.iter().enumerate() {
        group_of.extend(group.iter().map(|place| (*place, number)));
    }
    let all = usize::try_from(cases).unwrap_or(usize::MAX).max(1);
    let side = |marks: &[Mark], place: usize, missing: u32| -> Vec<u32> {
        let askings = marks.iter().skip(place).step_by(all);
        askings.map(|mark| mark.unwrap_or(missing)).collect()
    };
    (0..cases)
        .zip(0..all)
        .map(|(case, place)| CaseAnswers {
            case: case.to_string(),
            group: group_of.get(&case).map(usize::to_string),
            live: side(live, place, WHOLE),
            proposed: side(proposed, place, 0),
        })
        .filter(|case| !case.proposed.is_empty())
        .collect()
}

/// A run's results, as far as they are graded again here. Screens read more of them.
#[derive(Deserialize)]
struct Results {
    dataset: Digest,
    #[serde(default)]
    announced: Option<RunId>,
    /// The proposed version's.
    cells: Vec<Cell>,
    /// The live version's.
    #[serde(default)]
    live: Vec<Cell>,
}

#[derive(Deserialize)]
struct Cell {
    case: u32,
    repeat: u32,
    #[serde(default)]
    answer: Option<Answer>,
    /// What judges said to it.
    #[serde(default)]
    judged: BTreeMap<Digest, String>,
}

#[derive(Deserialize)]
struct Answer {
    text: String,
    #[serde(default)]
    tool_calls: Vec<ToolCall>,
    #[serde(default)]
    finish: Option<String>,
    #[serde(default)]
    latency_ms: Option<u32>,
    #[serde(default)]
    tokens_out: Option<u32>,
}

#[derive(Deserialize, Serialize)]
struct ToolCall {
    name: String,
    arguments: Value,
}

impl Answer {
    fn judged(&self) -> String {
        if self.text.is_empty() && !self.tool_calls.is_empty() {
            return serde_json::to_string(&self.tool_calls).unwrap_or_default();
        }
        self.text.clone()
    }

    /// As graders see it. What it cost is none of it: prices are each computer's own.
    fn answered<'a>(&'a self, text: &'a str, judged: &'a BTreeMap<Digest, String>) -> Answered<'a> {
        let calls = self.tool_calls.iter().map(|call| Called {
            name: &call.name,
            arguments: &call.arguments,
        });
        Answered {
            text,
            calls: calls.collect(),
            finish: self.finish.as_deref(),
            latency_ms: self.latency_ms,
            tokens_out: self.tokens_out,
            judged: Some(judged),
            // No suite has a grader that people answer.
            marks: None,
            cost: None,
        }
    }
}

/// Why marks are not those of the answers.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// Results that can't be read, or are of something else.
    #[error("the results of this run can't be read: {0}")]
    Results(String),
    /// A dataset whose cases people judge.
    #[error("people judge cases of this run's dataset, and their marks can't be judged again here")]
    People,
    /// Results of another dataset or announcement.
    #[error("these results are of another run than the one that was announced")]
    Other,
    /// A mark that the answer does not earn.
    #[error(
        "case {case}: the {side} version's answer is not worth what the run says; its graders give it something else"
    )]
    Worth {
        /// Which case, counted from 1.
        case: usize,
        /// Which version.
        side: &'static str,
    },
    /// An answer twice, or one that the run says nothing of.
    #[error("the results and what the run says of them don't go together: {0}")]
    Apart(&'static str),
}

/// What a run is held against.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// The announcement.
    pub announced: RunId,
    /// The dataset's digest.
    pub digest: Digest,
    /// The dataset.
    pub dataset: &'a Dataset,
    /// The suite's graders.
    pub graders: &'a [Grader],
    /// The suite's measure.
    pub measure: Measure,
}

/// An answer whose mark is not what its graders give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which case, counted from 1.
    pub case: usize,
    /// Which version's.
    pub side: &'static str,
    /// What was recorded.
    pub said: Mark,
    /// What the graders give it.
    pub earned: Mark,
}

/// What came of grading a run again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GradedAgain {
    /// How many marks were looked at.
    pub marks: usize,
    /// Those that differ, those of the live version first.
    pub differences: Vec<Difference>,
}

/// Grades the answers of a run again.
///
/// # Errors
/// Marks that are not what the graders say, with the first case.
pub fn check(counts: &Counts, results: &[u8], held: &Held<'_>) -> Result<(), EvidenceError> {
    let again = grade_again(counts, results, held)?;
    match again.differences.first() {
        None => Ok(()),
        Some(first) => Err(EvidenceError::Worth {
            case: first.case,
            side: first.side,
        }),
    }
}

/// Grades the answers of a run again, and says where the marks differ.
///
/// # Errors
/// Results of something else, or that can't be read.
pub fn grade_again(
    counts: &Counts,
    results: &[u8],
    held: &Held<'_>,
) -> Result<GradedAgain, EvidenceError> {
    let read: Results = serde_json::from_slice(results)
        .map_err(|error| EvidenceError::Results(error.to_string()))?;
    if read.dataset != held.digest || read.announced != Some(held.announced) {
        return Err(EvidenceError::Other);
    }
    let panel = Panel::prepare(held.graders, held.dataset)
        .map_err(|error| EvidenceError::Results(error.to_string()))?;
    let own = held.dataset.cases.iter().flat_map(|case| &case.graders);
    if held
        .dataset
        .graders
        .iter()
        .chain(own)
        .any(Grader::asks_people)
    {
        return Err(EvidenceError::People);
    }
    let marks = |text| read_marks(text).ok_or(EvidenceError::Apart("its marks can't be read"));
    let mut again = GradedAgain::default();
    for (side, marks, cells) in [
        ("live", marks(&counts.live)?, &read.live),
        ("proposed", marks(&counts.proposed)?, &read.cells),
    ] {
        again.marks += marks.len();
        again
            .differences
            .extend(differing(side, &marks, cells, held, &panel)?);
    }
    Ok(again)
}

fn differing(
    side: &'static str,
    marks: &[Mark],
    cells: &[Cell],
    held: &Held<'_>,
    panel: &Panel,
) -> Result<Vec<Difference>, EvidenceError> {
    let cases = held.dataset.cases.len().max(1);
    let mut earned: Vec<Mark> = vec![None; marks.len()];
    let mut seen = vec![false; marks.len()];
    for cell in cells {
        let (case, repeat) = (
            usize::try_from(cell.case).unwrap_or(usize::MAX),
            usize::try_from(cell.repeat).unwrap_or(usize::MAX),
        );
        let place = repeat
            .checked_mul(cases)
            .and_then(|from| from.checked_add(case));
        // What a run that was broken off had asked beyond its last full asking is not counted.
        let Some(place) = place.filter(|place| case < cases && *place < marks.len()) else {
            continue;
        };
        let slot = (earned.get_mut(place), seen.get_mut(place));
        let (Some(mark), Some(seen)) = slot else {
            continue;
        };
        if std::mem::replace(seen, true) {
            return Err(EvidenceError::Apart("one answer stands in them twice"));
        }
        *mark = match (&cell.answer, held.dataset.cases.get(case)) {
            (Some(answer), Some(_)) => {
                let text = answer.judged();
                let scores = panel.judge(&answer.answered(&text, &cell.judged), held.dataset, case);
                Some(worth(&scores, held.measure))
            }
            _ => None,
        };
    }
    let both = earned.iter().zip(marks).enumerate();
    Ok(both
        .filter(|(_, (earned, said))| earned != said)
        .map(|(place, (earned, said))| Difference {
            case: place % cases + 1,
            side,
            said: *said,
            earned: *earned,
        })
        .collect())
}

/// What an answer with these scores is worth, in hundredths of a percent.
#[must_use]
pub fn worth(scores: &[crate::graders::Score], measure: Measure) -> u32 {
    let passed = !scores.is_empty() && scores.iter().all(|score| score.pass);
    match measure {
        Measure::Pass if passed => WHOLE,
        Measure::Pass => 0,
        Measure::Score => {
            // Each rounded by itself: a sum of whole numbers has no order.
            let sum: u64 = scores
                .iter()
                .map(|score| u64::from(hundredths("", score.value).unwrap_or(0)))
                .sum();
            let count = u64::try_from(scores.len()).unwrap_or(u64::MAX).max(1);
            u32::try_from(sum / count).unwrap_or(WHOLE)
        }
    }
}
