//! Three-way merge of lists, whatever is in them: messages, or the sentences of one.
//!
//! A [`Side`] says how a list became of the base, as edits in order. [`merge`] goes through both and
//! gives [`Chunk`]s. Edits clash when they touch: the same item, the same place, or a place beside
//! something that was replaced. Two edits of neighbouring items don't.

use std::collections::BTreeMap;
use std::ops::Range;

/// A change of one side: items of the base, and what stands there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// Items of the base; empty for an insertion.
    pub base: Range<usize>,
    /// Items of the side; empty for a deletion.
    pub side: Range<usize>,
    /// The item is still itself, in other words.
    pub in_place: bool,
}

/// How a list became of the base.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    /// In order, none touching the next.
    pub edits: Vec<Edit>,
}

/// Who changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// We did.
    Ours,
    /// They did.
    Theirs,
    /// Both did.
    Both,
}

/// A stretch of the merged list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    /// An item that nobody changed: its places in base, ours and theirs.
    Kept(usize, usize, usize),
    /// A stretch that somebody changed.
    Changed {
        /// Who.
        who: Who,
        /// Places in the base.
        base: Range<usize>,
        /// Places in ours.
        ours: Range<usize>,
        /// Places in theirs.
        theirs: Range<usize>,
        /// One item on each side, which is still itself.
        in_place: bool,
    },
}

impl Edit {
    fn touches(&self, other: &Self) -> bool {
        let (a, b) = (&self.base, &other.base);
        match (a.is_empty(), b.is_empty()) {
            (true, true) => a.start == b.start,
            (true, false) => other.is_touched_at(a.start),
            (false, true) => self.is_touched_at(b.start),
            (false, false) => a.start < b.end && b.start < a.end,
        }
    }

    /// Whether an insertion here meets this edit. Beside a replacement nobody can tell which goes
    /// first, or whether the new text says the same; beside an edit in place or a deletion one can.
    fn is_touched_at(&self, at: usize) -> bool {
        let replaces = !self.in_place && !self.side.is_empty();
        self.base.start < at && at < self.base.end
            || replaces && (at == self.base.start || at == self.base.end)
    }
}

/// A side while it is read.
struct Reader<'s> {
    edits: &'s [Edit],
    at: usize,
}

impl Reader<'_> {
    /// The places of this side for some places of the base, some edits of it included.
    fn take(&mut self, base: &Range<usize>, edits: usize) -> Range<usize> {
        let from = self.at;
        let taken: usize = self.edits[..edits].iter().map(|edit| edit.base.len()).sum();
        let given: usize = self.edits[..edits].iter().map(|edit| edit.side.len()).sum();
        self.at += base.len() - taken + given;
        self.edits = &self.edits[edits..];
        from..self.at
    }
}

/// Merges two lists that became of one base of so many items.
pub(super) fn merge(base: usize, ours: &Side, theirs: &Side) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut ours = Reader {
        edits: &ours.edits,
        at: 0,
    };
    let mut theirs = Reader {
        edits: &theirs.edits,
        at: 0,
    };
    let mut at = 0;
    loop {
        let key = |edit: &Edit| (edit.base.start, edit.base.end);
        let first = match (ours.edits.first(), theirs.edits.first()) {
            (None, None) => break,
            (Some(edit), None) | (None, Some(edit)) => edit,
            (Some(a), Some(b)) => {
                if key(a) <= key(b) {
                    a
                } else {
                    b
                }
            }
        };
        let mut stretch = first.base.clone();
        for place in at..stretch.start {
            chunks.push(Chunk::Kept(place, ours.at, theirs.at));
            ours.at += 1;
            theirs.at += 1;
        }
        let by_ours = ours
            .edits
            .first()
            .is_some_and(|edit| std::ptr::eq(edit, first));
        let (mut a, mut b) = (usize::from(by_ours), usize::from(!by_ours));
        // Whatever touches one of the edits taken so far belongs to the same stretch.
        loop {
            let joins = |edits: &[Edit], taken: usize, others: &[Edit]| {
                edits
                    .get(taken)
                    .is_some_and(|edit| others.iter().any(|other| edit.touches(other)))
            };
            if joins(ours.edits, a, &theirs.edits[..b]) {
                stretch.end = stretch.end.max(ours.edits[a].base.end);
                a += 1;
            } else if joins(theirs.edits, b, &ours.edits[..a]) {
                stretch.end = stretch.end.max(theirs.edits[b].base.end);
                b += 1;
            } else {
                break;
            }
        }
        // An edit inside the stretch belongs to it, even where it touches nothing itself.
        while ours
            .edits
            .get(a)
            .is_some_and(|edit| edit.base.start < stretch.end)
        {
            stretch.end = stretch.end.max(ours.edits[a].base.end);
            a += 1;
        }
        while theirs
            .edits
            .get(b)
            .is_some_and(|edit| edit.base.start < stretch.end)
        {
            stretch.end = stretch.end.max(theirs.edits[b].base.end);
            b += 1;
        }
        let in_place = ours.edits[..a]
            .iter()
            .chain(&theirs.edits[..b])
            .all(|edit| edit.in_place)
            && stretch.len() == 1;
        let who = match (a, b) {
            (_, 0) => Who::Ours,
            (0, _) => Who::Theirs,
            _ => Who::Both,
        };
        at = stretch.end;
        let (ours, theirs) = (ours.take(&stretch, a), theirs.take(&stretch, b));
        let in_place = in_place && ours.len() == 1 && theirs.len() == 1;
        chunks.push(Chunk::Changed {
            who,
            base: stretch,
            ours,
            theirs,
            in_place,
        });
    }
    for place in at..base {
        chunks.push(Chunk::Kept(place, ours.at, theirs.at));
        ours.at += 1;
        theirs.at += 1;
    }
    chunks
}

