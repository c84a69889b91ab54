//! Which units of two lists belong together: equal ones in order, equal ones that moved, and
//! changed ones.
//!
//! `equal_in_order` is patience diff with weights: of two paragraphs that changed places the
//! shorter one has moved. `pairs_in_gap` finds, between equal units, the ones that were edited.
//! All work is bounded by counts, never by a clock: the same texts give the same answer anywhere.

use super::sentences::Unit;
use super::words::{Text, Vocabulary};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::collections::HashMap;
use std::ops::Range;

/// Something with a number that is equal for equals, and a weight.
pub(crate) trait Item {
    /// Equal for equals.
    fn id(&self) -> u32;
    /// How much it would hurt to call it moved.
    fn weight(&self) -> u64;
}

impl Item for Unit {
    fn id(&self) -> u32 {
        self.id
    }
    fn weight(&self) -> u64 {
        u64::from(self.weight) + 1
    }
}

impl Item for (u32, u64) {
    fn id(&self) -> u32 {
        self.0
    }
    fn weight(&self) -> u64 {
        self.1
    }
}

/// Equal items that kept their order, as pairs of places.
pub(crate) fn equal_in_order<T: Item>(old: &[T], new: &[T]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut open = vec![(0..old.len(), 0..new.len())];
    while let Some((mut a, mut b)) = open.pop() {
        while !a.is_empty() && !b.is_empty() && old[a.start].id() == new[b.start].id() {
            pairs.push((a.start, b.start));
            a.start += 1;
            b.start += 1;
        }
        while !a.is_empty() && !b.is_empty() && old[a.end - 1].id() == new[b.end - 1].id() {
            a.end -= 1;
            b.end -= 1;
            pairs.push((a.end, b.end));
        }
        if a.is_empty() || b.is_empty() {
            continue;
        }
        let anchors = heaviest_in_order(&once_in_both(old, new, &a, &b));
        if anchors.is_empty() {
            repeated(old, new, a, b, &mut pairs);
            continue;
        }
        let mut from = (a.start, b.start);
        for (i, j) in anchors {
            pairs.push((i, j));
            open.push((from.0..i, from.1..j));
            from = (i + 1, j + 1);
        }
        open.push((from.0..a.end, from.1..b.end));
    }
    pairs.sort_unstable();
    pairs
}

/// Items that occur once on each side, with their places and weights.
fn once_in_both<T: Item>(
    old: &[T],
    new: &[T],
    a: &Range<usize>,
    b: &Range<usize>,
) -> Vec<(usize, usize, u64)> {
    let mut seen: HashMap<u32, (u32, usize, u32, usize)> = HashMap::new();
    for i in a.clone() {
        let entry = seen.entry(old[i].id()).or_default();
        *entry = (entry.0 + 1, i, 0, 0);
    }
    for j in b.clone() {
        if let Some(entry) = seen.get_mut(&new[j].id()) {
            *entry = (entry.0, entry.1, entry.2 + 1, j);
        }
    }
    let mut once: Vec<_> = seen
        .into_values()
        .filter(|(olds, _, news, _)| *olds == 1 && *news == 1)
        .map(|(_, i, _, j)| (i, j, old[i].weight()))
        .collect();
    once.sort_unstable();
    once
}

/// The heaviest choice of pairs that keeps both orders. `pairs` come sorted by their old place.
pub(crate) fn heaviest_in_order(pairs: &[(usize, usize, u64)]) -> Vec<(usize, usize)> {
    // A tree of prefix maxima over the new places: (weight so far, which pair ends there).
    let mut places: Vec<usize> = pairs.iter().map(|pair| pair.1).collect();
    places.sort_unstable();
    let mut tree: Vec<(u64, usize)> = vec![(0, usize::MAX); places.len() + 1];
    let mut before = vec![usize::MAX; pairs.len()];
    let mut best = (0, usize::MAX);
    for (index, (_, j, weight)) in pairs.iter().enumerate() {
        let rank = places.partition_point(|place| place < j);
        let mut top = (0, usize::MAX);
        let mut at = rank;
        while at > 0 {
            if tree[at].0 > top.0 {
                top = tree[at];
            }
            at &= at - 1;
        }
        before[index] = top.1;
        let here = (top.0 + weight, index);
        if here.0 > best.0 {
            best = here;
        }
        let mut at = rank + 1;
        while at < tree.len() {
            if here.0 > tree[at].0 {
                tree[at] = here;
            }
            at += at & at.wrapping_neg();
        }
    }
    let mut chain = Vec::new();
    let mut at = best.1;
    while let Some((i, j, _)) = pairs.get(at) {
        chain.push((*i, *j));
        at = before[at];
    }
    chain.reverse();
    chain
}

