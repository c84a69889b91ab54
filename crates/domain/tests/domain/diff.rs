//! Comparison: the table of edits that people marked, and what must hold for any two contents.

use crate::edits_table::{Case, MessageCase, Piece, cases};
use domain::diff::{
    ContentDiff, Detail, Limits, Mark, MessageDiff, MessageState, Segment, SettingGroup, compare,
    compare_texts,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use unicode_segmentation::UnicodeSegmentation;

#[test]
fn marks_what_people_marked() {
    let all = cases("diff");
    assert!(all.len() >= 40);
    let wrong: Vec<String> = all
        .iter()
        .filter_map(|case| {
            let (old, new) = case.versions();
            let diff = compare(&old, &new, Limits::default());
            let wrong = disagreements(case, &diff);
            (!wrong.is_empty()).then(|| format!("## {}\n{}", case.name, wrong.join("\n")))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        all.len(),
        wrong.join("\n\n")
    );
}

fn disagreements(case: &Case, diff: &ContentDiff) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |what: &str, expected: String, found: String| {
        if expected != found {
            wrong.push(format!("{what}\n  expected {expected}\n  found    {found}"));
        }
    };
    expect("summary", case.summary.clone(), diff.summary.clone());
    let detail = if diff.detail == Detail::Words {
        "words"
    } else {
        "sentences"
    };
    expect("detail", case.detail.clone(), detail.to_owned());
    let rows: Vec<String> = diff
        .settings
        .iter()
        .map(|row| {
            let group = match row.group {
                SettingGroup::Kind => "kind",
                SettingGroup::Model => "model",
                SettingGroup::Parameter => "parameter",
                SettingGroup::Input => "input",
                SettingGroup::Tool => "tool",
                SettingGroup::Schema => "schema",
                SettingGroup::Include => "include",
                SettingGroup::Other => "other",
            };
            let field = row
                .field
                .as_ref()
                .map(|field| format!(".{field}"))
                .unwrap_or_default();
            let shown = |side: &Option<String>| side.clone().unwrap_or_else(|| "∅".to_owned());
            format!(
                "{group} {}{field} | {} | {}",
                row.name,
                shown(&row.old),
                shown(&row.new)
            )
        })
        .collect();
    if !case.rows.is_empty() {
        expect(
            "rows",
            case.rows.join("\n           "),
            rows.join("\n           "),
        );
    }
    // A moved message is one row, at its new place.
    let shown: Vec<&MessageCase> = case
        .messages
        .iter()
        .filter(|message| message.moved.is_none() || message.new_role.is_some())
        .collect();
    expect(
        "messages",
        shown.len().to_string(),
        diff.messages.len().to_string(),
    );
    let mut pairs = BTreeMap::new();
    for (message, found) in shown.iter().zip(&diff.messages) {
        expect(
            "moved",
            message.moved.is_some().to_string(),
            found.moved.to_string(),
        );
        expect("state", state(message), format!("{:?}", found.state));
        if message.moved.is_some() {
            continue;
        }
        let sides = [
            (Piece::in_old as fn(&Piece) -> bool, &found.text.old, "left"),
            (Piece::in_new, &found.text.new, "right"),
        ];
        for (side, segments, name) in sides {
            let expected = expected_marks(message.pieces.iter().filter(|piece| side(piece)));
            let found = found_marks(segments, &mut pairs);
            expect(
                &format!("{name} {}", message.new_role.as_deref().unwrap_or("")),
                expected,
                found,
            );
        }
    }
    wrong
}

fn state(message: &MessageCase) -> String {
    let has = |marks: &[&str]| {
        message
            .pieces
            .iter()
            .any(|p| marks.contains(&p.mark.as_str()))
    };
    let state = match (&message.old_role, &message.new_role) {
        _ if message.moved.is_some() => MessageState::Same,
        (None, _) => MessageState::Added,
        (_, None) => MessageState::Removed,
        (Some(old), Some(new)) if old != new => MessageState::Changed,
        _ if has(&["cut", "added", "moved-from", "moved-to"]) => MessageState::Changed,
        _ if has(&["old-space", "new-space"]) => MessageState::Spacing,
        _ => MessageState::Same,
    };
    format!("{state:?}")
}

/// Marks as text without the white space at their edges, which may fall on either side.
fn expected_marks<'a>(pieces: impl Iterator<Item = &'a Piece>) -> String {
    written(pieces.map(|piece| {
        let mark = match piece.mark.as_str() {
            "old-space" | "new-space" => "spacing",
            "moved-from" | "moved-to" => "moved",
            other => other,
        };
        (piece.text.as_str(), mark, piece.pair.clone())
    }))
}

