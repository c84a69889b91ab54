//! Secrets and personal data in a dataset: found by their shapes, before it is shared.
//!
//! A help and no promise: what has no shape (a name, an address, a diagnosis) is not found, and a
//! number of the right shape need not be a card's. Card numbers are held to Luhn's check digit and
//! IBANs to theirs (ISO 13616), so that order numbers are mostly left alone. What is found is never
//! repeated, only where it stands.

use crate::dataset::{Case, Dataset};
use regex::{Captures, Regex};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Places that are told; whoever has more has another kind of file.
pub const FINDINGS: usize = 1_000;

/// One place with something that should perhaps not be shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Finding {
    /// The case's place in the dataset, from 0.
    pub case: u32,
    /// The case's id.
    pub case_id: String,
    /// The column: an input's name, `expected`, `note`, or a field that Galley doesn't know.
    pub column: String,
    /// What it looks like.
    pub kind: Sensitive,
}

/// What something looks like.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type,
)]
#[serde(rename_all = "snake_case")]
pub enum Sensitive {
    /// A key or token of a known service.
    Key,
    /// A private key in a file's form.
    PrivateKey,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// The number of a payment card.
    Card,
    /// A bank account (IBAN).
    Iban,
}

impl Sensitive {
    /// What it is called in a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Key => "a key or token",
            Self::PrivateKey => "a private key",
            Self::Email => "an e-mail address",
            Self::Phone => "a phone number",
            Self::Card => "a card number",
            Self::Iban => "a bank account (IBAN)",
        }
    }
}

/// What looks like a secret or personal data, by case and column; at most [`FINDINGS`].
#[must_use]
pub fn find(dataset: &Dataset) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, case) in dataset.cases.iter().enumerate() {
        for (column, kind) in in_case(case) {
            if findings.len() >= FINDINGS {
                return findings;
            }
            findings.push(Finding {
                case: u32::try_from(place).unwrap_or(u32::MAX),
                case_id: case.id.clone(),
                column,
                kind,
            });
        }
    }
    findings
}

fn in_case(case: &Case) -> Vec<(String, Sensitive)> {
    let mut found = Vec::new();
    let mut look = |column: &str, value: &Value| {
        let mut kinds = BTreeSet::new();
        in_value(value, &mut kinds);
        found.extend(kinds.into_iter().map(|kind| (column.to_owned(), kind)));
    };
    for (name, value) in &case.inputs {
        look(name, value);
    }
    if let Some(expected) = &case.expected {
        look("expected", expected);
    }
    if !case.note.is_empty() {
        look("note", &Value::String(case.note.clone()));
    }
    for (name, value) in &case.other {
        look(name, value);
    }
    found
}

fn in_value(value: &Value, kinds: &mut BTreeSet<Sensitive>) {
    match value {
        Value::String(text) => kinds.extend(in_text(text)),
        Value::Array(list) => list.iter().for_each(|one| in_value(one, kinds)),
        Value::Object(fields) => fields.values().for_each(|one| in_value(one, kinds)),
        // A card's number may stand there as a number.
        Value::Number(number) => kinds.extend(in_text(&number.to_string())),
        Value::Null | Value::Bool(_) => {}
    }
}

// Our own patterns: none fails to compile, which a test sees to; one that did would find nothing.
static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\b(?:sk-(?:ant-|proj-|lf-|or-)?[A-Za-z0-9_-]{16,}|pk-lf-[A-Za-z0-9-]{16,}",
        r"|(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}",
        r"|AIza[0-9A-Za-z_-]{35}|xox[abposr]-[A-Za-z0-9-]{10,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}",
        r"|hf_[A-Za-z0-9]{30,}|glpat-[A-Za-z0-9_-]{20,}|gal_(?:env|usr|svc)_[A-Za-z0-9_-]{16,}",
        r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})"
    ))
    .ok()
});
static PRIVATE_KEY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY").ok());
static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b[a-z0-9._%+-]{1,64}@((?:[a-z0-9-]{1,63}\.)+[a-z]{2,24})\b").ok()
});
static PHONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:\+|\b00)[1-9](?:[ ().\-/]{0,2}[0-9]){6,13}\b",
        r"|(?:\([0-9]{3}\) ?|\b[0-9]{3}[ .\-])[0-9]{3}[ .\-][0-9]{4}\b"
    ))
    .ok()
});
static DIGITS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b[2-6](?:[ -]?[0-9]){12,18}\b").ok());
static IBAN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b").ok()
});

