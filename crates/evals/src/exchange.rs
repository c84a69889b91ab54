//! What was sent for an answer and what came back, word for word, for whoever looks closely.
//!
//! Headers are not in it, and neither is the key: where a provider repeats it, it is struck out.

use crate::Secret;
use serde_json::Value;
use std::collections::BTreeMap;

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
    /// Puts it together without the key. Where what was received spells it in another way than as it is,
    /// what was received is left out.
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
        let raw = String::from_utf8_lossy(received);
        let clear = clean(&raw);
        let hidden = texts_in(&clear).iter().any(|text| clean(text) != *text);
        Self {
            address: clean(address.as_str()),
            sent: clean(&body.to_string()),
            received: if hidden {
                "Not kept: the provider repeated the key in it.".to_owned()
            } else {
                clear
            },
        }
    }
}

// The texts in an answer as a reader takes them: JSON has several ways to write a letter, and a stream
// cuts words anywhere, so that what stands at one place of its pieces is one text.
fn texts_in(received: &str) -> Vec<String> {
    let mut texts = BTreeMap::new();
    match serde_json::from_str(received) {
        Ok(whole) => collect(&whole, "", &mut texts),
        Err(_) => {
            let pieces = received
                .lines()
                .filter_map(|line| line.strip_prefix("data:"));
            let pieces = pieces.filter_map(|piece| serde_json::from_str(piece.trim()).ok());
            pieces.for_each(|piece: Value| collect(&piece, "", &mut texts));
        }
    }
    texts.into_values().collect()
}

fn collect(value: &Value, place: &str, texts: &mut BTreeMap<String, String>) {
    match value {
        Value::String(text) => texts.entry(place.to_owned()).or_default().push_str(text),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(n, one)| collect(one, &format!("{place}/{n}"), texts)),
        Value::Object(fields) => fields.iter().for_each(|(name, one)| {
            collect(one, &format!("{place}/{name}"), texts);
            // A name can spell it, too.
            texts
                .entry(format!("{place} names"))
                .or_default()
                .push_str(&format!("{name} "));
        }),
        _ => {}
    }
}
