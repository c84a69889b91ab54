//! The files of an export, which may come from strangers: plain files below the folder, of bounded
//! size, and nothing else. Links would lead reading elsewhere, and a pipe would never end.

use crate::Error;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes that one file of an export may have.
const FILE_BYTES: u64 = 2 << 30;
/// Folders within folders: a prompt's name has no more parts.
const DEPTH: usize = 32;

/// Every file below a folder.
///
/// # Errors
/// One of them is no plain file, or too large: it is named, and nothing of it was read.
pub(crate) fn all(folder: &Path) -> Result<BTreeSet<PathBuf>, Error> {
    let mut found = BTreeSet::new();
    look(folder, DEPTH, &mut found)?;
    Ok(found)
}

fn look(folder: &Path, depth: usize, found: &mut BTreeSet<PathBuf>) -> Result<(), Error> {
    let failed = |source| Error::File {
        what: folder.display().to_string(),
        source,
    };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        // Of the entry itself, not of what a link leads to.
        let about = fs::symlink_metadata(&path).map_err(failed)?;
        if about.is_dir() && depth > 0 {
            look(&path, depth - 1, found)?;
        } else if about.is_file() && about.len() <= FILE_BYTES {
            found.insert(path);
        } else if about.is_file() {
            return Err(Error::invalid(format!(
                "{} is larger than {} GiB, which no file of an export is",
                path.display(),
                FILE_BYTES >> 30
            )));
        } else {
            return Err(Error::invalid(format!(
                "{} is no plain file: an export has no links or pipes. Nothing of it was read",
                path.display()
            )));
        }
    }
    Ok(())
}
