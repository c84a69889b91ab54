//! What was sent for a kept answer and what came back, word for word and compressed.
//!
//! It is for looking closely and nothing rests on it: it counts in the limits of kept answers, and
//! goes before any of them does.

use crate::error::{Result, StoreError};
use crate::file::{Store, Write};
use domain::Digest;
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use std::io::Read as _;

/// Bytes of what was sent, and of what came back, that are kept: the beginning of each.
pub const EXCHANGE_BYTES: usize = 512 << 10;

/// What was sent and what came back. Whoever keeps it has left out keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Where it was sent.
    pub address: String,
    /// The body of the request.
    pub sent: String,
    /// The body of the answer; of a stream, all its pieces.
    pub received: String,
    /// One of the two was longer than [`EXCHANGE_BYTES`]: its end is not here.
    #[serde(default)]
    pub cut: bool,
}

impl Exchange {
    /// The same with no more than is kept.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        for text in [&mut self.sent, &mut self.received] {
            if text.len() > EXCHANGE_BYTES {
                let end = text.floor_char_boundary(EXCHANGE_BYTES);
                text.truncate(end);
                self.cut = true;
            }
        }
        self
    }
}

impl Store {
    /// What was sent for the answer under this digest, and what came back; none where the answer was
    /// not asked for on this computer, or it made room for others.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn exchange(&self, answer: &Digest) -> Result<Option<Exchange>> {
        let bytes: Option<Vec<u8>> = self.read(|tx| {
            Ok(tx
                .prepare_cached("SELECT bytes FROM exchanges WHERE answer = ?1")?
                .query_row([answer.0], |row| row.get(0))
                .optional()?)
        })?;
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        // What was written here is never more; what somebody else wrote is read no further.
        let most = u64::try_from(EXCHANGE_BYTES * 16).unwrap_or(u64::MAX);
        let mut text = String::new();
        DeflateDecoder::new(bytes.as_slice())
            .take(most)
            .read_to_string(&mut text)
            .map_err(|error| StoreError::broken("what was sent and received", error))?;
        Ok(Some(serde_json::from_str(&text)?))
    }
}

pub(crate) fn insert(tx: &Write<'_>, answer: &Digest, exchange: &Exchange) -> Result<()> {
    let text = serde_json::to_vec(&exchange.clone().shortened())?;
    let mut bytes = Vec::new();
    DeflateEncoder::new(text.as_slice(), Compression::default())
        .read_to_end(&mut bytes)
        .map_err(|error| StoreError::broken("what was sent and received", error))?;
    tx.prepare_cached("INSERT OR IGNORE INTO exchanges (answer, bytes, size) VALUES (?1, ?2, ?3)")?
        .execute(params![
            answer.0,
            bytes,
            i64::try_from(bytes.len()).unwrap_or(i64::MAX)
        ])?;
    Ok(())
}

/// Sends some away, those of the answers that were not used for longest first. Says how many.
pub(crate) fn fewer(tx: &Write<'_>) -> Result<usize> {
    let gone = tx
        .prepare_cached(
            "DELETE FROM exchanges WHERE answer IN
                 (SELECT exchanges.answer FROM exchanges JOIN answers ON digest = exchanges.answer
                  ORDER BY used, at LIMIT 16)",
        )?
        .execute([])?;
    Ok(gone)
}
