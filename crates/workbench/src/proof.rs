//! Checking an exported project by itself: with no registry, no key and nothing of this computer. And
//! holding it against what this computer was shown, where it has the project too.

use crate::files::Import;
use crate::views::Verification;
use crate::{Error, Workbench, words};
use domain::Digest;
use domain::ledger::{Entry, EntryError};
use domain::project::{ChainError, Replay};
use domain::rules::Contents;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Checks a folder that `export` wrote: chain, signatures, enrolment, every decision again, and
/// that each file leads to the digest that the ledger names.
///
/// # Errors
/// The folder can't be read, or is no export. What is wrong in one is an answer, not an error.
pub fn verify_folder(folder: &Path) -> Result<Verification, Error> {
    // Before anything is read: the folder may come from a stranger.
    crate::exported_files::all(folder)?;
    // Some rules look at content; where the files are wrong, the ledger is still checked without
    // them: the first entry that does not hold is what people need to know, whatever else is wrong.
    let import = Import::read(folder);
    let contents: BTreeMap<Digest, Arc<[u8]>> = match &import {
        Ok(import) => import
            .contents
            .iter()
            .map(|(digest, text)| (*digest, Arc::from(text.as_bytes())))
            .collect(),
        Err(_) => BTreeMap::new(),
    };
    let mut replay = Replay::new();
    let checked = match &import {
        // Reading the files has read every line already.
        Ok(import) => import
            .entries
            .chunks(PAGE)
            .try_for_each(|page| check(&mut replay, page, &contents)),
        Err(_) => {
            let ledger = crate::files::text(&folder.join("ledger.jsonl"))?;
            let lines: Vec<&str> = ledger.lines().collect();
            lines.chunks(PAGE).try_for_each(|page| {
                let (entries, unread) = read(page);
                check(&mut replay, &entries, &contents)?;
                unread.map_or(Ok(()), |error| Err(error.into()))
            })
        }
    };
    if let Err(error) = checked {
        let bad = error.seq().unwrap_or(replay.project().head().seq + 1);
        let good = usize::try_from(bad.saturating_sub(1)).unwrap_or(usize::MAX);
        return Ok(Verification {
            good: false,
            words: format!(
                "Not in order: {error}. The {} before it hold; nothing after it can be trusted.",
                words::count(good, "entry", "entries")
            ),
            checked: bad.saturating_sub(1),
            first_bad: Some(bad),
        });
    }
    let project = replay.project();
    let head = project.head();
    let import = match import {
        Ok(import) => import,
        Err(error) => {
            return Ok(Verification {
                good: false,
                words: format!("The ledger holds, but not what lies beside it: {error}"),
                checked: head.seq,
                first_bad: None,
            });
        }
    };
    let count = usize::try_from(head.seq).unwrap_or(usize::MAX);
    if !import.strange.is_empty() {
        let names = import.strange.iter().take(5).map(|path| {
            let inside = path.strip_prefix(folder).unwrap_or(path);
            inside.display().to_string()
        });
        let names: Vec<_> = names.collect();
        return Ok(Verification {
            good: false,
            words: format!(
                "The ledger holds, but in the folder lies what it does not name: {}{}. Somebody put it there.",
                names.join(", "),
                if import.strange.len() > names.len() {
                    " and more"
                } else {
                    ""
                }
            ),
            checked: head.seq,
            first_bad: None,
        });
    }
    let lacking = match import.lacking {
        0 => String::new(),
        some => format!(
            "\nNot in the folder: {} that the ledger names, like results of runs that were not on the computer that exported. What they say can't be checked here.",
            words::count(some, "content", "contents")
        ),
    };
    Ok(Verification {
        good: true,
        words: format!(
            "In order: {} of {}, {}. The chain is whole, every command is signed by a device that was enrolled then, the rules lead to exactly what is recorded, and every file is what the ledger names.\nThe last entry is {} with the digest {}; whoever has the project on their computer can compare that with `galley status`.{lacking}",
            words::count(count, "entry", "entries"),
            project.name(),
            words::count(import.contents.len(), "content", "contents"),
            head.seq,
            head.digest
        ),
        checked: head.seq,
        first_bad: None,
    })
}

