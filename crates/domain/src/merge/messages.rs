//! Three-way merge of a list of messages, and of each message.

use super::lists::{Chunk, Edit, Side, Who, merge, only_moved};
use super::texts::{self, Piece};
use super::{Kitchen, Place, settings};
use crate::content::{Message, Other, Role};
use crate::diff::{message_label, pair_messages, parts};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// A place among the merged messages.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Slot {
    /// A message, its text in pieces; its unknown fields are in the tree under its number.
    Message {
        role: Part<Role>,
        text: Vec<Part<String>>,
        /// The number of its fields.
        fields: usize,
    },
    /// A placeholder.
    Placeholder(String),
    /// A conflict about whole messages.
    Clash(u32),
}

/// Agreed, or a conflict.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part<T> {
    /// Agreed.
    Agreed(T),
    /// The number of the conflict.
    Clash(u32),
}

/// What is at stake in a conflict.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stake {
    /// A setting, or an unknown field of a message.
    Setting(settings::Clash),
    /// Wordings, and the white space after them.
    Text {
        ours: Option<String>,
        theirs: Option<String>,
        space: String,
    },
    /// Who speaks.
    Role { ours: Role, theirs: Role },
    /// Whole messages.
    Messages {
        ours: Vec<Message>,
        theirs: Vec<Message>,
    },
}

/// How a list of messages became of the base, and which of them moved (base place → side place).
fn side(base: &[Message], messages: &[Message]) -> (Side, BTreeMap<usize, usize>) {
    let pairing = pair_messages(base, messages);
    let mut edits = Vec::new();
    let mut from = (0, 0);
    for (i, j) in pairing
        .stayed
        .iter()
        .copied()
        .chain([(base.len(), messages.len())])
    {
        if from.0 < i || from.1 < j {
            edits.push(Edit {
                base: from.0..i,
                side: from.1..j,
                in_place: false,
            });
        }
        if i < base.len() && j < messages.len() && base[i] != messages[j] {
            edits.push(Edit {
                base: i..i + 1,
                side: j..j + 1,
                in_place: true,
            });
        }
        from = (i + 1, j + 1);
    }
    let moved = pairing
        .pairs
        .iter()
        .filter(|pair| pairing.stayed.binary_search(pair).is_err())
        .copied();
    (Side { edits }, moved.collect())
}

impl Kitchen {
    /// Merges the messages of three versions into slots.
    pub(super) fn messages(&mut self, base: &[Message], ours: &[Message], theirs: &[Message]) {
        if !self.known {
            let (edits, moved) = side(theirs, ours);
            let chunks = merge(theirs.len(), &edits, &Side::default());
            let table = Table {
                base: theirs,
                ours,
                theirs,
            };
            let moved = moved
                .into_iter()
                .filter(|(from, to)| theirs[*from] == ours[*to])
                .collect();
            let settled = only_moved(&chunks, &moved);
            for (chunk, settled) in chunks.into_iter().zip(settled) {
                self.chunk(&table, chunk, settled);
            }
            return;
        }
        let ((mut a, our_moves), (mut b, their_moves)) = (side(base, ours), side(base, theirs));
        let (mut ours, mut theirs) = (ours.to_vec(), theirs.to_vec());
        carry(base, &our_moves, &mut ours, &mut b, &mut theirs);
        carry(base, &their_moves, &mut theirs, &mut a, &mut ours);
        for (from, to) in &our_moves {
            if let Some(other) = their_moves.get(from)
                && (to, &ours[*to]) != (other, &theirs[*other])
            {
                let label = message_label(base, *from, &[base]);
                self.notes.push(format!(
                    "Both moved the {label} message; look whether it is there twice."
                ));
            }
        }
        let chunks = merge(base.len(), &a, &b);
        let table = Table {
            base,
            ours: &ours,
            theirs: &theirs,
        };
        for chunk in chunks {
            self.chunk(&table, chunk, false);
        }
    }

    fn chunk(&mut self, table: &Table<'_>, chunk: Chunk, settled: bool) {
        let Table { base, ours, theirs } = *table;
        match chunk {
            Chunk::Kept(b, o, t) => self.one(&base[b], &ours[o], &theirs[t], table, o),
            Chunk::Changed {
                base: b,
                ours: o,
                theirs: t,
                in_place: true,
                ..
            } => {
                self.one(
                    &base[b.start],
                    &ours[o.start],
                    &theirs[t.start],
                    table,
                    o.start,
                );
            }
            Chunk::Changed {
                who,
                base: b,
                ours: o,
                theirs: t,
                ..
            } => {
                if who == Who::Both || !self.known && !settled {
                    self.clash(table, b, o, t);
                } else {
                    let side = if who == Who::Ours {
                        &ours[o]
                    } else {
                        &theirs[t]
                    };
                    side.iter().for_each(|message| self.whole(message));
                }
            }
        }
    }

    /// A message as it is.
    fn whole(&mut self, message: &Message) {
        let slot = match message {
            Message::Placeholder { name } => Slot::Placeholder(name.clone()),
            Message::Message { role, text, other } => {
                self.fields
                    .push(Value::Object(other.clone().into_iter().collect()));
                Slot::Message {
                    role: Part::Agreed(*role),
                    text: vec![Part::Agreed(text.clone())],
                    fields: self.fields.len() - 1,
                }
            }
        };
        self.slots.push(slot);
    }

