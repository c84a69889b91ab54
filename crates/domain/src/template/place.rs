//! Where in a text something stands, for people (line and column) and for editors (offsets).

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A stretch of one text of a version, or of a snippet that it includes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Place {
    /// Which message, counted from 0. In an included snippet: the message that includes it.
    pub message: u32,
    /// The snippet's name as written, when the stretch is in a snippet; the offsets are in it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snippet: Option<String>,
    /// The line, counted from 1.
    pub line: u32,
    /// The character in that line, counted from 1.
    pub column: u32,
    /// Where it begins, in UTF-16 code units from the start of the text: what web editors count.
    pub start: u32,
    /// Where it ends, counted as `start` is.
    pub end: u32,
}

/// Turns byte ranges of one text into places. Asked in rising order it reads the text once.
pub(super) struct Locator<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    column: u32,
    units: u32,
}

impl<'a> Locator<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
            column: 1,
            units: 0,
        }
    }

    /// The place of `range` in message `message`.
    pub(super) fn place(&mut self, message: u32, range: &Range<usize>) -> Place {
        if range.start < self.at {
            *self = Self::new(self.text);
        }
        self.forward(range.start);
        let (line, column, start) = (self.line, self.column, self.units);
        let upto = range.end.max(range.start).min(self.text.len());
        let end = start + units(self.text.get(self.at..upto).unwrap_or_default());
        Place {
            message,
            snippet: None,
            line,
            column,
            start,
            end,
        }
    }

    fn forward(&mut self, to: usize) {
        let Some(between) = self.text.get(self.at..to.min(self.text.len())) else {
            return;
        };
        for character in between.chars() {
            self.units += if character.len_utf16() == 2 { 2 } else { 1 };
            if character == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.at += between.len();
    }
}

fn units(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_characters_and_code_units() {
        let text = "Grüße 🙂\n{{ wer }}";
        let start = text.find("wer").expect("it is there");
        let place = Locator::new(text).place(1, &(start..start + 3));
        assert_eq!((place.line, place.column), (2, 4));
        // "Grüße " is six units, the face two, the line break one, "{{ " three.
        assert_eq!((place.start, place.end), (12, 15));
    }

    #[test]
    fn goes_back_when_asked_out_of_order() {
        let mut locator = Locator::new("one\ntwo\nthree");
        assert_eq!(locator.place(0, &(8..13)).line, 3);
        assert_eq!(locator.place(0, &(0..3)).line, 1);
        assert_eq!(locator.place(0, &(100..101)).line, 3);
    }
}
