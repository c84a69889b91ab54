//! The keychain: the one place that holds secrets on a laptop, and the one module that touches it.
//!
//! Device keys, tokens and provider keys go in and out as [`Secret`], which can't be printed. Where
//! the system has no keychain, [`Secrets::state`] says so and nothing is written anywhere else:
//! never a file.

use keyring::v1::Error::{NoDefaultStore, NoEntry, NoStorageAccess, PlatformFailure};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use zeroize::Zeroizing;

/// A secret text. `Debug` hides it, there is no `Display`, and its memory is wiped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself: for the wire, the keychain and the clipboard only.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a secret could not be kept or found. The messages never repeat it.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// There is no keychain, or it is locked.
    #[error(
        "this computer's keychain can't be used ({0}). You can write, try and queue; \
         what needs your key waits until the keychain is there"
    )]
    Unavailable(String),
    /// The keychain answered with an error.
    #[error("the keychain refused: {0}")]
    Refused(String),
    /// The system gave no random bits.
    #[error("the system gave no random bits: {0}")]
    NoRandomness(#[from] getrandom::Error),
}

/// Where secrets are kept.
#[derive(Clone)]
pub struct Secrets {
    service: String,
    vault: Vault,
}

#[derive(Clone)]
enum Vault {
    /// The system's keychain.
    System,
    /// Memory that dies with the process: for a service account, whose secret comes from outside
    /// each time, and for tests that need many people in one process.
    Memory(Arc<Mutex<BTreeMap<String, Secret>>>),
}

impl Secrets {
    /// The system's keychain. `home` sets apart two Galleys of one user that keep different data
    /// folders.
    #[must_use]
    pub fn system(home: &std::path::Path) -> Self {
        let folder = domain::Digest::of(home.as_os_str().as_encoded_bytes()).short();
        Self {
            service: format!("dev.galley.desktop.{folder}"),
            vault: Vault::System,
        }
    }

    /// Memory only: nothing outlives the process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            service: "memory".to_owned(),
            vault: Vault::Memory(Arc::default()),
        }
    }

    /// Whether nothing that is kept here outlives the process.
    #[must_use]
    pub fn is_memory(&self) -> bool {
        matches!(self.vault, Vault::Memory(_))
    }

    /// Whether secrets can be kept here; if not, the words for the person.
    ///
    /// # Errors
    /// [`SecretsError::Unavailable`].
    pub fn state(&self) -> Result<(), SecretsError> {
        match &self.vault {
            Vault::Memory(_) => Ok(()),
            // A look-up of something that is not there shows whether anybody answers.
            Vault::System => self.find("is anybody there").map(|_| ()),
        }
    }

    /// Keeps a secret under a name.
    ///
    /// # Errors
    /// No keychain, or it refused.
    pub fn keep(&self, name: &str, secret: &Secret) -> Result<(), SecretsError> {
        match &self.vault {
            Vault::Memory(memory) => {
                lock(memory).insert(name.to_owned(), secret.clone());
                Ok(())
            }
            Vault::System => self
                .entry(name)?
                .set_password(secret.reveal())
                .map_err(|error| explain(&error)),
        }
    }

    /// The secret of a name; `None` if there is none.
    ///
    /// # Errors
    /// No keychain, or it refused.
    pub fn find(&self, name: &str) -> Result<Option<Secret>, SecretsError> {
        match &self.vault {
            Vault::Memory(memory) => Ok(lock(memory).get(name).cloned()),
            Vault::System => match self.entry(name)?.get_password() {
                Ok(text) => Ok(Some(Secret::new(text))),
                Err(NoEntry) => Ok(None),
                Err(error) => Err(explain(&error)),
            },
        }
    }

    /// Forgets a secret; one that is not there is forgotten already.
    ///
    /// # Errors
    /// No keychain, or it refused.
    pub fn forget(&self, name: &str) -> Result<(), SecretsError> {
        match &self.vault {
            Vault::Memory(memory) => {
                lock(memory).remove(name);
                Ok(())
            }
            Vault::System => match self.entry(name)?.delete_credential() {
                Ok(()) | Err(NoEntry) => Ok(()),
                Err(error) => Err(explain(&error)),
            },
        }
    }

    fn entry(&self, name: &str) -> Result<keyring::v1::Entry, SecretsError> {
        keyring::v1::Entry::new(&self.service, name).map_err(|error| explain(&error))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.service)
    }
}

/// 256 random bits of the system.
///
/// # Errors
/// The system gave none.
pub fn random_32() -> Result<[u8; 32], SecretsError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// 128 random bits of the system.
///
/// # Errors
/// The system gave none.
pub fn random_16() -> Result<[u8; 16], SecretsError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // The maps hold no half-made state: a panic elsewhere doesn't spoil them.
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn explain(error: &keyring::v1::Error) -> SecretsError {
    match error {
        NoStorageAccess(_) | PlatformFailure(_) | NoDefaultStore => {
            SecretsError::Unavailable("no keychain service answers, or it is locked".to_owned())
        }
        // The other kinds may hold bytes of the secret in their text: only their kind is told.
        _ => SecretsError::Refused("it did not accept the request".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::new("gal_usr_hush");
        assert!(!format!("{secret:?}").contains("hush"));
        let secrets = Secrets::in_memory();
        secrets.keep("token", &secret).unwrap();
        assert!(!format!("{secrets:?}").contains("hush"));
        assert_eq!(secrets.find("token").unwrap(), Some(secret));
        secrets.forget("token").unwrap();
        assert_eq!(secrets.find("token").unwrap(), None);
    }
}
