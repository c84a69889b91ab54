//! Three-way merge of one text, by sentences.
//!
//! A sentence that one side changed and the other moved arrives changed at its new place. White
//! space is merged by itself, so wrapping anew never clashes with a new word.

use super::lists::{Chunk, Edit, Side, Who, merge, only_moved};
use crate::diff::{Limits, Link, Page, Plan, Style, plan};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

/// A piece of merged text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Agreed.
    Text(String),
    /// Two wordings.
    Clash(Clash),
}

/// Two wordings of one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clash {
    /// Before both; nothing when there was nothing, or no common version.
    pub base: Option<String>,
    /// Ours; nothing when we have nothing there.
    pub ours: Option<String>,
    /// Theirs.
    pub theirs: Option<String>,
    /// The white space that follows, if anything does.
    pub space: String,
}

/// A merged text.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// In order.
    pub pieces: Vec<Piece>,
    /// A sentence went to two places.
    pub doubled: Vec<String>,
}

/// Merges two texts that became of one.
pub(super) fn three_way(base: &str, ours: &str, theirs: &str) -> Merged {
    if ours == theirs || theirs == base {
        return plain(ours);
    }
    if ours == base {
        return plain(theirs);
    }
    let style = Style {
        limits: Limits::default(),
        joins: false,
    };
    let (our_plan, their_plan) = (plan(&[(base, ours)], style), plan(&[(base, theirs)], style));
    let mut texts = Texts {
        base: Sentence::all(&our_plan.sheets[0].old),
        ours: Sentence::all(&our_plan.sheets[0].new),
        theirs: Sentence::all(&their_plan.sheets[0].new),
        known: true,
        edges: edges([
            &our_plan.sheets[0].old,
            &our_plan.sheets[0].new,
            &their_plan.sheets[0].new,
        ]),
    };
    let (mut a, mut b) = (side(&our_plan), side(&their_plan));
    carry(
        &our_plan,
        &mut texts.ours,
        &mut b,
        &mut texts.theirs,
        &texts.base,
        &their_plan,
    );
    carry(
        &their_plan,
        &mut texts.theirs,
        &mut a,
        &mut texts.ours,
        &texts.base,
        &our_plan,
    );
    let both = our_plan.sheets[0]
        .moved_from
        .keys()
        .copied()
        .collect::<BTreeSet<_>>();
    let doubled: Vec<String> = their_plan.sheets[0]
        .moved_from
        .keys()
        .filter(|unit| both.contains(unit))
        .map(|unit| texts.base[*unit].body.to_string())
        .collect();
    let chunks = merge(texts.base.len(), &a, &b);
    let mut merged = texts.write(&chunks, &[]);
    let read: String = merged
        .pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Clash(_) => None,
        })
        .collect();
    merged.doubled = doubled
        .into_iter()
        .filter(|body| read.matches(body).count() > 1)
        .collect();
    merged
}

/// Merges two texts without a common one: what differs clashes.
pub(super) fn two_way(ours: &str, theirs: &str) -> Merged {
    if ours == theirs {
        return plain(ours);
    }
    let style = Style {
        limits: Limits::default(),
        joins: false,
    };
    let plan = plan(&[(theirs, ours)], style);
    let sheet = &plan.sheets[0];
    let texts = Texts {
        base: Sentence::all(&sheet.old),
        ours: Sentence::all(&sheet.new),
        theirs: Sentence::all(&sheet.old),
        known: false,
        edges: edges([&sheet.old, &sheet.new, &sheet.old]),
    };
    let chunks = merge(texts.base.len(), &side(&plan), &Side::default());
    let moved = sheet
        .moved_from
        .iter()
        .filter(|(_, went)| went.woven.is_none());
    let settled = only_moved(
        &chunks,
        &moved.map(|(unit, went)| (*unit, went.other.1)).collect(),
    );
    texts.write(&chunks, &settled)
}

fn plain(text: &str) -> Merged {
    Merged {
        pieces: vec![Piece::Text(text.to_owned())],
        doubled: Vec::new(),
    }
}

/// A sentence and the white space after it.
#[derive(Clone, Debug)]
struct Sentence<'a> {
    body: Cow<'a, str>,
    space: &'a str,
}

impl<'a> Sentence<'a> {
    fn all(page: &Page<'a>) -> Vec<Self> {
        page.units
            .iter()
            .map(|unit| Self {
                body: Cow::Borrowed(page.text.phrase(unit.words.clone())),
                space: page.text.space_before(unit.words.end),
            })
            .collect()
    }
}

