//! What can go wrong, in words for the people who read logs at night.

/// The address or the key can't be used as it was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(pub(crate) String);

/// Why there is no prompt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GetError {
    /// Nothing was read from the registry yet, and nothing is on disk.
    #[error("{reason}; nothing is on disk")]
    NotReady {
        /// Why the registry could not be read.
        reason: String,
    },
    /// The environment is known, and it serves no prompt of this name.
    #[error("{environment} serves no prompt {name}; it serves {there}")]
    NotServed {
        /// The environment.
        environment: String,
        /// The name that was asked for.
        name: String,
        /// Some of the names that it serves.
        there: String,
    },
}

/// Where in a version's texts something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which message, counted from 0.
    pub message: usize,
    /// The line, counted from 1.
    pub line: usize,
    /// The character in that line, counted from 1.
    pub column: usize,
    /// The snippet's name, when the place is in an included snippet.
    pub snippet: Option<String>,
}

/// A value doesn't fit the prompt's inputs, or the template can't be filled in with it; or, with the
/// code `request`, the prompt has no request for this provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RenderError {
    /// What kind of thing is wrong, for programs: `input_missing`, `input_kind`, `undefined` …
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
    /// Which input, when it is about one.
    pub input: Option<String>,
    /// Where in the texts, when it is in one.
    pub place: Option<Place>,
}

impl RenderError {
    pub(crate) fn plain(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            input: None,
            place: None,
        }
    }

    pub(crate) fn about(input: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            input: Some(input.to_owned()),
            ..Self::plain(code, message)
        }
    }
}
