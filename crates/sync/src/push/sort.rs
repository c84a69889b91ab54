//! What becomes of each command in the outbox: pure, so that it is a table.

use domain::ledger::Body;
use domain::{CommandId, Millis, Refusal, RefusalCode};
use serde_json::json;
use std::collections::BTreeSet;
use store::{OutboxState, Queued};
use uuid::Uuid;

/// A promotion that waited longer asks its person again (rule 9 of the design).
const ASK_AFTER_MILLIS: i64 = 60 * 60 * 1_000;

/// The outbox, sorted by what is to be done.
#[derive(Debug, Default)]
pub struct Sorted<'a> {
    /// To be sent, in order.
    pub send: Vec<&'a Queued>,
    /// To be asked about again.
    pub ask: Vec<CommandId>,
    /// Refused because of another that was refused or dropped.
    pub refuse: Vec<(CommandId, Refusal)>,
    /// Refused because of another that is no longer refused: to be sent again.
    pub again: Vec<CommandId>,
}

/// Whether a command changes what an environment serves.
#[must_use]
pub(super) fn changes_what_is_served(body: &Body) -> bool {
    matches!(body, Body::Release { .. } | Body::Revert { .. })
}

fn is_promotion(body: &Body) -> bool {
    matches!(
        body,
        Body::Release {
            promoted_from: Some(_),
            ..
        }
    )
}

/// Sorts an outbox. `accepted` says which commands the ledger has.
#[must_use]
pub fn sort<'a>(
    outbox: &'a [Queued],
    dropped: &[Queued],
    accepted: &dyn Fn(CommandId) -> bool,
    now: Millis,
) -> Sorted<'a> {
    let mut sorted = Sorted::default();
    // What can't be built on: refused and dropped commands, and what builds on those.
    let mut gone: BTreeSet<Uuid> = dropped.iter().map(|queued| queued.command.id.0).collect();
    // What waits for its person: what builds on it waits with it.
    let mut held: BTreeSet<Uuid> = BTreeSet::new();
    for queued in outbox {
        let id = queued.command.id;
        let needs = queued.command.body.needs();
        let on = |set: &BTreeSet<Uuid>| {
            needs
                .iter()
                .find(|need| set.contains(need) && !accepted(CommandId(**need)))
                .copied()
        };
        match queued.state {
            OutboxState::Dropped => {
                gone.insert(id.0);
            }
            // Sent before: its entry is on its way, or the registry lost it since. Again is once.
            OutboxState::Accepted => sorted.send.push(queued),
            OutboxState::NeedsAsking => {
                held.insert(id.0);
            }
            OutboxState::Refused => {
                let depended = queued.refusal.as_ref().is_some_and(|refusal| {
                    refusal.code == RefusalCode::DependsOn
                });
                if depended && on(&gone).is_none() {
                    sorted.again.push(id);
                } else {
                    gone.insert(id.0);
                }
            }
            OutboxState::Waiting => {
                if let Some(need) = on(&gone) {
                    gone.insert(id.0);
                    sorted.refuse.push((id, depends_on(need)));
                } else if on(&held).is_some() {
                    held.insert(id.0);
                } else if is_promotion(&queued.command.body)
                    && now.0.saturating_sub(queued.changed.0) > ASK_AFTER_MILLIS
                {
                    held.insert(id.0);
                    sorted.ask.push(id);
                } else {
                    sorted.send.push(queued);
                }
            }
        }
    }
    sorted
}

fn depends_on(need: Uuid) -> Refusal {
    Refusal::new(
        RefusalCode::DependsOn,
        "this builds on a change that was refused or dropped; settle that one first",
    )
    .with(json!({ "command": need }))
}
