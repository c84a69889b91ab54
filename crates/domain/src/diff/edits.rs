//! What happened to the sentences of several texts at once: kept, edited, moved, taken out, put in.
//!
//! [`plan`] takes pairs of texts (a message before and after; one side may be missing) and gives a
//! [`Sheet`] for each. Sentences that moved are looked for across all of them, so a rule that went
//! from one message to another is seen as moved.

use super::align::{Bag, Edited, Work, equal_in_order, pairs_in_gap};
use super::sentences::{Sentences, Unit};
use super::weave::{Fit, Woven, weave};
use super::words::{Text, Vocabulary};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

/// How much work a comparison may do; counts, so that every machine gives the same answer.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Comparisons of one sentence with another.
    pub sentence_pairs: usize,
    /// Comparisons of one word with another.
    pub word_pairs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sentence_pairs: 60_000,
            word_pairs: 4_000_000,
        }
    }
}

/// One side of one text.
#[derive(Debug, Default)]
pub(crate) struct Page<'a> {
    /// Its words.
    pub text: Text<'a>,
    /// Its sentences.
    pub units: Vec<Unit>,
}

/// Where a sentence went.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    /// The number that both places carry.
    pub pair: u32,
    /// Which sheet and which unit is its other place.
    pub other: (usize, usize),
    /// How its words relate when it was touched up as well: places in the old and the new text.
    pub woven: Option<Woven>,
}

/// Sentences that stand for each other, in the order of both texts.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// Old units.
    pub old: Range<usize>,
    /// New units.
    pub new: Range<usize>,
    /// Nothing: equal words. Otherwise which words stayed.
    pub woven: Option<Woven>,
}

/// One text before and after.
#[derive(Debug, Default)]
pub(crate) struct Sheet<'a> {
    /// Before.
    pub old: Page<'a>,
    /// After.
    pub new: Page<'a>,
    /// Sentences that stayed at their place.
    pub links: Vec<Link>,
    /// Old units that moved.
    pub moved_from: BTreeMap<usize, Move>,
    /// New units that were moved here.
    pub moved_to: BTreeMap<usize, Move>,
    /// Words were not looked at everywhere.
    pub coarse: bool,
}

/// Everything that one comparison of texts found.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// The words of all of them.
    pub vocabulary: Vocabulary<'a>,
    /// One for each pair of texts.
    pub sheets: Vec<Sheet<'a>>,
}

/// What is compared, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// How much work it may be.
    pub limits: Limits,
    /// Two sentences may have become one.
    pub joins: bool,
}

/// Compares pairs of texts; a missing text is empty.
pub(crate) fn plan<'a>(texts: &[(&'a str, &'a str)], style: Style) -> Plan<'a> {
    let mut vocabulary = Vocabulary::default();
    let mut sentences = Sentences::default();
    let mut sheets = Vec::with_capacity(texts.len());
    for (old, new) in texts {
        let mut page = |text: &'a str| {
            let text = vocabulary.read(text);
            let units = sentences.read(&text, &vocabulary);
            Page { text, units }
        };
        let (old, new) = (page(old), page(new));
        let links = equal_in_order(&old.units, &new.units)
            .into_iter()
            .map(|(i, j)| Link {
                old: i..i + 1,
                new: j..j + 1,
                woven: None,
            })
            .collect();
        sheets.push(Sheet {
            old,
            new,
            links,
            ..Sheet::default()
        });
    }
    let mut plan = Plan { vocabulary, sheets };
    let mut next_pair = 1;
    plan.find_moves(&mut next_pair);
    let mut work = Work {
        pairs: style.limits.sentence_pairs,
        cells: style.limits.word_pairs,
        exhausted: false,
    };
    for sheet in &mut plan.sheets {
        sheet.find_edits(&plan.vocabulary, style.joins, &mut work);
    }
    plan.find_touched_moves(&mut next_pair, &mut work);
    plan
}

type Place = (usize, usize);

