//! A text as sentences: the units that people move, rewrite and count.
//!
//! [`Unit`] is a sentence, or a line where lines carry the sense (lists, code, labels). A line feed
//! inside a wrapped paragraph is no border, so wrapping anew leaves the units as they were.
//! Units don't know a language; they know full stops, lines and what opens a list.

use super::words::{Text, Vocabulary};
use std::collections::HashMap;
use std::ops::Range;

/// A longer unit is cut at a place that its words decide: text without full stops stays comparable.
const LONGEST: usize = 240;
/// A line of this width that ends in the middle of a sentence was wrapped, not ended.
const WRAPPED_WIDTH: usize = 50;

/// A sentence or a line.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    /// Its words.
    pub words: Range<usize>,
    /// Equal for units of equal words.
    pub id: u32,
    /// What its words weigh together.
    pub weight: u32,
    /// It has a line for itself, and is an item of a list or ends without a full stop.
    pub line: bool,
}

/// Numbers for equal units, the same in every text of one comparison.
#[derive(Debug, Default)]
pub(crate) struct Sentences {
    ids: HashMap<Box<[u32]>, u32>,
}

impl Sentences {
    /// Cuts a text into units.
    pub fn read(&mut self, text: &Text<'_>, vocabulary: &Vocabulary<'_>) -> Vec<Unit> {
        let mut units = Vec::new();
        for words in borders(text) {
            let ids: Box<[u32]> = text.words[words.clone()]
                .iter()
                .map(|word| word.id)
                .collect();
            let weight = ids.iter().map(|id| vocabulary.meaning(*id).weight).sum();
            let opens = words.start == 0 || feeds(text.space_before(words.start)) > 0;
            let closes = words.end == text.words.len() || feeds(text.space_before(words.end)) > 0;
            let line = opens
                && closes
                && (opens_line(text, words.start) || !ends_sentence(text, words.clone()));
            let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
            let id = *self.ids.entry(ids).or_insert(next);
            units.push(Unit {
                words,
                id,
                weight,
                line,
            });
        }
        units
    }
}

/// The units of a text as ranges of its words.
fn borders(text: &Text<'_>) -> Vec<Range<usize>> {
    let mut units = Vec::new();
    let mut start = 0;
    let mut line = Line { first: 0, width: 0 };
    for index in 0..text.words.len() {
        let after = index + 1;
        line.width += width(text.word(index)) + usize::from(index > line.first);
        if after == text.words.len() {
            break;
        }
        let space = text.space_before(after);
        let feeds = feeds(space);
        let ends = match feeds {
            0 => ends_within_line(text, start, index, space),
            1 => !runs_on(text, start, index, &line),
            _ => true,
        };
        // Cut by the word, not by counting: an edit far above must not shift every later cut.
        let here = text.words[index].id.wrapping_mul(0x9E37_79B1) >> 28 == 0;
        let long = after - start >= if here { LONGEST / 2 } else { LONGEST };
        if ends || long {
            units.push(start..after);
            start = after;
        }
        if feeds > 0 {
            line = Line {
                first: after,
                width: 0,
            };
        }
    }
    if start < text.words.len() {
        units.push(start..text.words.len());
    }
    units
}

/// The line that is being read.
struct Line {
    first: usize,
    width: usize,
}

fn width(word: &str) -> usize {
    // Ideographs are twice as wide as letters, and three bytes long.
    if word.is_ascii() {
        word.len()
    } else {
        word.chars().count() * 2
    }
}

fn feeds(space: &str) -> usize {
    let feeds = space.matches('\n').count();
    if feeds == 0 {
        space.matches('\r').count()
    } else {
        feeds
    }
}

/// Whether a unit ends after the word `index`, with the next one on the same line.
fn ends_within_line(text: &Text<'_>, start: usize, index: usize, space: &str) -> bool {
    let Some(stop) = full_stop(text, start, index) else {
        return false;
    };
    let mark = text.word(stop);
    if mark.ends_with(['。', '！', '？', '｡']) {
        // The closing quote belongs to the sentence before it.
        return !(space.is_empty() && is_closer(text.word(index + 1)));
    }
    if space.is_empty() {
        return false;
    }
    if !mark.ends_with('.') || stop == start {
        return true;
    }
    let before = text.word(stop - 1);
    let opens_item = stop - 1 == start && before.chars().all(|c| c.is_ascii_digit());
    if opens_item || text.space_before(stop).contains(char::is_whitespace) {
        return false;
    }
    let next_is_lower = text
        .word(index + 1)
        .chars()
        .find(|c| c.is_alphanumeric())
        .is_some_and(char::is_lowercase);
    if next_is_lower {
        // `etc. and`, `z. B. morgen`; but people who never write capitals end sentences too.
        before.chars().count() > 3 && !before.contains('.')
    } else {
        const SHORT: [&str; 13] = [
            "Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Nr", "No", "e.g", "i.e", "bzw", "vs", "ca",
        ];
        let initial = before.len() == 1 && before != "I" && before.chars().all(char::is_uppercase);
        !(SHORT.contains(&before) || initial)
    }
}

