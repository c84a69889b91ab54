//! What an import left out, told once for all places where it stands.

use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// Lines that are told of one thing.
const LINES: usize = 20;

/// One thing that was left out, or is not quite the same here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct LeftOut {
    /// In which file.
    pub file: String,
    /// On which lines, from 1; the first twenty.
    pub lines: Vec<u32>,
    /// On how many lines.
    pub times: u32,
    /// What, by promptfoo's name.
    pub what: String,
    /// Why.
    pub why: String,
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines: Vec<_> = self.lines.iter().map(u32::to_string).collect();
        let noun = if lines.len() == 1 { "line" } else { "lines" };
        let more = if usize::try_from(self.times).unwrap_or(usize::MAX) > lines.len() {
            " …"
        } else {
            ""
        };
        let (file, what, why) = (&self.file, &self.what, &self.why);
        write!(f, "{file}, {noun} {}{more}: {what} {why}", lines.join(", "))
    }
}

/// What is noted while reading.
#[derive(Debug)]
pub(super) struct Notes {
    file: String,
    list: Vec<LeftOut>,
    places: HashMap<(String, String, String), (usize, HashSet<u32>)>,
}

impl Notes {
    pub fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            list: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// Reads on in another file; gives the one before.
    pub fn turn_to(&mut self, file: &str) -> String {
        std::mem::replace(&mut self.file, file.to_owned())
    }

    pub fn add(&mut self, line: u32, what: impl Into<String>, why: impl Into<String>) {
        let (what, why) = (what.into(), why.into());
        let key = (self.file.clone(), what.clone(), why.clone());
        let (place, seen) = self.places.entry(key).or_insert_with(|| {
            self.list.push(LeftOut {
                file: self.file.clone(),
                lines: Vec::new(),
                times: 0,
                what,
                why,
            });
            (self.list.len() - 1, HashSet::new())
        });
        // What holds for every test is met with every test, and told once.
        if let Some(found) = self.list.get_mut(*place).filter(|_| seen.insert(line)) {
            found.times += 1;
            if found.lines.len() < LINES {
                found.lines.push(line);
            }
        }
    }

    pub fn done(self) -> Vec<LeftOut> {
        self.list
    }
}
