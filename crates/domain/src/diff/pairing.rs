//! Which message became which.
//!
//! [`pair_messages`] matches equal messages first, then alike ones of one role, then those that stand
//! at the same place, and last those that may have changed their role.

use super::align::{Bag, equal_in_order, heaviest_in_order};
use super::words::Vocabulary;
use crate::content::{Message, Role};
use std::collections::HashMap;

/// Which message became which.
#[derive(Debug, Default)]
pub(crate) struct Pairing {
    /// Old and new place, by old place.
    pub pairs: Vec<(usize, usize)>,
    /// Those of them that kept their order.
    pub stayed: Vec<(usize, usize)>,
}

impl Pairing {
    fn add(&mut self, old: &[Message], more: impl IntoIterator<Item = (usize, usize)>) {
        self.pairs.extend(more);
        self.pairs.sort_unstable();
        let weighted: Vec<(usize, usize, u64)> = self
            .pairs
            .iter()
            .map(|(i, j)| (*i, *j, parts(&old[*i]).1.len() as u64 + 1))
            .collect();
        self.stayed = heaviest_in_order(&weighted);
    }

    fn loose(&self, old: &[Message], new: &[Message]) -> (Vec<usize>, Vec<usize>) {
        let mut olds = vec![true; old.len()];
        let mut news = vec![true; new.len()];
        for (i, j) in &self.pairs {
            olds[*i] = false;
            news[*j] = false;
        }
        let places = |loose: Vec<bool>| {
            loose
                .into_iter()
                .enumerate()
                .filter(|(_, yes)| *yes)
                .map(|(at, _)| at)
                .collect()
        };
        (places(olds), places(news))
    }
}

/// The role and the text of a message; for a placeholder its name.
pub(crate) fn parts(message: &Message) -> (Option<Role>, &str) {
    match message {
        Message::Message { role, text, .. } => (Some(*role), text),
        Message::Placeholder { name } => (None, name),
    }
}

/// Equal for messages that say the same in the same role.
fn key(message: &Message) -> (Option<&'static str>, &str) {
    let (role, text) = parts(message);
    (role.map(Role::as_str), text)
}

/// Matches the messages of two versions.
pub(crate) fn pair_messages(old: &[Message], new: &[Message]) -> Pairing {
    let mut pairing = Pairing::default();
    let mut ids: HashMap<(Option<&str>, &str), u32> = HashMap::new();
    for message in old.iter().chain(new) {
        let next = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        ids.entry(key(message)).or_insert(next);
    }
    let items = |messages: &[Message]| -> Vec<(u32, u64)> {
        messages
            .iter()
            .map(|message| (ids[&key(message)], parts(message).1.len() as u64 + 1))
            .collect()
    };
    let (old_items, new_items) = (items(old), items(new));
    pairing.add(old, equal_in_order(&old_items, &new_items));

    // Equal messages that changed places.
    let (olds, news) = pairing.loose(old, new);
    let mut places: HashMap<u32, std::collections::VecDeque<usize>> = HashMap::new();
    for j in news {
        places.entry(new_items[j].0).or_default().push_back(j);
    }
    let moved: Vec<(usize, usize)> = olds
        .into_iter()
        .filter(|i| !parts(&old[*i]).1.trim().is_empty())
        .filter_map(|i| Some((i, places.get_mut(&old_items[i].0)?.pop_front()?)))
        .collect();
    pairing.add(old, moved);

    let in_role = alike(old, new, &pairing, true);
    pairing.add(old, in_role);
    let same_place = same_place(old, new, &pairing);
    pairing.add(old, same_place);
    // Only what has no counterpart in its own role may have changed its role.
    let across_roles = alike(old, new, &pairing, false);
    pairing.add(old, across_roles);
    pairing
}

