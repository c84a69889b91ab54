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
                let depended = queued
                    .refusal
                    .as_ref()
                    .is_some_and(|refusal| refusal.code == RefusalCode::DependsOn);
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

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ledger::{Command, PublicKey, Seen};
    use domain::{Digest, EnvironmentId, ProjectId, PromptId};

    const NOW: Millis = Millis(100_000_000);

    fn queued(id: u128, body: Body, state: OutboxState) -> Queued {
        let command = Command {
            id: CommandId(Uuid::from_u128(id)),
            project: ProjectId(Uuid::nil()),
            device: PublicKey([0; 32]),
            seen: Seen::default(),
            at: NOW,
            body,
        };
        Queued {
            place: 0,
            command,
            signed: None,
            state,
            refusal: None,
            seq: None,
            created: NOW,
            changed: NOW,
        }
    }

    fn create(id: u128, state: OutboxState) -> Queued {
        queued(
            id,
            Body::CreatePrompt {
                name: format!("{id}"),
            },
            state,
        )
    }

    fn save(id: u128, prompt: u128, state: OutboxState) -> Queued {
        let body = Body::SaveVersion {
            prompt: PromptId(Uuid::from_u128(prompt)),
            parents: Vec::new(),
            content: Digest::ZERO,
            includes: Vec::new(),
            reads: Vec::new(),
            message: Digest::ZERO,
        };
        queued(id, body, state)
    }

    fn release(id: u128, promoted: bool, waited: i64) -> Queued {
        let body = Body::Release {
            changes: Vec::new(),
            reason: Digest::ZERO,
            promoted_from: promoted.then(|| EnvironmentId(Uuid::from_u128(9))),
            request: None,
            step: None,
            override_reason: None,
        };
        let mut queued = queued(id, body, OutboxState::Waiting);
        queued.changed = NOW.plus(-waited);
        queued
    }

    fn depending(mut queued: Queued, on: u128) -> Queued {
        queued.refusal = Some(depends_on(Uuid::from_u128(on)));
        queued
    }

    /// What becomes of each, as `sent/asked/refused/again`.
    fn sorted(outbox: &[Queued], dropped: &[Queued], accepted: &[u128]) -> String {
        let accepted = |id: CommandId| accepted.contains(&id.0.as_u128());
        let sorted = sort(outbox, dropped, &accepted, NOW);
        let list = |ids: Vec<Uuid>| {
            let ids: Vec<_> = ids.into_iter().map(|id| id.as_u128().to_string()).collect();
            ids.join(" ")
        };
        format!(
            "{}/{}/{}/{}",
            list(
                sorted
                    .send
                    .iter()
                    .map(|queued| queued.command.id.0)
                    .collect()
            ),
            list(sorted.ask.iter().map(|id| id.0).collect()),
            list(sorted.refuse.iter().map(|(id, _)| id.0).collect()),
            list(sorted.again.iter().map(|id| id.0).collect()),
        )
    }

    #[test]
    fn what_builds_on_something_shares_its_fate() {
        use OutboxState::{Accepted, NeedsAsking, Refused, Waiting};
        let hour = ASK_AFTER_MILLIS;
        type Row = (
            &'static str,
            Vec<Queued>,
            Vec<Queued>,
            Vec<u128>,
            &'static str,
        );
        let table: [Row; 11] = [
            (
                "in order",
                vec![create(1, Waiting), save(2, 1, Waiting)],
                vec![],
                vec![],
                "1 2///",
            ),
            (
                "not yet arrived",
                vec![create(1, Accepted), save(2, 1, Waiting)],
                vec![],
                vec![],
                "1 2///",
            ),
            (
                "on a refused one",
                vec![create(1, Refused), save(2, 1, Waiting), create(3, Waiting)],
                vec![],
                vec![],
                "3//2/",
            ),
            (
                "on what builds on it",
                vec![create(1, Refused), save(2, 1, Waiting), save(3, 2, Waiting)],
                vec![],
                vec![],
                "//2 3/",
            ),
            (
                "on a dropped one",
                vec![save(2, 1, Waiting)],
                vec![create(1, Waiting)],
                vec![],
                "//2/",
            ),
            (
                "dropped here, but accepted",
                vec![save(2, 1, Waiting)],
                vec![create(1, Waiting)],
                vec![1],
                "2///",
            ),
            (
                "on one to be asked about",
                vec![create(1, NeedsAsking), save(2, 1, Waiting)],
                vec![],
                vec![],
                "///",
            ),
            (
                "settled since",
                vec![create(1, Waiting), depending(save(2, 1, Refused), 1)],
                vec![],
                vec![],
                "1///2",
            ),
            (
                "still depending",
                vec![create(1, Refused), depending(save(2, 1, Refused), 1)],
                vec![],
                vec![],
                "///",
            ),
            (
                "a promotion in time, one late",
                vec![release(1, true, hour), release(2, true, hour + 1)],
                vec![],
                vec![],
                "1/2//",
            ),
            (
                "a release by hand",
                vec![release(1, false, 2 * hour)],
                vec![],
                vec![],
                "1///",
            ),
        ];
        for (what, outbox, dropped, accepted, expected) in table {
            assert_eq!(sorted(&outbox, &dropped, &accepted), expected, "{what}");
        }
    }
}