/// Entries that are read and checked at once.
pub(crate) const PAGE: usize = 2_000;

/// Checks entries that follow what was replayed: signatures, which cost most, on every core beside
/// the decisions. The error is that of the first entry that does not hold.
pub(crate) fn check(
    replay: &mut Replay,
    entries: &[Entry],
    contents: &dyn Contents,
) -> Result<(), ChainError> {
    let (signed, decided) = std::thread::scope(|scope| {
        let checks: Vec<_> = shares(entries)
            .map(|share| {
                let bad = || share.iter().find_map(|e| Replay::check_signature(e).err());
                scope.spawn(bad)
            })
            .collect();
        let decided = entries
            .iter()
            .find_map(|entry| replay.push(entry, contents).err());
        let signed = checks.into_iter().find_map(|share| match share.join() {
            Ok(found) => found,
            Err(fault) => std::panic::resume_unwind(fault),
        });
        (signed, decided)
    });
    let place = |error: &ChainError| error.seq().unwrap_or(u64::MAX);
    match (signed, decided) {
        (None, None) => Ok(()),
        (Some(one), Some(other)) if place(&other) < place(&one) => Err(other),
        (Some(one), _) | (None, Some(one)) => Err(one),
    }
}

/// Reads lines on every core, up to the first that can't be read.
pub(crate) fn read(lines: &[&str]) -> (Vec<Entry>, Option<EntryError>) {
    let pages: Vec<Vec<_>> = std::thread::scope(|scope| {
        let pages: Vec<_> = shares(lines)
            .map(|share| scope.spawn(|| share.iter().map(|line| Entry::read(line)).collect()))
            .collect();
        let join = |page: std::thread::ScopedJoinHandle<'_, _>| match page.join() {
            Ok(found) => found,
            Err(fault) => std::panic::resume_unwind(fault),
        };
        pages.into_iter().map(join).collect()
    });
    let mut entries = Vec::with_capacity(lines.len());
    for read in pages.into_iter().flatten() {
        match read {
            Ok(entry) => entries.push(entry),
            Err(error) => return (entries, Some(error)),
        }
    }
    (entries, None)
}

/// A share for each core; a few are not worth a thread.
fn shares<T>(of: &[T]) -> std::slice::Chunks<'_, T> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    of.chunks(of.len().div_ceil(cores).max(64))
}

impl Workbench {
    /// Checks a folder as [`verify_folder`] does; where its project is on this computer too, both
    /// histories must be one as far as both go. A registry that shows people different histories can
    /// make each of them hold by itself: holding one against the other is what shows it.
    ///
    /// # Errors
    /// The folder can't be read, or is no export.
    pub fn verify_export(&self, folder: &Path) -> Result<Verification, Error> {
        let found = verify_folder(folder)?;
        if !found.good {
            return Ok(found);
        }
        let ledger = crate::files::text(&folder.join("ledger.jsonl"))?;
        let lines: Vec<&str> = ledger.lines().collect();
        let there = read(&lines).0;
        let known = there.first().map(|entry| entry.command().command().project);
        let Some(project) = known.filter(|id| self.store().known_project(*id).is_ok()) else {
            return Ok(found);
        };
        let here = self.store().head(project)?.seq;
        let mut both = 0;
        for (entry, seq) in there.iter().zip(1..=here) {
            let digest = entry.digest();
            let ours = self.store().entry_digest(project, seq)?;
            if let Some(ours) = ours.filter(|ours| *ours != digest) {
                return Ok(Verification {
                    good: false,
                    words: format!(
                        "Two histories: this export holds by itself, and it is not the history that this computer was shown. Both are the same up to entry {both}; entry {seq} is {digest} in the export and {ours} here. Whoever runs the registry showed different people different things: keep the export and this computer's copy, and release nothing until you know which one production follows."
                    ),
                    checked: both,
                    first_bad: Some(seq),
                });
            }
            both = seq;
        }
        Ok(Verification {
            words: format!(
                "{}\nThis computer was shown the same history, as far as both go: to entry {both}.",
                found.words
            ),
            ..found
        })
    }
}
