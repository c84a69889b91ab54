//! A text as words: what the diff compares and never cuts.
//!
//! [`Text`] is a list of [`Word`]s; white space is what lies between them, so it can't make two texts
//! differ. A template tag is one word, so is an address, and no word begins or ends inside a
//! character as people see it (a flag, a letter with its accents).
//! [`Vocabulary`] gives equal words equal numbers, for both texts of a comparison.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// What a word is, as far as the diff cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WordKind {
    /// Letters, digits, pictures.
    Plain,
    /// One character of a language that puts no blanks between words.
    Ideograph,
    /// Punctuation.
    Point,
    /// `{{ … }}`, `{% … %}` or `{# … #}`.
    Tag,
}

/// One word of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    /// Where it starts, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// Its number in the vocabulary.
    pub id: u32,
}

/// A text cut into words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text<'a> {
    /// All of it.
    pub text: &'a str,
    /// Its words, without the white space between them.
    pub words: Vec<Word>,
}

impl<'a> Text<'a> {
    /// What a word says, as written.
    pub fn word(&self, index: usize) -> &'a str {
        &self.text[self.words[index].start..self.words[index].end]
    }

    /// The white space before a word; before the one after the last: the end of the text.
    pub fn space_before(&self, index: usize) -> &'a str {
        let from = if index == 0 {
            0
        } else {
            self.words[index - 1].end
        };
        let to = self
            .words
            .get(index)
            .map_or(self.text.len(), |word| word.start);
        &self.text[from..to]
    }

    /// What some words say, with the white space between them.
    pub fn phrase(&self, words: Range<usize>) -> &'a str {
        if words.is_empty() {
            return "";
        }
        &self.text[self.words[words.start].start..self.words[words.end - 1].end]
    }
}

/// What is known of a word by its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meaning {
    /// The number of the word in lower case.
    pub fold: u32,
    /// How much it matters that it stayed: 0 for a point, 1 for a small word, 3 for others.
    pub weight: u32,
    /// What it is.
    pub kind: WordKind,
}

/// Numbers for words, the same in every text of one comparison.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary<'a> {
    ids: HashMap<Cow<'a, str>, u32>,
    meanings: Vec<Meaning>,
}

impl<'a> Vocabulary<'a> {
    /// What is known of a word.
    pub fn meaning(&self, id: u32) -> Meaning {
        self.meanings[id as usize]
    }

    /// Cuts a text into words.
    pub fn read(&mut self, text: &'a str) -> Text<'a> {
        let words = cuts(text)
            .into_iter()
            .map(|(range, tag)| {
                let written = &text[range.clone()];
                let key = if tag {
                    quiet_tag(written)
                } else {
                    Cow::Borrowed(written)
                };
                Word {
                    start: range.start,
                    end: range.end,
                    id: self.number(key, tag),
                }
            })
            .collect();
        Text { text, words }
    }

    fn number(&mut self, key: Cow<'a, str>, tag: bool) -> u32 {
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
        let kind = if tag { WordKind::Tag } else { kind_of(&key) };
        let lower = (kind == WordKind::Plain && key.chars().any(char::is_uppercase))
            .then(|| key.to_lowercase());
        // The lower-case form is numbered first: it may be a word of its own.
        let fold = match lower {
            Some(lower) if lower != *key => Some(self.number(Cow::Owned(lower), false)),
            _ => None,
        };
        let id = u32::try_from(self.meanings.len()).unwrap_or(u32::MAX);
        let weight = match kind {
            WordKind::Point => 0,
            WordKind::Ideograph => 1,
            WordKind::Tag => 3,
            WordKind::Plain => match fold {
                Some(fold) => self.meaning(fold).weight,
                None if is_small(&key) => 1,
                None => 3,
            },
        };
        self.meanings.push(Meaning {
            fold: fold.unwrap_or(id),
            weight,
            kind,
        });
        self.ids.insert(key, id);
        id
    }
}

/// The words of a text as byte ranges; `true` for a tag.
fn cuts(text: &str) -> Vec<(Range<usize>, bool)> {
    let mut words: Vec<(Range<usize>, bool)> = Vec::with_capacity(text.len() / 5 + 1);
    let mut from = 0;
    for tag in tags(text) {
        cut_plain(text, from..tag.start, &mut words);
        from = tag.end;
        words.push((tag, true));
    }
    cut_plain(text, from..text.len(), &mut words);
    if !text.is_ascii() {
        join_split_characters(text, &mut words);
    }
    words
}

fn cut_plain(text: &str, range: Range<usize>, words: &mut Vec<(Range<usize>, bool)>) {
    let part = &text[range.clone()];
    let mut address_end = 0;
    for (at, word) in part.split_word_bound_indices() {
        if at < address_end || word.chars().all(char::is_whitespace) {
            continue;
        }
        let mut end = at + word.len();
        if part[end..].starts_with("://") && word.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let rest = &part[at..];
            let address = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
            let address =
                address.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '"', '\'', '>']);
            end = end.max(at + address.len());
            address_end = end;
        }
        words.push((range.start + at..range.start + end, false));
    }
}