fn found_marks(segments: &[Segment], pairs: &mut BTreeMap<u32, usize>) -> String {
    let mut seen = Vec::new();
    for segment in segments {
        let pair = segment.pair.map(|pair| {
            let next = pairs.len() + 1;
            pairs.entry(pair).or_insert(next).to_string()
        });
        let mark = match segment.mark {
            Mark::Same => "same",
            Mark::Cut => "cut",
            Mark::Added => "added",
            Mark::Moved => "moved",
            Mark::MovedAway => "moved away",
            Mark::Spacing => "spacing",
        };
        seen.push((segment.text.as_str(), mark, pair));
    }
    written(seen.into_iter())
}

fn written<'a>(pieces: impl Iterator<Item = (&'a str, &'a str, Option<String>)>) -> String {
    let mut joined: Vec<(String, String)> = Vec::new();
    for (text, mark, pair) in pieces {
        let mark = pair.map_or(mark.to_owned(), |pair| format!("{mark} {pair}"));
        let blank = text.trim().is_empty();
        if blank && mark != "spacing" {
            continue;
        }
        let text = if mark == "spacing" { text } else { text.trim() };
        match joined.last_mut() {
            Some((last, last_text)) if *last == mark && mark != "spacing" => {
                last_text.push(' ');
                last_text.push_str(text);
            }
            _ => joined.push((mark, text.to_owned())),
        }
    }
    let shown = joined.into_iter().map(|(mark, text)| {
        let text = if mark == "spacing" {
            format!("{text:?}")
        } else {
            text
        };
        let text = text.split_whitespace().collect::<String>();
        if mark == "same" {
            text
        } else {
            format!("<{mark}: {text}>")
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn joined(segments: &[Segment]) -> String {
    segments
        .iter()
        .map(|segment| segment.text.as_str())
        .collect()
}

fn holds_its_promises(old: &str, new: &str) {
    let diff = compare_texts(old, new, Limits::default());
    assert_eq!(joined(&diff.old), old, "the left column is the old text");
    assert_eq!(joined(&diff.new), new, "the right column is the new text");
    let read: String = diff
        .inline
        .iter()
        .filter(|segment| !matches!(segment.mark, Mark::Cut | Mark::MovedAway))
        .map(|segment| segment.text.as_str())
        .collect();
    assert_eq!(read, new, "the single column reads as the new text");
}

#[test]
fn columns_are_the_texts_in_every_case() {
    for case in cases("diff") {
        let (old, new) = case.versions();
        let diff = compare(&old, &new, Limits::default());
        let text = |side: &domain::content::Message| match side {
            domain::content::Message::Message { text, .. } => text.clone(),
            domain::content::Message::Placeholder { .. } => String::new(),
        };
        let rows = |index: fn(&MessageDiff) -> Option<u32>| {
            diff.messages
                .iter()
                .filter_map(move |m| Some((index(m)?, m)))
                .collect::<BTreeMap<_, _>>()
        };
        let olds = rows(|m| m.old.as_ref().map(|side| side.index));
        let news = rows(|m| m.new.as_ref().map(|side| side.index));
        assert_eq!(
            (olds.len(), news.len()),
            (old.messages.len(), new.messages.len())
        );
        for (message, (_, row)) in old.messages.iter().zip(&olds) {
            assert_eq!(joined(&row.text.old), text(message), "{}", case.name);
        }
        for (message, (_, row)) in new.messages.iter().zip(&news) {
            assert_eq!(joined(&row.text.new), text(message), "{}", case.name);
            holds_its_promises(&joined(&row.text.old), &joined(&row.text.new));
        }
    }
}

/// Places in a text where no mark may begin or end.
fn seams(segments: &[Segment]) -> Vec<usize> {
    let mut at = 0;
    let mut seams = Vec::new();
    for segment in segments {
        at += segment.text.len();
        seams.push(at);
    }
    seams
}

fn splits_nothing(text: &str, segments: &[Segment]) {
    let edges: BTreeSet<usize> = text
        .grapheme_indices(true)
        .map(|(at, _)| at)
        .chain([text.len()])
        .collect();
    for seam in seams(segments) {
        assert!(
            edges.contains(&seam),
            "a character is cut at {seam} in {text:?}"
        );
    }
    for segment in segments.iter().filter(|segment| segment.tag) {
        assert!(segment.text.contains('{'), "{segment:?}");
    }
    for tag in text.match_indices("{{ name }}").map(|(at, _)| at) {
        let inside = |seam: &usize| *seam > tag && *seam < tag + "{{ name }}".len();
        assert!(
            !seams(segments).iter().any(inside),
            "a tag is cut in {text:?}"
        );
    }
}

/// Pieces of which prompts are made, and pieces that break careless readers of text.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(vec![
            "Answer briefly. ", "Be kind. ", "Never ask for a PIN. ", "the card ", "and ", "you ",
            "{{ name }} ", "{% include \"tone\" %}\n", "- item\n", "1. First.\n", "\n\n", " ", "\r\n",
            "请用礼貌的语气。", "👍🏽", "🇩🇪", "é", "e\u{301}", "{{", "}}", "{%", "\"", "\u{600}", "אב ",
            "https://desk.example/a. ", "etc. ",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..30).prop_map(|pieces| pieces.concat())
}

/// A text and an edit of it: pieces dropped, doubled, put in and carried elsewhere.
fn edit() -> impl Strategy<Value = (String, String)> {
    (
        prop::collection::vec(piece(), 0..30),
        prop::collection::vec((0..4_u8, any::<prop::sample::Index>(), piece()), 0..6),
    )
        .prop_map(|(pieces, edits)| {
            let old = pieces.concat();
            let mut new = pieces;
            for (what, at, piece) in edits {
                let at = at.index(new.len() + 1);
                match what {
                    0 if at < new.len() => drop(new.remove(at)),
                    1 => new.insert(at, piece),
                    2 if at < new.len() => {
                        let moved = new.remove(at);
                        new.insert(0, moved);
                    }
                    _ if at < new.len() => new[at] = piece,
                    _ => {}
                }
            }
            (old, new.concat())
        })
}

proptest! {
    #[test]
    fn the_columns_are_the_texts((old, new) in prop_oneof![edit(), (text(), text())]) {
        holds_its_promises(&old, &new);
        let diff = compare_texts(&old, &new, Limits::default());
        splits_nothing(&old, &diff.old);
        splits_nothing(&new, &diff.new);
        for segment in &diff.old {
            prop_assert!(!matches!(segment.mark, Mark::Added | Mark::MovedAway), "{segment:?}");
        }
        for segment in &diff.new {
            prop_assert!(!matches!(segment.mark, Mark::Cut | Mark::MovedAway), "{segment:?}");
        }
    }

    #[test]
    fn moved_text_stands_on_both_sides((old, new) in edit()) {
        let diff = compare_texts(&old, &new, Limits::default());
        let pairs = |segments: &[Segment]| -> BTreeSet<u32> {
            segments.iter().filter_map(|segment| segment.pair).collect()
        };
        prop_assert_eq!(pairs(&diff.old), pairs(&diff.new));
    }

    #[test]
    fn nothing_differs_from_itself(text in text()) {
        let diff = compare_texts(&text, &text.clone(), Limits::default());
        prop_assert!(diff.old.iter().chain(&diff.new).all(|segment| segment.mark == Mark::Same));
        let content = domain::VersionContent::text(text);
        let diff = compare(&content, &content, Limits::default());
        prop_assert!(diff.equal);
        prop_assert_eq!(diff.summary, "No change");
    }

    #[test]
    fn with_no_work_allowed_it_is_still_true((old, new) in edit()) {
        let none = Limits { sentence_pairs: 0, word_pairs: 0 };
        let diff = compare_texts(&old, &new, none);
        prop_assert_eq!(joined(&diff.old), old);
        prop_assert_eq!(joined(&diff.new), new);
    }

    #[test]
    fn it_says_no_change_only_when_nothing_changed((old, new) in edit()) {
        let (a, b) = (domain::VersionContent::text(old.clone()), domain::VersionContent::text(new.clone()));
        let diff = compare(&a, &b, Limits::default());
        prop_assert_eq!(diff.equal, old == new);
        prop_assert_eq!(diff.summary == "No change", old == new, "{}", diff.summary);
        prop_assert_ne!(diff.summary, "small changes");
    }
}

#[test]
fn says_when_it_looked_at_sentences_only() {
    let sentences = |word: &str| -> String {
        (0..400)
            .map(|n| format!("The {word}{n} of {word}{n} is {word}{n} by day. "))
            .collect()
    };
    let content = |text: String| domain::VersionContent::text(text);
    let diff = compare(
        &content(sentences("alpha")),
        &content(sentences("omega")),
        Limits::default(),
    );
    assert_eq!(diff.detail, Detail::Sentences);
    assert_eq!(diff.messages[0].detail, Detail::Sentences);
    assert_eq!(diff.summary, "the text rewritten");
}
