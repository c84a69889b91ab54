//! Cases that ask the same: to the letter, or nearly.
//!
//! A dataset in which one question stands ten times says ten times as loudly what happens to that
//! question. So duplicates are pointed out, and statistics count a group of near-duplicates as one.
//!
//! **Method.** A text is taken in small letters, its letters and digits only, with one space between
//! words, and cut into overlapping pieces of five characters. Two texts are near-duplicates if their
//! pieces have at least seven tenths in common: one word of ten may differ (Jaccard's coefficient; shingles after Broder, “On the
//! resemblance and containment of documents”, 1997). Two cases are if each of their inputs is: a long
//! text that all cases share makes no duplicates of them. Who could be one is found by MinHash with
//! banding (Leskovec, Rajaraman, Ullman, *Mining of Massive Datasets*, chapter 3) over the input that
//! differs most, 24 bands of 4, and then compared piece by piece. A pair at the threshold is overlooked
//! about once in 700 times (`(1 − 0.7⁴)²⁴`), one with four fifths in common about once in 300,000; the
//! hashes of a piece are sums of two (Kirsch and Mitzenmacher, “Less hashing, same performance”, 2008).
//! Groups are what hangs together by such pairs. The hashes are
//! fixed: the same dataset has the same groups on every machine.

use crate::canonical::value_to_canonical;
use crate::dataset::{Case, Dataset};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Characters in a piece.
const PIECE: usize = 5;
/// Bands, and hashes in each.
const BANDS: usize = 24;
const ROWS: usize = 4;
/// What makes the second hash of a piece another than the first.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
/// Cases of one bucket that a further one is compared with.
const COMPARED: usize = 8;

/// Cases that ask the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Duplicates {
    /// Their places in the dataset, from 0, in order; at least two.
    pub cases: Vec<u32>,
    /// All have the same inputs to the letter; otherwise nearly the same.
    pub exact: bool,
    /// They ask the same to the letter and expect different answers: one of them is wrong.
    pub contradict: bool,
}

/// The groups of cases that ask the same or nearly the same, by their first case.
#[must_use]
pub fn find(dataset: &Dataset) -> Vec<Duplicates> {
    let cases = &dataset.cases;
    let mut groups = Groups::new(cases.len());
    // The same to the letter first: they are many where a file was pasted twice.
    let mut same: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut alone = Vec::new();
    for (place, case) in cases.iter().enumerate() {
        let inputs = value_to_canonical(&Value::Object(case.inputs.clone())).unwrap_or_default();
        match same.get(&inputs) {
            Some(first) if !inputs.is_empty() => groups.join(*first, place),
            _ => {
                same.insert(inputs, place);
                alone.push(place);
            }
        }
    }
    let exact: Vec<usize> = (0..cases.len()).map(|place| groups.root(place)).collect();
    near(cases, &alone, &mut groups);
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for place in 0..cases.len() {
        members.entry(groups.root(place)).or_default().push(place);
    }
    let found = members.into_values().filter(|group| group.len() > 1);
    found
        .map(|group| {
            let root = |place: &usize| exact.get(*place).copied();
            let first = group.first().and_then(root);
            let exact = group.iter().all(|place| root(place) == first);
            Duplicates {
                exact,
                contradict: contradicts(cases, &group, &root),
                cases: group
                    .into_iter()
                    .map(|place| u32::try_from(place).unwrap_or(u32::MAX))
                    .collect(),
            }
        })
        .collect()
}

/// For each case the id of the first one of its group; none where it stands alone. This is what
/// [`crate::statistics`] counts as one.
#[must_use]
pub fn groups(dataset: &Dataset) -> Vec<Option<String>> {
    let mut named = vec![None; dataset.cases.len()];
    for group in find(dataset) {
        let places = group
            .cases
            .iter()
            .filter_map(|place| usize::try_from(*place).ok());
        let first = places
            .clone()
            .next()
            .and_then(|place| dataset.cases.get(place));
        let Some(first) = first else { continue };
        for place in places {
            if let Some(slot) = named.get_mut(place) {
                *slot = Some(first.id.clone());
            }
        }
    }
    named
}

fn contradicts(cases: &[Case], group: &[usize], root: &impl Fn(&usize) -> Option<usize>) -> bool {
    let mut expected: HashMap<Option<usize>, &Value> = HashMap::new();
    group.iter().any(|place| {
        let Some(wanted) = cases.get(*place).and_then(|case| case.expected.as_ref()) else {
            return false;
        };
        *expected.entry(root(place)).or_insert(wanted) != wanted
    })
}