/// Joins neighbours where the cut between them runs through one character as people see it.
fn join_split_characters(text: &str, words: &mut Vec<(Range<usize>, bool)>) {
    let mut edges = text.grapheme_indices(true).map(|(at, _)| at).peekable();
    let mut edge_from = |at: usize| {
        while edges.next_if(|edge| *edge < at).is_some() {}
        edges.peek().copied().unwrap_or(text.len())
    };
    let mut joined: Vec<(Range<usize>, bool)> = Vec::with_capacity(words.len());
    for (range, tag) in words.drain(..) {
        let starts_inside = edge_from(range.start) != range.start;
        let end = edge_from(range.end);
        match joined.last_mut() {
            Some((last, last_tag)) if starts_inside => {
                last.end = end;
                *last_tag |= tag;
            }
            _ => joined.push((range.start..end, tag)),
        }
    }
    *words = joined;
}

/// The template tags of a text with the characters that they can't be parted from.
pub(crate) fn whole_tags(text: &str) -> Vec<Range<usize>> {
    if text.is_ascii() || !text.contains('{') {
        return tags(text);
    }
    cuts(text)
        .into_iter()
        .filter(|(_, tag)| *tag)
        .map(|(range, _)| range)
        .collect()
}

/// The template tags of a text, in order. What is opened and never closed is plain text.
pub(crate) fn tags(text: &str) -> Vec<Range<usize>> {
    const PAIRS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];
    let last_close = PAIRS.map(|(_, close)| text.rfind(close));
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find('{').map(|at| from + at) {
        let pair = PAIRS
            .iter()
            .position(|(open, _)| text[at..].starts_with(open));
        let close = pair.filter(|which| last_close[*which].is_some_and(|last| last >= at + 2));
        let end = close.and_then(|which| end_of_tag(text, at + 2, PAIRS[which].1));
        match end {
            Some(end) => {
                found.push(at..end);
                from = end;
            }
            None => from = at + 1,
        }
    }
    found
}

/// Where a tag ends. Closing marks inside quotes don't count, unless the quote itself never ends.
fn end_of_tag(text: &str, from: usize, close: &str) -> Option<usize> {
    // A quote is looked through this far; text that merely holds many quotes stays linear.
    const REACH: usize = 4096;
    let bytes = text.as_bytes();
    let mut quote = None;
    for at in from..text.len().min(from + REACH) {
        match (quote, bytes[at]) {
            (None, _) if bytes[at..].starts_with(close.as_bytes()) => {
                return Some(at + close.len());
            }
            (None, b @ (b'"' | b'\'')) if close != "#}" => quote = Some(b),
            (Some(open), b) if b == open => quote = None,
            _ => {}
        }
    }
    text[from..].find(close).map(|at| from + at + close.len())
}

/// A tag without the white space that means nothing: `{{message}}` is `{{ message }}`.
fn quiet_tag(tag: &str) -> Cow<'_, str> {
    let mut quiet = String::with_capacity(tag.len());
    let mut quote = None;
    let mut blank = false;
    for c in tag.chars() {
        match (quote, c) {
            (None, c) if c.is_whitespace() => {
                blank = true;
                continue;
            }
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        let between_words = |c: char| c.is_alphanumeric() || c == '_';
        if blank && between_words(c) && quiet.chars().next_back().is_some_and(between_words) {
            quiet.push(' ');
        }
        blank = false;
        quiet.push(c);
    }
    Cow::Owned(quiet)
}