/// Whether the sentence goes on in the next line.
fn runs_on(text: &Text<'_>, start: usize, index: usize, line: &Line) -> bool {
    let (last, next) = (text.word(index), text.word(index + 1));
    if full_stop(text, start, index).is_some() || last.ends_with([':', ';', '：']) {
        return false;
    }
    if last.starts_with("{%") || next.starts_with("{%") || text.word(line.first).starts_with('#') {
        return false;
    }
    if opens_line(text, index + 1) || closes_code(text, start, index) {
        return false;
    }
    line.width >= WRAPPED_WIDTH
        || index + 1 - line.first >= 4 && next.starts_with(char::is_lowercase)
}

/// Whether a line ends as lines of JSON do: nobody wraps prose after a bracket.
fn closes_code(text: &Text<'_>, start: usize, index: usize) -> bool {
    let bracket = |at: usize| matches!(text.word(at), "{" | "}" | "[" | "]");
    let value = |at: usize| bracket(at) || text.word(at) == "\"";
    bracket(index) || text.word(index) == "," && index > start && value(index - 1)
}

/// Whether a line that begins with this word is a unit of its own: an item, a heading, code.
fn opens_line(text: &Text<'_>, index: usize) -> bool {
    let word = text.word(index);
    let spaced = |at: usize| at >= text.words.len() || !text.space_before(at).is_empty();
    match word {
        "-" | "*" | "+" | "•" | "–" | "—" => spaced(index + 1),
        "#" | "|" | "<" | "{" | "}" | "[" | "]" | "`" | ">" => true,
        _ if word.chars().count() <= 3 && word.chars().all(char::is_alphanumeric) => {
            let enumerates = word.len() == 1 || word.chars().all(|c| c.is_ascii_digit());
            let mark = index + 1 < text.words.len()
                && matches!(text.word(index + 1), "." | ")")
                && !spaced(index + 1);
            enumerates && mark && spaced(index + 2)
        }
        _ => false,
    }
}

/// The full stop that ends at the word `index`, perhaps under closing quotes or brackets.
fn full_stop(text: &Text<'_>, start: usize, index: usize) -> Option<usize> {
    let mut at = index;
    loop {
        let word = text.word(at);
        if word.ends_with(['.', '!', '?', '…', '。', '！', '？', '｡', '؟', '।'])
            && !word.starts_with('{')
        {
            return Some(at);
        }
        if at == start || !is_closer(word) || !text.space_before(at).is_empty() {
            return None;
        }
        at -= 1;
    }
}

fn ends_sentence(text: &Text<'_>, words: Range<usize>) -> bool {
    full_stop(text, words.start, words.end - 1).is_some()
}

fn is_closer(word: &str) -> bool {
    matches!(
        word,
        ")" | "]" | "\"" | "'" | "”" | "’" | "“" | "»" | "」" | "』" | "）" | "*" | "_"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<String> {
        let mut vocabulary = Vocabulary::default();
        let text = vocabulary.read(text);
        let units = Sentences::default().read(&text, &vocabulary);
        units
            .iter()
            .map(|unit| text.phrase(unit.words.clone()).to_owned())
            .collect()
    }

    #[test]
    fn ends_where_people_end_a_sentence() {
        let table: [(&str, &[&str]); 12] = [
            ("Be kind. Be brief!", &["Be kind.", "Be brief!"]),
            ("Say “no.” Then stop.", &["Say “no.”", "Then stop."]),
            (
                "Ask Mr. Smith, e.g. by phone.",
                &["Ask Mr. Smith, e.g. by phone."],
            ),
            ("Pay 3.5 euros. Now.", &["Pay 3.5 euros.", "Now."]),
            ("be kind. be brief.", &["be kind.", "be brief."]),
            ("1. Greet them. 2. Ask.", &["1. Greet them.", "2. Ask."]),
            ("一。二。", &["一。", "二。"]),
            ("他说「好。」然后走。", &["他说「好。」", "然后走。"]),
            ("Choose:\n- a\n- b", &["Choose:", "- a", "- b"]),
            ("Name:\nAnna", &["Name:", "Anna"]),
            ("card_a\ncard_b", &["card_a", "card_b"]),
            ("", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(units(text), expected, "{text}");
        }
    }

    #[test]
    fn a_wrapped_line_does_not_end_a_sentence() {
        assert_eq!(
            units("You answer every customer of the bank in the language\nThey use. Stop."),
            [
                "You answer every customer of the bank in the language\nThey use.",
                "Stop."
            ]
        );
        assert_eq!(units("a short line that\nwraps early.").len(), 1);
    }

    #[test]
    fn endless_text_is_cut_by_its_words() {
        let text: String = (0..2000).map(|n| format!("w{n} ")).collect();
        let cut = units(&text);
        assert!(cut.len() > 7);
        assert!(cut.iter().all(|unit| unit.split(' ').count() <= LONGEST));
    }
}
