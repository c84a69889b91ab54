//! What a run says: the numbers and sentences of `domain::statistics` about its columns.

use super::table::{Sums, Table};
use crate::views::{Against, FlakyLine, MatrixColumn, TagCount, TagLine, Told};
use crate::{Error, words};
use domain::Millis;
use domain::statistics::compare::{self, Rate};
use domain::statistics::flaky::{AnswerSide, flaky, noise};
use domain::statistics::pairs::CaseAnswers;
use domain::statistics::tags::{TagDifference, by_tag};
use domain::statistics::{StatisticsError, telling};
use std::collections::BTreeMap;

/// Tags that are compared: the most frequent. More make every interval wider.
const TAGS: usize = 100;
/// Flaky cases that are listed.
const FLAKY: usize = 100;

/// What a run says against one of its columns.
pub(super) struct Said {
    pub columns: Vec<MatrixColumn>,
    pub tags: Vec<TagCount>,
    pub sentences: Vec<String>,
    pub flaky: Vec<FlakyLine>,
}

impl Table {
    /// Says it. While a run goes on only counts are said: what half of the cases say may turn.
    pub fn say(&self, base: usize, over: bool, now: Millis) -> Result<Said, Error> {
        let mut said = Said {
            columns: Vec::new(),
            tags: self.tags(),
            sentences: Vec::new(),
            flaky: Vec::new(),
        };
        let label = |side: usize| self.sheet.labels.get(side).map_or("", String::as_str);
        let mut seeing = None;
        let mut wavering = Vec::new();
        let tags = self.tags_of_cases(&said.tags);
        for side in 0..self.columns() {
            let mut column = self.column(side, now);
            let cases = over.then(|| self.all_answers(base, side));
            if let Some(cases) = &cases {
                column.rate =
                    compare::rate(cases, self.sheet.copies).map_err(|error| said_wrong(&error))?;
                column.rate_words = column.rate.as_ref().map(telling::rate).unwrap_or_default();
            }
            if let Some(cases) = cases.filter(|_| side != base) {
                column.against = self
                    .against(&cases, &tags, label(base), label(side))
                    .map_err(|error| said_wrong(&error))?;
                self.waver(&cases, base, side, &mut said.flaky, &mut wavering)
                    .map_err(|error| said_wrong(&error))?;
            } else if over && self.columns() == 1 {
                let cases = self.all_answers(side, side);
                self.waver(&cases, side, side, &mut said.flaky, &mut wavering)
                    .map_err(|error| said_wrong(&error))?;
            }
            if let Some(against) = &column.against {
                said.sentences.push(against.words.clone());
                if !against.tag_words.is_empty() {
                    said.sentences.push(against.tag_words.clone());
                }
                // The last column is the one that is proposed.
                seeing = Some(telling::seeing(&against.comparison));
            }
            said.columns.push(column);
        }
        if said.sentences.is_empty() {
            said.sentences.push(plainly(
                &said.columns,
                self.repeats() > 1 && !self.sheet.copies,
            ));
            if over && self.columns() == 1 {
                let units = said.columns.first().and_then(|column| column.rate);
                seeing = units.map(|rate: Rate| telling::foreseeing(rate.units));
            }
        }
        said.sentences.extend(self.waiting());
        said.sentences.extend(self.agreements());
        said.sentences.extend(wavering);
        said.sentences.extend(seeing);
        said.sentences.retain(|sentence| !sentence.is_empty());
        said.flaky.truncate(FLAKY);
        Ok(said)
    }

    fn column(&self, side: usize, now: Millis) -> MatrixColumn {
        let none = Sums::default();
        let sums = self.sums.get(side).unwrap_or(&none);
        let (mut passed, mut total) = (0, 0);
        for case in 0..self.cases() {
            let mut verdicts = self
                .spots(case, side)
                .filter_map(|spot| spot.pass)
                .peekable();
            if verdicts.peek().is_some() {
                total += 1;
                passed += u32::from(verdicts.all(|pass| pass));
            }
        }
        MatrixColumn {
            reference: self.sheet.references.get(side).cloned().flatten(),
            label: self.sheet.labels.get(side).cloned().unwrap_or_default(),
            passed,
            total,
            rate: None,
            rate_words: String::new(),
            cost_note: cost_note(sums, now),
            model_note: String::new(),
            tokens: sums.tokens,
            time_ms: sums.time_ms,
            latency: self.latency(side),
            against: None,
        }
    }

    fn against(
        &self,
        cases: &[CaseAnswers],
        tags: &BTreeMap<String, Vec<String>>,
        before: &str,
        after: &str,
    ) -> Result<Option<Against>, StatisticsError> {
        let copies = self.sheet.copies;
        let Some(comparison) = compare::compare(cases, copies)? else {
            return Ok(None);
        };
        let found = by_tag(cases, tags, copies, compare::ERROR)?;
        let tag_words = telling::by_tag(&found);
        let mut lines: Vec<TagLine> = found
            .iter()
            .filter(|one| one.units > 0)
            .map(tag_line)
            .collect();
        lines.sort_by_key(|line| (line.told == Told::Neither, line.difference));
        Ok(Some(Against {
            told: told(comparison.lower, comparison.upper),
            words: telling::difference(&comparison, before, after),
            comparison,
            tags: lines,
            tag_words,
        }))
    }

