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
            return text.to_owned();
        }
        // As it is, as it stands in JSON, and as it stands in an address.
        let json = serde_json::to_string(self.0.as_str()).unwrap_or_default();
        let json = Zeroizing::new(json.trim_matches('"').to_owned());
        let address = Zeroizing::new(percent_encoded(&self.0));
        let mut struck = text.replace(self.0.as_str(), "•••");
        for form in [json, address] {
            if form.as_str() != self.0.as_str() {
                struck = struck.replace(form.as_str(), "•••");
            }
        }
        struck
    }
}

// Everything but letters, digits and `-._~` as RFC 3986 writes it.
fn percent_encoded(text: &str) -> String {
    let each = text.bytes().map(|byte| {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    each.collect()
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
        let odd = Secret::new("a/b\"c");
        assert_eq!(
            odd.struck_from(r#"a/b"c {"key": "a/b\"c"} ?key=a%2Fb%22c"#),
            r#"••• {"key": "•••"} ?key=•••"#
        );
    }
}