/// How a text became of the base.
fn side(plan: &Plan<'_>) -> Side {
    let sheet = &plan.sheets[0];
    let mut edits = Vec::new();
    let mut gaps = sheet.gaps().into_iter();
    for link in sheet.links.iter().map(Some).chain([None]) {
        if let Some((base, side)) = gaps.next()
            && !(base.is_empty() && side.is_empty())
        {
            edits.push(Edit {
                base,
                side,
                in_place: false,
            });
        }
        if let Some(Link { old, new, woven }) = link
            && (woven.is_some() || old.len() != 1 || new.len() != 1)
        {
            edits.push(Edit {
                base: old.clone(),
                side: new.clone(),
                in_place: true,
            });
        }
    }
    Side { edits }
}

/// Carries the edits of one side to the places where the other moved those sentences.
fn carry<'a>(
    mover: &Plan<'_>,
    moved: &mut [Sentence<'a>],
    editor: &mut Side,
    edited: &mut [Sentence<'a>],
    base: &[Sentence<'a>],
    editing: &Plan<'_>,
) {
    let links = &editing.sheets[0].links;
    for (unit, went) in &mover.sheets[0].moved_from {
        let link = links
            .binary_search_by_key(unit, |link| link.old.start)
            .map(|at| &links[at]);
        let Some(link) = link.ok().filter(|link| {
            went.woven.is_none() && link.woven.is_some() && link.old.len() + link.new.len() == 2
        }) else {
            continue;
        };
        moved[went.other.1].body = edited[link.new.start].body.clone();
        edited[link.new.start].body = base[*unit].body.clone();
        editor
            .edits
            .retain(|edit| edit.base != link.old || !edit.in_place);
    }
}

struct Texts<'a> {
    base: Vec<Sentence<'a>>,
    ours: Vec<Sentence<'a>>,
    theirs: Vec<Sentence<'a>>,
    /// There is a common version.
    known: bool,
    /// The white space before the first and after the last sentence.
    edges: (&'a str, &'a str),
}

/// A piece before its white space is settled.
struct Draft<'a> {
    piece: Piece,
    space: &'a str,
    /// White space that followed in other versions, for a seam that needs some.
    others: [&'a str; 2],
    /// Where it stands in ours and theirs.
    places: [Option<usize>; 2],
}

impl<'a> Texts<'a> {
    fn write(&self, chunks: &[Chunk], settled: &[bool]) -> Merged {
        let mut drafts: Vec<Draft<'a>> = Vec::new();
        for (index, chunk) in chunks.iter().enumerate() {
            match chunk {
                Chunk::Kept(b, o, t) => drafts.push(self.one(*b, *o, *t)),
                Chunk::Changed {
                    who,
                    base,
                    ours,
                    theirs,
                    in_place,
                } => {
                    let clash = *who == Who::Both || !self.known && !settled[index];
                    if clash {
                        self.clash(base, ours, theirs, &mut drafts);
                    } else if *in_place {
                        drafts.push(self.one(base.start, ours.start, theirs.start));
                    } else if *who == Who::Ours {
                        drafts.extend(ours.clone().map(|at| self.take(at, 0)));
                    } else {
                        drafts.extend(theirs.clone().map(|at| self.take(at, 1)));
                    }
                }
            }
        }
        Merged {
            pieces: settle(drafts, self.edges),
            doubled: Vec::new(),
        }
    }

    /// One sentence of all three.
    fn one(&self, b: usize, o: usize, t: usize) -> Draft<'a> {
        let (base, ours, theirs) = (&self.base[b], &self.ours[o], &self.theirs[t]);
        let body = choose(&base.body, &ours.body, &theirs.body);
        let space = choose(base.space, ours.space, theirs.space);
        let kept = |side: &Sentence<'_>, at| (side.space == space).then_some(at);
        Draft {
            piece: Piece::Text(body.to_owned()),
            space,
            others: [longer(ours.space, theirs.space), base.space],
            places: [kept(ours, o), kept(theirs, t)],
        }
    }

    /// A sentence of one side: 0 is ours.
    fn take(&self, at: usize, side: usize) -> Draft<'a> {
        let sentence = if side == 0 {
            &self.ours[at]
        } else {
            &self.theirs[at]
        };
        let mut places = [None, None];
        places[side] = Some(at);
        Draft {
            piece: Piece::Text(sentence.body.to_string()),
            space: sentence.space,
            others: ["", ""],
            places,
        }
    }

    fn clash(
        &self,
        base: &Range<usize>,
        ours: &Range<usize>,
        theirs: &Range<usize>,
        drafts: &mut Vec<Draft<'a>>,
    ) {
        let (mut ours, mut theirs) = (ours.clone(), theirs.clone());
        let alike = |o: usize, t: usize| {
            self.ours[o]
                .body
                .split_whitespace()
                .eq(self.theirs[t].body.split_whitespace())
        };
        // What both say alike at the edges is agreed.
        while !ours.is_empty() && !theirs.is_empty() && alike(ours.start, theirs.start) {
            drafts.push(self.agreed(ours.start, theirs.start));
            ours.start += 1;
            theirs.start += 1;
        }
        let mut tail = Vec::new();
        while !ours.is_empty() && !theirs.is_empty() && alike(ours.end - 1, theirs.end - 1) {
            ours.end -= 1;
            theirs.end -= 1;
            tail.push(self.agreed(ours.end, theirs.end));
        }
        if !(ours.is_empty() && theirs.is_empty()) {
            let last = |side: &[Sentence<'a>], range: &Range<usize>| {
                range.clone().next_back().map_or("", |at| side[at].space)
            };
            let space = longer(last(&self.ours, &ours), last(&self.theirs, &theirs));
            drafts.push(Draft {
                piece: Piece::Clash(Clash {
                    base: say(&self.base, if self.known { base } else { &(0..0) }),
                    ours: say(&self.ours, &ours),
                    theirs: say(&self.theirs, &theirs),
                    space: String::new(),
                }),
                space,
                others: ["", last(&self.base, base)],
                places: [None, None],
            });
        }
        drafts.extend(tail.into_iter().rev());
    }

    fn agreed(&self, o: usize, t: usize) -> Draft<'a> {
        let (ours, theirs) = (&self.ours[o], &self.theirs[t]);
        let space = longer(ours.space, theirs.space);
        let kept = |side: &Sentence<'_>, at| (side.space == space).then_some(at);
        Draft {
            piece: Piece::Text(longer(&ours.body, &theirs.body).to_owned()),
            space,
            others: ["", ""],
            places: [kept(ours, o), kept(theirs, t)],
        }
    }
}

