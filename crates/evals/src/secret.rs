//! A provider's key in memory: it can be sent, and neither shown nor written.

use std::fmt;
use zeroize::Zeroizing;

/// A secret that whoever holds the keychain passes in. It has no `Serialize`, and its `Debug`
/// says nothing.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the secret over. Space around it is an accident of copying.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        let secret = Zeroizing::new(secret.into());
        Self(Zeroizing::new(secret.trim().to_owned()))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// `text` without the secret: some providers repeat it in their errors.
    pub(crate) fn struck_from(&self, text: &str) -> String {
        if self.0.is_empty() {
            text.to_owned()
        } else {
            text.replace(self.0.as_str(), "•••")
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn it_is_not_shown() {
        let secret = Secret::new(" sk-12345\n");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.reveal(), "sk-12345");
        assert_eq!(secret.struck_from("bad key sk-12345!"), "bad key •••!");
    }
}