fn in_text(text: &str) -> Vec<Sensitive> {
    let mut kinds = Vec::new();
    let holds = |regex: &LazyLock<Option<Regex>>, test: &dyn Fn(&str) -> bool| {
        regex
            .as_ref()
            .is_some_and(|regex| regex.find_iter(text).any(|found| test(found.as_str())))
    };
    let any = |_: &str| true;
    if holds(&KEY, &any) {
        kinds.push(Sensitive::Key);
    }
    if holds(&PRIVATE_KEY, &any) {
        kinds.push(Sensitive::PrivateKey);
    }
    if holds(&EMAIL, &|found| !is_reserved(found)) {
        kinds.push(Sensitive::Email);
    }
    let (card, iban) = (holds(&DIGITS, &is_card), holds(&IBAN, &is_iban));
    // The middle of an account's number often looks like the number of a phone.
    let mut rest = Cow::Borrowed(text);
    for regex in [&DIGITS, &IBAN] {
        if let Some(regex) = regex.as_ref().filter(|_| card || iban) {
            let kept = regex.replace_all(&rest, |found: &Captures<'_>| {
                let found = found.get(0).map_or("", |found| found.as_str());
                let ours = is_card(found) || is_iban(found);
                if ours {
                    String::new()
                } else {
                    found.to_owned()
                }
            });
            rest = Cow::Owned(kept.into_owned());
        }
    }
    let phone = PHONE.as_ref().is_some_and(|regex| {
        // What goes on from other digits is the end of a longer number.
        let begins = |at: usize| {
            let before = rest.get(..at).unwrap_or_default().trim_end();
            !before.ends_with(|c: char| c.is_ascii_digit())
        };
        regex.find_iter(&rest).any(|found| begins(found.start()))
    });
    kinds.extend(phone.then_some(Sensitive::Phone));
    kinds.extend(card.then_some(Sensitive::Card));
    kinds.extend(iban.then_some(Sensitive::Iban));
    kinds
}

/// Domains that belong to nobody, kept for examples (RFC 2606 and 6761).
fn is_reserved(address: &str) -> bool {
    let domain = address
        .rsplit('@')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let within = |name: &str| domain == name || domain.ends_with(&format!(".{name}"));
    ["example.com", "example.org", "example.net"]
        .iter()
        .any(|name| within(name))
        || ["example", "test", "invalid", "localhost"]
            .iter()
            .any(|end| domain.ends_with(&format!(".{end}")))
}

/// 13 to 19 digits whose last one is right by Luhn's formula (ISO/IEC 7812-1).
fn is_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    if !(13..=19).contains(&digits.len())
        || digits.iter().all(|digit| Some(digit) == digits.first())
    {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match place % 2 {
            0 => *digit,
            _ if *digit > 4 => 2 * digit - 9,
            _ => 2 * digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The check number of ISO 13616: the whole, turned and read as a number, leaves 1 by 97.
fn is_iban(text: &str) -> bool {
    let plain: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
    if !(15..=34).contains(&plain.len()) {
        return false;
    }
    let (front, rest) = plain.split_at(4);
    let left = rest.iter().chain(front).try_fold(0_u32, |left, c| {
        let value = c.to_digit(36)?;
        Some((left * if value > 9 { 100 } else { 10 } + value) % 97)
    });
    left == Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_can_be_used() {
        for regex in [&KEY, &PRIVATE_KEY, &EMAIL, &PHONE, &DIGITS, &IBAN] {
            assert!(regex.is_some());
        }
    }
}
