//! Whether a provider answered with one and the same model: what it returned as the model's name and as
//! the mark of its configuration, in one run and since an earlier one.

use crate::evaluating::read_json;
use crate::preparing::KeptPlan;
use crate::trying::day;
use crate::{Workbench, locked, words};
use domain::{Millis, ProjectId, RunId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use store::LocalRun;

/// How many earlier runs are looked through for one that asked the same model.
const LOOKED_THROUGH: usize = 20;

/// Who answered: by the model's name and mark as they were returned, the first and last time.
pub(crate) type Answered = BTreeMap<(String, Option<String>), (Millis, Millis)>;

/// What is known of runs that were looked at, each with when the run had changed.
#[derive(Default)]
pub(crate) struct Known {
    notes: Mutex<HashMap<RunId, (Millis, Vec<String>)>>,
    /// By column.
    answered: Mutex<HashMap<RunId, (Millis, Vec<Answered>)>>,
}

impl Known {
    /// Takes who answered, by column, from somebody who has read the run: nobody reads it again.
    pub fn keep(&self, run: RunId, changed: Millis, answered: Vec<Answered>) {
        locked(&self.answered).insert(run, (changed, answered));
    }
}

/// Notes who gave an answer.
pub(crate) fn note(answered: &mut Answered, answer: &evals::Answer) {
    let who = (answer.model.clone(), answer.fingerprint.clone());
    let (first, last) = answered.entry(who).or_insert((answer.at, answer.at));
    *first = (*first).min(answer.at);
    *last = (*last).max(answer.at);
}

impl Workbench {
    /// What changed at each column's model, in words; empty where nothing is known to have changed.
    pub(crate) fn model_notes(&self, project: ProjectId, run: RunId) -> Vec<String> {
        let Ok(runs) = self.store().runs(project) else {
            return Vec::new();
        };
        // A run from elsewhere has no earlier one here.
        let Some(row) = runs.iter().find(|row| row.id == run) else {
            return Vec::new();
        };
        if let Some((at, notes)) = locked(&self.inner.same_model.notes).get(&run)
            && *at == row.changed
        {
            return notes.clone();
        }
        let now = self.now();
        let columns = self.answered(row).unwrap_or_default();
        let each = columns.into_iter().map(|(model, own)| {
            if own.is_empty() {
                return String::new();
            }
            let since = self
                .answered_before(&runs, row, &model)
                .and_then(|(at, before)| since_words(&before, &own, at, now));
            let said = [inside_words(&own, now), since];
            said.into_iter().flatten().collect::<Vec<_>>().join(" ")
        });
        let notes: Vec<String> = each.collect();
        locked(&self.inner.same_model.notes).insert(run, (row.changed, notes.clone()));
        notes
    }

    /// Who answered for a model in the latest run before this one that asked it.
    fn answered_before(
        &self,
        runs: &[LocalRun],
        run: &LocalRun,
        model: &str,
    ) -> Option<(Millis, Answered)> {
        let earlier = runs.iter().filter(|row| row.started < run.started);
        for row in earlier.take(LOOKED_THROUGH) {
            let kept: KeptPlan = read_json(row.plan.clone()).ok()?;
            if !kept.models.iter().any(|other| other == model) {
                continue;
            }
            let columns = self.answered(row)?.into_iter();
            let of_it = columns.filter(|(other, _)| other == model);
            let found: Answered = of_it.flat_map(|(_, answered)| answered).collect();
            if !found.is_empty() {
                return Some((row.started, found));
            }
        }
        None
    }

    /// By column: the model that was asked, and who answered.
    fn answered(&self, run: &LocalRun) -> Option<Vec<(String, Answered)>> {
        let kept: KeptPlan = read_json(run.plan.clone()).ok()?;
        let known = locked(&self.inner.same_model.answered)
            .get(&run.id)
            .filter(|(changed, _)| *changed == run.changed)
            .map(|(_, columns)| columns.clone());
        let columns = match known {
            Some(columns) => columns,
            None => {
                let mut columns = vec![Answered::new(); kept.models.len()];
                self.each_cell(run.id, |side, cell| {
                    if let (Some(found), Some(answer)) = (columns.get_mut(side), &cell.answer) {
                        note(found, answer);
                    }
                })
                .ok()?;
                let known = &self.inner.same_model;
                known.keep(run.id, run.changed, columns.clone());
                columns
            }
        };
        Some(kept.models.into_iter().zip(columns).collect())
    }
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
