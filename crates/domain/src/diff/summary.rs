//! What changed, in one plain sentence that fits on a line.
//!
//! Settings come first, texts last; what a row says already (a renamed input, a snippet swapped for
//! another) is not told again by the sentences that it touched. The same change gives the same words.

use super::messages::{Row, Rows};
use super::settings::names_in;
use super::weave::SHORT;
use super::words::tags;
use super::{MessageState, SettingChange, SettingGroup, SettingRow};
use crate::content::VersionContent;
use std::collections::BTreeMap;

/// So many changes are told; the others are counted.
const TOLD: usize = 5;
/// A longer quotation is no summary.
const QUOTED: usize = 40;

/// The sentence for everything that differs.
pub(super) fn summarise(
    old: &VersionContent,
    new: &VersionContent,
    messages: &Rows,
    settings: &[SettingRow],
) -> String {
    let mut told = settings_told(settings, old.model.is_some() != new.model.is_some());
    told.extend(messages_told(messages));
    let settings_only = told.len();
    let hush = Hush::of(settings);
    for row in &messages.rows {
        told.extend(text_told(row, &messages.rows, &hush));
    }
    if told.is_empty() {
        return spacing_told(messages, settings);
    }
    if told.len() > TOLD + 1 {
        let rest = told.len() - TOLD;
        // A change of the text is never hidden behind settings.
        let text = told.get(settings_only).cloned();
        told.truncate(TOLD);
        if let Some(text) = text.filter(|_| settings_only >= TOLD) {
            told[TOLD - 1] = text;
        }
        told.push(format!("and {rest} more changes"));
    }
    told.join("; ")
}

fn spacing_told(messages: &Rows, settings: &[SettingRow]) -> String {
    let spaced: Vec<&str> = messages
        .rows
        .iter()
        .filter(|row| row.diff.state == MessageState::Spacing)
        .map(|row| row.diff.label.as_str())
        .collect();
    let quietly = messages
        .rows
        .iter()
        .any(|row| row.diff.state == MessageState::Changed);
    match spaced.as_slice() {
        _ if quietly || !settings.is_empty() => "small changes".to_owned(),
        [] => "No change".to_owned(),
        [one] => format!("only spacing changed in {}", the(one)),
        _ => "only spacing changed".to_owned(),
    }
}

fn the(label: &str) -> String {
    if label == "text" {
        "the text".to_owned()
    } else {
        label.to_owned()
    }
}

/// The rows in words: one piece for each thing.
fn settings_told(rows: &[SettingRow], model_came_or_went: bool) -> Vec<String> {
    let mut things: BTreeMap<(SettingGroup, &str), Vec<&SettingRow>> = BTreeMap::new();
    for row in rows {
        things
            .entry((row.group, row.name.as_str()))
            .or_default()
            .push(row);
    }
    let mut told = Vec::new();
    for row in rows {
        // The first row of a thing tells of all of it.
        let Some(like) = things.remove(&(row.group, row.name.as_str())) else {
            continue;
        };
        match row.group {
            SettingGroup::Parameter if model_came_or_went => {}
            SettingGroup::Input | SettingGroup::Tool => told.push(thing_told(&like)),
            _ => told.push(value_told(row)),
        }
    }
    told
}

fn value_told(row: &SettingRow) -> String {
    let name = match row.group {
        SettingGroup::Include => format!("include `{}`", row.name),
        SettingGroup::Other => format!("`{}`", row.name),
        _ => row.name.clone(),
    };
    let short = |value: &str| value.chars().count() <= 30 && !value.contains('\n');
    match (&row.old, &row.new, row.group) {
        (_, Some(_), SettingGroup::Include) if row.old.is_some() => format!("{name} updated"),
        (None, Some(new), SettingGroup::Parameter | SettingGroup::Model) if short(new) => {
            format!("{name} set to {new}")
        }
        (Some(old), None, SettingGroup::Parameter | SettingGroup::Model) if short(old) => {
            format!("{name} no longer set (was {old})")
        }
        (None, _, _) => format!("{name} added"),
        (_, None, _) => format!("{name} removed"),
        (Some(old), Some(new), _) if short(old) && short(new) => format!("{name} {old} → {new}"),
        _ => format!("{name} changed"),
    }
}

