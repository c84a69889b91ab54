//! Checking an exported project by itself: with no registry, no key and nothing of this computer.

use crate::files::Import;
use crate::views::Verification;
use crate::{Error, words};
use domain::Digest;
use domain::ledger::Entry;
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
    let ledger = crate::files::text(&folder.join("ledger.jsonl"))?;
    // The chain first, by itself: the first entry that does not hold is what people need to know,
    // whatever else is wrong.
    let nothing: BTreeMap<Digest, Arc<[u8]>> = BTreeMap::new();
    let held = match replay(&ledger, &nothing) {
        Ok(replay) => replay,
        Err(found) => return Ok(*found),
    };
    let import = match Import::read(folder) {
        Ok(import) => import,
        Err(error) => {
            return Ok(Verification {
                good: false,
                words: format!("The ledger holds, but not what lies beside it: {error}"),
                checked: held.project().head().seq,
                first_bad: None,
            });
        }
    };
    // Some rules look at content: with it, they are asked again.
    let contents: BTreeMap<Digest, Arc<[u8]>> = import
        .contents
        .iter()
        .map(|(digest, text)| (*digest, Arc::from(text.as_bytes())))
        .collect();
    if let Err(found) = replay(&ledger, &contents) {
        return Ok(*found);
    }
    let project = held.project();
    let head = project.head();
    let count = usize::try_from(head.seq).unwrap_or(usize::MAX);
    Ok(Verification {
        good: true,
        words: format!(
            "In order: {} of {}, {}. The chain is whole, every command is signed by a device that was enrolled then, the rules lead to exactly what is recorded, and every file is what the ledger names.\nThe last entry is {} with the digest {}; whoever has the project on their computer can compare that with `galley status`.",
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

fn replay(ledger: &str, contents: &dyn Contents) -> Result<Replay, Box<Verification>> {
    let mut replay = Replay::new();
    for line in ledger.lines() {
        let checked = Entry::read(line)
            .map_err(ChainError::from)
            .and_then(|entry| {
                Replay::check_signature(&entry)?;
                replay.push(&entry, contents)
            });
        if let Err(error) = checked {
            let done = replay.project().head().seq;
            return Err(Box::new(Verification {
                good: false,
                words: format!(
                    "Not in order: {error}. The {} before it hold; nothing after it can be trusted.",
                    words::count(
                        usize::try_from(done).unwrap_or(usize::MAX),
                        "entry",
                        "entries"
                    )
                ),
                checked: done,
                first_bad: error.seq().or(Some(done + 1)),
            }));
        }
    }
    Ok(replay)
}
