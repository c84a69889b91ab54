//! The messages of two versions as rows in reading order, with what happened to their sentences.

use super::edits::{Limits, Sheet, Style, plan};
use super::pairing::{Pairing, pair_messages, parts};
use super::{Counts, Detail, MessageDiff, MessageSide, MessageState, draw};
use crate::content::{Kind, Message, VersionContent};
use std::collections::HashMap;

/// A row with what the summary needs to know of it.
#[derive(Debug)]
pub(super) struct Row {
    /// What is shown.
    pub diff: MessageDiff,
    /// Changes within sentences, as words taken out and put in.
    pub changes: Vec<(String, String)>,
    /// Sentences with the number of changes in each.
    pub changed: Vec<usize>,
    /// Moved sentences that were touched up as well.
    pub touched: u32,
    /// Sentences that came from another row, by that row.
    pub from: Vec<usize>,
    /// Every sentence that something happened to is a line.
    pub lines: bool,
    /// A sentence became two, or two one.
    pub joined: bool,
    /// Nothing of the old text is left.
    pub anew: bool,
}

/// The rows of two versions.
#[derive(Debug)]
pub(super) struct Rows {
    /// In reading order.
    pub rows: Vec<Row>,
}

/// Compares the messages of two versions.
pub(super) fn compare(old: &VersionContent, new: &VersionContent, limits: Limits) -> Rows {
    let pairing = pair_messages(&old.messages, &new.messages);
    let order = reading_order(old.messages.len(), new.messages.len(), &pairing);
    let mut texts = Vec::new();
    let mut sheet_of = Vec::with_capacity(order.len());
    for (i, j) in &order {
        let before = i.map_or("", |i| spoken_text(&old.messages[i]));
        let after = j.map_or("", |j| spoken_text(&new.messages[j]));
        let differs = before != after;
        sheet_of.push(differs.then_some(texts.len()));
        if differs {
            texts.push((before, after));
        }
    }
    let plan = plan(
        &texts,
        Style {
            limits,
            joins: true,
        },
    );
    let row_of: Vec<usize> = (0..order.len())
        .filter(|row| sheet_of[*row].is_some())
        .collect();
    let rows = order
        .iter()
        .zip(&sheet_of)
        .map(|((i, j), sheet)| {
            let moved = matches!((i, j), (Some(i), Some(j)) if pairing.stayed.binary_search(&(*i, *j)).is_err());
            let mut row = Row {
                diff: bare_row(old, new, *i, *j, moved),
                changes: Vec::new(),
                changed: Vec::new(),
                touched: 0,
                from: Vec::new(),
                lines: true,
                joined: false,
                anew: false,
            };
            match sheet {
                Some(index) => {
                    let sheet = &plan.sheets[*index];
                    row.diff.text = draw::draw(sheet, &plan.vocabulary);
                    row.read(*index, sheet, &row_of);
                }
                None => {
                    let text = i.map_or("", |i| spoken_text(&old.messages[i]));
                    row.diff.text = draw::draw_same(text);
                }
            }
            row.settle();
            row
        })
        .collect();
    Rows { rows }
}

fn spoken_text(message: &Message) -> &str {
    match message {
        Message::Message { text, .. } => text,
        Message::Placeholder { .. } => "",
    }
}

type Places = (Option<usize>, Option<usize>);

/// New order; what was removed stands after what it followed.
fn reading_order(old: usize, new: usize, pairing: &Pairing) -> Vec<Places> {
    let partner: HashMap<usize, usize> = pairing.pairs.iter().map(|(i, j)| (*j, *i)).collect();
    let gone = |i: &usize| {
        pairing
            .pairs
            .binary_search_by_key(i, |pair| pair.0)
            .is_err()
    };
    let mut order = Vec::new();
    let mut from = (0, 0);
    for (i, j) in pairing.stayed.iter().copied().chain([(old, new)]) {
        order.extend((from.0..i).filter(gone).map(|i| (Some(i), None)));
        order.extend((from.1..j).map(|j| (partner.get(&j).copied(), Some(j))));
        if i < old && j < new {
            order.push((Some(i), Some(j)));
        }
        from = (i + 1, j + 1);
    }
    order
}