fn near(cases: &[Case], alone: &[usize], groups: &mut Groups) {
    let Some(varied) = most_varied(cases, alone) else {
        return;
    };
    // A band at a time: of 50,000 cases that takes a tenth of the memory of all buckets at once.
    let bands: Vec<[u64; BANDS]> = alone
        .iter()
        .map(|place| {
            let input = cases.get(*place).and_then(|case| case.inputs.get(&varied));
            bands_of(&plain(input))
        })
        .collect();
    let mut keyed: Vec<(u64, usize)> = Vec::with_capacity(alone.len());
    for band in 0..BANDS {
        keyed.clear();
        let keys = bands.iter().filter_map(|keys| keys.get(band).copied());
        keyed.extend(keys.zip(alone.iter().copied()));
        keyed.sort_unstable();
        let buckets = keyed.chunk_by(|(one, _), (other, _)| one == other);
        for bucket in buckets.filter(|bucket| bucket.len() > 1) {
            join_alike(cases, bucket.iter().map(|(_, place)| *place), groups);
        }
    }
}

/// What a text falls into: a number for each band.
fn bands_of(text: &str) -> [u64; BANDS] {
    let mut least = [u64::MAX; BANDS * ROWS];
    for piece in pieces(text) {
        let (mut sum, step) = (piece, mixed(piece ^ STEP) | 1);
        for least in &mut least {
            sum = sum.wrapping_add(step);
            *least = (*least).min(sum);
        }
    }
    let mut bands = [0; BANDS];
    for (band, rows) in bands.iter_mut().zip(least.chunks(ROWS)) {
        *band = rows.iter().fold(0, |key: u64, row| mixed(key ^ *row));
    }
    bands
}

// Of cases that fell into one bucket those that are alike.
fn join_alike(cases: &[Case], bucket: impl Iterator<Item = usize>, groups: &mut Groups) {
    let mut stand: Vec<usize> = Vec::new();
    for place in bucket {
        let Some(case) = cases.get(place) else {
            continue;
        };
        let mut joined = false;
        for other in stand.iter().copied() {
            let known = groups.root(other) == groups.root(place);
            if known || cases.get(other).is_some_and(|other| alike(case, other)) {
                groups.join(other, place);
                joined = true;
            }
        }
        // Who is in a group is stood for by those of it that are here already.
        if stand.len() < COMPARED && !(joined && stand.len() > 1) {
            stand.push(place);
        }
    }
}

/// The input with the most different values.
fn most_varied(cases: &[Case], alone: &[usize]) -> Option<String> {
    let mut values: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for case in alone.iter().filter_map(|place| cases.get(*place)) {
        for (name, value) in &case.inputs {
            let text = plain(Some(value));
            values
                .entry(name)
                .or_default()
                .insert(hash(text.as_bytes()));
        }
    }
    // Of those with as many, the first by name.
    let most = values
        .into_iter()
        .rev()
        .max_by_key(|(_, values)| values.len());
    most.map(|(name, _)| name.to_owned())
}

/// Whether every input of one is nearly that of the other.
fn alike(one: &Case, other: &Case) -> bool {
    let names: BTreeSet<&String> = one.inputs.keys().chain(other.inputs.keys()).collect();
    names.into_iter().all(|name| {
        let (one, other) = (one.inputs.get(name), other.inputs.get(name));
        one == other || resemble(&plain(one), &plain(other))
    })
}

fn resemble(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let (one, other) = (pieces(one), pieces(other));
    let (mut shared, mut rest) = (0, other.iter().peekable());
    for piece in &one {
        while rest.next_if(|other| *other < piece).is_some() {}
        shared += usize::from(rest.next_if_eq(&piece).is_some());
    }
    let all = one.len() + other.len() - shared;
    // At least seven tenths, in whole numbers.
    10 * shared >= 7 * all
}

/// Letters and digits in small letters, one space between words.
fn plain(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => return String::new(),
        Some(Value::String(text)) => text.to_lowercase(),
        Some(other) => other.to_string().to_lowercase(),
    };
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The hashes of its pieces, in order, each once.
fn pieces(text: &str) -> Vec<u64> {
    let ends: Vec<usize> = text
        .char_indices()
        .map(|(place, _)| place)
        .chain([text.len()])
        .collect();
    let windows = ends.windows(PIECE + 1).filter_map(|ends| {
        let (first, last) = (ends.first()?, ends.last()?);
        Some(hash(text.get(*first..*last)?.as_bytes()))
    });
    let mut pieces: Vec<u64> = windows.collect();
    if pieces.is_empty() {
        pieces.push(hash(text.as_bytes()));
    }
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

/// FNV-1a, stirred: the same on every machine.
fn hash(bytes: &[u8]) -> u64 {
    let start: u64 = 0xCBF2_9CE4_8422_2325;
    let hash = bytes.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    });
    mixed(hash)
}

/// The last step of SplitMix64 (Steele, Lea, Flood 2014).
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

/// Which places hang together; the first place stands for its group.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, place: usize) -> usize {
        let mut at = place;
        while let Some(up) = self.0.get(at).copied().filter(|up| *up != at) {
            // Half the way up is forgotten, so that the next look is shorter.
            let above = self.0.get(up).copied().unwrap_or(up);
            if let Some(slot) = self.0.get_mut(at) {
                *slot = above;
            }
            at = above;
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        if let Some(slot) = self.0.get_mut(one.max(other)) {
            *slot = one.min(other);
        }
    }
}
