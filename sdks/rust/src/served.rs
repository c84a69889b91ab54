//! What an environment serves, ready to be read: prompts by name, sides by unit.

use crate::content::Content;
use crate::prompt::{Prompt, Source};
use crate::template::Contents;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock};
use unicode_normalization::UnicodeNormalization;

const SLOTS: u64 = 10_000;

#[derive(Deserialize)]
struct RawEnvironment {
    environment: String,
    prompts: Vec<RawSplit>,
}

#[derive(Deserialize)]
struct RawSplit {
    name: String,
    sides: Vec<RawSide>,
    slots: Vec<Run>,
    salt: String,
    release: String,
    since: i64,
}

#[derive(Deserialize)]
struct RawSide {
    version: RawVersion,
}

#[derive(Deserialize)]
struct RawVersion {
    id: String,
    number: u32,
    digest: String,
    content: Content,
    #[serde(default)]
    snippets: Contents,
}

/// A run of slots that one version has: `from` inclusive, `to` exclusive.
#[derive(Deserialize)]
struct Run {
    from: u64,
    to: u64,
    version: String,
}

type ByName = HashMap<String, Arc<Served>, BuildHasherDefault<Quick>>;

/// Hashes names eight bytes at a time (the multiplier is the golden ratio's, as Fibonacci hashing has it).
/// Names come from the team's own registry: nobody chooses them to collide.
#[derive(Default)]
pub(crate) struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(8) {
            let word = piece
                .iter()
                .rev()
                .fold(0, |word, byte| word << 8 | u64::from(*byte));
            self.write_u64(word);
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Everything that an environment serves, as of one answer.
#[derive(Default)]
pub struct Board {
    /// The environment's name.
    pub environment: String,
    /// Where it came from; nothing was read yet while there is none.
    pub(crate) source: Option<Source>,
    pub(crate) prompts: ByName,
    folded: ByName,
}

impl Board {
    /// Reads the answer of `GET /v1/environment`; `None` for anything else.
    #[must_use]
    pub fn read(body: &[u8], source: Source) -> Option<Self> {
        let raw: RawEnvironment = serde_json::from_slice(body).ok()?;
        let mut board = Self {
            source: Some(source),
            ..Self::default()
        };
        for split in raw.prompts {
            let name = split.name.clone();
            let served = Arc::new(Served::new(&raw.environment, split, source)?);
            board.folded.insert(folded(&name), Arc::clone(&served));
            board.prompts.insert(name, served);
        }
        board.environment = raw.environment;
        Some(board)
    }

    /// The same, now that the registry said that it still holds.
    pub(crate) fn confirmed(&self) -> Self {
        Self {
            environment: self.environment.clone(),
            source: Some(Source::Registry),
            prompts: self.prompts.clone(),
            folded: self.folded.clone(),
        }
    }

    /// What is served under a name, in whatever case it is written.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<Served>> {
        self.prompts
            .get(name)
            .or_else(|| self.folded.get(&folded(name)))
    }
}

/// What an environment serves of one prompt: one version, or a split of several.
pub struct Served {
    /// What callers without a unit get: the largest side.
    pub main: Arc<Prompt>,
    sides: Vec<Arc<Prompt>>,
    runs: Vec<Run>,
    salted: Sha256,
}

impl Served {
    fn new(environment: &str, raw: RawSplit, source: Source) -> Option<Self> {
        let prompt = |RawVersion {
                          id,
                          number,
                          digest,
                          content,
                          snippets,
                      }: RawVersion| {
            Arc::new(Prompt {
                name: raw.name.clone(),
                environment: environment.to_owned(),
                version: number,
                id,
                digest,
                release: raw.release.clone(),
                since: raw.since,
                content,
                snippets,
                source,
                template: OnceLock::new(),
            })
        };
        let sides: Vec<_> = raw
            .sides
            .into_iter()
            .map(|side| prompt(side.version))
            .collect();
        Some(Self {
            main: Arc::clone(sides.first()?),
            sides,
            runs: raw.slots,
            salted: Sha256::new_with_prefix(format!("{}\n", raw.salt)),
        })
    }

    /// The slot of a unit, from 0 to 9,999.
    #[must_use]
    pub fn slot(&self, unit: &str) -> u64 {
        let hash = self.salted.clone().chain_update(unit).finalize();
        let first = hash
            .iter()
            .take(8)
            .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        first % SLOTS
    }

    /// What a unit gets: always the same for the same unit.
    #[must_use]
    pub fn choose(&self, unit: &str) -> &Arc<Prompt> {
        let version = match self.runs.as_slice() {
            [only] => Some(&only.version),
            runs => {
                let slot = self.slot(unit);
                let run = runs.iter().find(|run| (run.from..run.to).contains(&slot));
                run.map(|run| &run.version)
            }
        };
        let side = self.sides.iter().find(|side| Some(&side.id) == version);
        side.unwrap_or(&self.main)
    }
}

/// The form in which names are compared: without regard to case.
fn folded(name: &str) -> String {
    let raised = name.chars().flat_map(char::to_uppercase);
    raised.flat_map(char::to_lowercase).nfc().collect()
}
