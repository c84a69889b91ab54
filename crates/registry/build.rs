//! Names the shape of the fold, so that a snapshot written by other sources is never read.
//!
//! A snapshot is the fold's memory laid out field after field. Sources that lay it out in another
//! way might read it without noticing; so its name is a fingerprint of the sources themselves.

use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let mut files = Vec::new();
    for folder in [
        "../domain/src/project",
        "../domain/src/ledger",
        "../domain/src/freeze",
    ] {
        println!("cargo::rerun-if-changed={folder}");
        collect(Path::new(folder), &mut files)?;
    }
    for file in [
        "ids.rs",
        "digest.rs",
        "split.rs",
        "time.rs",
        "permissions.rs",
        "policy.rs",
        "gate.rs",
        "contract.rs",
    ] {
        let path = Path::new("../domain/src").join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        files.push(path);
    }
    files.sort();
    let mut hash = DefaultHasher::new();
    for file in files {
        hash.write(&std::fs::read(file)?);
    }
    println!("cargo::rustc-env=GALLEY_FOLD_SHAPE={:016x}", hash.finish());
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
