//! What was sent for an answer, and what came back.

use crate::views::SentAndReceived;
use crate::{Error, Workbench};
use domain::Digest;
use serde_json::Value;

impl Workbench {
    /// What was sent for the answer to a question, and what came back, word for word; none where it was
    /// asked on another computer, or before it was kept, or made room for answers.
    ///
    /// # Errors
    /// The laptop's file can't be read.
    pub async fn sent_and_received(
        &self,
        question: Digest,
    ) -> Result<Option<SentAndReceived>, Error> {
        let kept = self.store().exchange(&question)?;
        Ok(kept.map(|exchange| SentAndReceived {
            address: exchange.address,
            sent: set_out(exchange.sent),
            received: set_out(exchange.received),
            note: match exchange.cut {
                true => format!(
                    "Only the first {} KiB of each are kept.",
                    store::EXCHANGE_BYTES >> 10
                ),
                false => String::new(),
            },
        }))
    }
}

// JSON on lines of its own; anything else as it came.
fn set_out(text: String) -> String {
    serde_json::from_str::<Value>(&text)
        .ok()
        .and_then(|json| serde_json::to_string_pretty(&json).ok())
        .unwrap_or(text)
}
