//! Last known good on disk: written whole beside itself before it takes its place, mode 0600.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What was kept: the registry's answer, its tag, and how old it is.
pub(crate) struct Kept {
    pub(crate) body: String,
    pub(crate) tag: Option<String>,
    pub(crate) age: Duration,
}

#[derive(Serialize, Deserialize)]
struct Written<'w> {
    galley: u32,
    sha256: String,
    etag: Option<String>,
    body: std::borrow::Cow<'w, str>,
}

/// One file for one environment.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    path: PathBuf,
}

impl Disk {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self {
            path: std::path::absolute(&path).unwrap_or(path),
        }
    }

    fn failed(&self, what: &str, error: &std::io::Error) -> String {
        format!("{} can't be {what} ({error})", self.path.display())
    }

    /// What is there, or nothing; or in plain words why it can't be used.
    pub(crate) fn load(&self) -> Result<Option<Kept>, String> {
        let mut bytes = Vec::new();
        let read = File::open(&self.path).and_then(|mut file| {
            file.read_to_end(&mut bytes)?;
            file.metadata()?.modified()
        });
        let written = match read {
            Ok(written) => written,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("read", &error)),
        };
        let kept: Option<Written<'_>> = serde_json::from_slice(&bytes).ok();
        match kept {
            Some(kept) if kept.galley == 1 && kept.sha256 == digest(&kept.body) => Ok(Some(Kept {
                // A clock that was turned back makes nothing younger than now.
                age: SystemTime::now()
                    .duration_since(written)
                    .unwrap_or_default(),
                tag: kept.etag,
                body: kept.body.into_owned(),
            })),
            _ => Err(format!(
                "{} is damaged: it is passed over, and written anew",
                self.path.display()
            )),
        }
    }

    /// Replaces the file. It is either the old one or the new one, whatever happens.
    pub(crate) fn save(&self, body: &str, tag: Option<String>) -> Result<(), String> {
        let whole = Written {
            galley: 1,
            sha256: digest(body),
            etag: tag,
            body: body.into(),
        };
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let written = serde_json::to_vec(&whole)
            .map_err(std::io::Error::from)
            .and_then(|bytes| {
                // It is made with mode 0600, and goes again if it does not get its place.
                let mut beside = tempfile::NamedTempFile::new_in(folder)?;
                beside.write_all(&bytes)?;
                beside.as_file().sync_all()?;
                beside.persist(&self.path).map_err(|error| error.error)
            });
        written
            .map(drop)
            .map_err(|error| self.failed("written", &error))
    }

    /// It still holds: the file is as young as now.
    pub(crate) fn touch(&self) -> Result<(), String> {
        let file = File::options().write(true).open(&self.path);
        let touched = file.and_then(|file| file.set_modified(SystemTime::now()));
        touched.map_err(|error| self.failed("written", &error))
    }
}

fn digest(body: &str) -> String {
    hex::encode(Sha256::digest(body.as_bytes()))
}
