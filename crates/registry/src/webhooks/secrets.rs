//! The file of what the registry itself must keep secret: `secrets.json`, readable by its own
//! account only, beside the configuration.
//!
//! No secret is in the data file: a ledger, a snapshot and a backup hold none. The file is read
//! whenever something is signed, so that one that is put back counts at once, and written as a
//! whole beside itself before it takes its own place.

use crate::Error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Millis;
use parking_lot::Mutex;
use protocol::webhooks::WebhookId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What every secret of a webhook begins with.
const PREFIX: &str = "whsec_";
/// How long the secret before goes on signing beside a new one.
pub const OVERLAP_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// The file.
#[derive(Debug)]
pub struct Secrets {
    path: PathBuf,
    /// One writer at a time.
    turn: Mutex<()>,
}

/// What the file holds. What a later version added to it is kept.
#[derive(Default, Serialize, Deserialize)]
struct Held {
    #[serde(default)]
    webhooks: BTreeMap<WebhookId, Kept>,
    #[serde(flatten)]
    other: serde_json::Map<String, serde_json::Value>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    secret: String,
    /// The secret before it, and until when that one signs as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<(String, Millis)>,
}

/// The secrets that sign for one webhook now, the newest first. `Debug` shows nothing of them.
pub struct Signing(pub Vec<String>);

impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signing({} secrets)", self.0.len())
    }
}

impl Secrets {
    /// The file at a path; it need not be there yet.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self {
            path,
            turn: Mutex::default(),
        }
    }

    /// Draws a secret for a webhook and keeps it. One that was there goes on signing for a day.
    ///
    /// # Errors
    /// The file can't be read or written.
    pub fn draw(&self, webhook: WebhookId, now: Millis) -> Result<String, Error> {
        let mut bits = [0; 32];
        getrandom::fill(&mut bits)?;
        let secret = format!("{PREFIX}{}", STANDARD.encode(bits));
        self.change(|held| {
            let before = held.webhooks.remove(&webhook);
            let before = before.map(|kept| (kept.secret, now.plus(OVERLAP_MILLIS)));
            let kept = Kept {
                secret: secret.clone(),
                before,
            };
            held.webhooks.insert(webhook, kept);
        })?;
        Ok(secret)
    }

    /// Forgets a webhook's secrets.
    ///
    /// # Errors
    /// The file can't be read or written.
    pub fn forget(&self, webhook: WebhookId) -> Result<(), Error> {
        self.change(|held| {
            held.webhooks.remove(&webhook);
        })
    }

    /// The secrets that sign for a webhook; none if the file has none.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn signing(&self, webhook: WebhookId, now: Millis) -> Result<Option<Signing>, Error> {
        let mut held = self.read()?;
        Ok(held.webhooks.remove(&webhook).map(|kept| {
            let before = kept.before.filter(|(_, until)| now < *until);
            Signing(
                std::iter::once(kept.secret)
                    .chain(before.map(|(secret, _)| secret))
                    .collect(),
            )
        }))
    }

    /// The webhooks that have a secret.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn known(&self) -> Result<Vec<WebhookId>, Error> {
        Ok(self.read()?.webhooks.into_keys().collect())
    }

    fn change(&self, change: impl FnOnce(&mut Held)) -> Result<(), Error> {
        let _turn = self.turn.lock();
        let mut held = self.read()?;
        change(&mut held);
        let text = serde_json::to_vec_pretty(&held).map_err(|error| self.damaged(&error))?;
        self.write(&text).map_err(|source| self.failed(source))
    }

    fn read(&self) -> Result<Held, Error> {
        match std::fs::read(&self.path) {
            Ok(bytes) => {
                self.tighten().map_err(|source| self.failed(source))?;
                serde_json::from_slice(&bytes).map_err(|error| self.damaged(&error))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Held::default()),
            Err(source) => Err(self.failed(source)),
        }
    }

    /// A new file takes the place of the old one when it is whole and on disk.
    fn write(&self, text: &[u8]) -> std::io::Result<()> {
        let mut name = self.path.clone().into_os_string();
        name.push(".new");
        let new = PathBuf::from(name);
        // What a crash left behind may be somebody's link to elsewhere: never written through.
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private().open(&new)?;
        file.write_all(text)?;
        file.sync_all()?;
        drop(file);
        std::fs::rename(&new, &self.path)?;
        match self.path.parent() {
            Some(folder) => sync_folder(folder),
            None => Ok(()),
        }
    }

    #[cfg(unix)]
    fn tighten(&self) -> std::io::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&self.path)?.permissions().mode();
        if mode & 0o077 != 0 {
            tracing::warn!(
                path = %self.path.display(),
                "others could read the registry's secrets; that was ended. Rotate what they may have read"
            );
            std::fs::set_permissions(&self.path, std::fs::Permissions::from_mode(0o600))?;
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn tighten(&self) -> std::io::Result<()> {
        Ok(())
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::File {
            path: self.path.clone(),
            source,
        }
    }

    // The place only: what stands there may be a secret.
    fn damaged(&self, error: &serde_json::Error) -> Error {
        Error::File {
            path: self.path.clone(),
            source: std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                format!(
                    "line {} is not what galley-registry writes; put back a copy, or move the file away and rotate every webhook's secret",
                    error.line()
                ),
            ),
        }
    }
}

fn private() -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// That the new name is on disk, too.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        std::fs::File::open(folder)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(number: u128) -> WebhookId {
        WebhookId(Uuid::from_u128(number))
    }

    #[test]
    fn a_new_secret_signs_at_once_and_the_one_before_for_a_day() {
        let home = tempfile::tempdir().unwrap();
        let secrets = Secrets::at(home.path().join("secrets.json"));
        let now = Millis(5_000);
        assert!(secrets.signing(id(1), now).unwrap().is_none());
        let first = secrets.draw(id(1), now).unwrap();
        let other = secrets.draw(id(2), now).unwrap();
        let second = secrets.draw(id(1), now).unwrap();
        assert!(first.starts_with("whsec_") && first != second && first != other);
        let bits = STANDARD.decode(first.trim_start_matches(PREFIX)).unwrap();
        assert_eq!(bits.len(), 32);
        let signing = |at| secrets.signing(id(1), at).unwrap().unwrap().0;
        assert_eq!(signing(now), [second.clone(), first]);
        assert_eq!(signing(now.plus(OVERLAP_MILLIS)), [second]);
        secrets.forget(id(1)).unwrap();
        assert!(secrets.signing(id(1), now).unwrap().is_none());
        assert_eq!(secrets.known().unwrap(), [id(2)]);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
        assert!(!format!("{:?}", secrets.signing(id(2), now)).contains(&other[6..]));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_the_file_and_a_broken_one_is_named_and_kept() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("secrets.json");
        let secrets = Secrets::at(path.clone());
        let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        secrets.draw(id(1), Millis(0)).unwrap();
        assert_eq!(mode(), 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        secrets.known().unwrap();
        assert_eq!(mode(), 0o600);

        // What is not ours in it stays.
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen('{', "{\"later\": 7,", 1)).unwrap();
        secrets.draw(id(2), Millis(0)).unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().contains("later"));

        let broken = "{\"webhooks\": whsec_notjson";
        std::fs::write(&path, broken).unwrap();
        let error = secrets.draw(id(3), Millis(0)).unwrap_err().to_string();
        assert!(
            error.contains("secrets.json") && !error.contains("whsec"),
            "{error}"
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), broken);
    }
}
