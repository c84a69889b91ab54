//! Whether a provider answered with one and the same model: what it returned as the model's name and as
//! the mark of its configuration, in one run and since an earlier one.

use crate::Workbench;
use crate::evaluating::read_json;
use crate::preparing::KeptPlan;
use crate::trying::day;
use crate::words;
use domain::{Millis, ProjectId, RunId};
use evals::Cell;
use std::collections::BTreeMap;

/// How many earlier runs are looked through for one that asked the same model.
const LOOKED_THROUGH: usize = 20;

/// Who answered: by the model's name and mark as they were returned, the first and last time.
pub(crate) type Answered = BTreeMap<(String, Option<String>), (Millis, Millis)>;

impl Workbench {
    /// What changed at each column's model, in words; empty where nothing is known to have changed.
    pub(crate) fn model_notes(
        &self,
        project: ProjectId,
        run: RunId,
        models: &[String],
        cells: &[(usize, Cell)],
    ) -> Vec<String> {
        let mut columns = vec![Answered::new(); models.len()];
        for (side, cell) in cells {
            if let Some(column) = columns.get_mut(*side) {
                note(column, cell);
            }
        }
        self.model_notes_of(project, run, models, &columns)
    }

    /// The same from who answered in each column.
    pub(crate) fn model_notes_of(
        &self,
        project: ProjectId,
        run: RunId,
        models: &[String],
        columns: &[Answered],
    ) -> Vec<String> {
        let now = self.now();
        let each = columns.iter().zip(models).map(|(own, model)| {
            if own.is_empty() {
                return String::new();
            }
            let inside = inside_words(own, now);
            let since = self
                .answered_before(project, run, model)
                .and_then(|(at, before)| since_words(&before, own, at, now));
            [inside, since]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ")
        });
        each.collect()
    }

    /// Who answered for a model in the latest run before this one that asked it.
    fn answered_before(
        &self,
        project: ProjectId,
        run: RunId,
        model: &str,
    ) -> Option<(Millis, Answered)> {
        let runs = self.store().runs(project).ok()?;
        let started = runs.iter().find(|row| row.id == run)?.started;
        let earlier = runs
            .into_iter()
            .filter(|row| row.id != run && row.started < started)
            .take(LOOKED_THROUGH);
        for row in earlier {
            let kept: KeptPlan = read_json(row.plan).ok()?;
            let Some(side) = kept.models.iter().position(|other| other == model) else {
                continue;
            };
            let mut found = Answered::new();
            let read = self.store().each_result(row.id, |column, cell: Cell| {
                if usize::try_from(column) == Ok(side) {
                    note(&mut found, &cell);
                }
            });
            read.ok()?;
            if !found.is_empty() {
                return Some((row.started, found));
            }
        }
        None
    }
}

/// Adds who answered one question.
pub(crate) fn note(found: &mut Answered, cell: &Cell) {
    let Some(answer) = &cell.answer else { return };
    let who = (answer.model.clone(), answer.fingerprint.clone());
    let (first, last) = found.entry(who).or_insert((answer.at, answer.at));
    *first = (*first).min(answer.at);
    *last = (*last).max(answer.at);
}

fn inside_words(own: &Answered, now: Millis) -> Option<String> {
    if own.len() < 2 {
        return None;
    }
    let mut by_time: Vec<_> = own.iter().collect();
    by_time.sort_by_key(|(_, (first, _))| *first);
    let each: Vec<String> = by_time
        .into_iter()
        .map(|(who, (first, _))| format!("{} (from {})", who_words(who), day(*first, now)))
        .collect();
    Some(format!(
        "Not all its answers are of one model: {}. What differs may be the model's doing.",
        words::list(&each)
    ))
}

fn since_words(before: &Answered, own: &Answered, at: Millis, now: Millis) -> Option<String> {
    let new: Vec<String> = own
        .keys()
        .filter(|who| !before.contains_key(*who))
        .map(who_words)
        .collect();
    if new.is_empty() {
        return None;
    }
    let old: Vec<String> = before.keys().map(who_words).collect();
    Some(format!(
        "Since the run of {} the provider has changed the model: {} then, {} now. What differs from that run may be the model's doing.",
        day(at, now),
        words::list(&old),
        words::list(&new)
    ))
}

fn who_words((model, mark): &(String, Option<String>)) -> String {
    match mark {
        Some(mark) => format!("{model} ({mark})"),
        None => model.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(list: &[(&str, Option<&str>, i64)]) -> Answered {
        let each = list.iter().map(|(model, mark, at)| {
            let at = Millis(*at * 86_400_000);
            (((*model).to_owned(), mark.map(str::to_owned)), (at, at))
        });
        each.collect()
    }

    #[test]
    fn a_change_is_said_and_no_change_is_not() {
        let now = Millis(400 * 86_400_000);
        let one = who(&[("m-1", Some("fp_a"), 1)]);
        let two = who(&[("m-1", Some("fp_a"), 1), ("m-1", Some("fp_b"), 3)]);
        let other = who(&[("m-2", None, 9)]);
        assert_eq!(inside_words(&one, now), None);
        let said = inside_words(&two, now).expect("two marks");
        assert!(
            said.contains("m-1 (fp_a)") && said.contains("m-1 (fp_b)"),
            "{said}"
        );
        assert_eq!(since_words(&one, &one, Millis(0), now), None);
        // A mark that was there before is none that is new.
        assert_eq!(since_words(&two, &one, Millis(0), now), None);
        let said = since_words(&one, &other, Millis(0), now).expect("another model");
        assert!(said.contains("m-1 (fp_a) then, m-2 now"), "{said}");
    }
}