impl Plan<'_> {
    /// Sentences without a place on the other side.
    fn loose(&self) -> (Vec<Place>, Vec<Place>) {
        let (mut olds, mut news) = (Vec::new(), Vec::new());
        for (index, sheet) in self.sheets.iter().enumerate() {
            let (old, new) = sheet.loose();
            olds.extend(old.into_iter().map(|unit| (index, unit)));
            news.extend(new.into_iter().map(|unit| (index, unit)));
        }
        (olds, news)
    }

    fn find_moves(&mut self, next_pair: &mut u32) {
        // Three words that matter, or one that occurs nowhere else in this message.
        const HEAVY: u32 = 9;
        const LIGHT: u32 = 3;
        let (olds, news) = self.loose();
        let mut by_id: HashMap<u32, (Vec<Place>, Vec<Place>)> = HashMap::new();
        for place in olds {
            by_id
                .entry(self.sheets[place.0].old.units[place.1].id)
                .or_default()
                .0
                .push(place);
        }
        for place in news {
            if let Some(entry) = by_id.get_mut(&self.sheets[place.0].new.units[place.1].id) {
                entry.1.push(place);
            }
        }
        let mut found: Vec<(Place, Place)> = Vec::new();
        for (from, to) in by_id.into_values() {
            let once = from.len() == 1 && to.len() == 1;
            for (from, to) in from.into_iter().zip(to) {
                let weight = self.sheets[from.0].old.units[from.1].weight;
                if weight >= HEAVY || once && weight >= LIGHT && from.0 == to.0 {
                    found.push((from, to));
                }
            }
        }
        found.sort_unstable();
        let mut last: Option<(Place, Place, u32)> = None;
        for (from, to) in found {
            let pair = match last {
                Some((f, t, pair)) if (f.0, f.1 + 1) == from && (t.0, t.1 + 1) == to => pair,
                _ => {
                    *next_pair += 1;
                    *next_pair - 1
                }
            };
            last = Some((from, to, pair));
            self.record_move(from, to, pair, None);
        }
    }

    /// Sentences that moved and were touched up on the way.
    fn find_touched_moves(&mut self, next_pair: &mut u32, work: &mut Work) {
        const ALIKE: u32 = 700;
        const HEAVY: u32 = 9;
        let (olds, news) = self.loose();
        let bags = |places: Vec<Place>, is_old: bool| -> Vec<(Place, Bag)> {
            let bag = |place: Place| {
                let sheet = &self.sheets[place.0];
                let page = if is_old { &sheet.old } else { &sheet.new };
                let unit = &page.units[place.1];
                (unit.weight >= HEAVY).then(|| {
                    (
                        place,
                        Bag::of(&page.text, unit.words.clone(), &self.vocabulary),
                    )
                })
            };
            places.into_iter().filter_map(bag).collect()
        };
        let (olds, news) = (bags(olds, true), bags(news, false));
        if olds.len() * news.len() > work.pairs {
            return;
        }
        work.pairs -= olds.len() * news.len();
        let mut likely: Vec<(u32, Place, Place)> = Vec::new();
        for (from, bag) in &olds {
            for (to, other) in &news {
                // No bag can be liker than its weight allows.
                let least = bag.weight.min(other.weight);
                if least * 2000 < ALIKE * (bag.weight + other.weight) {
                    continue;
                }
                let alike = bag.likeness(other);
                if alike >= ALIKE {
                    likely.push((u32::MAX - alike, *from, *to));
                }
            }
        }
        likely.sort_unstable();
        let (mut taken_from, mut taken_to) = (HashSet::new(), HashSet::new());
        for (_, from, to) in likely {
            if taken_from.contains(&from) || taken_to.contains(&to) {
                continue;
            }
            let (old, new) = (&self.sheets[from.0].old, &self.sheets[to.0].new);
            let woven = weave(
                (&old.text, old.units[from.1].words.clone()),
                (&new.text, new.units[to.1].words.clone()),
                &self.vocabulary,
                Fit::Alike,
                work,
            );
            let Some(woven) = woven else { continue };
            taken_from.insert(from);
            taken_to.insert(to);
            if let Some((i, j)) = self.sheets[from.0].only_one_between(from, to) {
                // Two sentences changed places: the one that kept its words has moved.
                self.record_move((from.0, i), (to.0, j), *next_pair, None);
                self.sheets[from.0].relink((i, j), (from.1, to.1), woven);
            } else {
                self.record_move(from, to, *next_pair, Some(woven));
            }
            *next_pair += 1;
        }
    }

    fn record_move(&mut self, from: Place, to: Place, pair: u32, woven: Option<Woven>) {
        let there = Move {
            pair,
            other: to,
            woven: woven.clone(),
        };
        let here = Move {
            pair,
            other: from,
            woven,
        };
        self.sheets[from.0].moved_from.insert(from.1, there);
        self.sheets[to.0].moved_to.insert(to.1, here);
    }
}