    // Flaky cases with their columns, and the sentence about a comparison.
    fn waver(
        &self,
        cases: &[CaseAnswers],
        base: usize,
        side: usize,
        lines: &mut Vec<FlakyLine>,
        sentences: &mut Vec<String>,
    ) -> Result<(), StatisticsError> {
        if self.repeats() < 2 || self.sheet.copies {
            return Ok(());
        }
        let found = flaky(cases)?;
        let twice = |case: &&CaseAnswers| case.live.len() > 1 || case.proposed.len() > 1;
        let asked = u32::try_from(cases.iter().filter(twice).count()).unwrap_or(u32::MAX);
        sentences.push(telling::wavering(&found, asked, noise(cases).as_ref()));
        let places: BTreeMap<&str, u32> = cases
            .iter()
            .zip(0..)
            .map(|(one, place)| (one.case.as_str(), place))
            .collect();
        for one in found {
            let column = match one.side {
                AnswerSide::Live => base,
                AnswerSide::Proposed => side,
            };
            let Some(case) = places.get(one.case.as_str()) else {
                continue;
            };
            let line = FlakyLine {
                case: *case,
                words: format!(
                    "case {}, {}: {} % on average over {} askings",
                    case + 1,
                    self.sheet.labels.get(column).map_or("", String::as_str),
                    one.mean / 100,
                    one.repeats
                ),
            };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        Ok(())
    }

    fn tags(&self) -> Vec<TagCount> {
        let mut counted: BTreeMap<&str, u32> = BTreeMap::new();
        for case in &self.sheet.dataset.cases {
            let mut tags: Vec<&str> = case.tags.iter().map(String::as_str).collect();
            tags.sort_unstable();
            tags.dedup();
            for tag in tags {
                *counted.entry(tag).or_default() += 1;
            }
        }
        let mut tags: Vec<TagCount> = counted
            .into_iter()
            .map(|(tag, cases)| TagCount {
                tag: tag.to_owned(),
                cases,
            })
            .collect();
        tags.sort_by(|a, b| (b.cases, &a.tag).cmp(&(a.cases, &b.tag)));
        tags
    }

    fn tags_of_cases(&self, all: &[TagCount]) -> BTreeMap<String, Vec<String>> {
        let compared: std::collections::BTreeSet<&str> =
            all.iter().take(TAGS).map(|one| one.tag.as_str()).collect();
        let cases = self.sheet.dataset.cases.iter();
        cases
            .filter(|case| !case.tags.is_empty())
            .map(|case| {
                let tags = case.tags.iter();
                let kept = tags.filter(|tag| compared.contains(tag.as_str())).cloned();
                (case.id.clone(), kept.collect())
            })
            .collect()
    }
}

fn said_wrong(error: &StatisticsError) -> Error {
    Error::invalid(error.to_string())
}

fn told(lower: i32, upper: i32) -> Told {
    match (lower > 0, upper < 0) {
        (true, _) => Told::Better,
        (_, true) => Told::Worse,
        _ => Told::Neither,
    }
}

// The sign is turned for people: above 0 is better.
fn tag_line(one: &TagDifference) -> TagLine {
    TagLine {
        tag: one.tag.clone(),
        units: one.units,
        difference: -one.estimate,
        lower: -one.upper,
        upper: -one.lower,
        told: match (one.corrected <= compare::ERROR, one.estimate < 0) {
            (false, _) => Told::Neither,
            (true, true) => Told::Better,
            (true, false) => Told::Worse,
        },
    }
}

// What can be said without comparing.
fn plainly(columns: &[MatrixColumn], again: bool) -> String {
    let said: Vec<String> = columns
        .iter()
        .map(|column| match (column.total, &column.rate) {
            (0, _) if column.latency.is_none() => format!("{} answered nothing", column.label),
            (0, _) => format!("{} answered; no grader judged", column.label),
            (total, Some(_)) if again => format!(
                "{} passed {}; {} of {total} passed every time",
                column.label, column.rate_words, column.passed
            ),
            (total, Some(_)) => format!(
                "{} passed {} of {total}: {}",
                column.label, column.passed, column.rate_words
            ),
            (total, None) => format!("{} passed {} of {total}", column.label, column.passed),
        })
        .collect();
    match said.is_empty() {
        true => String::new(),
        false => format!("{}.", said.join("; ")),
    }
}

fn cost_note(sums: &Sums, now: Millis) -> String {
    let mut models: Vec<String> = sums.answered.keys().map(|(name, _)| name.clone()).collect();
    models.dedup();
    let cells = (sums.cells, sums.cached);
    crate::prices::paid_words(&words::list(&models), cells, sums.newest, &sums.paid, now)
}