/// An input or a tool with all that changed about it.
fn thing_told(rows: &[&SettingRow]) -> String {
    let row = rows[0];
    let kind = if row.group == SettingGroup::Input {
        "input"
    } else {
        "tool"
    };
    let name = format!("{kind} `{}`", row.name);
    if row.field.is_none() {
        return match (row.change, row.name.as_str()) {
            (SettingChange::Added, _) => format!("{name} added"),
            (SettingChange::Removed, _) => format!("{name} removed"),
            (SettingChange::Renamed, _) => format!(
                "{kind} `{}` renamed to `{}`",
                row.old.as_deref().unwrap_or_default(),
                row.name
            ),
            (SettingChange::Changed, _) => format!("{kind}s reordered"),
        };
    }
    let fields: Vec<&str> = rows.iter().filter_map(|row| row.field.as_deref()).collect();
    if fields.len() > 1 {
        return format!("{name} changed ({})", fields.join(", "));
    }
    let new = row.new.as_deref();
    match (fields[0], row.group) {
        ("type", _) => format!("{name} is now {}", new.unwrap_or_default()),
        ("required", _) => format!("{name} is now {}", new.unwrap_or_default()),
        ("from", SettingGroup::Input) => match new {
            Some(_) if row.old.is_none() => format!("{name} now comes from another prompt"),
            Some(_) => format!("{name} now comes from a different prompt"),
            None => format!("{name} no longer comes from another prompt"),
        },
        ("default", _) => match (row.old.as_deref(), new) {
            (Some(old), Some(new)) if old.len() + new.len() <= QUOTED => {
                format!("default of {name} {old} → {new}")
            }
            (None, _) => format!("default of {name} added"),
            (_, None) => format!("default of {name} removed"),
            _ => format!("default of {name} changed"),
        },
        (field, _) => format!("{field} of {name} changed"),
    }
}

/// Messages that came, went, moved or changed hands.
fn messages_told(messages: &Rows) -> Vec<String> {
    let mut told = Vec::new();
    type Test = fn(&Row) -> bool;
    let verbs: [(&str, Test); 3] = [
        ("added", |row| row.diff.state == MessageState::Added),
        ("removed", |row| row.diff.state == MessageState::Removed),
        ("moved", |row| row.diff.moved),
    ];
    for (verb, test) in verbs {
        let names: Vec<String> = messages
            .rows
            .iter()
            .filter(|row| test(row))
            .map(name)
            .collect();
        match names.as_slice() {
            [] => {}
            [one] if one.starts_with("placeholder") => told.push(format!("{one} {verb}")),
            [one] => told.push(format!("{one} message {verb}")),
            many => told.push(format!("{} messages {verb} ({})", many.len(), listed(many))),
        }
    }
    for row in &messages.rows {
        let (Some(old), Some(new)) = (&row.diff.old, &row.diff.new) else {
            continue;
        };
        if let (Some(before), Some(after)) = (&old.placeholder, &new.placeholder)
            && before != after
        {
            told.push(format!("placeholder `{before}` → `{after}`"));
        }
        if let (Some(before), Some(after)) = (old.role, new.role)
            && before != after
            && row.diff.label != "text"
        {
            told.push(format!(
                "{} message is now {}",
                before.as_str(),
                after.as_str()
            ));
        }
    }
    told
}

