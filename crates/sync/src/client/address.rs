//! A registry's address, held to what is safe to send a key to.

use reqwest::Url;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A registry's address: `https://…`, or `http://` on this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    // Without a slash at the end: paths of the contract begin with one.
    text: String,
    loopback: bool,
    tls: bool,
}

/// Why a text is no address of a registry.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no address at all.
    #[error("this is not an address; it looks like https://galley.example.com")]
    Form,
    /// Over plain `http://` everybody on the way could read the key.
    #[error("http:// is used on this computer only; ask for the registry's https:// address")]
    Plain,
    /// A name, password, query or fragment in it.
    #[error("the address may hold a host, a port and a path, and nothing else")]
    Extra,
}

impl Address {
    /// Reads an address as a person typed it.
    ///
    /// # Errors
    /// See [`AddressError`].
    pub fn read(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text.trim()).map_err(|_| AddressError::Form)?;
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(AddressError::Form),
        };
        let host = url.host_str().ok_or(AddressError::Form)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let loopback = host == "localhost"
            || bare
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        if !tls && !loopback {
            return Err(AddressError::Plain);
        }
        let extra = !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        if extra {
            return Err(AddressError::Extra);
        }
        Ok(Self {
            text: url.as_str().trim_end_matches('/').to_owned(),
            loopback,
            tls,
        })
    }

    /// Whether it is this computer.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether what is sent is encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::read(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_encrypted_or_stays_on_this_computer() {
        use AddressError::{Extra, Form, Plain};
        let table: &[(&str, Result<&str, AddressError>)] = &[
            (
                "https://galley.example.com",
                Ok("https://galley.example.com"),
            ),
            (
                " https://galley.example.com/ ",
                Ok("https://galley.example.com"),
            ),
            (
                "https://example.com/galley/",
                Ok("https://example.com/galley"),
            ),
            ("http://127.0.0.1:4300", Ok("http://127.0.0.1:4300")),
            ("http://127.8.0.1:4300", Ok("http://127.8.0.1:4300")),
            ("http://[::1]:4300", Ok("http://[::1]:4300")),
            ("http://localhost:4300", Ok("http://localhost:4300")),
            ("http://localhost.example.com", Err(Plain)),
            ("http://galley.example.com", Err(Plain)),
            ("http://192.168.1.4:4300", Err(Plain)),
            ("http://127.0.0.1.example.com", Err(Plain)),
            // The host is what stands after the @.
            ("http://127.0.0.1@example.com", Err(Plain)),
            ("https://me:secret@example.com", Err(Extra)),
            ("https://example.com/?key=1", Err(Extra)),
            ("https://example.com/#here", Err(Extra)),
            ("ftp://example.com", Err(Form)),
            ("galley.example.com", Err(Form)),
            ("", Err(Form)),
        ];
        for (text, expected) in table {
            let found = Address::read(text).map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected.as_ref().copied(), "{text:?}");
        }
    }
}
