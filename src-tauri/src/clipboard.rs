//! The clipboard, from Rust only: the web view can neither read nor write it.
//!
//! A new key or invitation goes from the workbench straight to the clipboard, marked as not to be
//! remembered where the system knows such a mark.

use std::sync::{Mutex, PoisonError};
use workbench::Secret;

/// Why the clipboard could not be used. The words never repeat what was to be copied.
#[derive(Debug, thiserror::Error)]
pub enum ClipboardError {
    /// The system has none, or it is busy.
    #[error(
        "The clipboard can't be used ({0}), and this is shown nowhere else. \
         Take it back, and make a new one when the clipboard works."
    )]
    Unavailable(String),
    /// It holds no text.
    #[error("There is no text in the clipboard. Copy the key first.")]
    Empty,
}

/// The system's clipboard, opened at its first use. It stays open because on Linux the program that
/// copied is the one that is asked at every paste.
#[derive(Default)]
pub struct Clipboard(Mutex<Option<arboard::Clipboard>>);

impl Clipboard {
    /// Puts a secret on the clipboard.
    pub fn copy(&self, secret: &Secret) -> Result<(), ClipboardError> {
        self.with(|open| {
            let set = open.set();
            #[cfg(target_os = "linux")]
            let set = arboard::SetExtLinux::exclude_from_history(set);
            #[cfg(windows)]
            let set = arboard::SetExtWindows::exclude_from_history(set);
            #[cfg(target_os = "macos")]
            let set = arboard::SetExtApple::exclude_from_history(set);
            set.text(secret.reveal())
        })
    }

    /// The text that is on the clipboard.
    pub fn paste(&self) -> Result<Secret, ClipboardError> {
        let text = self.with(arboard::Clipboard::get_text)?;
        let text = text.trim();
        if text.is_empty() {
            Err(ClipboardError::Empty)
        } else {
            Ok(Secret::new(text))
        }
    }

    /// Empties the clipboard, if it still holds this secret. Whether it no longer does is the answer.
    pub fn forget(&self, secret: &Secret) -> bool {
        let emptied = self.with(|open| {
            if open.get_text()?.trim() == secret.reveal() {
                open.clear()?;
            }
            Ok(())
        });
        matches!(emptied, Ok(()) | Err(ClipboardError::Empty))
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut arboard::Clipboard) -> Result<T, arboard::Error>,
    ) -> Result<T, ClipboardError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_none() {
            *kept = Some(arboard::Clipboard::new().map_err(|error| explain(&error))?);
        }
        let Some(open) = kept.as_mut() else {
            return Err(ClipboardError::Empty);
        };
        work(open).map_err(|error| explain(&error))
    }
}

fn explain(error: &arboard::Error) -> ClipboardError {
    match error {
        arboard::Error::ContentNotAvailable => ClipboardError::Empty,
        other => ClipboardError::Unavailable(other.to_string()),
    }
}