/// Without a common list nobody knows who moved what: another order is no other content, and ours is
/// kept. Says which chunks are nothing but that. `moved` leads from places in theirs to places in
/// ours; a chunk whose counterparts are not settled is not settled either, or something were lost.
pub(super) fn only_moved(chunks: &[Chunk], moved: &BTreeMap<usize, usize>) -> Vec<bool> {
    let came: BTreeMap<usize, usize> = moved.iter().map(|(from, to)| (*to, *from)).collect();
    let places = |chunk: &Chunk| match chunk {
        Chunk::Changed {
            ours,
            theirs,
            in_place: false,
            ..
        } => Some((ours.clone(), theirs.clone())),
        _ => None,
    };
    let mut settled: Vec<bool> = chunks
        .iter()
        .map(|chunk| {
            places(chunk).is_some_and(|(mut ours, mut theirs)| {
                ours.all(|at| came.contains_key(&at)) && theirs.all(|at| moved.contains_key(&at))
            })
        })
        .collect();
    // Which chunk a place is in.
    let mut in_ours: BTreeMap<usize, usize> = BTreeMap::new();
    let mut in_theirs: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, chunk) in chunks.iter().enumerate() {
        if let Some((ours, theirs)) = places(chunk) {
            in_ours.extend(ours.map(|at| (at, index)));
            in_theirs.extend(theirs.map(|at| (at, index)));
        }
    }
    let holds = |settled: &[bool], index: Option<&usize>| index.is_some_and(|at| settled[*at]);
    let mut doubtful = true;
    while doubtful {
        doubtful = false;
        for (index, chunk) in chunks.iter().enumerate() {
            let Some((mut ours, mut theirs)) = places(chunk).filter(|_| settled[index]) else {
                continue;
            };
            let both = ours.all(|at| holds(&settled, in_theirs.get(&came[&at])))
                && theirs.all(|at| holds(&settled, in_ours.get(&moved[&at])));
            if !both {
                settled[index] = false;
                doubtful = true;
            }
        }
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(base: Range<usize>, side: Range<usize>, in_place: bool) -> Edit {
        Edit {
            base,
            side,
            in_place,
        }
    }

    fn who(base: usize, ours: Vec<Edit>, theirs: Vec<Edit>) -> Vec<Option<Who>> {
        merge(base, &Side { edits: ours }, &Side { edits: theirs })
            .into_iter()
            .map(|chunk| match chunk {
                Chunk::Kept(..) => None,
                Chunk::Changed { who, .. } => Some(who),
            })
            .collect()
    }

    #[test]
    fn neighbours_do_not_clash_and_the_same_place_does() {
        use Who::{Both, Ours, Theirs};
        let in_place = |at: usize| edit(at..at + 1, at..at + 1, true);
        assert_eq!(
            who(2, vec![in_place(0)], vec![in_place(1)]),
            [Some(Ours), Some(Theirs)]
        );
        assert_eq!(
            who(2, vec![in_place(0)], vec![in_place(0)]),
            [Some(Both), None]
        );
        let insert = |at: usize| edit(at..at, at..at + 1, false);
        assert_eq!(who(1, vec![insert(1)], vec![insert(1)]), [None, Some(Both)]);
        assert_eq!(
            who(1, vec![insert(0)], vec![insert(1)]),
            [Some(Ours), None, Some(Theirs)]
        );
        assert_eq!(
            who(1, vec![in_place(0)], vec![insert(1)]),
            [Some(Ours), Some(Theirs)]
        );
        let replace = edit(0..1, 0..1, false);
        assert_eq!(who(1, vec![replace], vec![insert(1)]), [Some(Both)]);
    }
}
