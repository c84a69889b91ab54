//! From what happened to sentences and words to segments that a screen draws as they are.
//!
//! The texts of a side's segments, one after the other, are that side's text exactly. White space
//! takes the mark of its neighbours when they agree, and is quiet between a change and what stayed.

use super::edits::{Move, Sheet};
use super::words::{Text, Vocabulary, WordKind};
use super::{Mark, Segment, TextDiff};
use std::ops::Range;

/// What is known of one word of one side.
#[derive(Clone, Copy, Debug)]
struct WordMark {
    mark: Mark,
    /// The number of a move, or 0.
    pair: u32,
    /// The same word on the other side of the same text.
    partner: Option<usize>,
}

/// Segments under construction; neighbours of one mark become one.
#[derive(Debug, Default)]
struct Strip(Vec<Segment>);

impl Strip {
    fn push(&mut self, text: &str, mark: Mark, pair: u32, tag: bool) {
        if text.is_empty() {
            return;
        }
        let pair = (pair > 0).then_some(pair);
        match self.0.last_mut() {
            Some(last) if last.mark == mark && last.pair == pair && !tag && !last.tag => {
                last.text.push_str(text);
            }
            _ => self.0.push(Segment {
                text: text.to_owned(),
                mark,
                pair,
                tag,
            }),
        }
    }

    fn ends_in_space(&self) -> bool {
        self.0
            .last()
            .is_none_or(|last| last.text.ends_with(char::is_whitespace))
    }
}

/// Draws a text that is the same on both sides.
pub(crate) fn draw_same(text: &str) -> TextDiff {
    let strip = draw_one(text, Mark::Same);
    TextDiff {
        old: strip.clone(),
        new: strip.clone(),
        inline: strip,
    }
}

/// A text under one mark, its tags apart.
pub(crate) fn draw_one(text: &str, mark: Mark) -> Vec<Segment> {
    let mut strip = Strip::default();
    let mut from = 0;
    for tag in super::words::whole_tags(text) {
        strip.push(&text[from..tag.start], mark, 0, false);
        from = tag.end;
        strip.push(&text[tag], mark, 0, true);
    }
    strip.push(&text[from..], mark, 0, false);
    strip.0
}

/// Draws both columns and the single one.
pub(crate) fn draw(sheet: &Sheet<'_>, vocabulary: &Vocabulary<'_>) -> TextDiff {
    let (old, new) = marks(sheet);
    TextDiff {
        old: column(&sheet.old.text, &old, &sheet.new.text, vocabulary),
        new: column(&sheet.new.text, &new, &sheet.old.text, vocabulary),
        inline: inline(sheet, &old, &new, vocabulary),
    }
}

fn marks(sheet: &Sheet<'_>) -> (Vec<WordMark>, Vec<WordMark>) {
    let blank = |mark| WordMark {
        mark,
        pair: 0,
        partner: None,
    };
    let mut old = vec![blank(Mark::Cut); sheet.old.text.words.len()];
    let mut new = vec![blank(Mark::Added); sheet.new.text.words.len()];
    let mut keep = |i: usize, j: usize| {
        old[i] = WordMark {
            mark: Mark::Same,
            pair: 0,
            partner: Some(j),
        };
        new[j] = WordMark {
            mark: Mark::Same,
            pair: 0,
            partner: Some(i),
        };
    };
    for link in &sheet.links {
        let a = super::edits::words_of(&sheet.old, &link.old);
        let b = super::edits::words_of(&sheet.new, &link.new);
        match &link.woven {
            None => a.zip(b).for_each(|(i, j)| keep(i, j)),
            Some(woven) => woven.kept.iter().for_each(|(i, j)| keep(*i, *j)),
        }
    }
    let moved = |marks: &mut [WordMark], words: &Range<usize>, moved: &Move, is_old: bool| {
        for at in words.clone() {
            marks[at].pair = moved.pair;
            if moved.woven.is_none() {
                marks[at].mark = Mark::Moved;
            }
        }
        for (i, j) in moved.woven.iter().flat_map(|woven| &woven.kept) {
            marks[if is_old { *i } else { *j }].mark = Mark::Moved;
        }
    };
    for (unit, m) in &sheet.moved_from {
        moved(&mut old, &sheet.old.units[*unit].words, m, true);
    }
    for (unit, m) in &sheet.moved_to {
        moved(&mut new, &sheet.new.units[*unit].words, m, false);
    }
    (old, new)
}