/// Messages of like texts, the likest first.
fn alike<'m>(
    old: &'m [Message],
    new: &'m [Message],
    pairing: &Pairing,
    in_role: bool,
) -> Vec<(usize, usize)> {
    const MOST: usize = 10_000;
    let (olds, news) = pairing.loose(old, new);
    if olds.len() * news.len() > MOST {
        return Vec::new();
    }
    let gaps = Gaps::of(&pairing.stayed);
    if let (&[i], &[j]) = (olds.as_slice(), news.as_slice())
        && in_role
        && gaps.of_old(i) == gaps.of_new(j)
    {
        // One against one at one place needs no counting of words.
        return Vec::new();
    }
    let mut vocabulary = Vocabulary::default();
    let mut bags = |messages: &'m [Message], places: &[usize]| -> Vec<(usize, Role, Bag)> {
        let spoken = places.iter().filter_map(|at| {
            let (role, text) = parts(&messages[*at]);
            let text = vocabulary.read(text);
            Some((*at, role?, Bag::of(&text, 0..text.words.len(), &vocabulary)))
        });
        spoken.collect()
    };
    let (old_bags, new_bags) = (bags(old, &olds), bags(new, &news));
    let mut likely: Vec<(u32, usize, usize)> = Vec::new();
    for (i, role, bag) in &old_bags {
        for (j, other_role, other) in &new_bags {
            if (role == other_role) != in_role {
                continue;
            }
            let likeness = bag.likeness(other);
            if likeness >= if in_role { 350 } else { 700 } {
                let same_gap = if gaps.of_old(*i) == gaps.of_new(*j) {
                    200
                } else {
                    0
                };
                likely.push((likeness + same_gap, *i, *j));
            }
        }
    }
    likely.sort_unstable_by_key(|(score, i, j)| (u32::MAX - score, *i, *j));
    let (mut taken_old, mut taken_new) = (vec![false; old.len()], vec![false; new.len()]);
    likely
        .into_iter()
        .filter(|(_, i, j)| {
            let free = !taken_old[*i] && !taken_new[*j];
            if free {
                (taken_old[*i], taken_new[*j]) = (true, true);
            }
            free
        })
        .map(|(_, i, j)| (i, j))
        .collect()
}

/// Messages of one role between the same neighbours, or the only ones of their role.
fn same_place(old: &[Message], new: &[Message], pairing: &Pairing) -> Vec<(usize, usize)> {
    let (olds, news) = pairing.loose(old, new);
    let gaps = Gaps::of(&pairing.stayed);
    let role = |message: &Message| key(message).0;
    let mut by_place: HashMap<_, (Vec<usize>, Vec<usize>)> = HashMap::new();
    for i in &olds {
        by_place
            .entry((gaps.of_old(*i), role(&old[*i])))
            .or_default()
            .0
            .push(*i);
    }
    for j in &news {
        by_place
            .entry((gaps.of_new(*j), role(&new[*j])))
            .or_default()
            .1
            .push(*j);
    }
    let mut pairs: Vec<(usize, usize)> = by_place
        .into_values()
        .filter(|(olds, news)| olds.len() == news.len())
        .flat_map(|(olds, news)| olds.into_iter().zip(news))
        .collect();
    let only = |messages: &[Message]| -> HashMap<&'static str, usize> {
        let mut counts: HashMap<&'static str, usize> = HashMap::new();
        for role in messages.iter().filter_map(role) {
            *counts.entry(role).or_default() += 1;
        }
        counts.retain(|_, count| *count == 1);
        counts
    };
    let (only_old, only_new) = (only(old), only(new));
    for name in only_old.keys().filter(|name| only_new.contains_key(*name)) {
        let mine = |messages: &[Message], places: &[usize]| {
            places
                .iter()
                .copied()
                .find(|at| role(&messages[*at]) == Some(*name))
        };
        if let (Some(i), Some(j)) = (mine(old, &olds), mine(new, &news))
            && !pairs.iter().any(|pair| pair.0 == i || pair.1 == j)
        {
            pairs.push((i, j));
        }
    }
    // A text has one message; whatever its role is called, it is the same one.
    if let (&[i], &[j]) = (olds.as_slice(), news.as_slice())
        && pairs.is_empty()
        && old.len() == 1
        && new.len() == 1
        && role(&old[i]).is_some() == role(&new[j]).is_some()
    {
        pairs.push((i, j));
    }
    pairs
}

/// The gaps between messages that stayed, numbered.
struct Gaps<'p>(&'p [(usize, usize)]);

impl<'p> Gaps<'p> {
    fn of(stayed: &'p [(usize, usize)]) -> Self {
        Self(stayed)
    }

    fn of_old(&self, at: usize) -> usize {
        self.0.partition_point(|(i, _)| *i < at)
    }

    fn of_new(&self, at: usize) -> usize {
        self.0.partition_point(|(_, j)| *j < at)
    }
}