/// Sentences with the white space between them.
fn say(side: &[Sentence<'_>], range: &Range<usize>) -> Option<String> {
    let mut said = String::new();
    for at in range.clone() {
        said.push_str(&side[at].body);
        if at + 1 < range.end {
            said.push_str(side[at].space);
        }
    }
    (!range.is_empty()).then_some(said)
}

/// Who changed it wins; both: the longer, so that the sides can be exchanged.
fn choose<'t>(base: &str, ours: &'t str, theirs: &'t str) -> &'t str {
    if ours == base {
        theirs
    } else if theirs == base {
        ours
    } else {
        longer(ours, theirs)
    }
}

fn longer<'t>(a: &'t str, b: &'t str) -> &'t str {
    if (a.len(), a) >= (b.len(), b) { a } else { b }
}

/// Joins pieces, with white space where sentences meet that never met before.
fn settle(drafts: Vec<Draft<'_>>, (lead, tail): (&str, &str)) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    if !lead.is_empty() {
        pieces.push(Piece::Text(lead.to_owned()));
    }
    let mut drafts = drafts.into_iter().peekable();
    while let Some(Draft {
        piece,
        space,
        others,
        places,
    }) = drafts.next()
    {
        let mut space = space;
        if drafts.peek().is_none() {
            space = tail;
        } else if let Some(next) = drafts.peek().filter(|_| space.is_empty()) {
            let follows = |side: usize| matches!((places[side], next.places[side]), (Some(a), Some(b)) if a + 1 == b);
            if !follows(0) && !follows(1) {
                space = longer(others[0], others[1]);
                if space.is_empty() && !ends_wide(&piece) {
                    space = " ";
                }
            }
        }
        match (piece, pieces.last_mut()) {
            (Piece::Text(text), Some(Piece::Text(last))) => {
                last.push_str(&text);
                last.push_str(space);
            }
            (Piece::Text(text), _) => pieces.push(Piece::Text(text + space)),
            (Piece::Clash(clash), _) => {
                pieces.push(Piece::Clash(Clash {
                    space: space.to_owned(),
                    ..clash
                }));
            }
        }
    }
    pieces
}

/// Whether it ends in a script that puts no blank after a sentence.
fn ends_wide(piece: &Piece) -> bool {
    let text = match piece {
        Piece::Text(text) => text,
        Piece::Clash(clash) => match (&clash.ours, &clash.theirs) {
            (Some(text), _) | (None, Some(text)) => text,
            (None, None) => return true,
        },
    };
    text.chars()
        .next_back()
        .is_some_and(|c| u32::from(c) >= 0x3000)
}

/// The white space before the first and after the last sentence is merged like any other.
fn edges<'a>([base, ours, theirs]: [&Page<'a>; 3]) -> (&'a str, &'a str) {
    let lead = |page: &Page<'a>| page.text.space_before(0);
    let tail = |page: &Page<'a>| match page.text.words.len() {
        0 => "",
        end => page.text.space_before(end),
    };
    (
        choose(lead(base), lead(ours), lead(theirs)),
        choose(tail(base), tail(ours), tail(theirs)),
    )
}