/// The mark of the white space before the word `at`; the end of the text has a place too.
fn space_mark(text: &Text<'_>, marks: &[WordMark], other: &Text<'_>, at: usize) -> (Mark, u32) {
    let left = at.checked_sub(1).map(|before| marks[before]);
    let right = marks.get(at).copied();
    let same = |side: Option<WordMark>| side.is_none_or(|word| word.mark == Mark::Same);
    if same(left) && same(right) {
        let from = left.map_or(Some(0), |word| word.partner.map(|partner| partner + 1));
        let to = right.map_or(Some(other.words.len()), |word| word.partner);
        return match (from, to) {
            (Some(from), Some(to))
                if from == to && other.space_before(to) != text.space_before(at) =>
            {
                (Mark::Spacing, 0)
            }
            _ => (Mark::Same, 0),
        };
    }
    match (left, right) {
        (Some(left), Some(right)) if left.pair == right.pair => {
            let mark = if left.mark == right.mark {
                left.mark
            } else if left.pair > 0 {
                Mark::Moved
            } else {
                Mark::Same
            };
            (mark, left.pair)
        }
        _ => (Mark::Same, 0),
    }
}

/// The mark under which a word is drawn: a tag may have been spaced anew and still be the same.
fn word_mark(text: &Text<'_>, marks: &[WordMark], other: &Text<'_>, at: usize) -> Mark {
    match marks[at] {
        WordMark {
            mark: Mark::Same,
            partner: Some(partner),
            ..
        } if text.word(at) != other.word(partner) => Mark::Spacing,
        WordMark { mark, .. } => mark,
    }
}

fn is_tag(text: &Text<'_>, at: usize, vocabulary: &Vocabulary<'_>) -> bool {
    vocabulary.meaning(text.words[at].id).kind == WordKind::Tag
}

fn column(
    text: &Text<'_>,
    marks: &[WordMark],
    other: &Text<'_>,
    vocabulary: &Vocabulary<'_>,
) -> Vec<Segment> {
    let mut strip = Strip::default();
    for at in 0..=marks.len() {
        let (mark, pair) = space_mark(text, marks, other, at);
        strip.push(text.space_before(at), mark, pair, false);
        if at < marks.len() {
            let tag = is_tag(text, at, vocabulary);
            strip.push(
                text.word(at),
                word_mark(text, marks, other, at),
                marks[at].pair,
                tag,
            );
        }
    }
    strip.0
}

/// One column: everything of the new text in its order, and between it what was taken out.
fn inline(
    sheet: &Sheet<'_>,
    old: &[WordMark],
    new: &[WordMark],
    vocabulary: &Vocabulary<'_>,
) -> Vec<Segment> {
    let mut ink = Inline {
        sheet,
        old,
        new,
        vocabulary,
        strip: Strip::default(),
        at: (0, 0),
    };
    let (mark, _) = space_mark(&sheet.new.text, new, &sheet.old.text, 0);
    ink.strip
        .push(sheet.new.text.space_before(0), mark, 0, false);
    for link in &sheet.links {
        let a = super::edits::words_of(&sheet.old, &link.old);
        let b = super::edits::words_of(&sheet.new, &link.new);
        ink.up_to(a.start, b.start);
        if let Some(woven) = &link.woven {
            for (i, j) in &woven.kept {
                ink.up_to(*i, *j);
                ink.kept();
            }
        } else {
            for _ in a.clone() {
                ink.kept();
            }
        }
        ink.up_to(a.end, b.end);
    }
    ink.up_to(old.len(), new.len());
    ink.strip.0
}

struct Inline<'s, 'a> {
    sheet: &'s Sheet<'a>,
    old: &'s [WordMark],
    new: &'s [WordMark],
    vocabulary: &'s Vocabulary<'a>,
    strip: Strip,
    /// The next word of each side.
    at: (usize, usize),
}

impl Inline<'_, '_> {
    /// First what was taken out, then what was put in.
    fn up_to(&mut self, old: usize, new: usize) {
        while self.at.0 < old {
            self.taken_out();
        }
        while self.at.1 < new {
            self.put_in();
        }
    }

    fn taken_out(&mut self) {
        let (at, text) = (self.at.0, &self.sheet.old.text);
        let WordMark { mark, pair, .. } = self.old[at];
        let mark = if mark == Mark::Moved {
            Mark::MovedAway
        } else {
            mark
        };
        if !self.strip.ends_in_space() {
            self.strip.push(text.space_before(at), mark, pair, false);
        }
        self.strip
            .push(text.word(at), mark, pair, is_tag(text, at, self.vocabulary));
        self.strip
            .push(text.space_before(at + 1), mark, pair, false);
        self.at.0 += 1;
    }

    fn put_in(&mut self) {
        let (at, text, other) = (self.at.1, &self.sheet.new.text, &self.sheet.old.text);
        let mark = word_mark(text, self.new, other, at);
        let tag = is_tag(text, at, self.vocabulary);
        self.strip.push(text.word(at), mark, self.new[at].pair, tag);
        let (mark, pair) = space_mark(text, self.new, other, at + 1);
        self.strip
            .push(text.space_before(at + 1), mark, pair, false);
        self.at.1 += 1;
    }

    fn kept(&mut self) {
        self.at.0 += 1;
        self.put_in();
    }
}
