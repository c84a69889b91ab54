//! How far a run's judges agree with people, and what waits for marks, in words.

use super::marking::opinions_of;
use super::table::Table;
use crate::words;
use domain::Digest;
use domain::statistics::kappa::{self, Marked};
use evals::Cell;
use std::collections::BTreeSet;

/// People against one judge; the same answer counts once.
#[derive(Debug, Default)]
pub(super) struct Agreed {
    seen: BTreeSet<Digest>,
    marked: Marked,
}

impl Table {
    /// Holds what people say of an answer against its judges; says whether they disagree.
    pub fn hold_against(&mut self, cell: &Cell) -> bool {
        let mut apart = false;
        for one in opinions_of(self, cell) {
            apart |= one.judge_good != one.people_good;
            let agreed = self.agreed.entry(one.judge).or_default();
            if agreed.seen.insert(one.question) {
                agreed.marked.add(one.judge_good, one.people_good);
            }
        }
        apart
    }

    /// How far each judge agrees with people, a sentence or two for each.
    pub fn agreements(&self) -> impl Iterator<Item = String> {
        let each = self.agreed.iter();
        each.map(|(judge, agreed)| kappa::words(judge, &agreed.marked))
    }

    /// How many answers wait for marks; nothing where none does.
    pub fn waiting(&self) -> Option<String> {
        let waiting: usize = (0..self.columns())
            .flat_map(|side| (0..self.cases()).map(move |case| (case, side)))
            .map(|(case, side)| self.spots(case, side).filter(|spot| spot.waits).count())
            .sum();
        let wait = match waiting {
            0 => return None,
            1 => "waits for a mark and counts",
            _ => "wait for marks and count",
        };
        Some(format!(
            "{} {wait} as neither passed nor failed.",
            words::count(waiting, "answer", "answers")
        ))
    }
}