/// What remains is repeated on a side, or on one side only: the library's walk finds what it can.
fn repeated<T: Item>(
    old: &[T],
    new: &[T],
    a: Range<usize>,
    b: Range<usize>,
    pairs: &mut Vec<(usize, usize)>,
) {
    let ids = |items: &[T], range: Range<usize>| -> Vec<u32> {
        items[range].iter().map(Item::id).collect()
    };
    let (olds, news) = (ids(old, a.clone()), ids(new, b.clone()));
    let known: std::collections::HashSet<u32> = olds.iter().copied().collect();
    if !news.iter().any(|id| known.contains(id)) {
        return;
    }
    for op in capture_diff_slices(Algorithm::Myers, &olds, &news) {
        if let DiffOp::Equal {
            old_index,
            new_index,
            len,
        } = op
        {
            pairs.extend((0..len).map(|n| (a.start + old_index + n, b.start + new_index + n)));
        }
    }
}

/// The words of a unit as sorted `(word, weight)`, upper case read as lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bag {
    words: Vec<(u32, u32)>,
    /// What all of them weigh.
    pub weight: u32,
    /// The first word, for units that are nothing but points: `}` and `},`.
    first: Option<u32>,
}

impl Bag {
    /// The bag of some words.
    pub fn of(text: &Text<'_>, words: Range<usize>, vocabulary: &Vocabulary<'_>) -> Self {
        let first = text.words[words.clone()].first().map(|word| word.id);
        let mut words: Vec<(u32, u32)> = text.words[words]
            .iter()
            .map(|word| vocabulary.meaning(word.id))
            .filter(|meaning| meaning.weight > 0)
            .map(|meaning| (meaning.fold, meaning.weight))
            .collect();
        words.sort_unstable();
        let weight = words.iter().map(|(_, weight)| weight).sum();
        Self {
            words,
            weight,
            first,
        }
    }

    fn with(&self, other: &Self) -> Self {
        let mut words = [self.words.as_slice(), other.words.as_slice()].concat();
        words.sort_unstable();
        Self {
            words,
            weight: self.weight + other.weight,
            first: None,
        }
    }

    fn shared(&self, other: &Self) -> u32 {
        let (mut i, mut j, mut shared) = (0, 0, 0);
        while let (Some(a), Some(b)) = (self.words.get(i), other.words.get(j)) {
            match a.cmp(b) {
                std::cmp::Ordering::Less => i += 1,
                std::cmp::Ordering::Greater => j += 1,
                std::cmp::Ordering::Equal => {
                    shared += a.1;
                    i += 1;
                    j += 1;
                }
            }
        }
        shared
    }

    /// How alike two bags are, in thousandths.
    pub fn likeness(&self, other: &Self) -> u32 {
        (self.shared(other) * 2000)
            .checked_div(self.weight + other.weight)
            .unwrap_or(0)
    }

    /// Whether one may be an edit of the other, and how much of it is shared.
    fn edit_of(&self, other: &Self) -> Option<u64> {
        let least = self.weight.min(other.weight);
        let both = self.weight + other.weight;
        if both == 0 {
            return (self.first.is_some() && self.first == other.first).then_some(1);
        }
        let shared = self.shared(other);
        let alike = shared * 2 * 100 >= both * 50;
        // A sentence that only grew is the same sentence.
        let grew = least >= 6 && shared * 100 >= least * 85;
        (shared > 0 && (alike || grew))
            .then(|| u64::from(shared) * 1000 + u64::from(shared) * 2000 / u64::from(both.max(1)))
    }
}

/// How much comparing is left to do before falling back to whole sentences.
#[derive(Debug)]
pub(crate) struct Work {
    /// Comparisons of one unit with another.
    pub pairs: usize,
    /// Cells of word tables.
    pub cells: usize,
    /// Something was left undone.
    pub exhausted: bool,
}

/// Units that were edited: some old ones, mostly one, and the new ones that stand for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edited {
    /// Places of the old units.
    pub old: Range<usize>,
    /// Places of the new units.
    pub new: Range<usize>,
}

/// Finds edited units between two lists of which nothing is equal in order.
/// `joins`: two or three sentences may have become one, and one two or three.
pub(crate) fn pairs_in_gap(old: &[Bag], new: &[Bag], joins: bool, work: &mut Work) -> Vec<Edited> {
    const TABLE: usize = 2_500;
    let mut found = Vec::new();
    let mut open = vec![(0..old.len(), 0..new.len())];
    while let Some((a, b)) = open.pop() {
        if a.is_empty() || b.is_empty() {
            continue;
        }
        if a.len() * b.len() <= TABLE && a.len() * b.len() <= work.pairs {
            work.pairs -= a.len() * b.len();
            table(old, new, a, b, joins, &mut found);
            continue;
        }
        // Too many for a table: words that occur once on each side tell which belong together.
        let anchors = by_rare_words(old, new, &a, &b);
        if anchors.is_empty() {
            work.exhausted = true;
            continue;
        }
        let mut from = (a.start, b.start);
        for (i, j) in anchors {
            found.push(Edited {
                old: i..i + 1,
                new: j..j + 1,
            });
            open.push((from.0..i, from.1..j));
            from = (i + 1, j + 1);
        }
        open.push((from.0..a.end, from.1..b.end));
    }
    found.sort_unstable_by_key(|edited| edited.old.start);
    found
}

