//! A provider's key in memory: it can be sent, and neither shown nor written.

use std::fmt;
use zeroize::Zeroizing;

/// A secret that whoever holds the keychain passes in. It has no `Serialize`, and its `Debug`
/// says nothing.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// What stands where the secret stood.
const STRUCK: &str = "•••";

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
        let mut struck = text.replace(self.0.as_str(), STRUCK);
        for form in [json, address] {
            if form.as_str() != self.0.as_str() {
                struck = struck.replace(form.as_str(), STRUCK);
            }
        }
        struck
    }
}

/// Lets a text through piece by piece, without the secret, however it is cut.
pub(crate) struct Veil<'a> {
    secret: &'a str,
    held: String,
}

impl<'a> Veil<'a> {
    pub(crate) fn new(secret: Option<&'a Secret>) -> Self {
        Self {
            secret: secret.map_or("", Secret::reveal),
            held: String::new(),
        }
    }

    /// What may be shown of the text so far and was not yet.
    pub(crate) fn pass(&mut self, piece: &str) -> String {
        if self.secret.is_empty() {
            return piece.to_owned();
        }
        self.held.push_str(piece);
        let struck = self.held.replace(self.secret, STRUCK);
        // What may be its beginning waits for what comes next.
        let begins = |n: &usize| {
            let beginning = self.secret.get(..*n);
            beginning.is_some_and(|beginning| struck.ends_with(beginning))
        };
        let kept = (1..self.secret.len()).rev().find(begins).unwrap_or(0);
        let (shown, rest) = struck.split_at(struck.len() - kept);
        let shown = shown.to_owned();
        self.held = rest.to_owned();
        shown
    }

    /// The rest, once nothing comes any more.
    pub(crate) fn end(self) -> String {
        self.held
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
    use super::{Secret, Veil};

    #[test]
    fn it_is_struck_from_a_text_however_that_is_cut() {
        let secret = Secret::new("sk-sk-1");
        for text in [
            "a sk-sk-1 b",
            "sk-sk-sk-1",
            "sk-sk-",
            "no key",
            "sk-sk-1sk-sk-1s",
        ] {
            for size in 1..text.len() {
                let mut veil = Veil::new(Some(&secret));
                let letters: Vec<char> = text.chars().collect();
                let mut shown = String::new();
                for piece in letters.chunks(size) {
                    shown.push_str(&veil.pass(&piece.iter().collect::<String>()));
                    assert!(!shown.contains("sk-sk-1"), "{text} by {size}: {shown}");
                }
                shown.push_str(&veil.end());
                assert_eq!(shown, secret.struck_from(text), "{text} by {size}");
            }
        }
    }

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