    /// One message of all three.
    fn one(
        &mut self,
        base: &Message,
        ours: &Message,
        theirs: &Message,
        table: &Table<'_>,
        at: usize,
    ) {
        if ours == theirs || self.known && theirs == base {
            return self.whole(ours);
        }
        if self.known && ours == base {
            return self.whole(theirs);
        }
        let (
            Message::Message {
                role: b,
                text: before,
                other: b_other,
            },
            Message::Message {
                role: o,
                text: our_text,
                other: o_other,
            },
            Message::Message {
                role: t,
                text: their_text,
                other: t_other,
            },
        ) = (base, ours, theirs)
        else {
            return self.messages_clash(
                if self.known {
                    std::slice::from_ref(base)
                } else {
                    &[]
                },
                vec![ours.clone()],
                vec![theirs.clone()],
                None,
            );
        };
        let label = message_label(table.ours, at, &[table.base, table.ours, table.theirs]);
        let role = if o == t || self.known && t == b {
            Part::Agreed(*o)
        } else if self.known && o == b {
            Part::Agreed(*t)
        } else {
            let shown = [self.known.then_some(*b), Some(*o), Some(*t)]
                .map(|role| role.map(|role| role.as_str().to_owned()));
            let stake = Stake::Role {
                ours: *o,
                theirs: *t,
            };
            Part::Clash(self.conflict(
                Place::Role { message: 0 },
                format!("role of {label}"),
                shown,
                stake,
            ))
        };
        let merged = if self.known {
            texts::three_way(before, our_text, their_text)
        } else {
            texts::two_way(our_text, their_text)
        };
        for sentence in merged.doubled {
            self.notes.push(format!(
                "Both moved “{sentence}” in {label}, to different places; it stands at both."
            ));
        }
        let mut text = Vec::new();
        for piece in merged.pieces {
            text.push(match piece {
                Piece::Text(text) => Part::Agreed(text),
                Piece::Clash(clash) => {
                    let stake = Stake::Text {
                        ours: clash.ours.clone(),
                        theirs: clash.theirs.clone(),
                        space: clash.space,
                    };
                    let shown = [clash.base, clash.ours, clash.theirs];
                    let place = Place::Text { message: 0 };
                    Part::Clash(self.conflict(place, label.clone(), shown, stake))
                }
            });
        }
        let number = self.fields.len();
        let fields = |other: &Other| Value::Object(other.clone().into_iter().collect());
        let mut path = vec!["messages".to_owned(), number.to_string()];
        let mut clashes = Vec::new();
        let merged = settings::merge(
            Some(&fields(b_other)),
            Some(&fields(o_other)),
            Some(&fields(t_other)),
            self.known,
            &mut path,
            &mut clashes,
        );
        self.fields.push(merged.unwrap_or_default());
        for clash in clashes {
            self.setting(clash);
        }
        self.slots.push(Slot::Message {
            role,
            text,
            fields: number,
        });
    }

    fn clash(&mut self, table: &Table<'_>, b: Range<usize>, o: Range<usize>, t: Range<usize>) {
        let (mut o, mut t) = (o, t);
        while !o.is_empty() && !t.is_empty() && table.ours[o.start] == table.theirs[t.start] {
            self.whole(&table.ours[o.start]);
            (o.start, t.start) = (o.start + 1, t.start + 1);
        }
        let mut tail = 0;
        while !o.is_empty() && !t.is_empty() && table.ours[o.end - 1] == table.theirs[t.end - 1] {
            (o.end, t.end, tail) = (o.end - 1, t.end - 1, tail + 1);
        }
        let end = o.end;
        if !(o.is_empty() && t.is_empty()) {
            let base = if self.known {
                &table.base[b.clone()]
            } else {
                &[]
            };
            let alone = self.known && b.len() == 1 && o.len() <= 1 && t.len() <= 1;
            let label = alone.then(|| message_label(table.base, b.start, &[table.base]));
            self.messages_clash(
                base,
                table.ours[o].to_vec(),
                table.theirs[t].to_vec(),
                label,
            );
        }
        for at in end..end + tail {
            self.whole(&table.ours[at]);
        }
    }

    /// `label`: one message, which is known by it; its text alone is shown.
    fn messages_clash(
        &mut self,
        base: &[Message],
        ours: Vec<Message>,
        theirs: Vec<Message>,
        label: Option<String>,
    ) {
        let show = |messages: &[Message]| {
            let told = messages
                .iter()
                .map(|message| match (parts(message), &label) {
                    ((Some(_), text), Some(_)) => text.to_owned(),
                    ((Some(role), text), None) => format!("{}: {text}", role.as_str()),
                    ((None, name), _) => format!("placeholder: {name}"),
                });
            (!messages.is_empty()).then(|| told.collect::<Vec<_>>().join("\n"))
        };
        let shown = [show(base), show(&ours), show(&theirs)];
        let label = label.unwrap_or_else(|| "messages".to_owned());
        let stake = Stake::Messages { ours, theirs };
        let id = self.conflict(Place::Messages { message: 0 }, label, shown, stake);
        self.slots.push(Slot::Clash(id));
    }
}

#[derive(Clone, Copy)]
struct Table<'m> {
    base: &'m [Message],
    ours: &'m [Message],
    theirs: &'m [Message],
}

/// Carries the edits of one side to the places where the other moved those messages.
fn carry(
    base: &[Message],
    moves: &BTreeMap<usize, usize>,
    moved: &mut [Message],
    editor: &mut Side,
    edited: &mut [Message],
) {
    for (from, to) in moves {
        let edit = editor
            .edits
            .iter()
            .position(|edit| edit.in_place && edit.base.start == *from);
        if let Some(at) = edit.filter(|_| moved[*to] == base[*from]) {
            let edit = editor.edits.remove(at);
            moved[*to] = std::mem::replace(&mut edited[edit.side.start], base[*from].clone());
        }
    }
}
