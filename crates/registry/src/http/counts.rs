//! Counts for `/metrics`. They name no project, person or prompt.

use crate::webhooks::Outcome;
use http::StatusCode;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What happened since the start.
#[derive(Debug, Default)]
pub struct Counts {
    answers: [AtomicU64; 5],
    denied: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
    delivered: AtomicU64,
    undelivered: AtomicU64,
}

impl Counts {
    pub(super) fn answered(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(count) = self.answers.get(class) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn denied(&self) {
        self.denied.fetch_add(1, Relaxed);
    }

    pub(super) fn decided(&self, accepted: u64, refused: u64) {
        self.accepted.fetch_add(accepted, Relaxed);
        self.refused.fetch_add(refused, Relaxed);
    }

    pub(crate) fn tried(&self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Delivered => &self.delivered,
            Outcome::Again(_) | Outcome::GivenUp | Outcome::Gone => &self.undelivered,
        };
        count.fetch_add(1, Relaxed);
    }

    /// As Prometheus reads it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::from(
            "# HELP galley_answers_total Answers by class of status.\n# TYPE galley_answers_total counter\n",
        );
        for (count, class) in self.answers.iter().zip(1..) {
            let _ = writeln!(
                out,
                "galley_answers_total{{class=\"{class}xx\"}} {}",
                count.load(Relaxed)
            );
        }
        for (name, help, count) in [
            (
                "galley_denied_total",
                "Calls without a key that opens what they asked for.",
                &self.denied,
            ),
            (
                "galley_commands_accepted_total",
                "Commands accepted, repeated ones included.",
                &self.accepted,
            ),
            (
                "galley_commands_refused_total",
                "Commands refused.",
                &self.refused,
            ),
            (
                "galley_webhooks_delivered_total",
                "Webhook deliveries that arrived.",
                &self.delivered,
            ),
            (
                "galley_webhooks_failed_total",
                "Attempts to deliver a webhook that failed.",
                &self.undelivered,
            ),
        ] {
            let _ = writeln!(
                out,
                "# HELP {name} {help}\n# TYPE {name} counter\n{name} {}",
                count.load(Relaxed)
            );
        }
        out
    }
}
