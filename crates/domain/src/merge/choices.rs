//! Messages out of what is agreed and what people chose.

use super::messages::{Part, Slot, Stake};
use super::{Choice, Conflict, Default, ResolveError, read_role};
use crate::content::{Message, Other, Role};
use crate::diff::parts;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Where in the merged content the conflicts of messages stand.
pub(super) fn places(
    slots: &[Slot],
    stakes: &[Stake],
    conflicts: &[Conflict],
) -> BTreeMap<u32, usize> {
    let mut places = BTreeMap::new();
    let mut at = 0;
    for slot in slots {
        match slot {
            Slot::Placeholder(_) => at += 1,
            Slot::Message { role, text, .. } => {
                let clashes = text.iter().filter_map(|part| match part {
                    Part::Clash(id) => Some(*id),
                    Part::Agreed(_) => None,
                });
                places.extend(clashes.map(|id| (id, at)));
                if let Part::Clash(id) = role {
                    places.insert(*id, at);
                }
                at += 1;
            }
            Slot::Clash(id) => {
                places.insert(*id, at);
                let stake = stakes.get(*id as usize);
                let conflict = conflicts.iter().find(|conflict| conflict.id == *id);
                if let (Some(Stake::Messages { ours, theirs }), Some(conflict)) = (stake, conflict)
                {
                    at += match conflict.default {
                        Default::Ours => ours.len(),
                        Default::Theirs => theirs.len(),
                    };
                }
            }
        }
    }
    places
}

/// Makes messages of slots and choices.
pub(super) fn cook(
    slots: &[Slot],
    stakes: &[Stake],
    choices: &BTreeMap<u32, Choice>,
    conflicts: &[Conflict],
    tree: &Value,
) -> Result<Vec<Message>, ResolveError> {
    let chosen = |id: u32| {
        let standing = match conflicts[id as usize].default {
            Default::Ours => Choice::Ours,
            Default::Theirs => Choice::Theirs,
        };
        choices.get(&id).cloned().unwrap_or(standing)
    };
    let label = |id: u32| conflicts[id as usize].label.clone();
    let mut messages = Vec::new();
    for slot in slots {
        match slot {
            Slot::Placeholder(name) => messages.push(Message::Placeholder { name: name.clone() }),
            Slot::Clash(id) => {
                let Stake::Messages { ours, theirs } = &stakes[*id as usize] else {
                    continue;
                };
                match chosen(*id) {
                    Choice::Ours => messages.extend(ours.iter().cloned()),
                    Choice::Theirs => messages.extend(theirs.iter().cloned()),
                    Choice::Both => messages.extend(ours.iter().chain(theirs).cloned()),
                    Choice::Text { text } => messages.push(rewritten(ours, theirs, text)),
                }
            }
            Slot::Message { role, text, fields } => {
                let role = match role {
                    Part::Agreed(role) => *role,
                    Part::Clash(id) => {
                        let Stake::Role { ours, theirs } = &stakes[*id as usize] else {
                            continue;
                        };
                        match chosen(*id) {
                            Choice::Ours => *ours,
                            Choice::Theirs => *theirs,
                            Choice::Both => return Err(ResolveError::NotBoth(label(*id))),
                            Choice::Text { text } => {
                                read_role(&text).ok_or_else(|| ResolveError::DoesNotFit {
                                    label: label(*id),
                                    reason: "a role is system, developer, user, assistant or tool"
                                        .to_owned(),
                                })?
                            }
                        }
                    }
                };
                let mut written = String::new();
                for part in text {
                    match part {
                        Part::Agreed(text) => written.push_str(text),
                        Part::Clash(id) => {
                            if let Stake::Text {
                                ours,
                                theirs,
                                space,
                            } = &stakes[*id as usize]
                            {
                                write(&mut written, &chosen(*id), [ours, theirs], space);
                            }
                        }
                    }
                }
                let fields = &tree["messages"][fields.to_string()];
                let other = fields.as_object().cloned().unwrap_or_else(Map::new);
                let other = other.into_iter().collect();
                messages.push(Message::Message {
                    role,
                    text: written,
                    other,
                });
            }
        }
    }
    Ok(messages)
}

fn write(written: &mut String, choice: &Choice, [ours, theirs]: [&Option<String>; 2], space: &str) {
    let pieces = match choice {
        Choice::Ours => vec![ours.as_deref()],
        Choice::Theirs => vec![theirs.as_deref()],
        Choice::Both => vec![ours.as_deref(), theirs.as_deref()],
        Choice::Text { text } => vec![Some(text.as_str())],
    };
    let pieces: Vec<&str> = pieces
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect();
    if pieces.is_empty() {
        // Nothing stands here: nor does the white space that would follow it at the end.
        return;
    }
    let wide = pieces[0]
        .chars()
        .next_back()
        .is_some_and(|c| u32::from(c) >= 0x3000);
    let between = match space {
        "" if written.ends_with('\n') => "\n",
        "" if wide => "",
        "" => " ",
        space => space,
    };
    written.push_str(&pieces.join(between));
    written.push_str(space);
}

/// A text that somebody wrote in place of messages, in the role that the first of them has.
fn rewritten(ours: &[Message], theirs: &[Message], text: String) -> Message {
    let role = ours
        .iter()
        .chain(theirs)
        .find_map(|message| parts(message).0);
    Message::Message {
        role: role.unwrap_or(Role::User),
        text,
        other: Other::new(),
    }
}
