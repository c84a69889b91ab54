//! References to files: only plain ones, only below the configuration.

use super::yaml::{self, Node};
use super::{FILE_BYTES, Folder};
use std::cell::Cell;

/// Files that an import may read, and patterns may find.
const FILES: usize = 2_000;

pub(super) struct Files<'a> {
    folder: &'a dyn Folder,
    left: Cell<usize>,
    count: Cell<usize>,
}

impl<'a> Files<'a> {
    pub fn new(folder: &'a dyn Folder) -> Self {
        Self {
            folder,
            left: Cell::new(FILE_BYTES),
            count: Cell::new(0),
        }
    }

    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, String> {
        let path = below(path)?;
        self.count.set(self.count.get() + 1);
        if self.count.get() > FILES {
            return Err(format!(
                "is one file more than the {FILES} that an import reads"
            ));
        }
        let bytes = self.folder.read(&path)?;
        match self.left.get().checked_sub(bytes.len()) {
            Some(left) => self.left.set(left),
            None => {
                return Err(format!(
                    "is too large: an import reads {} MiB",
                    FILE_BYTES >> 20
                ));
            }
        }
        Ok(bytes)
    }

    pub fn text(&self, path: &str) -> Result<String, String> {
        let bytes = self.bytes(path)?;
        let text =
            String::from_utf8(bytes).map_err(|_| "is not UTF-8: save it as UTF-8".to_owned());
        Ok(text?.trim_start_matches('\u{feff}').replace("\r\n", "\n"))
    }

    pub fn yaml(&self, path: &str) -> Result<Node, String> {
        yaml::read(&self.text(path)?)
            .map_err(|error| format!("can't be read: line {}: {}", error.line, error.reason))
    }

    /// The paths that are meant: one, or those that a `*` in the file's name finds, in order.
    pub fn meant(&self, path: &str) -> Result<Vec<String>, String> {
        let path = below(path)?;
        if !path.contains(['*', '?', '{', '[']) {
            return Ok(vec![path]);
        }
        let (folder, pattern) = path.rsplit_once('/').unwrap_or(("", &path));
        if folder.contains(['*', '?', '{', '[']) || pattern.contains(['?', '{', '[']) {
            return Err("is a pattern that is more than a * in a file's name".to_owned());
        }
        let (before, after) = pattern.split_once('*').unwrap_or((pattern, ""));
        if after.contains('*') {
            return Err("is a pattern with more than one *".to_owned());
        }
        let mut names = self.folder.list(folder)?;
        names.retain(|name| {
            name.len() >= before.len() + after.len()
                && name.starts_with(before)
                && name.ends_with(after)
        });
        names.sort();
        if names.is_empty() {
            return Err("finds no file".to_owned());
        }
        let joined = |name: String| {
            if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            }
        };
        Ok(names.into_iter().map(joined).collect())
    }
}

/// The path in a `file://` reference; none if it is none.
pub(super) fn reference(text: &str) -> Option<&str> {
    text.trim().strip_prefix("file://")
}

/// What a file is by the end of its name, in small letters.
pub(super) fn ending(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase())
        .unwrap_or_default()
}

/// Whether a reference names a program, perhaps with a function in it.
pub(super) fn is_program(path: &str) -> bool {
    let file = path.split(':').next().unwrap_or_default();
    let endings = [
        "js", "mjs", "cjs", "ts", "mts", "cts", "py", "rb", "go", "sh", "exe",
    ];
    endings.contains(&ending(file).as_str())
}

/// A relative path without `.` and `..`, or why it can't be one.
fn below(path: &str) -> Result<String, String> {
    let refused = || Err("leads out of the configuration's own folder".to_owned());
    let path = path.trim();
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with(['/', '~', '\\']) || drive || path.contains(['\\', '\0']) {
        return refused();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => return refused(),
            ".." => {}
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Err("names no file".to_owned());
    }
    Ok(parts.join("/"))
}
