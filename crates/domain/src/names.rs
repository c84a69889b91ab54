//! Names of prompts, environments, datasets, people and labels (rule 13 of the design).

use crate::limits;
use unicode_normalization::UnicodeNormalization;

/// Why a text can't be a name. The message says what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or only spaces.
    #[error("the name is empty")]
    Empty,
    /// More than [`limits::NAME_CHARS`] characters.
    #[error("the name has {0} characters; at most {max} fit", max = limits::NAME_CHARS)]
    TooLong(usize),
    /// A character that names don't have.
    #[error(
        "the name can't hold {0:?}; use letters, digits, space and . _ - with / between folders"
    )]
    Character(char),
    /// A folder part that is empty, `.` or `..`, or begins or ends with a space.
    #[error("the part {0:?} between slashes can't stand in a name")]
    Segment(String),
    /// Not in Unicode's composed form.
    #[error("the name is not in Unicode's composed form (NFC)")]
    NotComposed,
    /// A slash where folders make no sense.
    #[error("only prompts and datasets have folders: the name can't hold a slash")]
    Slash,
}

/// Brings what a person typed into the form that names have: NFC, no space at either end.
#[must_use]
pub fn tidy(typed: &str) -> String {
    typed.trim().nfc().collect()
}

/// The form in which two names are compared: names are unique without regard to case.
#[must_use]
pub fn folded(name: &str) -> String {
    // Upper case first: that is where "ß" meets "SS", and a sigma at a word's end the others.
    name.chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfc()
        .collect()
}

/// Checks a name that may have folders.
///
/// # Errors
/// What is wrong with it.
pub fn check(name: &str) -> Result<(), NameError> {
    if name.trim().is_empty() {
        return Err(NameError::Empty);
    }
    let characters = name.chars().count();
    if characters > limits::NAME_CHARS {
        return Err(NameError::TooLong(characters));
    }
    if let Some(bad) = name.chars().find(|c| {
        is_invisible(*c)
            || !(c.is_alphanumeric() || is_mark(*c) || matches!(c, ' ' | '.' | '_' | '-' | '/'))
    }) {
        return Err(NameError::Character(bad));
    }
    if !name.nfc().eq(name.chars()) {
        return Err(NameError::NotComposed);
    }
    match name
        .split('/')
        .find(|part| part.is_empty() || *part == "." || *part == ".." || part.trim() != *part)
    {
        Some(part) => Err(NameError::Segment(part.to_owned())),
        None => Ok(()),
    }
}

/// Checks a name without folders: an environment, a label, a person.
///
/// # Errors
/// What is wrong with it.
pub fn check_flat(name: &str) -> Result<(), NameError> {
    check(name)?;
    if name.contains('/') {
        Err(NameError::Slash)
    } else {
        Ok(())
    }
}

// Letters of many scripts are a base and a combining mark even in composed form.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

// Unicode counts these among letters and marks, but nobody sees them: two names that look alike
// would be two.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_people_choose_them() {
        let table: &[(&str, bool)] = &[
            ("support/triage", true),
            ("Erste Antwort", true),
            ("客服/分类", true),
            ("हिन्दी", true),
            ("v1.2_final-3", true),
            ("", false),
            ("   ", false),
            ("a//b", false),
            ("/a", false),
            ("a/", false),
            ("a/../b", false),
            ("./a", false),
            ("a / b", false),
            ("a\nb", false),
            ("a\\b", false),
            ("<b>", false),
            ("a\u{202e}b", false),
            ("e\u{301}", false),
        ];
        for (name, good) in table {
            assert_eq!(check(name).is_ok(), *good, "{name:?}: {:?}", check(name));
        }
        assert!(check(&"x".repeat(200)).is_ok());
        assert_eq!(check(&"x".repeat(201)), Err(NameError::TooLong(201)));
        assert_eq!(check_flat("a/b"), Err(NameError::Slash));
    }

    #[test]
    fn case_does_not_make_a_name_new() {
        assert_eq!(folded("Support/Triage"), folded("support/TRIAGE"));
        assert_eq!(folded("ÄRGER"), folded("ärger"));
    }
}
