//! Two wordings of one sentence, word by word.
//!
//! [`weave`] says which words stayed. A few stop words between changes are no island: they go with
//! the change around them. When too little stays, the sentence counts as said anew and is shown as a
//! whole, not as confetti.

use super::align::Work;
use super::words::{Text, Vocabulary, WordKind};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::ops::Range;

/// How two wordings relate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Woven {
    /// Words that stayed: places in the old and in the new text, in order.
    pub kept: Vec<(usize, usize)>,
    /// Runs of change.
    pub changes: Vec<(Range<usize>, Range<usize>)>,
}

/// How well two wordings must fit to be shown word by word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// They look alike already.
    Alike,
    /// They merely stand at the same place: only one short change is shown by its words.
    SamePlace,
}

/// A change of at most this many words a side can be quoted.
pub(crate) const SHORT: usize = 4;

/// Weaves some old words with some new ones; `None` when the sentence was said anew.
pub(crate) fn weave(
    (old, a): (&Text<'_>, Range<usize>),
    (new, b): (&Text<'_>, Range<usize>),
    vocabulary: &Vocabulary<'_>,
    fit: Fit,
    work: &mut Work,
) -> Option<Woven> {
    let kept = kept_words((old, a.clone()), (new, b.clone()), vocabulary, work)?;
    let kept = without_islands(old, new, &a, &b, kept, vocabulary);
    let changes = changes(&kept, &a, &b);
    let weight = |text: &Text<'_>, words: Range<usize>| -> u32 {
        text.words[words]
            .iter()
            .map(|word| vocabulary.meaning(word.id).weight)
            .sum()
    };
    let stayed: u32 = kept
        .iter()
        .map(|(i, _)| vocabulary.meaning(old.words[*i].id).weight)
        .sum();
    let least = weight(old, a.clone()).min(weight(new, b.clone()));
    let short = |range: &Range<usize>| range.len() <= SHORT;
    let one_short_change = match changes.as_slice() {
        [(cut, added)] => short(cut) && short(added) && (fit == Fit::SamePlace || !kept.is_empty()),
        _ => false,
    };
    let enough = match changes.len() {
        0..=3 => stayed * 100 >= least * 40,
        _ => stayed * 100 >= least * 55,
    };
    (one_short_change || fit == Fit::Alike && enough && stayed > 0)
        .then_some(Woven { kept, changes })
}

/// The heaviest words in common that keep both orders.
fn kept_words(
    (old, mut a): (&Text<'_>, Range<usize>),
    (new, mut b): (&Text<'_>, Range<usize>),
    vocabulary: &Vocabulary<'_>,
    work: &mut Work,
) -> Option<Vec<(usize, usize)>> {
    const TABLE: usize = 6_400;
    let mut kept = Vec::new();
    while !a.is_empty() && !b.is_empty() && old.words[a.start].id == new.words[b.start].id {
        kept.push((a.start, b.start));
        a.start += 1;
        b.start += 1;
    }
    let mut tail = Vec::new();
    while !a.is_empty() && !b.is_empty() && old.words[a.end - 1].id == new.words[b.end - 1].id {
        a.end -= 1;
        b.end -= 1;
        tail.push((a.end, b.end));
    }
    let cells = a.len() * b.len();
    if cells > work.cells {
        work.exhausted = true;
        return None;
    }
    work.cells -= cells;
    if cells <= TABLE {
        table(old, new, &a, &b, vocabulary, &mut kept);
    } else {
        // Beyond a small table the library's bounded walk is close enough.
        let ids = |text: &Text<'_>, words: &Range<usize>| -> Vec<u32> {
            text.words[words.clone()]
                .iter()
                .map(|word| word.id)
                .collect()
        };
        for op in capture_diff_slices(Algorithm::Myers, &ids(old, &a), &ids(new, &b)) {
            if let DiffOp::Equal {
                old_index,
                new_index,
                len,
            } = op
            {
                kept.extend((0..len).map(|n| (a.start + old_index + n, b.start + new_index + n)));
            }
        }
    }
    kept.extend(tail.into_iter().rev());
    Some(kept)
}

fn table(
    old: &Text<'_>,
    new: &Text<'_>,
    a: &Range<usize>,
    b: &Range<usize>,
    vocabulary: &Vocabulary<'_>,
    kept: &mut Vec<(usize, usize)>,
) {
    let row = b.len() + 1;
    let mut best = vec![0_u32; (a.len() + 1) * row];
    for i in (0..a.len()).rev() {
        let word = old.words[a.start + i].id;
        // A point in common is worth something, else `,` would never be kept; a word is worth more.
        let worth = vocabulary.meaning(word).weight * 4 + 1;
        for j in (0..b.len()).rev() {
            let mut top = best[(i + 1) * row + j].max(best[i * row + j + 1]);
            if word == new.words[b.start + j].id {
                top = top.max(best[(i + 1) * row + j + 1] + worth);
            }
            best[i * row + j] = top;
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let word = old.words[a.start + i].id;
        let worth = vocabulary.meaning(word).weight * 4 + 1;
        let here = best[i * row + j];
        if word == new.words[b.start + j].id && here == best[(i + 1) * row + j + 1] + worth {
            kept.push((a.start + i, b.start + j));
            i += 1;
            j += 1;
        } else if here == best[(i + 1) * row + j] {
            i += 1;
        } else {
            j += 1;
        }
    }
}

fn changes(
    kept: &[(usize, usize)],
    a: &Range<usize>,
    b: &Range<usize>,
) -> Vec<(Range<usize>, Range<usize>)> {
    let mut changes = Vec::new();
    let mut from = (a.start, b.start);
    for (i, j) in kept.iter().copied().chain([(a.end, b.end)]) {
        if from.0 < i || from.1 < j {
            changes.push((from.0..i, from.1..j));
        }
        from = (i + 1, j + 1);
    }
    changes
}

/// Takes back matches that mean nothing: small words and points between two changes.
fn without_islands(
    old: &Text<'_>,
    new: &Text<'_>,
    a: &Range<usize>,
    b: &Range<usize>,
    kept: Vec<(usize, usize)>,
    vocabulary: &Vocabulary<'_>,
) -> Vec<(usize, usize)> {
    let has_words = |text: &Text<'_>, range: &Range<usize>| {
        text.words[range.clone()]
            .iter()
            .any(|word| vocabulary.meaning(word.id).weight > 0)
    };
    let mut kept = kept;
    loop {
        let changes = changes(&kept, a, b);
        let island = changes.windows(2).find_map(|two| {
            let [(cut, added), (next_cut, next_added)] = two else {
                return None;
            };
            let run = cut.end..next_cut.start;
            let (mut heavy, mut ideographs) = (false, 0);
            for word in &old.words[run.clone()] {
                let meaning = vocabulary.meaning(word.id);
                heavy |= meaning.weight >= 3;
                ideographs += usize::from(meaning.kind == WordKind::Ideograph);
            }
            // Between two insertions a small word stayed indeed: only a replacement swallows it.
            let replaced = (has_words(old, cut) || has_words(old, next_cut))
                && (has_words(new, added) || has_words(new, next_added));
            (!heavy && ideographs <= 1 && replaced).then_some(run)
        });
        let Some(run) = island else { return kept };
        kept.retain(|(i, _)| !run.contains(i));
    }
}