fn table(
    old: &[Bag],
    new: &[Bag],
    a: Range<usize>,
    b: Range<usize>,
    joins: bool,
    found: &mut Vec<Edited>,
) {
    let (n, m) = (a.len(), b.len());
    let row = m + 1;
    // (score, how many old, how many new): the best way to have read this far.
    let mut best = vec![(0_u64, 0_usize, 0_usize); (n + 1) * row];
    let reach = if joins { 3 } else { 1 };
    for i in 0..=n {
        for j in 0..=m {
            let mut top = (0, 0, 0);
            if i > 0 {
                top = (best[(i - 1) * row + j].0, 1, 0);
            }
            if j > 0 && (i == 0 || best[i * row + j - 1].0 > top.0) {
                top = (best[i * row + j - 1].0, 0, 1);
            }
            if i > 0 && j > 0 {
                let olds = &old[a.start + i.saturating_sub(reach)..a.start + i];
                let news = &new[b.start + j.saturating_sub(reach)..b.start + j];
                for (k, l, score) in endings(olds, news) {
                    let score = score + best[(i - k) * row + j - l].0;
                    if score > top.0 {
                        top = (score, k, l);
                    }
                }
            }
            best[i * row + j] = top;
        }
    }
    let (mut i, mut j) = (n, m);
    while i > 0 || j > 0 {
        let (_, k, l) = best[i * row + j];
        if k > 0 && l > 0 {
            found.push(Edited {
                old: a.start + i - k..a.start + i,
                new: b.start + j - l..b.start + j,
            });
        }
        i -= k;
        j -= l;
    }
}

/// The ways in which the last units of both lists may be one edit: one for one, some for one, one
/// for some; with how much of them is shared.
fn endings(olds: &[Bag], news: &[Bag]) -> Vec<(usize, usize, u64)> {
    let mut ways = Vec::new();
    let (Some(old), Some(new)) = (olds.last(), news.last()) else {
        return ways;
    };
    ways.extend(old.edit_of(new).map(|score| (1, 1, score)));
    for (several, one, flipped) in [(olds, new, false), (news, old, true)] {
        let mut joined = several[several.len() - 1].clone();
        for count in 2..=several.len() {
            // Each of them must be found in the one: a new sentence beside it is no part of it.
            let part_of = |part: &Bag| part.shared(one) * 100 >= part.weight * 55;
            let parts = &several[several.len() - count..];
            if !parts.iter().all(part_of) {
                break;
            }
            joined = joined.with(&parts[0]);
            if let Some(score) = joined.edit_of(one) {
                ways.push(if flipped {
                    (1, count, score)
                } else {
                    (count, 1, score)
                });
            }
        }
    }
    ways
}

fn by_rare_words(
    old: &[Bag],
    new: &[Bag],
    a: &Range<usize>,
    b: &Range<usize>,
) -> Vec<(usize, usize)> {
    let mut places: HashMap<u32, (u32, usize, u32, usize)> = HashMap::new();
    for i in a.clone() {
        for (word, _) in old[i].words.iter().filter(|(_, weight)| *weight >= 3) {
            let entry = places.entry(*word).or_default();
            *entry = (entry.0 + 1, i, 0, 0);
        }
    }
    for j in b.clone() {
        for (word, _) in &new[j].words {
            if let Some(entry) = places.get_mut(word) {
                *entry = (entry.0, entry.1, entry.2 + 1, j);
            }
        }
    }
    let mut votes: HashMap<(usize, usize), u32> = HashMap::new();
    for (olds, i, news, j) in places.into_values() {
        if olds == 1 && news == 1 {
            *votes.entry((i, j)).or_default() += 1;
        }
    }
    let mut pairs: Vec<(usize, usize, u64)> = votes
        .into_keys()
        .filter_map(|(i, j)| old[i].edit_of(&new[j]).map(|score| (i, j, score)))
        .collect();
    // One new place for each old one: the likeliest, which a sort by score puts first.
    pairs.sort_unstable_by_key(|(i, j, score)| (*i, u64::MAX - score, *j));
    pairs.dedup_by_key(|pair| pair.0);
    heaviest_in_order(&pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_order(old: &[u32], new: &[u32]) -> Vec<(usize, usize)> {
        let items = |ids: &[u32]| {
            ids.iter()
                .map(|id| (*id, u64::from(*id)))
                .collect::<Vec<_>>()
        };
        equal_in_order(&items(old), &items(new))
    }

    #[test]
    fn of_two_that_changed_places_the_lighter_moved() {
        assert_eq!(in_order(&[1, 9], &[9, 1]), [(1, 0)]);
        assert_eq!(in_order(&[9, 1], &[1, 9]), [(0, 1)]);
        assert_eq!(in_order(&[5, 2, 2, 6], &[6, 2, 2, 5]), [(3, 0)]);
    }

    #[test]
    fn a_list_is_in_order_with_itself() {
        for list in [&[][..], &[1, 1, 1], &[3, 1, 3, 1], &[1, 2, 3]] {
            let all: Vec<_> = (0..list.len()).map(|n| (n, n)).collect();
            assert_eq!(in_order(list, list), all);
        }
    }
}