/// `user, assistant`; equal names once, with their number.
fn listed(names: &[String]) -> String {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for name in names {
        match counted.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count += 1,
            None => counted.push((name, 1)),
        }
    }
    let shown = counted.into_iter().map(|(name, count)| match count {
        1 => name.to_owned(),
        _ => format!("{count} {name}"),
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn name(row: &Row) -> String {
    let side = row.diff.new.as_ref().or(row.diff.old.as_ref());
    match side {
        Some(side) => match (&side.role, &side.placeholder) {
            (Some(role), _) => role.as_str().to_owned(),
            (None, Some(name)) => format!("placeholder `{name}`"),
            (None, None) => String::new(),
        },
        None => String::new(),
    }
}

/// What happened to the sentences of one message.
fn text_told(row: &Row, rows: &[Row], hush: &Hush) -> Vec<String> {
    let mut told = Vec::new();
    let mut from: BTreeMap<usize, usize> = BTreeMap::new();
    for source in &row.from {
        *from.entry(*source).or_default() += 1;
    }
    let place = the(&row.diff.label);
    for (source, count) in from {
        let source = the(&rows[source].diff.label);
        told.push(format!(
            "{} moved from {source} to {place}",
            counted(count, row.lines)
        ));
    }
    if matches!(row.diff.state, MessageState::Added | MessageState::Removed) {
        return told;
    }
    let counts = row.diff.counts;
    if row.anew && !hush.covers_all(row) {
        told.push(format!("{place} rewritten"));
        return told;
    }
    // Changes that a row has told already don't count.
    let mut changes = row.changes.iter();
    let mut loud = Vec::new();
    let mut changed = 0;
    for count in &row.changed {
        let mine: Vec<_> = changes
            .by_ref()
            .take(*count)
            .filter(|change| !hush.covers(change))
            .collect();
        changed += usize::from(!mine.is_empty());
        loud.extend(mine);
    }
    let (added, removed, rewritten, moved) = (
        counts.added as usize,
        counts.removed as usize,
        counts.rewritten as usize,
        counts.moved as usize,
    );
    if let ([one], 0, false) = (
        loud.as_slice(),
        added + removed + rewritten + moved,
        row.joined,
    ) && let Some(quoted) = quoted(one, &place)
    {
        told.push(quoted);
        return told;
    }
    let touched = row.touched as usize;
    let kinds = [
        (added, "added", "to"),
        (removed, "removed", "from"),
        (changed, "changed", "in"),
        (rewritten, "rewritten", "in"),
        (moved.saturating_sub(touched), "moved", "in"),
        (touched, "moved and changed", "in"),
    ];
    let kinds: Vec<_> = kinds.into_iter().filter(|(count, ..)| *count > 0).collect();
    let preposition = if let [(_, _, only)] = kinds.as_slice() {
        only
    } else {
        "in"
    };
    let pieces: Vec<String> = kinds
        .iter()
        .enumerate()
        .map(|(index, (count, verb, _))| match index {
            0 => format!("{} {verb}", counted(*count, row.lines)),
            _ => format!("{count} {verb}"),
        })
        .collect();
    if !pieces.is_empty() {
        told.push(format!("{} {preposition} {place}", pieces.join(", ")));
    }
    told
}

fn counted(count: usize, lines: bool) -> String {
    let noun = if lines { "line" } else { "sentence" };
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// A change short enough to be quoted.
fn quoted((cut, added): &(String, String), place: &str) -> Option<String> {
    let quote = |text: &str| {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let short = text.chars().count() <= QUOTED && text.split(' ').count() <= SHORT;
        short.then_some(text)
    };
    let (cut, added) = (quote(cut)?, quote(added)?);
    Some(match (cut.is_empty(), added.is_empty()) {
        (false, false) => format!("“{cut}” → “{added}” in {place}"),
        (true, false) => format!("“{added}” added to {place}"),
        (false, true) => format!("“{cut}” removed from {place}"),
        (true, true) => return None,
    })
}

/// Changes of tags that the rows explain.
struct Hush {
    renamed: Vec<(String, String)>,
    included: Vec<String>,
    excluded: Vec<String>,
}

impl Hush {
    fn of(rows: &[SettingRow]) -> Self {
        let includes = |change| {
            rows.iter()
                .filter(|row| row.group == SettingGroup::Include && row.change == change)
                .map(|row| row.name.clone())
                .collect()
        };
        let renamed = rows
            .iter()
            .filter(|row| row.change == SettingChange::Renamed);
        Self {
            renamed: renamed
                .map(|row| (row.old.clone().unwrap_or_default(), row.name.clone()))
                .collect(),
            included: includes(SettingChange::Added),
            excluded: includes(SettingChange::Removed),
        }
    }

    fn covers(&self, (cut, added): &(String, String)) -> bool {
        self.renames(cut, added) || self.includes(cut, added)
    }

    /// A message that was nothing but a covered tag.
    fn covers_all(&self, row: &Row) -> bool {
        let text = |segments: &[super::Segment]| -> String {
            segments
                .iter()
                .map(|segment| segment.text.as_str())
                .collect()
        };
        self.covers(&(text(&row.diff.text.old), text(&row.diff.text.new)))
    }

    fn renames(&self, cut: &str, added: &str) -> bool {
        let (a, b) = (tags(cut), tags(added));
        let only_tags = |text: &str, tags: &[std::ops::Range<usize>]| {
            let mut outside = text.to_owned();
            for tag in tags.iter().rev() {
                outside.replace_range(tag.clone(), "");
            }
            outside.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        !self.renamed.is_empty()
            && !a.is_empty()
            && a.len() == b.len()
            && only_tags(cut, &a) == only_tags(added, &b)
            && a.into_iter()
                .zip(b)
                .all(|(a, b)| self.is_renamed(&cut[a], &added[b]))
    }

    fn is_renamed(&self, old: &str, new: &str) -> bool {
        let (mut olds, mut news) = (names_in(old), names_in(new));
        loop {
            match (olds.next(), news.next()) {
                (None, None) => return true,
                (Some(a), Some(b)) if a == b => {}
                (Some(a), Some(b))
                    if self.renamed.iter().any(|(from, to)| from == a && to == b) => {}
                _ => return false,
            }
        }
    }

    fn includes(&self, cut: &str, added: &str) -> bool {
        let all = |text: &str, names: &[String]| {
            let tags = tags(text);
            let inside: usize = tags.iter().map(|tag| tag.len()).sum();
            let blank = text.chars().filter(|c| c.is_whitespace()).count();
            let in_tags: usize = tags
                .iter()
                .map(|tag| {
                    text[tag.clone()]
                        .chars()
                        .filter(|c| c.is_whitespace())
                        .count()
                })
                .sum();
            text.len() - inside == blank - in_tags
                && tags.iter().all(|tag| {
                    let tag = &text[tag.clone()];
                    let name = tag.split(['"', '\'']).nth(1);
                    names_in(tag).next() == Some("include")
                        && name.is_some_and(|name| names.iter().any(|known| known == name))
                })
        };
        !(cut.is_empty() && added.is_empty())
            && all(cut, &self.excluded)
            && all(added, &self.included)
    }
}