fn kind_of(word: &str) -> WordKind {
    let ideograph = |c: char| {
        matches!(u32::from(c),
            0x0E00..=0x0EFF | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x4DBF
            | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
    };
    let point = |c: char| {
        c.is_ascii_punctuation()
            || matches!(u32::from(c),
                0x00A1 | 0x00A7 | 0x00AB | 0x00B6 | 0x00B7 | 0x00BB | 0x00BF | 0x060C | 0x061B
                | 0x061F | 0x0964 | 0x2010..=0x2027 | 0x2030..=0x205E | 0x3001..=0x3003
                | 0x3008..=0x3011 | 0x3014..=0x301F | 0xFF01..=0xFF0F | 0xFF1A..=0xFF20)
    };
    if word.chars().all(point) {
        WordKind::Point
    } else if word.chars().all(ideograph) {
        WordKind::Ideograph
    } else {
        WordKind::Plain
    }
}

/// Words that hold a sentence together and say little: that they stayed proves nothing.
fn is_small(word: &str) -> bool {
    const SMALL: [&str; 96] = [
        "a", "am", "an", "and", "are", "as", "at", "auf", "be", "but", "by", "das", "de", "del",
        "dem", "den", "der", "des", "die", "du", "ein", "eine", "einem", "einen", "einer", "el",
        "en", "er", "es", "et", "for", "from", "has", "have", "he", "her", "his", "i", "ich", "if",
        "ihr", "il", "im", "in", "ins", "is", "ist", "it", "its", "la", "las", "le", "les", "lo",
        "los", "mit", "my", "o", "of", "on", "or", "our", "s", "se", "she", "sich", "sie", "sind",
        "so", "su", "than", "that", "the", "their", "them", "they", "this", "to", "u", "un", "una",
        "und", "une", "us", "vom", "von", "was", "we", "were", "with", "y", "you", "your", "zu",
        "zum", "zur",
    ];
    SMALL.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let read = Vocabulary::default().read(text);
        (0..read.words.len())
            .map(|index| read.word(index))
            .collect()
    }

    #[test]
    fn a_tag_and_an_address_are_one_word() {
        assert_eq!(
            words("Hi {{ name|default(\"}}\") }}, see https://desk.example/a?b=1."),
            [
                "Hi",
                "{{ name|default(\"}}\") }}",
                ",",
                "see",
                "https://desk.example/a?b=1",
                "."
            ]
        );
    }

    #[test]
    fn what_is_never_closed_is_plain_text() {
        assert_eq!(words("{{ a"), ["{", "{", "a"]);
        assert_eq!(words("{{ it's }} b"), ["{{ it's }}", "b"]);
    }

    #[test]
    fn characters_stay_whole() {
        assert_eq!(words("a 👍🏽 b 👨‍👩‍👧 🇩🇪🇫🇷"), ["a", "👍🏽", "b", "👨‍👩‍👧", "🇩🇪", "🇫🇷"]);
        // An accent on the closing brace belongs to it.
        assert_eq!(words("{{ a }}\u{301} b"), ["{{ a }}\u{301}", "b"]);
    }

    #[test]
    fn white_space_in_a_tag_means_nothing_outside_quotes() {
        let mut vocabulary = Vocabulary::default();
        let ids: Vec<u32> = [
            "{{a}}",
            "{{ a }}",
            "{%if a%}",
            "{% if a %}",
            "{{'a '}}",
            "{{'a'}}",
        ]
        .iter()
        .map(|text| vocabulary.read(text).words[0].id)
        .collect();
        assert_eq!(ids[0], ids[1]);
        assert_eq!(ids[2], ids[3]);
        assert_ne!(ids[4], ids[5]);
    }

    #[test]
    fn the_list_of_small_words_is_sorted() {
        // `is_small` searches it by halves.
        for word in ["a", "und", "zur", "of", "you"] {
            assert!(is_small(word), "{word}");
        }
        assert!(!is_small("card"));
    }
}