impl Sheet<'_> {
    /// Units that nothing on the other side stands for.
    pub fn loose(&self) -> (Vec<usize>, Vec<usize>) {
        let mut old = vec![true; self.old.units.len()];
        let mut new = vec![true; self.new.units.len()];
        for link in &self.links {
            old[link.old.clone()].fill(false);
            new[link.new.clone()].fill(false);
        }
        for unit in self.moved_from.keys() {
            old[*unit] = false;
        }
        for unit in self.moved_to.keys() {
            new[*unit] = false;
        }
        let places = |loose: Vec<bool>| {
            loose
                .into_iter()
                .enumerate()
                .filter(|(_, yes)| *yes)
                .map(|(at, _)| at)
                .collect()
        };
        (places(old), places(new))
    }

    /// The stretches between linked units, the one after the last included.
    pub fn gaps(&self) -> Vec<(Range<usize>, Range<usize>)> {
        let mut gaps = Vec::with_capacity(self.links.len() + 1);
        let mut from = (0, 0);
        for link in &self.links {
            gaps.push((from.0..link.old.start, from.1..link.new.start));
            from = (link.old.end, link.new.end);
        }
        gaps.push((from.0..self.old.units.len(), from.1..self.new.units.len()));
        gaps
    }

    /// The one equal sentence that a move passes, if it passes just that.
    fn only_one_between(&self, from: Place, to: Place) -> Option<(usize, usize)> {
        if from.0 != to.0 {
            return None;
        }
        let passed = |link: &&Link| (link.old.start < from.1) != (link.new.start < to.1);
        let mut links = self.links.iter().filter(passed);
        match (links.next(), links.next()) {
            (Some(link), None) if link.woven.is_none() && link.old.len() + link.new.len() == 2 => {
                Some((link.old.start, link.new.start))
            }
            _ => None,
        }
    }

    fn relink(&mut self, gone: (usize, usize), (old, new): (usize, usize), woven: Woven) {
        self.links
            .retain(|link| (link.old.start, link.new.start) != gone);
        self.links.push(Link {
            old: old..old + 1,
            new: new..new + 1,
            woven: Some(woven),
        });
        self.links
            .sort_unstable_by_key(|link| (link.old.start, link.new.start));
    }

    /// Units of a gap that did not move, as far as they follow each other.
    fn still(&self, gap: &(Range<usize>, Range<usize>)) -> (Vec<usize>, Vec<usize>) {
        (
            gap.0
                .clone()
                .filter(|unit| !self.moved_from.contains_key(unit))
                .collect(),
            gap.1
                .clone()
                .filter(|unit| !self.moved_to.contains_key(unit))
                .collect(),
        )
    }

    fn find_edits(&mut self, vocabulary: &Vocabulary<'_>, joins: bool, work: &mut Work) {
        let mut found = Vec::new();
        for gap in self.gaps() {
            if gap.0.is_empty() || gap.1.is_empty() {
                continue;
            }
            let (olds, news) = self.still(&gap);
            if olds.len() == gap.0.len() && news.len() == gap.1.len() && self.same_words(&gap) {
                // The same words, wrapped so differently that they were cut into other sentences.
                found.push(Link {
                    old: gap.0,
                    new: gap.1,
                    woven: None,
                });
                continue;
            }
            let bags = |page: &Page<'_>, units: &[usize]| -> Vec<Bag> {
                units
                    .iter()
                    .map(|unit| Bag::of(&page.text, page.units[*unit].words.clone(), vocabulary))
                    .collect()
            };
            let (old_bags, new_bags) = (bags(&self.old, &olds), bags(&self.new, &news));
            work.exhausted = false;
            for edited in pairs_in_gap(&old_bags, &new_bags, joins, work) {
                let Edited { old, new } = edited;
                let old = olds[old.start]..olds[old.end - 1] + 1;
                let new = news[new.start]..news[new.end - 1] + 1;
                // A moved sentence in between would be swallowed by the join.
                let whole = !old.clone().any(|unit| self.moved_from.contains_key(&unit))
                    && !new.clone().any(|unit| self.moved_to.contains_key(&unit));
                if whole {
                    found.extend(self.link(old, new, vocabulary, Fit::Alike, work));
                }
            }
            self.coarse |= work.exhausted;
        }
        self.links.extend(found);
        self.links
            .sort_unstable_by_key(|link| (link.old.start, link.new.start));
        work.exhausted = false;
        // One sentence against one at the same place: a short change is shown by its words.
        let mut found = Vec::new();
        for gap in self.gaps() {
            if let (&[old], &[new]) = (self.still(&gap).0.as_slice(), self.still(&gap).1.as_slice())
            {
                let (old, new) = (old..old + 1, new..new + 1);
                found.extend(self.link(old, new, vocabulary, Fit::SamePlace, work));
            }
        }
        self.coarse |= work.exhausted;
        self.links.extend(found);
        self.links
            .sort_unstable_by_key(|link| (link.old.start, link.new.start));
    }

    fn same_words(&self, gap: &(Range<usize>, Range<usize>)) -> bool {
        let words = |page: &Page<'_>, units: &Range<usize>| {
            page.text.words[words_of(page, units)]
                .iter()
                .map(|word| word.id)
                .collect::<Vec<_>>()
        };
        words(&self.old, &gap.0) == words(&self.new, &gap.1)
    }

    fn link(
        &self,
        old: Range<usize>,
        new: Range<usize>,
        vocabulary: &Vocabulary<'_>,
        fit: Fit,
        work: &mut Work,
    ) -> Option<Link> {
        let woven = weave(
            (&self.old.text, words_of(&self.old, &old)),
            (&self.new.text, words_of(&self.new, &new)),
            vocabulary,
            fit,
            work,
        )?;
        // Equal words under another cut into sentences: nothing changed.
        let woven = Some(woven).filter(|woven| !woven.changes.is_empty());
        (woven.is_some() || old.len() + new.len() > 2).then_some(Link { old, new, woven })
    }
}

/// The words of some units that follow each other.
pub(crate) fn words_of(page: &Page<'_>, units: &Range<usize>) -> Range<usize> {
    if units.is_empty() {
        return 0..0;
    }
    page.units[units.start].words.start..page.units[units.end - 1].words.end
}
