//! What was sent for an answer and what came back, word for word, for whoever looks closely.
//!
//! Headers are not in it, and neither is the key: where a provider repeats it, it is struck out.

use crate::Secret;
use serde_json::Value;

/// Bytes of each side that are held while an answer comes in; of more, the beginning.
pub(crate) const HELD_BYTES: usize = 1 << 20;

/// What was sent, and what came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// Where it was sent, without a query.
    pub address: String,
    /// The body of the request.
    pub sent: String,
    /// The body of the answer; of a stream, all its pieces.
    pub received: String,
}

impl Exchange {
    /// Puts it together without the key.
    pub(crate) fn new(
        address: &reqwest::Url,
        body: &Value,
        received: &[u8],
        secret: Option<&Secret>,
    ) -> Self {
        let mut address = address.clone();
        address.set_query(None);
        let clean = |text: &str| match secret {
            Some(secret) => secret.struck_from(text),
            None => text.to_owned(),
        };
        Self {
            address: clean(address.as_str()),
            sent: clean(&body.to_string()),
            received: clean(&String::from_utf8_lossy(received)),
        }
    }
}