fn bare_row(
    old: &VersionContent,
    new: &VersionContent,
    i: Option<usize>,
    j: Option<usize>,
    moved: bool,
) -> MessageDiff {
    let side = |messages: &[Message], at: Option<usize>| {
        at.map(|at| {
            let (role, text) = parts(&messages[at]);
            MessageSide {
                index: u32::try_from(at).unwrap_or(u32::MAX),
                role,
                placeholder: role.is_none().then(|| text.to_owned()),
            }
        })
    };
    let (before, after) = (side(&old.messages, i), side(&new.messages, j));
    let state = match (&before, &after) {
        (None, _) => MessageState::Added,
        (_, None) => MessageState::Removed,
        (Some(a), Some(b)) if a.role != b.role || a.placeholder != b.placeholder => {
            MessageState::Changed
        }
        _ => MessageState::Same,
    };
    MessageDiff {
        label: label(old, new, i, j),
        state,
        moved,
        old: before,
        new: after,
        text: super::TextDiff::default(),
        counts: Counts::default(),
        detail: Detail::Words,
    }
}

/// `system`, or `user 2` where there are several, or `text` where there is but one text.
fn label(old: &VersionContent, new: &VersionContent, i: Option<usize>, j: Option<usize>) -> String {
    let (content, at) = match (i, j) {
        (_, Some(j)) => (new, j),
        (Some(i), _) => (old, i),
        (None, None) => return String::new(),
    };
    if new.kind == Kind::Text && old.kind == Kind::Text && content.messages.len() == 1 {
        return "text".to_owned();
    }
    message_label(&content.messages, at, &[&old.messages, &new.messages])
}

/// What people call a message among its like.
pub(crate) fn message_label(messages: &[Message], at: usize, all: &[&[Message]]) -> String {
    let (role, name) = parts(&messages[at]);
    let Some(role) = role else {
        return format!("placeholder {name}");
    };
    let same = |message: &&Message| parts(message).0 == Some(role);
    if all
        .iter()
        .all(|messages| messages.iter().filter(same).count() <= 1)
    {
        role.as_str().to_owned()
    } else {
        format!(
            "{} {}",
            role.as_str(),
            messages[..=at].iter().filter(same).count()
        )
    }
}

impl Row {
    /// Counts what happened to the sentences of a sheet.
    fn read(&mut self, index: usize, sheet: &Sheet<'_>, row_of: &[usize]) {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let counts = &mut self.diff.counts;
        for link in &sheet.links {
            let Some(woven) = &link.woven else { continue };
            self.changed.push(woven.changes.len());
            self.joined |= link.old.len() + link.new.len() > 2;
            self.lines &= sheet.new.units[link.new.clone()]
                .iter()
                .all(|unit| unit.line);
            for (cut, added) in &woven.changes {
                self.changes.push((
                    sheet.old.text.phrase(cut.clone()).to_owned(),
                    sheet.new.text.phrase(added.clone()).to_owned(),
                ));
            }
        }
        counts.changed = count(self.changed.len());
        for (olds, news) in sheet.gaps() {
            let still_old: Vec<_> = olds
                .filter(|unit| !sheet.moved_from.contains_key(unit))
                .collect();
            let still_new: Vec<_> = news
                .filter(|unit| !sheet.moved_to.contains_key(unit))
                .collect();
            self.lines &= still_old.iter().all(|unit| sheet.old.units[*unit].line)
                && still_new.iter().all(|unit| sheet.new.units[*unit].line);
            let (cut, put) = (count(still_old.len()), count(still_new.len()));
            let anew = cut.min(put);
            counts.rewritten += anew;
            counts.removed += cut - anew;
            counts.added += put - anew;
        }
        for (unit, moved) in &sheet.moved_to {
            self.lines &= sheet.new.units[*unit].line;
            if moved.other.0 == index {
                counts.moved += 1;
                self.touched += u32::from(moved.woven.is_some());
            } else {
                self.from.push(row_of[moved.other.0]);
            }
        }
        self.anew = counts.rewritten > 0
            && sheet.moved_from.is_empty()
            && sheet.moved_to.is_empty()
            && sheet.links.is_empty();
        if sheet.coarse {
            self.diff.detail = Detail::Sentences;
        }
    }

    /// The state that follows from the marks.
    fn settle(&mut self) {
        if self.diff.state != MessageState::Same {
            return;
        }
        let segments = self.diff.text.old.iter().chain(&self.diff.text.new);
        let loud = |mark| !matches!(mark, super::Mark::Same | super::Mark::Spacing);
        let mut spacing = false;
        for segment in segments {
            if loud(segment.mark) {
                self.diff.state = MessageState::Changed;
                return;
            }
            spacing |= segment.mark == super::Mark::Spacing;
        }
        if spacing {
            self.diff.state = MessageState::Spacing;
        }
    }
}
